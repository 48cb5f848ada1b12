"""Time stamps of a real authority: they hold for the same bytes, under a root that one trusts, and for nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest
from rfc3161_client import HashAlgorithm, TimeStampRequest, TimestampRequestBuilder

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.stamps import NoTime, Time, decoded, encoded, judge, roots_of
from tests.authorities import Authority, make_authority

DISK = b"what was found on the disk"


def request_for(data: bytes) -> TimeStampRequest:
    return TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA256).build()


@pytest.fixture(scope="module")
def two(tmp_path_factory: pytest.TempPathFactory) -> tuple[Authority, Authority]:
    folder = tmp_path_factory.mktemp("authorities")
    return make_authority(folder / "a", "authority one"), make_authority(folder / "b", "authority two")


def test_a_stamp_says_when_under_a_root_that_is_trusted(two: tuple[Authority, Authority]) -> None:
    asked = request_for(DISK)
    for one in two:
        response = one.answer(asked.as_bytes())
        found = judge(response, DISK, [root for each in two for root in roots_of(each.root)], asked.nonce)
        assert isinstance(found, Time), found
        assert (found.trusted, one.name in found.signer, found.at_us > 1_700_000_000_000_000) == (True, True, True)
        assert decoded(encoded(response)) == response


def test_what_does_not_hold_says_why(two: tuple[Authority, Authority]) -> None:
    one, other = two
    asked = request_for(DISK)
    response, roots = one.answer(asked.as_bytes()), roots_of(one.root)

    def code(raw: bytes = response, data: bytes = DISK, trusted: object = roots, nonce: object = asked.nonce) -> str:
        found = judge(raw, data, trusted, nonce)  # type: ignore[arg-type]
        return found.code if isinstance(found, NoTime) else "holds"

    assert code() == "holds"
    assert code(data=b"another") == "stamp-of-another"
    assert code(trusted=roots_of(other.root)) == "stamp-not-proven"
    assert code(nonce=request_for(DISK).nonce) == "stamp-of-before"
    assert code(raw=b"\x30\x03\x02\x01\x00") == "stamp-unreadable"
    assert code(raw=b"") == "stamp-unreadable"
    assert code(raw=b"0" * 100_000) == "stamp-too-large"
    untrusted = judge(response, DISK, [])
    assert isinstance(untrusted, Time) and not untrusted.trusted


def test_no_byte_of_a_stamp_can_be_changed(two: tuple[Authority, Authority]) -> None:
    asked = request_for(DISK)
    response, roots = two[0].answer(asked.as_bytes()), roots_of(two[0].root)
    honest = judge(response, DISK, roots)
    assert isinstance(honest, Time)
    for place in range(len(response)):
        altered = bytearray(response)
        altered[place] ^= 1
        found = judge(bytes(altered), DISK, roots)
        # What is not signed may change (the status text, a certificate beside); when and what never may.
        assert isinstance(found, NoTime) or (found.at_us, found.serial) == (honest.at_us, honest.serial), place


def test_roots_that_cannot_be_read_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="no certificates"):
        roots_of(b"nothing")
    assert decoded("%%%") == b""
