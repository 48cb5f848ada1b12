"""Evidence added from a page: said first, then sealed while it comes; nothing plain on a disk, nothing for who has not the address."""

from __future__ import annotations

import io
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyrage
import pytest
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence import queries, sealing
from commonwatch.capabilities.evidence.store import fetched, opened
from tests.console.test_evidence_pages import page, prepared

SignedIn = Callable[..., Client]
OFFICER = pyrage.x25519.Identity.generate()
MARK = b"only the officer may read this"
SAID = {
    "name": "Disk <b>1</b>",
    "basis": "StPO section 110",
    "collected_by": "A. Officer",
    "collected_at": "2026-11-20T08:00:00Z",
    "recipients": str(OFFICER.to_public()),
    "members": ["cert-fi"],
    "tlp": "TLP:AMBER",
}
__all__ = ["prepared"]


@pytest.fixture
def browser(prepared: Path, signed_in: SignedIn) -> Client:
    return signed_in(Role.CONTRIBUTOR)


def waiting(browser: Client, **more: Any) -> str:
    answer = browser.post(reverse("evidence-new"), {**SAID, **more})
    assert answer.status_code == 302, answer.content.decode()
    return str(answer["Location"])


def sent(browser: Client, address: str, content: bytes, **more: Any) -> Any:
    return browser.post(address, {"content": io.BytesIO(content)}, **more)


def items() -> dict[str, queries.ItemView]:
    return {one.name: one for one in queries.items(operator("t"), None, 20)}


def test_what_is_said_is_checked_before_any_content_is_asked_for(browser: Client) -> None:
    assert "Add evidence" in page(browser, "evidence")
    page(browser, "evidence-new", case="incident--x")
    for wrong, sentence in (
        ({"collected_at": "2099-01-01T00:00:00Z"}, "lies in the future"),
        ({"recipients": "age1x"}, "is no public key"),
        ({"recipients": ""}, "1 to 64 recipients"),
    ):
        answer = browser.post(reverse("evidence-new"), {**SAID, **wrong})
        assert answer.status_code == 422 and sentence in answer.content.decode()
    shown = browser.get(waiting(browser)).content.decode()
    assert "These would get it: cert-fi" in shown and "Disk &lt;b&gt;1&lt;/b&gt;" in shown and 'type="file"' in shown
    assert "Up to 16.0\xa0GB; larger content" in shown


def test_content_is_sealed_while_it_comes_and_nothing_plain_is_on_a_disk(
    browser: Client, prepared: Path, tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.FILE_UPLOAD_TEMP_DIR = str(tmp_path)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    plain = os.urandom(3 * 2**20) + MARK + os.urandom(15 * 2**20)
    answer = sent(browser, address := waiting(browser), plain)
    made = items()["Disk <b>1</b>"]
    assert answer["Location"] == reverse("evidence-item", args=[made.id])
    assert "It is sealed and on record." in browser.get(answer["Location"]).content.decode()
    assert list(tmp_path.iterdir()) == [], "nothing was put aside"
    assert not any(MARK in file.read_bytes() for file in prepared.rglob("*") if file.is_file())
    found = queries.item(operator("t"), made.id)
    assert (found.about.size, found.about.basis, found.here) == (len(plain), "StPO section 110", True)
    manifest, store = sealing.manifest_of(fetched(opened(), found.about.sealed.manifest)), opened()
    parts: list[bytes] = []
    sealing.unseal(manifest, store.get, [OFFICER], parts.append)
    assert b"".join(parts) == plain
    assert browser.get(address).status_code == 404, "it waits no more"


def test_what_is_added_from_a_case_belongs_to_it(browser: Client) -> None:
    case = "incident--5b8b1a0e-5e6f-4c0d-9d4e-0f6a4d0e1c11"
    address = f"{reverse('evidence-new')}?case={case}"
    assert f'href="{address}"' in page(browser, "evidence", case=case)
    assert f'value="{case}"' in browser.get(address).content.decode()


def test_with_scripts_the_page_is_left_by_a_header(browser: Client) -> None:
    answer = sent(browser, waiting(browser), b"x", headers={"HX-Request": "true"})
    assert (answer.status_code, answer["HX-Redirect"]) == (
        204,
        reverse("evidence-item", args=[items()["Disk <b>1</b>"].id]),
    )


def test_what_is_too_large_broken_empty_or_no_form_leaves_no_item_and_says_so(browser: Client, settings: Any) -> None:
    before, address = items(), waiting(browser)
    small = settings.COMMONWATCH.model_copy(update={"max_evidence_bytes": 2_000})
    settings.COMMONWATCH = small
    kind = "multipart/form-data; boundary=x"
    head = b'--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n'
    for body, length, sentence in (
        (head + b"a" * 3_000 + b"\r\n--x--\r\n", 0, "more than 2,000 bytes"),
        (head + b"a", 70_000, "more than 2,000 bytes"),
        (head + b"a" * 500, 900, "of 900 bytes came"),
        (b"--x--\r\n", 0, "There is no content."),
        (head.replace(b'filename="a"', b'filename=""') + b"\r\n--x--\r\n", 0, "There is no content."),
    ):
        line: Any = {"wsgi.input": io.BytesIO(body), "CONTENT_LENGTH": str(length or len(body))}
        answer = browser.post(address, body, content_type=kind, **line)
        assert answer.status_code == 302
        assert sentence in browser.get(address).content.decode(), sentence
    browser.post(address, b"abc", content_type="text/plain")
    assert "The upload cannot be read." in browser.get(address).content.decode()
    assert items() == before


def test_only_who_said_it_has_the_address_and_only_who_may_add(
    browser: Client, prepared: Path, signed_in: SignedIn
) -> None:
    address = waiting(browser)
    other = signed_in(Role.OPERATOR)
    assert other.get(address).status_code == 404
    assert sent(other, address, b"x").status_code == 404
    assert sent(Client(), address, b"x").status_code == 302, "to sign in"
    reader = signed_in(Role.READER)
    assert reader.get(reverse("evidence-new")).status_code == 403
    assert "Add evidence" not in reader.get(reverse("evidence")).content.decode()
    assert "Disk <b>1</b>" not in items()
