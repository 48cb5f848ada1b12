"""Containers to byte-exact slices."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.stix.slicing import elements
from commonwatch.core.stix.split import split, split_lines

OBJECT = '{"type":"identity", "id":"identity--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"}'


@given(st.lists(st.dictionaries(st.text(), st.integers() | st.text()), max_size=8), st.sampled_from([None, 1, "\t"]))
def test_slices_are_the_bytes_that_were_there(values: list[dict[str, object]], indent: int | str | None) -> None:
    texts = [json.dumps(value, indent=indent, ensure_ascii=False) for value in values]
    try:
        body = ('{"objects" : [ ' + " ,\n".join(texts) + " ] }").encode()
    except UnicodeEncodeError:  # a lone surrogate has no UTF-8
        return
    pieces = split(body).pieces
    assert [piece.raw for piece in pieces] == [text.encode() for text in texts]
    assert [piece.place for piece in pieces] == [f"/objects/{n}" for n in range(len(texts))]


@pytest.mark.parametrize(
    ("body", "kind", "count", "spec"),
    [
        ('{"type":"bundle","id":"bundle--1","objects":[%s,%s]}', "bundle", 2, 0),
        ('{"type":"bundle","spec_version":"2.0","objects":[%s,%s]}', "bundle", 2, 20),
        ('{"more":false,"objects":[%s,%s]}', "envelope", 2, 0),
        ("[%s,%s]", "array", 2, 0),
        ("%s\n\n%s\n", "ndjson", 2, 0),
        ('%s\n{"type":"bundle","spec_version":"2.0","objects":[%s]}', "ndjson", 2, 0),
    ],
)
def test_every_container_is_split(body: str, kind: str, count: int, spec: int) -> None:
    found = split((body % (OBJECT, OBJECT)).encode())
    assert (found.kind, len(found.pieces), found.pieces[0].spec) == (kind, count, spec)
    assert all(piece.raw == OBJECT.encode() for piece in found.pieces)


def test_a_single_object_is_one_piece_even_if_it_has_objects_of_its_own() -> None:
    assert split(OBJECT.encode()).kind == "object"
    observed = '{"type":"observed-data","id":"observed-data--1","objects":{"0":{"type":"file"}}}'
    assert [piece.raw for piece in split(observed.encode()).pieces] == [observed.encode()]


def test_one_broken_line_costs_only_itself() -> None:
    pieces = list(split_lines([OBJECT.encode(), b"{broken", b"", OBJECT.encode()]))
    assert [(piece.place, piece.raw == OBJECT.encode()) for piece in pieces] == [
        ("line 1", True),
        ("line 2", False),
        ("line 4", True),
    ]


@pytest.mark.parametrize("bad", ['"\\ud800"', '{"a":NaN}', "{,}", "tru", '{"a":"\\x"}', "01", "{x}"])
@pytest.mark.parametrize(
    "frame", ['{"type":"bundle","spec_version":"2.0","objects":[%s]}', '{"more":false,"objects":[%s]}', "[%s]"]
)
def test_an_element_that_is_no_json_costs_only_itself(bad: str, frame: str) -> None:
    found = split((frame % f"{OBJECT}, {bad} ,{OBJECT}").encode())
    assert [piece.raw for piece in found.pieces] == [OBJECT.encode(), bad.encode(), OBJECT.encode()]
    assert {piece.spec for piece in found.pieces} == {20 if "bundle" in frame else 0}


@given(st.lists(st.sampled_from(["[", "]", "{", "}", ",", '"', "\\", ":", '"objects"', "1", " "]), max_size=40))
def test_slicing_takes_any_order_of_brackets(parts: list[str]) -> None:
    found = elements("".join(parts).encode())
    assert found is None or all(isinstance(part, bytes) for part in found)


def test_a_broken_bundle_is_refused_with_its_place() -> None:
    found = split(b'{"type":"bundle","objects":[\n' + OBJECT.encode() + b",\n{]}")
    assert found.finding is not None
    assert "line 3" in found.finding.sentence


def test_a_container_that_names_objects_twice_is_refused() -> None:
    found = split(b'{"type":"bundle","objects":[],"objects":[{"type":"identity"}]}')
    assert found.finding is not None and found.finding.code == "duplicate-name"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b'<?xml version="1.0"?><stix:STIX_Package>', "stix1-xml"),
        (b'<OpenIOC xmlns="http://openioc.org/schemas/OpenIOC_1.1">', "openioc"),
        (b"<html>", "xml"),
        (b'{"stix_header":{},"observables":{}}', "stix1-json"),
        (b'{"Event":{"uuid":"1"}}', "misp-event"),
        (b'{"document":{"csaf_version":"2.0"},"vulnerabilities":[]}', "csaf"),
        (b'{"$schema":"https://json-schema.org/"}', "json-schema"),
        (b'{"bomFormat":"CycloneDX"}', "cyclonedx"),
        (b"just some text", "plain-text"),
        (b"", "empty"),
        (b"   ", "empty"),
    ],
)
def test_what_is_called_stix_and_is_not_is_named(body: bytes, code: str) -> None:
    found = split(body)
    assert found.finding is not None and found.finding.code == code
    assert found.finding.remedy and not found.pieces


@given(st.binary(max_size=300))
def test_no_bytes_make_it_raise(body: bytes) -> None:
    found = split(body)
    assert found.pieces or found.finding or found.kind in ("bundle", "envelope", "array")


def test_csaf_of_the_real_world_is_recognised(shared: Path) -> None:
    advisory = (shared / "intel/advisories/csaf-oasis-examples/bsi-2022-0001.json").read_bytes()
    finding = split(advisory).finding
    assert finding is not None and finding.code == "csaf"


def test_the_data_file_of_a_server_gives_the_objects_of_its_collections() -> None:
    one, other = b'{"type":"a","id":"1"}', b'{"type":"b" , "id":"2"}'
    data = (
        b'{"/discovery":{"title":"x"},"users":[],"r":{"information":{},"collections":[{"id":"c"},{"objects":[%b,%b]}]}}'
    )
    found = split(data % (one, other))
    assert found.kind == "server-data" and [(piece.raw, piece.place) for piece in found.pieces] == [
        (one, "/r/collections/1/objects/0"),
        (other, "/r/collections/1/objects/1"),
    ]
    empty = split(b'{"/discovery":{},"r":{"collections":[]}}')
    assert empty.finding is not None and empty.finding.code == "medallion-data"


@pytest.mark.parametrize(
    "body",
    [
        b'{"objects":[nan],"objects":[1]}',  # two lists: which is meant?
        b'{"objects":5, "type": nan}',
        b'[{"id": nan}] and more',
        b'{"a": [nan]}',
    ],
)
def test_what_cannot_be_sliced_for_certain_is_refused_whole(body: bytes) -> None:
    found = split(body)
    assert found.finding is not None and found.pieces == []
