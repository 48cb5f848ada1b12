"""The first gate. Abuse classes 34 to 37."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.stix.ijson import MAX_DEPTH, gate


def code(raw: bytes) -> str:
    finding = gate(raw)[1]
    return finding.code if finding else ""


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b'{"a":1,"a":2}', "duplicate-name"),
        (b'{"a":{"b":1,"\\u0062":2}}', "duplicate-name"),
        (b'{"a":9007199254740992}', "number-out-of-range"),
        (b'{"a":' + b"9" * 5000 + b"}", "number-out-of-range"),
        (b'{"a":1e400}', "number-out-of-range"),
        (b'{"a":[null,-1e999]}', "number-out-of-range"),
        (b"[" * 100_000, "json-too-deep"),
        (b"[" * (MAX_DEPTH + 2) + b"]" * (MAX_DEPTH + 2), "json-too-deep"),
        (b'{"a":NaN}', "not-json"),
        (b'{"a":Infinity}', "not-json"),
        (b'{"a":"\\ud800"}', "not-unicode"),
        (b'{"a":"\xff"}', "not-unicode"),
        (b'{"a":"\xc0\xaf"}', "not-unicode"),
        (b'\xef\xbb\xbf{"a":1}', "byte-order-mark"),
        ('{"a":1}'.encode("utf-16"), "not-utf8"),
        ('{"a":1}'.encode("utf-16-le"), "not-utf8"),
        (b'{"a":"\x00"}', "not-json"),
        (b'{"a":1', "not-json"),
        (b'{"a":1}x', "not-json"),
        (b"", "not-json"),
    ],
)
def test_what_programs_would_read_differently_is_refused(raw: bytes, expected: str) -> None:
    assert code(raw) == expected


@pytest.mark.parametrize(
    "raw",
    [
        b"{}",
        b'{"a":9007199254740991}',
        b'{"a":null}',
        b'{"a":1.5e3}',
        b"[" * MAX_DEPTH + b"]" * MAX_DEPTH,
        b"[" + b"[]," * 200 + b"[]]",
        b'{"a":"\\u0000"}',
    ],
)
def test_what_is_ijson_passes(raw: bytes) -> None:
    assert code(raw) == ""


@given(st.binary(max_size=200))
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    value, finding = gate(raw)
    assert (finding is None) or (value is None and finding.severity == "refuse")
