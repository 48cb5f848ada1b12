"""What leaves by export: bytes as they came, nothing that a spreadsheet or a firewall would choke on."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.release.collections import collection
from commonwatch.base.release.pages import Page
from commonwatch.base.release.reader import operator
from commonwatch.base.release.stream import stream
from commonwatch.capabilities.exchange.exporting import formats
from commonwatch.core.stix.split import split
from commonwatch.core.stix.values import Piece
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.intake.test_quarantine import take
from tests.capabilities.partners import VOUCHER, indicator

NUMBER = UUID("00000000-0000-4000-8000-000000000001")


def page(*objects: Any) -> Page:
    return Page(
        ",".join(one if isinstance(one, str) else json.dumps(one) for one in objects).encode(), 1, 0, 0, 0, False
    )


def lines(*objects: Any, kinds: frozenset[str] = frozenset()) -> list[str]:
    return b"".join(formats.values([page(*objects)], kinds)).decode().splitlines()


def observable(kind: str, **properties: Any) -> dict[str, Any]:
    return {"type": kind, "spec_version": "2.1", "id": f"{kind}--{NUMBER}", **properties}


def test_a_bundle_holds_the_very_bytes_that_came(ready: Path) -> None:
    written = '{ "type":"indicator",  "spec_version": "2.1", "x_\\u00e9": 1.50, "id": "%s" }'
    text = written % indicator(7)["id"]
    text = (
        text[:-2]
        + ", "
        + json.dumps({k: v for k, v in indicator(7).items() if k not in ("type", "spec_version", "id")})[1:]
    )
    take(indicator(1))
    channel = Channel(ensure_source("test", "TLP:GREEN").pk, "TLP:GREEN", VOUCHER, "test", (1,))
    assert receive([Piece(text.encode(), "")], channel, now_us()).result().results[0].kind == "admitted"
    out = b"".join(
        formats.bundle(stream(operator("x"), collection(operator("x"), "main"), ObjectFilter()), NUMBER, lifted=False)
    )
    assert text.encode() in out and json.loads(out)["type"] == "bundle"
    assert [piece.raw for piece in split(out).pieces][1] == text.encode()


def test_an_empty_bundle_is_still_a_bundle() -> None:
    assert json.loads(b"".join(formats.bundle([], NUMBER, lifted=False)))["objects"] == []


def test_many_pages_make_one_bundle_in_order(ready: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonwatch.base.release.stream.PAGE", 3)
    take(*(indicator(n) for n in range(10)))
    pages = stream(operator("x"), collection(operator("x"), "main"), ObjectFilter())
    found = json.loads(b"".join(formats.bundle(pages, NUMBER, lifted=False)))["objects"]
    assert [one["name"] for one in found] == [f"number {n}" for n in range(10)]


def test_ndjson_keeps_one_object_to_a_line() -> None:
    pretty = json.dumps(indicator(2), indent=2)
    out = b"".join(formats.ndjson([page(indicator(1), pretty)], lifted=False))
    assert [json.loads(line) for line in out.splitlines()] == [indicator(1), indicator(2)]
    assert out.splitlines()[0] == json.dumps(indicator(1)).encode()


def test_older_objects_are_lifted_on_request() -> None:
    old = indicator(1, spec="2.0")
    out = json.loads(b"".join(formats.bundle([page(old)], NUMBER, lifted=True)))["objects"][0]
    assert out["spec_version"] == "2.1" and out["pattern_type"] == "stix" and "spec_version" not in old


@pytest.mark.parametrize("cell", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "=cmd|' /C calc'!A0"])
def test_no_cell_is_a_formula(cell: str) -> None:
    """Abuse class 59."""
    out = b"".join(formats.spreadsheet([page(indicator(1, name=cell))])).decode()
    row = next(csv.DictReader(io.StringIO(out, newline="")))
    assert row["name"] == f"'{cell}" and row["value"] == "198.51.100.1" and row["value_kind"] == "ipv4-addr"


def test_a_row_for_each_value_and_one_for_an_object_without() -> None:
    pattern = "[ipv4-addr:value = '198.51.100.1' OR domain-name:value = 'a.example']"
    two = {**indicator(1), "pattern": pattern}
    none = {"type": "malware", "id": f"malware--{NUMBER}", "name": "X", "labels": ["a", "b"], "is_family": True}
    out = b"".join(formats.spreadsheet([page(two, none)])).decode()
    rows = list(csv.DictReader(io.StringIO(out, newline="")))
    assert [(row["type"], row["value"]) for row in rows] == [
        ("indicator", "198.51.100.1"),
        ("indicator", "a.example"),
        ("malware", ""),
    ]
    assert rows[2]["labels"] == "a b"


def test_a_list_of_values_has_each_once_and_only_the_kinds_asked_for() -> None:
    objects = [
        indicator(1),
        indicator(257),  # the same address
        observable("domain-name", value="a.example"),
        {**indicator(3), "revoked": True},
    ]
    assert lines(*objects) == ["198.51.100.1", "a.example"]
    assert lines(*objects, kinds=frozenset({"domain-name"})) == ["a.example"]


@pytest.mark.parametrize(
    "value", ["0.0.0.0/0", "0.0.0.0", "::/0", "128.0.0.0/1", "10.0.0.0/7", "::", "not an address", "1.2.3.4\n5.6.7.8"]
)
def test_a_block_list_never_blocks_the_world(value: str) -> None:
    """Abuse class 33."""
    kind = "ipv6-addr" if ":" in value else "ipv4-addr"
    assert lines(observable(kind, value=value)) == []


@pytest.mark.parametrize("value", ["a.example\nb.example", "a\u202eb.example", "\x1b[31mred"])
def test_a_value_that_would_break_its_line_is_left_out(value: str) -> None:
    assert lines(observable("domain-name", value=value)) == []


def test_values_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(formats, "VALUES_REMEMBERED", 2)
    found = [observable("domain-name", value=f"{n}.example") for n in (1, 2, 3, 1)]
    assert lines(*found) == ["1.example", "2.example", "3.example", "1.example"]
