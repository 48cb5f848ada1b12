"""Pages of duties: from the facts of a case to the receipt, and the lists of law."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.capabilities.duties import law
from commonwatch.capabilities.duties.models import Duty, LawList
from commonwatch.capabilities.duties.upkeep import upkeep
from commonwatch.capabilities.incidents.actions import opening
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.core.stix.response.incidents import Stamp
from tests.base.release.nodes import by as case_by
from tests.base.release.nodes import carried, member
from tests.capabilities.duties.cases import HOUR, NOW, by, duty_of, hospital, notice_of
from tests.console.test_every_page import looked_at

SignIn = Callable[..., Client]
FACTS = {
    "title": "Ransomware at a hospital",
    "member": "home",
    "places": "de",
    "roles": ["nis2-entity"],
    "severity": "high",
    "flag_personal_data": "yes",
    "time_aware": "2026-11-30T09:00",
    "text_summary": "<b>Files</b> are encrypted.",
}


def page(browser: Client, address: str) -> str:
    answer = browser.get(address)
    text = answer.content.decode()
    assert answer.status_code == 200, text
    looked_at(text)
    return text


def posted(browser: Client, address: str, values: dict[str, Any]) -> tuple[int, str]:
    answer = browser.post(address, values, follow=True)
    text = answer.content.decode()
    if "<h1" in text:
        looked_at(text)
    return answer.status_code, text


def test_what_follows_stands_there_before_anything_is_kept(signed_in: SignIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    assert "stands here then" in page(browser, "/response/duties/assess/")
    status, text = posted(browser, "/response/duties/assess/live/", FACTS)
    assert status == 200 and not Duty.objects.exists()
    plain = re.sub(r"<[^>]+>", "", text)
    assert "NIS2, DE" in plain and "GDPR, authority, DE" in plain
    assert "2026-12-03 09:00" in text or "2026-12-03 10:00" in text
    apart = plain.index("Voluntary, or not in force")
    assert plain.index("NIS2, DE") < apart < plain.index("Digital Omnibus, DE")
    assert "The severity is high: taken as significant until a person says otherwise." in text
    assert posted(browser, "/response/duties/assess/", FACTS)[0] == 200
    assert not Duty.objects.exists()


def test_what_is_ticked_is_kept_and_decided_by_a_person(signed_in: SignIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    _, text = posted(browser, "/response/duties/assess/", {**FACTS, "only": ["home|DE|RO:EU-NIS2-23"]})
    assert "1 duty is kept as a proposal." in text
    duty = Duty.objects.get()
    address = f"/response/duties/{duty.pk}/"
    assert "It has no clocks" in page(browser, address)
    assert browser.post(f"{address}confirm/", {"reason": " "}).status_code == 400
    _, text = posted(browser, f"{address}confirm/", {"reason": "Legal office"})
    assert "its clocks are open" in text and "early warning" in text
    assert posted(browser, f"{address}dance/", {"reason": "x"})[0] == 404
    assert "Legal office" in page(browser, address)
    assert 'value="Ransomware at a hospital"' in page(browser, f"/response/duties/assess/?of={duty.pk}")


def test_a_form_that_makes_no_sense_says_so(signed_in: SignIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    status, text = posted(browser, "/response/duties/assess/", {**FACTS, "places": "Germany", "only": ["x"]})
    assert status == 422 and "Please correct this" in text
    assert not Duty.objects.exists()


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_a_draft_is_in_the_readers_language_or_in_the_one_that_they_choose(signed_in: SignIn, role: Role) -> None:
    browser, notice = signed_in(role), notice_of(duty_of("RO:EU-NIS2-23"), "early_warning")
    address = f"/response/duties/notices/{notice.pk}/"
    text = page(browser, address)
    assert "To: national CSIRT" in text and "Notice: early warning" in text
    for language, said in (("fr", "Notification : alerte précoce"), ("ar", "الإخطار: إنذار مبكر")):
        assert said in page(browser, f"{address}?language={language}")
        Account.objects.update(language=language)
        text = page(browser, address)
        assert said in text and f'<option value="{language}" selected>' in text
        # What a person reads aloud or types has its language and the direction of each of its lines.
        block = re.search(r'<(?:pre|textarea)[^>]*lang="([a-z]+)"[^>]*>', text)
        assert block is not None and block[1] == language and 'dir="auto"' in block[0]
        assert "early warning" not in text and "cross-border" not in text
        assert "To: national CSIRT" in page(browser, f"{address}?language=en")
        assert said in page(browser, f"{address}?language=tlh")


def test_a_point_that_nobody_translated_is_marked_as_english(signed_in: SignIn) -> None:
    duty = duty_of("RO:EU-NIS2-23")
    duty.law["stages"][0]["content"] = [{"text": "colour of the <ship>", "facts": []}, {"text": "root causes"}]
    duty.law["stages"][0]["stage"] = "own word"
    duty.save()
    notice, browser = notice_of(duty, "early_warning"), signed_in(Role.READER)
    Account.objects.update(language="ar")
    text = page(browser, f"/response/duties/notices/{notice.pk}/")
    assert '<span lang="en">1. Colour of the &lt;ship&gt;</span>' in text and '<li lang="en">' in text
    assert text.count('<li lang="en">') == 1 and "الأسباب الجذرية" in text
    notice.name = "own_word"
    notice.save()
    assert '<bdi lang="en">own word</bdi>' in page(browser, f"/response/duties/notices/{notice.pk}/")


def shown(text: str) -> str:
    """What stands on a page, without its mark-up and the marks that keep values apart."""
    return unescape(re.sub(r"<[^>]+>", "", text)).replace("\u2068", "").replace("\u2069", "")


@pytest.mark.parametrize("language", ["ar", "zh-hans", "ru"])
def test_what_is_asked_of_a_case_and_what_follows_have_no_english_word_of_ours(
    signed_in: SignIn, language: str
) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    Account.objects.update(language=language)
    text = page(browser, "/response/duties/assess/")
    labels = [shown(one) for one in re.findall(r"<label[^>]*>(.*?)</label>", text, re.DOTALL)]
    names = {"APRA", "NYDFS", "HIPAA", "NIS", "TSA", "DORA", "CSIRT", "material"}
    assert len(labels) > 100 and set(re.findall("[A-Za-z]{3,}", " ".join(labels))) <= names
    _, text = posted(browser, "/response/duties/assess/live/", {**FACTS, "flag_malicious": "no"})
    for english in ("personal data", "nis2-entity", "early warning", "the submission of", "malicious", "waits for"):
        assert english not in shown(text)


def test_a_duty_is_said_in_french_and_what_people_wrote_is_not(signed_in: SignIn) -> None:
    browser, duty = signed_in(Role.CONTRIBUTOR), duty_of("RO:EU-NIS2-23")
    Account.objects.update(language="fr")
    address = f"/response/duties/{duty.pk}/"
    posted(
        browser, f"{address}events/", {"event": "incident_handled", "at": "2026-11-28T09:00", "basis": "Sent by SOC"}
    )
    upkeep(NOW + 1000 * HOUR)
    text = shown(page(browser, address))
    assert "fait partie de ceux qu’il lie : entité NIS 2." in text and "Legal office" in text
    assert "la prise de connaissance de l’incident important Tiré des dates du dossier" in " ".join(text.split())
    assert "la fin du traitement de l’incident Sent by SOC" in text and "La fin du traitement" in text
    assert "Le délai de la notification « alerte précoce » est dépassé depuis" in text
    for word in ("Rappel", "l’horloge", "Événement déclaré", "Le droit de l’État membre fait foi", "par. 1 et 2"):
        assert word in text
    notice = notice_of(duty, "early_warning")
    text = shown(page(browser, f"/response/duties/notices/{notice.pk}/"))
    assert "Point de départ : « la prise de connaissance de l’incident important »" in text
    assert "Tiré des dates du dossier : Prise de connaissance." in text and "becoming" not in text
    text = shown(page(browser, "/response/duties/"))
    assert "attend : la transmission de la notification d’incident" in text


def test_the_law_is_said_in_the_language_as_far_as_it_has_words(signed_in: SignIn) -> None:
    browser, own = signed_in(Role.READER), json.loads(law.shipped(law.DUTIES))
    own["starts"] = [{**one, "means": "own <event>"} if one["id"] == "detected" else one for one in own["starts"]]
    LawList.objects.create(kind=law.DUTIES, raw=json.dumps(own), as_of="2026-11-29", actor="a", reason="r", at_us=NOW)
    Account.objects.update(language="es")
    assert "sin demora indebida" in shown(page(browser, "/response/duties/law/"))
    text = page(browser, "/response/duties/law/RO:EU-NIS2-23/")
    assert (
        "el conocimiento del incidente significativo" in text and "Rige el Derecho" in text and 'lang="en"' not in text
    )
    detected = next(one for one in law.duties_list().regimes for stage in one.stages if stage.clock_start == "detected")
    assert '<bdi lang="en">own &lt;event&gt;</bdi>' in page(browser, f"/response/duties/law/{detected.id}/")


def test_what_is_recorded_as_sent_is_the_draft_that_stood_on_the_page(signed_in: SignIn) -> None:
    browser, notice = signed_in(Role.CONTRIBUTOR), notice_of(duty_of("RO:EU-NIS2-23"), "early_warning")
    address = f"/response/duties/notices/{notice.pk}/"
    assert 'name="language" value="ru"' in page(browser, f"{address}?language=ru")
    given = {"at": "2026-11-28T09:00", "how": "portal", "to": "BSI", "language": "ru"}
    posted(browser, f"{address}sent/", given)
    posted(browser, f"{address}sent/", {**given, "language": ""})
    assert [one.text[:6] for one in notice.sendings.order_by("pk")] == ["Кому: ", "To: na"]
    assert "Кому: национальный CSIRT" in page(browser, address)
    assert posted(browser, f"{address}sent/", {**given, "language": "tlh"})[0] == 422


def test_a_notice_from_its_draft_to_its_receipt(signed_in: SignIn) -> None:
    browser, duty = signed_in(Role.CONTRIBUTOR), duty_of("RO:EU-NIS2-23")
    notice = notice_of(duty, "early_warning")
    address = f"/response/duties/notices/{notice.pk}/"
    text = page(browser, address)
    assert "whether cross-border impact is possible" in text and "This node sends nothing" in text
    _, text = posted(browser, f"{address}draft/", {"text": "<script>alert(1)</script>"})
    assert "The draft is kept." in text and "<script>alert" not in text
    status, text = posted(browser, f"{address}sent/", {"at": "2026-11-28T09:00", "how": "", "to": "BSI"})
    assert status == 422
    _, text = posted(browser, f"{address}sent/", {"at": "2026-11-28T09:00", "how": "portal", "to": "BSI"})
    assert "on record as sent" in text
    sending = notice.sendings.get()
    file = SimpleUploadedFile("receipt.pdf", b"%PDF")
    _, text = posted(
        browser,
        f"/response/duties/sendings/{sending.pk}/receipt/",
        {"at": "2026-11-28T10:00", "reference": "N-1", "file": file},
    )
    assert "The receipt is kept." in text and "N-1" in text
    sending.refresh_from_db()
    assert sending.receipt_sha256.startswith("3dd") or len(sending.receipt_sha256) == 64
    assert "N-1" in page(browser, f"/response/duties/{duty.pk}/")


def test_events_extensions_and_leaving_out(signed_in: SignIn) -> None:
    browser, duty = signed_in(Role.CONTRIBUTOR), duty_of("RO:EU-NIS2-23")
    address = f"/response/duties/{duty.pk}/"
    event = {"event": "aware_of_significant_incident", "at": "2026-11-28T09:00", "basis": "SOC"}
    _, text = posted(browser, f"{address}events/", event)
    assert "the clocks follow it" in text and "2026-11-29 10:00" in text
    assert posted(browser, f"{address}events/", {**event, "event": "payment_made"})[0] == 422
    _, text = posted(browser, f"{address}events/{duty.events.get().pk}/withdraw/", {"reason": "Wrong case"})
    assert "is taken back" in text
    posted(browser, f"{address}events/", event)
    notice = notice_of(duty, "incident_notification")
    _, text = posted(
        browser, f"/response/duties/notices/{notice.pk}/extend/", {"until": "2026-12-24T12:00", "ground": "Letter"}
    )
    assert "has more time" in text and "2026-12-24 13:00" in text
    _, text = posted(browser, f"/response/duties/notices/{notice.pk}/leave-out/", {"reason": "Other duty"})
    assert "The notice is not needed." in text


def test_the_list_says_what_is_due_and_narrows(signed_in: SignIn) -> None:
    browser = signed_in(Role.READER)
    assert "No duties yet" in page(browser, "/response/duties/")
    duty_of("RO:EU-NIS2-23")
    duty_of("RO:EU-GDPR-33")
    text = page(browser, "/response/duties/?state=confirmed")
    assert "What is due" in text and "early warning" in text
    assert "late" in text or "left" in text
    assert "Ransomware" in browser.get("/response/duties/due/").content.decode()
    assert "No duties" not in page(browser, "/response/duties/?state=closed&case=x")
    taken: Any = browser.get("/response/duties/?take=csv")
    assert b"GDPR, authority" in b"".join(taken.streaming_content)


def test_notices_reach_people_of_the_own_member(signed_in: SignIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    notice = notice_of(duty_of("RO:EU-GDPR-33"), "notification")
    upkeep(NOW + 1000 * HOUR)
    from commonwatch.capabilities.duties import actions

    actions.propose(hospital(case="", title="Another"), by())
    overview = page(browser, "/overview/")
    assert "GDPR, authority, notification: Ransomware at a hospital" in overview
    assert re.search(r"\d duties wait to be confirmed or rejected", overview)
    assert f"/response/duties/notices/{notice.pk}/" in overview
    found = browser.get("/search/?q=Ransomware").content.decode()
    assert "GDPR, authority · Ransomware at a hospital" in found


def test_members_that_the_node_hosts_see_none_of_it(signed_in: SignIn) -> None:
    duty = duty_of("RO:EU-GDPR-33")
    member("cert-at")
    browser = signed_in(Role.OPERATOR, "cert-at")
    for address in ("/response/duties/", f"/response/duties/{duty.pk}/", "/response/duties/law/"):
        assert browser.get(address).status_code == 403


def test_a_reader_decides_nothing(signed_in: SignIn) -> None:
    browser, duty = signed_in(Role.READER), duty_of("RO:EU-GDPR-33")
    notice = notice_of(duty, "notification")
    assert "Record that it was sent" not in page(browser, f"/response/duties/notices/{notice.pk}/")
    assert browser.post(f"/response/duties/{duty.pk}/reject/", {"reason": "x"}).status_code == 403
    assert browser.post(f"/response/duties/notices/{notice.pk}/sent/", {}).status_code == 403
    assert browser.get("/response/duties/assess/").status_code == 403


def test_a_calendar_address_is_shown_once_and_revoked(signed_in: SignIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    _, text = posted(browser, "/response/duties/calendars/", {"label": "Legal office"})
    (address,) = re.findall(r"http://testserver(/calendars/[^<]+)<", text)
    assert Client().get(address).status_code == 200
    assert address not in page(browser, "/response/duties/calendars/")
    posted(browser, "/response/duties/calendars/1/revoke/", {})
    number = queries_feed()
    posted(browser, f"/response/duties/calendars/{number}/revoke/", {})
    assert Client().get(address).status_code == 404


def queries_feed() -> int:
    from commonwatch.capabilities.duties.feeds import feeds

    return feeds()[0].pk


def test_the_law_stands_with_its_sources(signed_in: SignIn) -> None:
    browser = signed_in(Role.READER)
    text = page(browser, "/response/duties/law/")
    assert text.count("/response/duties/law/RO:") >= 72
    assert "Put an edited list in" not in text
    assert "DORA" not in page(browser, "/response/duties/law/?place=US")
    assert "noon of the next working day" in page(browser, "/response/duties/law/RO:EU-DORA-19/")
    assert browser.get("/response/duties/law/RO:nothing/").status_code == 404
    taken = browser.get("/response/duties/law/duties.json")
    assert len(json.loads(taken.content)["regimes"]) == 72
    assert browser.get("/response/duties/law/else.json").status_code == 404


def test_an_edited_list_says_what_it_moves_and_is_taken_back(signed_in: SignIn) -> None:
    browser, duty = signed_in(Role.ADMINISTRATOR), duty_of("RO:EU-GDPR-33")
    value = json.loads(law.raw_list(law.DUTIES))
    regime = next(one for one in value["regimes"] if one["id"] == "RO:EU-GDPR-33")
    regime["stages"][0]["deadline"] = "PT96H"
    given = {"kind": "duties", "reason": "Omnibus"}
    _, text = posted(browser, "/response/duties/law/put/", {**given, "file": _file(value)})
    assert "Nothing is changed yet" in text and "2026-12-04T10:00:00+01:00" in text
    assert not LawList.objects.exists()
    (draft,) = re.findall(r'name="draft" value="([^"]+)"', text)
    assert browser.post("/response/duties/law/put/", {"sure": "yes", "draft": draft + "x"}).status_code == 404
    _, text = posted(browser, "/response/duties/law/put/", {"sure": "yes", "draft": draft})
    assert "1 clock moved" in text and "An own list of duties is in use" in text
    assert notice_of(duty, "notification").local == "2026-12-04T10:00:00+01:00"
    _, text = posted(browser, "/response/duties/law/duties/undo/", {"reason": "Not adopted"})
    assert "Nothing is changed yet" in text
    posted(browser, "/response/duties/law/duties/undo/", {"reason": "Not adopted", "sure": "yes"})
    assert notice_of(duty, "notification").local == "2026-12-03T10:00:00+01:00"
    regime["stages"][0]["deadline"] = "soon"
    status, text = posted(browser, "/response/duties/law/put/", {**given, "file": _file(value)})
    assert status == 422 and "1 mistake" in text


def _file(value: object) -> SimpleUploadedFile:
    return SimpleUploadedFile("duties.json", json.dumps(value).encode())


@pytest.mark.parametrize("language", ["ar", "fr"])
def test_pages_of_a_duty_in_other_languages(signed_in: SignIn, language: str) -> None:
    browser, duty = signed_in(Role.CONTRIBUTOR), duty_of("RO:EU-NIS2-23")
    Account.objects.update(language=language)
    for address in (
        f"/response/duties/{duty.pk}/",
        f"/response/duties/notices/{notice_of(duty, 'early_warning').pk}/",
        "/response/duties/assess/",
        "/response/duties/calendars/",
    ):
        assert f'lang="{language}"' in page(browser, address)


def test_the_facts_of_a_case_stand_in_the_form(keyed: Path, signed_in: SignIn) -> None:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    times = (Stamp("occurred", "2026-11-20T08:00:00Z"),)
    case = opening.report(
        Report(
            "Wiper at two ports", "Two ports are down.", severity="severe", times=times, with_=(Invited("cert-no"),)
        ),
        case_by(),
    )
    browser = signed_in(Role.CONTRIBUTOR)
    assert f'href="/response/duties/?case={case}"' in page(browser, reverse("case", args=[case]))
    assert f'href="/response/duties/assess/?case={case}"' in page(browser, f"/response/duties/?case={case}")
    text = page(browser, f"/response/duties/assess/?case={case}")
    assert "These are the facts of the case." in text
    assert 'value="Wiper at two ports"' in text and "Two ports are down." in text
    assert re.search(r'<option value="critical" selected', text)
    assert 'value="2026-11-20T08:00"' in text
    assert re.search(r'name="flag_cross_border".*?<option value="yes" selected', text, re.DOTALL)
    assert 'value="AT"' in text and "AT, NO" in text
    assert "These are the facts" not in page(browser, "/response/duties/assess/?case=incident--nothing")
    assert "These are the facts" not in page(
        browser, f"/response/duties/assess/?case={case.replace('incident', 'report')}"
    )
