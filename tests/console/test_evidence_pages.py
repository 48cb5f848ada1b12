"""Pages of evidence and legal requests: custody is acted on, verified and taken along; requests go by an open way only."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence import queries
from commonwatch.capabilities.evidence.actions import WORK
from commonwatch.capabilities.evidence.legal import queries as legal
from commonwatch.capabilities.evidence.store.opening import FOLDER
from tests.api.examples_evidence import ASKED, FIELDS, THEIRS, prepare
from tests.base.release.nodes import by, member
from tests.console.test_every_page import looked_at

SignedIn = Callable[..., Client]


@pytest.fixture
def prepared(keyed: Path) -> Iterator[Path]:
    """An item of ours, one that Finland offers us, a request of Finland's; a partner in Ireland."""
    prepare()
    member("cert-ie", "IE", MemberKind.STATE_BODY, "home")
    yield keyed
    for name in (FOLDER, WORK):
        shutil.rmtree(keyed / name, ignore_errors=True)


def page(browser: Client, name: str, *args: str, **query: str) -> str:
    answer = browser.get(reverse(name, args=args), query_params=query)
    assert answer.status_code == 200, answer.content.decode()
    text = answer.content.decode()
    looked_at(text)
    return text


def ours() -> queries.ItemView:
    (item,) = [one for one in queries.items(operator("t"), None, 10) if one.name == "Mail server"]
    return item


def test_an_item_is_shown_with_its_chain_and_handed_over(prepared: Path, signed_in: SignedIn) -> None:
    browser, item = signed_in(Role.CONTRIBUTOR), ours()
    assert "Mail server" in page(browser, "evidence") and "Router" in page(browser, "evidence")
    text = page(browser, "evidence-item", item.id)
    assert item.sha256 in text and "StPO section 110" in text and "The node cannot open it." in text
    note = reverse("evidence-note", args=[item.id])
    wrong = browser.post(note, {"kind": "examined", "done_by": "A", "done_at": "2099-01-01T00:00:00Z"})
    assert wrong.status_code == 422 and "lies in the future" in wrong.content.decode()
    said = {"kind": "examined", "done_by": "<b>A. Officer</b>", "done_at": "2026-11-21T08:00:00Z"}
    assert browser.post(note, said).status_code == 302
    assert "<b>A. Officer" not in page(browser, "evidence-item", item.id)
    offer = reverse("evidence-offer", args=[item.id])
    assert browser.post(offer, {"member": "nobody", "purpose": "x"}).status_code == 422
    assert browser.post(offer, {"member": "cert-fi", "purpose": "Analysis"}).status_code == 302
    assert ours().state == "offered"
    text = page(browser, "evidence-item", item.id)
    assert "Take the offer back" in text and "Hand it over" not in text
    assert browser.post(reverse("evidence-answer", args=[item.id]), {"act": "withdraw"}).status_code == 400
    answer = browser.post(reverse("evidence-answer", args=[item.id]), {"act": "withdraw", "reason": "Too early"})
    assert (answer.status_code, ours().state) == (302, "held-here")


