"""Queries as values: what is asked, and what cannot be asked."""

from __future__ import annotations

import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.taxii.filters import MAX_VALUES, parse_query

ID = "indicator--00000000-0000-4000-8000-000000000001"
NOTHING = (("", b""),)


def test_nothing_asked_is_the_last_version_of_everything() -> None:
    query = parse_query(b"")
    assert query.filter.last and not (
        query.filter.first or query.filter.every or query.filter.ids or query.filter.types
    )
    assert query.limit is None and query.next is None and query.filter.added_after is None


def test_every_parameter_is_read() -> None:
    query = parse_query(
        b"match[id]="
        + ID.encode()
        + b",x&match%5Btype%5D=indicator,%20malware&match[version]=first,2026-01-01T00:00:00Z"
        b"&match[spec_version]=2.0,2.1,3.0&added_after=2026-01-01T00:00:00.000001Z&limit=5&next=abc"
    )
    wanted = query.filter
    assert wanted.ids == (parse_id(ID),) and wanted.types == ("indicator", "malware") and wanted.specs == (20, 21, 0)
    assert wanted.first and not wanted.last and len(wanted.versions) == 1
    assert wanted.added_after == wanted.versions[0] + 1 and (query.limit, query.next) == (5, "abc")
    assert parse_query(b"match[version]=all").filter.every and parse_query(b"match[version]=last").filter.last
    assert parse_query(b"next=").next is None


def test_ids_that_cannot_exist_match_nothing() -> None:
    assert parse_query(b"match[id]=nonsense").filter.ids == NOTHING


def test_fields_that_a_resource_does_not_have_are_ignored() -> None:
    assert parse_query(b"match[id]=x&match[type]=y&colour=red", matching=("version",)) == parse_query(b"")


@pytest.mark.parametrize(
    ("query", "code"),
    [
        (b"limit=0", "limit-invalid"),
        (b"limit=-1", "limit-invalid"),
        (b"limit=ten", "limit-invalid"),
        (b"limit=99999999999", "limit-invalid"),
        ("limit=٣".encode(), "query-unreadable"),
        (b"limit=%D9%A3", "limit-invalid"),
        (b"added_after=yesterday", "time-unreadable"),
        (b"added_after=2026-13-01T00:00:00Z", "time-unreadable"),
        (b"match[version]=newest", "time-unreadable"),
        (b"match[type]=", "match-empty"),
        (b"match[type]=,,", "match-empty"),
        (b"match[type]=" + b",".join(b"a%d" % n for n in range(MAX_VALUES + 1)), "match-empty"),
        (b"limit=1&limit=2", "query-repeated"),
        (b"&".join(b"a%d=1" % n for n in range(60)), "query-unreadable"),
    ],
)
def test_what_cannot_be_asked_is_named(query: bytes, code: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        parse_query(query)
    assert caught.value.code == code and caught.value.advice


def test_two_questions_have_two_fingerprints() -> None:
    asked = [b"", b"match[type]=a", b"match[type]=b", b"match[version]=all", b"added_after=2026-01-01T00:00:00Z"]
    assert len({parse_query(query).filter.fingerprint() for query in asked}) == len(asked)
    assert parse_query(b"limit=5").filter.fingerprint() == parse_query(b"limit=9").filter.fingerprint()
