"""Content that comes in bit by bit: sealed as a file is, bounded, refused early, and without an item where it breaks off."""

from __future__ import annotations

import hashlib
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from django.test import RequestFactory

from commonwatch.base.intake.own import Audience
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence import actions, queries
from commonwatch.capabilities.evidence.actions import MOST_UPLOADS
from commonwatch.capabilities.evidence.receiving import announced, bits
from commonwatch.capabilities.evidence.sealing import SEGMENT, Incoming, digests
from commonwatch.capabilities.evidence.store import opened
from commonwatch.capabilities.evidence.store.folder import FolderStore
from commonwatch.core.errors import CommonwatchError, InvalidInput, TooBusy
from tests.base.release.nodes import by
from tests.capabilities.evidence.conftest import FOUND, OFFICER
from tests.capabilities.evidence.test_sealing import _opened as opened_again

KEY = str(OFFICER.to_public())
FOR = Audience("TLP:AMBER", ("cert-no",))


@pytest.mark.parametrize("size", [1, SEGMENT - 1, SEGMENT, SEGMENT + 1, 2 * SEGMENT + 7])
@pytest.mark.parametrize("bit", [65_537, SEGMENT * 3])
def test_bits_of_any_size_are_sealed_as_a_file_is(size: int, bit: int, tmp_path: Path) -> None:
    plain, store, file = (bytes(range(256)) * (size // 256 + 1))[:size], FolderStore(tmp_path / "store"), tmp_path / "x"
    file.write_bytes(plain)
    with Incoming(store, [KEY], size) as content:
        for start in range(0, size, bit):
            content.write(plain[start : start + bit])
        made = content.end()
    again, found = opened_again(store, made.manifest, OFFICER)
    assert (again, found, made.parts) == (plain, digests(file), -(-size // SEGMENT))


def test_more_than_may_come_and_nothing_at_all_are_refused(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    with Incoming(store, [KEY], 10) as content:
        content.write(b"0123456789")
        with pytest.raises(InvalidInput, match="more than 10 bytes") as refused:
            content.write(b"x")
        assert refused.value.http_status == 413
    with Incoming(store, [KEY], 10) as content, pytest.raises(InvalidInput, match="no content"):
        content.end()
    assert list(store.digests()) == []


def test_what_would_be_refused_at_the_end_is_refused_before_the_first_bit(partnered: Path) -> None:
    refused: list[tuple[tuple[object, ...], type[CommonwatchError]]] = [
        ((FOUND, FOR, [], by()), InvalidInput),  # no key
        ((FOUND, FOR, ["age1x"], by()), InvalidInput),
        ((FOUND.__class__("x", "y", "2099-01-01T00:00:00Z", "z"), FOR, [KEY], by()), InvalidInput),
        ((FOUND.__class__("x" * 501, "y", "2026-01-01T00:00:00Z", "z"), FOR, [KEY], by()), InvalidInput),
        ((FOUND, Audience("TLP:RED", communities=("nobody",)), [KEY], by()), CommonwatchError),
    ]
    before = set(opened().digests())
    for given, kind in refused:
        with pytest.raises(kind), actions.adding(*given):  # type: ignore[arg-type]  # each of them as it should be
            raise AssertionError("it was let in")
    assert set(opened().digests()) == before


def test_so_many_come_in_at_once_and_one_that_breaks_leaves_room_and_no_item(partnered: Path) -> None:
    with pytest.raises(ZeroDivisionError), actions.adding(FOUND, FOR, [KEY], by()) as first:
        first.content.write(b"x")
        with actions.adding(FOUND, FOR, [KEY], by()):
            assert MOST_UPLOADS == 2
            with pytest.raises(TooBusy), actions.adding(FOUND, FOR, [KEY], by()):
                raise AssertionError("a third was let in")
        raise ZeroDivisionError
    assert queries.items(operator("o"), None, 10) == []
    with actions.adding(FOUND, FOR, [KEY], by()) as item:
        item.content.write(b"as it was found")
        made = item.kept()
    found = queries.item(operator("o"), made)
    plain = hashlib.sha256(b"as it was found").hexdigest()
    assert (found.about.size, found.about.hashes.sha256, found.about.tool) == (15, plain, "dd 9.1")


def test_a_body_says_how_long_it_is_and_all_of_it_has_to_come(partnered: Path) -> None:
    ask = RequestFactory()
    assert b"".join(bits(ask.generic("POST", "/", b"abc"))) == b"abc"
    line: Any = {"wsgi.input": BytesIO(b"abc"), "CONTENT_LENGTH": "5"}
    broken = ask.generic("POST", "/", b"abc", **line)
    with pytest.raises(InvalidInput, match="3 of 5 bytes came"):
        list(bits(broken))
    for length, status in (("", 411), ("many", 411), (str(2**40), 413)):
        said: Any = {"CONTENT_LENGTH": length}
        with pytest.raises(InvalidInput) as refused:
            announced(ask.generic("POST", "/", b"", **said))
        assert refused.value.http_status == status