def test_what_is_offered_to_us_waits_and_is_answered(prepared: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    assert "cert-fi offers you Router." in browser.get(reverse("overview")).content.decode()
    assert "Take it over" in page(browser, "evidence-item", THEIRS)
    answer = browser.post(reverse("evidence-answer", args=[THEIRS]), {"act": "accept"})
    assert answer.status_code == 302
    assert queries.item(operator("t"), THEIRS).item.state == "held-here"
    assert "offers you" not in browser.get(reverse("overview")).content.decode()


def test_readers_see_and_do_nothing(prepared: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.READER)
    text = page(browser, "evidence-item", THEIRS)
    assert "Take it over" not in text
    assert browser.post(reverse("evidence-answer", args=[THEIRS]), {"act": "accept"}).status_code == 403
    assert browser.get(reverse("legal-ask", args=["cert-fi", "preserve"])).status_code == 403


def test_a_chain_is_taken_along_and_verified_on_a_page(prepared: Path, signed_in: SignedIn) -> None:
    browser, item = signed_in(Role.READER), ours()
    taken = browser.get(reverse("evidence-custody", args=[item.id]))
    assert taken["Content-Disposition"].startswith("attachment")
    page(browser, "evidence-verify")
    for raw, said in (
        (taken.content, "The chain holds."),
        (taken.content.replace(b"Mail", b"Nail"), "The chain is broken"),
    ):
        answer = browser.post(reverse("evidence-verify"), {"file": SimpleUploadedFile("chain.json", raw)})
        assert answer.status_code == 200 and said in answer.content.decode()
        looked_at(answer.content.decode())
    answer = browser.post(reverse("evidence-verify"), {"file": SimpleUploadedFile("chain.json", b"nothing")})
    assert answer.status_code == 422 and "no chain of custody" in answer.content.decode()
    graph = json.loads(browser.get(reverse("evidence-uco", args=[item.id])).content)
    assert "uco-observable:ObservableObject" in {one["@type"] for one in graph["@graph"]}
    content = browser.get(reverse("evidence-content", args=[item.id]))
    raw = b"".join(content.streaming_content)  # type: ignore[attr-defined]
    assert content["Content-Type"] == "application/octet-stream" and b"age-encryption.org/v1" in raw
    assert b"as it was found" not in raw


def test_a_request_goes_by_an_open_way_with_a_whole_form(prepared: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    assert "Who may ask whom" in page(browser, "legal-ways")
    closed = page(browser, "legal-ways", to="cert-ie", purpose="preserve")
    assert "signed on 2002-02-28, not in force" in closed and "Fill the form" not in closed
    opened = page(browser, "legal-ways", to="cert-fi", purpose="preserve", on="2026-11-29")
    assert "Fill the form" in opened and "dual criminality" in opened
    assert 'placeholder="60 days"' in page(browser, "legal-ask", "cert-fi", "preserve")
    address = reverse("legal-ask", args=["cert-fi", "preserve"])
    filled = {"name": "Logs of a host", "person": "A. Officer", "offences": ["bud-2"], "days": "60", "tlp": "TLP:AMBER"}
    lacking = browser.post(address, filled)
    assert lacking.status_code == 422 and "This field of the form is empty." in lacking.content.decode()
    whole = {**filled, **{f"field-{name}": text for name, text in FIELDS.items()}}
    looked = browser.post(address, whole)
    assert "It goes to cert-fi by The Budapest Convention, Art. 29" in looked.content.decode()
    assert len(legal.requests(operator("t"), None, 10, by().now_us)) == 1  # Finland's
    sent = browser.post(address, {**whole, "sure": "yes"})
    assert sent.status_code == 302
    (mine,) = [one for one in legal.requests(operator("t"), None, 10, by().now_us) if one.ours]
    text = page(browser, "legal-request", mine.id)
    assert "Logs are deleted after 14 days." in text and "Nothing was answered yet." in text
    assert (
        browser.post(reverse("legal-extend", args=[mine.id]), {"until": "2027-12-01", "reason": "x"}).status_code == 422
    )
    assert browser.post(reverse("legal-withdraw", args=[mine.id]), {"reason": "Found here"}).status_code == 302
    assert "Withdrawn" in page(browser, "legal-request", mine.id)


def test_a_request_to_us_waits_and_is_answered(prepared: Path, signed_in: SignedIn) -> None:
    browser = signed_in(Role.CONTRIBUTOR)
    assert "cert-fi asks: Mail of an account." in browser.get(reverse("overview")).content.decode()
    assert "Mail of an account" in page(browser, "legal")
    address = reverse("legal-answer", args=[ASKED])
    refused = browser.post(address, {"answer": "refused"})
    assert refused.status_code == 422 and "has a reason" in refused.content.decode()
    assert browser.post(address, {"answer": "preserved", "reference": "AT-12"}).status_code == 302
    text = page(browser, "legal-request", ASKED)
    assert "AT-12" in text and "60" in text and "Preserved until" in text
    assert "cert-fi asks" not in browser.get(reverse("overview")).content.decode()
