"""The pages of intelligence: everything about an object from every side, and nothing of what its reader has not."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.parties import actions as parties
from commonwatch.console.intelligence import finding
from tests.base.release.nodes import carried, indicator, member, post
from tests.base.search.nodes import index
from tests.base.search.test_graph import malware, one, relation

SignedIn = Callable[..., Client]
PARTS = tuple(
    f"object{part}"
    for part in (
        "",
        "-relations",
        "-graph",
        "-versions",
        "-timeline",
        "-sightings",
        "-audience",
        "-original",
        "-download",
    )
)
HOSTILE = "<script>alert(1)</script>\u202egnp.exe"


def text_of(browser: Client, address: str, **query: Any) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def page(name: str, about: dict[str, Any]) -> str:
    return reverse(name, args=[about["id"]])


@pytest.fixture
def guest(signed_in: SignedIn) -> Client:
    """A reader of another member that shares the community `home`: gets what is green, and nothing that is red."""
    member("guest")
    carried(lambda now: parties.join_community("home", "guest", reason="x", by=now))
    return signed_in(Role.READER, member="guest")


def held() -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """An open family, a closed one, and an indicator of both."""
    seen, hidden = malware(1, name="Quiet Heron"), malware(2, "RED", name="Hidden Falcon")
    sign = indicator(3, "GREEN", name="Beacon", labels=["heron"])
    post([seen, hidden, sign, relation(4, sign, "indicates", seen), relation(5, sign, "indicates", hidden, "RED")])
    index()
    return seen, hidden, sign


def test_a_search_says_in_its_address_and_a_sentence_what_it_shows(signed_in: SignedIn, ready: Path) -> None:
    held()
    browser = signed_in(Role.READER)
    answer = browser.get(reverse("objects"), {"text": "heron", "type": "malware", "columns": ["name", "marking"]})
    listing = answer.context["objects"]
    assert [row["name"][1] for row in listing.rows] == ["Quiet Heron"] and listing.total == 1
    text = answer.content.decode()
    assert "1 row" in text and "Words" in text and "heron" in text and "TLP:GREEN" in text
    facets = {facet.name: facet.options for facet in browser.get(reverse("objects")).context["objects"].facets}
    assert ("indicator", "indicator", 1) in facets["type"] and ("heron", "heron", 1) in facets["label"]
    assert (
        browser.get(reverse("objects"), {"value": "198[.]51.100.3"}).context["objects"].rows[0]["type"] == "indicator"
    )
    assert "Nothing fits the filter" in text_of(browser, reverse("objects"), text="nowhere")


def test_what_takes_long_to_count_is_counted_after_the_page(
    signed_in: SignedIn, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    held()
    browser, address = signed_in(Role.OPERATOR), reverse("objects")
    monkeypatch.setattr(finding, "AT_ONCE_SECONDS", 0.0)
    first = text_of(browser, address, type="malware")
    assert 'hx-get="?type=malware&amp;count=yes"' in first and 'class="facets"' not in first
    counted = text_of(browser, address, type="malware", count="yes")
    assert 'class="facets"' in counted and "facets-later" not in counted
    assert "count=yes" not in counted, "what is chosen next is tried at once again"
    monkeypatch.setattr(finding, "FACETS_SECONDS", 0.0)
    assert "too many to be counted" in text_of(browser, address, count="yes")


def test_pages_of_a_search_lose_nothing(signed_in: SignedIn, ready: Path) -> None:
    post([indicator(number, "GREEN") for number in range(1, 61)])
    index()
    browser, ids, address = signed_in(Role.READER), list[str](), "?limit=25"
    while address:
        listing = browser.get(reverse("objects") + address).context["objects"]
        ids += [row["id"] for row in listing.rows]
        address = listing.next_page
    assert len(ids) == len(set(ids)) == 60


def test_an_empty_node_says_what_to_do_next(signed_in: SignedIn, ready: Path) -> None:
    assert 'class="empty"' in text_of(signed_in(Role.READER), reverse("objects"))


def test_many_values_are_looked_up_at_once_and_the_unknown_are_said(signed_in: SignedIn, ready: Path) -> None:
    held()
    answer = signed_in(Role.READER).post(reverse("values"), {"values": "198[.]51[.]100.3\n192.0.2.77\n\n"})
    text = answer.content.decode()
    assert "1 of 2 values" in text and "Beacon" in text and "192.0.2.77" in answer.context["unknown"]


def test_the_search_box_finds_by_id_value_and_unfinished_word(signed_in: SignedIn, ready: Path) -> None:
    seen, _, sign = held()
    browser = signed_in(Role.READER)
    for words, about in ((seen["id"], seen), ("198.51.100.3", sign), ("quiet her", seen)):
        assert page("object", about) in text_of(browser, "/search/", q=words)
    assert browser.get("/search/", {"q": "***"}).status_code == 200


@pytest.mark.parametrize("role", [Role.READER, Role.OPERATOR])
def test_an_object_is_shown_from_every_side(signed_in: SignedIn, ready: Path, role: Role) -> None:
    _, _, sign = held()
    post([indicator(3, "GREEN", version=2, name="Beacon", description="of the second stage")])
    index()
    browser = signed_in(role)
    for name in PARTS:
        assert browser.get(page(name, sign)).status_code == 200, name
    assert "TLP:GREEN" in text_of(browser, page("object", sign)) and "heron" not in text_of(
        browser, page("object", sign)
    )
    assert "Quiet Heron" in text_of(browser, page("object-relations", sign))
    differences = browser.get(page("object-versions", sign)).context["differences"].rows
    assert {row["field"] for row in differences} == {"/description", "/labels", "/modified"}
    assert json.loads(browser.get(page("object-download", sign)).content)["id"] == sign["id"]
    assert "a version was written" in text_of(browser, page("object-timeline", sign))
    assert "Quiet Heron" in text_of(browser, page("object-timeline", sign), kind="neighbour")
    assert browser.get(page("object", malware(99))).status_code == 404


def test_versions_are_compared_as_the_address_says(signed_in: SignedIn, ready: Path) -> None:
    for version in (1, 2, 3):
        post([indicator(1, "GREEN", version=version, description=f"stage {version}")])
    index()
    browser = signed_in(Role.READER)
    rows = browser.get(page("object-versions", indicator(1))).context["versions"].rows
    query = {"old": rows[2]["admitted"], "new": rows[0]["admitted"]}
    text = text_of(browser, page("object-versions", indicator(1)), **query)
    assert "stage 1" in text and "stage 3" in text and "stage 2" not in text
    assert rows[0]["changed"] == 2


def test_sightings_say_where_and_how_often(signed_in: SignedIn, ready: Path) -> None:
    _, _, sign = held()
    post([one("sighting", 8, sighting_of_ref=sign["id"], count=7, last_seen="2026-01-03T00:00:00Z")])
    index()
    rows = signed_in(Role.READER).get(page("object-sightings", sign)).context["sightings"].rows
    assert [(row["count"], row["last"]) for row in rows] == [(7, "2026-01-03T00:00:00Z")]


def test_those_who_run_the_node_see_who_may_have_it_and_who_may_not(signed_in: SignedIn, ready: Path) -> None:
    member("stranger")
    _, hidden, _ = held()
    answer = signed_in(Role.OPERATOR).get(page("object-audience", hidden))
    outcomes = {str(row["member"]): row["outcome"] for row in answer.context["audience"].rows}
    assert outcomes["home"] == "permit" and outcomes["stranger"] == outcomes["the public"] == "refuse"
    row = answer.context["audience"].rows[0]
    assert row["because"] and reverse("explaining") in row["url"]


def test_a_reader_sees_the_own_conditions_and_no_other_member(guest: Client, ready: Path) -> None:
    seen, _, _ = held()
    member("stranger")
    text = text_of(guest, page("object-audience", seen))
    assert "You have it under these conditions" in text and "stranger" not in text


def test_what_a_reader_has_not_leaves_no_trace_on_any_page(guest: Client, ready: Path) -> None:
    seen, hidden, sign = held()
    told = [text_of(guest, page(name, about)) for name in PARTS for about in (seen, sign)]
    told += [text_of(guest, reverse("objects"), **query) for query in ({}, {"text": "falcon"}, {"marking": "TLP:RED"})]
    told.append(text_of(guest, page("object-graph", sign), open=[seen["id"], hidden["id"]]))
    told.append(text_of(guest, "/search/", q=hidden["id"]))
    told.append(text_of(guest, "/search/", q="Hidden"))
    for text in told:
        assert "Hidden Falcon" not in text
    for name in PARTS:
        answer = guest.get(page(name, hidden))
        assert answer.status_code == 404 and b"Falcon" not in answer.content, name
    listing = guest.get(reverse("objects")).context["objects"]
    assert listing.total == len(listing.rows) == 3
    assert guest.get(page("object-graph", sign)).context["nodes"] == 2


def test_a_graph_is_opened_limited_hidden_and_undone_by_its_address(signed_in: SignedIn, ready: Path) -> None:
    seen, _, sign = held()
    far = malware(6, name="Far Owl")
    post([far, relation(7, seen, "variant-of", far)])
    index()
    browser, address = signed_in(Role.OPERATOR), page("object-graph", sign)
    first = browser.get(address)
    assert first.context["nodes"] == 3 and "Far Owl" not in first.content.decode()
    second = browser.get(address, {"open": seen["id"]})
    assert "Far Owl" in second.content.decode() and second.context["undo"] == "?"
    assert browser.get(address, {"open": seen["id"], "hide": "variant-of"}).context["nodes"] == 3
    bare = browser.get(address, {"open": seen["id"], "without": "malware"})
    assert bare.context["nodes"] == 1 and bare.context["hidden"] == 3
    assert browser.get(address, {"open": [far["id"], "nonsense"]}).context["nodes"] == 3


def test_what_a_report_lists_is_drawn_and_its_relationships_are_lines(signed_in: SignedIn, ready: Path) -> None:
    seen, _, sign = held()
    line = relation(7, sign, "indicates", seen)
    post(
        [line, one("report", 8, name="Autumn", published="2026-01-01T00:00:00Z", object_refs=[seen["id"], line["id"]])]
    )
    index()
    browser, report = signed_in(Role.OPERATOR), one("report", 8)
    assert browser.get(page("object-graph", report)).context["nodes"] == 2
    assert len(browser.get(page("object-relations", report)).context["relations"].rows) == 2


def test_an_id_in_place_of_words_leads_to_its_object(signed_in: SignedIn, ready: Path) -> None:
    seen, _, _ = held()
    browser, search = signed_in(Role.OPERATOR), reverse("objects")
    assert browser.get(search, {"text": seen["id"]})["Location"] == page("object", seen)
    part = browser.get(search, {"text": seen["id"]}, headers={"HX-Request": "true"})
    assert part["HX-Redirect"] == page("object", seen)
    assert browser.get(search, {"text": malware(99)["id"]}).context["objects"].rows == []


def test_what_strangers_wrote_is_inert_everywhere(signed_in: SignedIn, ready: Path) -> None:
    nasty = malware(
        1, name=HOSTILE, description=HOSTILE, x_odd={"<b>": [HOSTILE]}, aliases=[HOSTILE, {"a": 1}], hashes={"x": HOSTILE},
        external_references=[{"source_name": HOSTILE, "url": "https://evil.example/x"}],
        kill_chain_phases=[{"kill_chain_name": HOSTILE, "phase_name": HOSTILE}],
    )  # fmt: skip
    sign = indicator(2, "GREEN", name=HOSTILE, labels=[HOSTILE])
    post([nasty, sign, relation(3, sign, "indicates", nasty)])
    index()
    browser = signed_in(Role.OPERATOR)
    addresses = [page(name, about) for name in PARTS[:-1] for about in (nasty, sign)]
    for address in (*addresses, reverse("objects"), "/search/?q=alert"):
        text = re.sub(r'data-copy="[^"]*"', "", text_of(browser, address))  # which holds a value as it is
        assert "<script>alert" not in text and "\u202e" not in text and 'href="https://evil' not in text, address


DRAFT = {"name": "Login page", "pattern": "login[.]evil.example", "tlp": "TLP:GREEN", "pap": "PAP:AMBER"}


def filled(browser: Client, **more: Any) -> dict[str, Any]:
    """A draft with the collection that the form offers first, as a browser would post it."""
    form = browser.get(reverse("object-new", args=["indicator"])).context["form"]
    return {**DRAFT, "collection": form.fields["collection"].choices[0][0], **more}


def publish(browser: Client, **more: Any) -> str:
    """Look, then publish; the new object's id."""
    given, address = filled(browser, **more), reverse("object-new", args=["indicator"])
    seen = browser.post(address, given).context["seen"]
    answer = browser.post(address, {**given, "seen": seen})
    assert answer.status_code == 302, answer.content.decode()
    index()
    return str(answer["Location"].split("/")[2])


