"""A value written as an indicator is read back as the same value, and the object is one that intake takes."""

from __future__ import annotations

import pytest

from commonwatch.capabilities.detection.indicators.reading import read_indicator
from commonwatch.capabilities.detection.indicators.writing import Said, indicator_of
from commonwatch.core.patterns.values import Kind, Value
from commonwatch.core.stix.ids import canonical
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.stix.values import Admissible, Piece

SAID = Said(
    "identity--00000000-0000-4000-8000-000000000001",
    "a list",
    (TLP2["TLP:GREEN"],),
    "2026-11-20T00:00:00.000Z",
    confidence=40,
    valid_until="2027-01-01T00:00:00.000Z",
)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.ADDRESS, "45.9.148.108"),
        (Kind.ADDRESS, "2a02:6ea0::1"),
        (Kind.NETWORK, "45.9.148.0/24"),
        (Kind.ENDPOINT, "76.181.182.166:449"),
        (Kind.ENDPOINT, "[2a02:6ea0::1]:443"),
        (Kind.HOST, "www.evil.example"),
        (Kind.DOMAIN, "evil.example"),
        (Kind.URL, "http://evil.example/it's.php?a=1"),
        (Kind.MD5, "0" * 31 + "1"),
        (Kind.SHA1, "0" * 39 + "1"),
        (Kind.SHA256, "0" * 63 + "1"),
        (Kind.SHA512, "0" * 127 + "1"),
        (Kind.IMPHASH, "0" * 31 + "1"),
        (Kind.EMAIL, "phish@evil.example"),
        (Kind.FILE_NAME, "invoice 'new'.exe"),
        (Kind.CERTIFICATE, "1" * 40),
        (Kind.CERTIFICATE, "1" * 64),
        (Kind.CERTIFICATE_SERIAL, "36f7d4329e36"),
        (Kind.USER_AGENT, "Evil/1.0 (x)"),
        (Kind.REGISTRY_KEY, "hklm\\software\\evil"),
        (Kind.MUTEX, "Global\\evil"),
    ],
)
def test_every_kind_comes_back_as_it_was(kind: Kind, text: str) -> None:
    found = indicator_of(Value(kind, text), SAID)
    assert found is not None
    assert isinstance(judge(Piece(canonical(found), ""), 1_796_000_000_000_000, 86_400_000_000, 1_000_000), Admissible)
    read = read_indicator(canonical(found))
    assert read.values == (Value(kind, text),) and read.pattern_type == "values"
    assert (read.confidence, read.category, read.author) == (40, "malicious-activity", SAID.author)


def test_the_same_value_of_the_same_list_is_the_same_object_and_of_another_is_not() -> None:
    one, again = (indicator_of(Value(Kind.HOST, "a.example"), SAID) for _ in range(2))
    other = indicator_of(Value(Kind.DOMAIN, "a.example"), SAID)
    assert one is not None and other is not None and one == again and one["id"] != other["id"]


def test_what_stix_cannot_name_is_said_to_be_so() -> None:
    assert indicator_of(Value(Kind.JA3, "0" * 32), SAID) is None