def test_nothing_is_published_before_its_audience_stood_on_the_page(signed_in: SignedIn, ready: Path) -> None:
    member("friend")
    browser = signed_in(Role.OPERATOR)
    address = reverse("object-new", args=["indicator"])
    looked = browser.post(address, filled(browser))
    text = looked.content.decode()
    assert looked.status_code == 200 and "This is who would get it" in text
    assert "friend" in looked.context["names"] and "late" not in looked.context["names"]
    assert browser.get(reverse("objects")).context["objects"].rows == []
    member("late")
    again = browser.post(address, filled(browser, seen=looked.context["seen"]))
    assert again.status_code == 200 and "late" in again.context["names"]
    assert browser.post(address, filled(browser, seen=again.context["seen"])).status_code == 302


def test_the_audience_is_told_while_the_form_is_filled_in(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    live = reverse("draft-audience", args=["indicator"])
    assert "To be worked out" in browser.post(live, {"name": "x"}).content.decode()
    broken = browser.post(live, filled(browser, pattern="[domain-name:value = 'a")).content.decode()
    assert "character" in broken or "Pattern" in broken
    assert "home" in browser.post(live, filled(browser)).context["names"]
    closed = browser.post(live, filled(browser, tlp="TLP:RED"))
    assert not closed.context["may"] and "Nobody else would get it" in closed.content.decode()


def test_an_own_object_is_published_changed_and_revoked(signed_in: SignedIn, ready: Path) -> None:
    member("friend")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    browser = signed_in(Role.CONTRIBUTOR)
    identity = publish(browser, labels="phishing, bank")
    text = text_of(browser, reverse("object", args=[identity]))
    assert "TLP:GREEN PAP:AMBER" in text and "Revoke it" in text and "phishing" in text
    assert text_of(browser, reverse("object-published", args=[identity]))
    editing = reverse("object-edit", args=[identity])
    initial = browser.get(editing).context["form"].initial
    assert initial["pap"] == "PAP:AMBER" and initial["labels"] == "phishing, bank"
    given = filled(browser, pattern=initial["pattern"], description="of a bank")
    seen = browser.post(editing, given).context["seen"]
    assert browser.post(editing, {**given, "seen": seen}).status_code == 302
    index()
    assert len(browser.get(reverse("object-versions", args=[identity])).context["versions"].rows) == 2
    revoking = reverse("object-revoke", args=[identity])
    assert browser.post(revoking, {}).status_code == 400
    assert browser.post(revoking, {"reason": "a scanner"}).status_code == 302
    index()
    assert "Revoked" in text_of(browser, reverse("object", args=[identity]))
    assert browser.get(editing).status_code == 409


def test_what_was_published_by_mistake_is_taken_back_at_once(signed_in: SignedIn, ready: Path) -> None:
    member("friend")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    browser = signed_in(Role.CONTRIBUTOR)
    identity = publish(browser)
    undo = reverse("object-undo", args=[identity])
    assert f'action="{undo}"' in text_of(browser, reverse("object-published", args=[identity]))
    answer = browser.post(undo, headers={"accept-language": "fr"})
    assert answer.status_code == 302
    assert "Il est révoqué." in browser.get(answer["Location"], headers={"accept-language": "fr"}).content.decode()
    index()
    assert browser.get(reverse("objects"), {"revoked": "yes"}).context["objects"].rows[0]["id"] == identity


def test_who_publishes_is_led_to_the_page_once_it_is_there(signed_in: SignedIn, ready: Path) -> None:
    member("friend")
    browser, address = signed_in(Role.CONTRIBUTOR), reverse("object-new", args=["indicator"])
    seen = browser.post(address, filled(browser)).context["seen"]
    told = browser.post(address, filled(browser, seen=seen))["Location"]
    waiting = text_of(browser, told)
    assert "Its page is being made" in waiting and "Open its page" not in waiting
    index()
    assert "Open its page" in text_of(browser, told)


def test_notes_and_reports_name_what_they_are_about(signed_in: SignedIn, ready: Path) -> None:
    member("friend")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    seen, _, _ = held()
    browser = signed_in(Role.CONTRIBUTOR)
    address = reverse("object-new", args=["note"])
    assert browser.get(address, {"about": seen["id"]}).context["form"].initial["object_refs"] == seen["id"]
    given = filled(browser, content="Seen in two hospitals", object_refs=f"{seen['id']}\nnonsense")
    assert "no STIX id" in browser.post(address, given).content.decode()
    given["object_refs"] = seen["id"]
    token = browser.post(address, given).context["seen"]
    assert browser.post(address, {**given, "seen": token}).status_code == 302
    report = reverse("object-new", args=["report"])
    given |= {
        "name": "Autumn",
        "published": "2026-11-01",
        "seen": browser.post(report, {**given, "name": "Autumn", "published": "2026-11-01"}).context["seen"],
    }
    assert browser.post(report, given).status_code == 302
    index()
    kinds = {row["kind"] for row in browser.get(page("object-relations", seen)).context["relations"].rows}
    assert kinds >= {"object"}


def test_only_the_own_members_people_write_and_only_what_is_theirs(
    guest: Client, signed_in: SignedIn, ready: Path
) -> None:
    seen, hidden, _ = held()
    for name in ("object-write",):
        assert guest.get(reverse(name)).status_code == 403
    browser = signed_in(Role.CONTRIBUTOR)
    for about in (seen, hidden, malware(99)):
        for name in ("object-revoke", "object-undo"):
            answer = browser.post(page(name, about), {"reason": "x"})
            assert answer.status_code == 404 and "of this node" in answer.content.decode(), name
        assert browser.get(page("object-edit", about)).status_code == 404
        assert browser.get(page("object-published", about)).status_code == 404
    assert "Revoke it" not in text_of(browser, page("object", seen))


def technique(number: int, step: str, tlp: str = "GREEN", **more: Any) -> dict[str, Any]:
    phases = [{"kill_chain_name": "mitre-attack", "phase_name": step}]
    known = [{"source_name": "mitre-attack", "external_id": f"T{number}"}]
    given = {"name": f"technique {number}", "kill_chain_phases": phases, "external_references": known, **more}
    return one("attack-pattern", number, tlp, **given)


def test_the_matrix_counts_only_what_its_reader_has(guest: Client, signed_in: SignedIn, ready: Path) -> None:
    seen, hidden = malware(1, name="Quiet Heron"), malware(2, "RED", name="Hidden Falcon")
    mail, run = technique(11, "initial-access"), technique(12, "execution", name=HOSTILE)
    secret = technique(13, "impact", "RED", name="Secret way")
    uses = [
        relation(20, seen, "uses", mail),
        relation(21, hidden, "uses", mail),
        relation(22, seen, "uses", secret, "RED"),
    ]
    post([seen, hidden, mail, run, secret, *uses, relation(23, seen, "uses", run, "RED")])
    index()
    answer = guest.get(reverse("matrix"))
    assert [(row["number"], row["users"]) for row in answer.context["techniques"].rows] == [("T11", 1), ("T12", 0)]
    assert "Secret way" not in answer.content.decode() and "<script>alert" not in answer.content.decode()
    heat = answer.context["heat"]
    assert heat.head[1:] == ("initial-access", "execution") and heat.rows[0][1:] == (1, "")
    assert len(guest.get(reverse("matrix"), {"phase": "execution"}).context["techniques"].rows) == 1
    Account.objects.all().delete()
    everything = signed_in(Role.OPERATOR).get(reverse("matrix")).context["techniques"].rows
    assert {row["number"]: row["users"] for row in everything} == {"T11": 2, "T12": 1, "T13": 1}


def test_the_audience_names_nobody_of_whom_the_author_may_not_know(signed_in: SignedIn, ready: Path) -> None:
    member("shade")
    live = reverse("draft-audience", args=["indicator"])
    writer = signed_in(Role.CONTRIBUTOR)
    personal = "Call Maria Huber, maria.huber@stadtwerk-linz.at"
    for more in ({}, {"description": personal}):
        answer = writer.post(live, filled(writer, **more))
        assert answer.context["names"] and "shade" not in answer.content.decode()
    operator = signed_in(Role.OPERATOR)
    assert "shade" in operator.post(live, filled(operator)).content.decode()
