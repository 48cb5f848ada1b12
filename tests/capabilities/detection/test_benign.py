"""Benign lists inform, lower or suppress, and never hide a true hit under a name that many share."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonwatch.capabilities.detection.indicators import benign
from commonwatch.capabilities.detection.indicators.listing import Found, strongest
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.patterns.values import Kind, Value


def effect(kind: Kind, text: str) -> str | None:
    value = Value(kind, text)
    return strongest(benign.known([value])[value])


def plain(folder: Path, name: str, *lines: str) -> Path:
    path = folder / f"{name}.txt"
    path.write_text("\n".join(lines))
    return path


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        (Kind.ADDRESS, "192.168.1.7"),
        (Kind.ADDRESS, "127.0.0.1"),
        (Kind.ADDRESS, "fe80::1"),
        (Kind.ENDPOINT, "10.0.0.5:443"),
        (Kind.ENDPOINT, "[::1]:80"),
        (Kind.NETWORK, "172.16.0.0/12"),
        (Kind.MD5, "d41d8cd98f00b204e9800998ecf8427e"),
        (Kind.SHA256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        (Kind.IMPHASH, "f34d5f2d4577ed6d9ceec516c1f5a744"),
    ],
)
def test_what_is_known_without_any_list(kind: Kind, text: str, ready: Path) -> None:
    assert effect(kind, text) == "suppress"


def test_a_listed_name_is_suppressed_and_a_name_below_it_is_only_told_of(ready: Path, tmp_path: Path) -> None:
    benign.add(plain(tmp_path, "shared", "github.com", "github.io", ".wild.example"), None, actor="t", now_us=1)
    assert effect(Kind.DOMAIN, "github.com") == effect(Kind.HOST, "github.io") == "suppress"
    assert effect(Kind.HOST, "evil.github.io") == "inform"
    assert effect(Kind.DOMAIN, "a.b.wild.example") == "inform" and effect(Kind.DOMAIN, "wild.example") == "suppress"
    assert effect(Kind.URL, "https://github.com/evil/payload.exe") == "inform"
    assert effect(Kind.DOMAIN, "notgithub.com") is None


def test_a_name_below_somebody_s_own_counts_little_and_below_a_shared_one_as_before(
    ready: Path, tmp_path: Path
) -> None:
    top = tmp_path / "top.json"
    top.write_text(
        json.dumps({"name": "Top", "type": "hostname", "list": ["owner.example", "host.example", "github.io"]})
    )
    benign.add(top, None, actor="t", now_us=1)
    assert effect(Kind.DOMAIN, "ocsp.owner.example") == "doubt" and effect(Kind.HOST, "www.owner.example") == "suppress"
    assert effect(Kind.HOST, "evil.github.io") == "inform"  # known to be shared
    assert effect(Kind.HOST, "evil.host.example") == "doubt"
    benign.add(plain(tmp_path, "platforms", "host.example"), None, shared=True, actor="t", now_us=1)
    assert effect(Kind.HOST, "evil.host.example") == "inform"


def test_inside_a_listed_network_is_lowered_unless_the_operator_says_otherwise(ready: Path, tmp_path: Path) -> None:
    warning = tmp_path / "cloud.json"
    warning.write_text(json.dumps({"name": "Cloud", "type": "cidr", "version": 3, "list": ["20.0.0.0/11", "8.8.8.8"]}))
    added = benign.add(warning, None, actor="t", now_us=1)
    assert (added.form, added.effect, added.entries) == ("cidr", "lower", 2)
    value = Value(Kind.ADDRESS, "20.1.2.3")
    assert benign.known([value]) == {value: [Found("lower", "cloud", "inside")]}
    benign.add(warning, "suppress", actor="t", now_us=2)
    assert effect(Kind.ENDPOINT, "20.1.2.3:443") == "suppress"
    assert effect(Kind.ADDRESS, "21.0.0.1") == "suppress" or effect(Kind.ADDRESS, "40.0.0.1") is None


def test_a_list_is_replaced_and_removed(ready: Path, tmp_path: Path) -> None:
    path = plain(tmp_path, "ours", "one.example", "# a comment", "45.9.148.108")
    assert benign.add(path, None, actor="t", now_us=1).entries == 2
    path.write_text("two.example")
    benign.add(path, None, actor="t", now_us=2)
    assert effect(Kind.HOST, "one.example") is None and effect(Kind.HOST, "two.example") == "suppress"
    benign.remove("ours", actor="t", now_us=3)
    assert effect(Kind.HOST, "two.example") is None
    with pytest.raises(NotFound):
        benign.remove("ours", actor="t", now_us=4)


@pytest.mark.parametrize(
    "body", ['{"name": "x"', '{"name": 7, "list": []}', '{"name": "x", "list": [], "type": "regex"}']
)
def test_a_list_that_cannot_be_used_says_why(body: str, ready: Path, tmp_path: Path) -> None:
    path = tmp_path / "bad.json"
    path.write_text(body)
    with pytest.raises(InvalidInput) as caught:
        benign.add(path, None, actor="t", now_us=1)
    assert caught.value.advice


def test_the_lists_of_misp_are_taken_and_the_traps_are_on_them(ready: Path, shared: Path) -> None:
    for path in sorted((shared / "intel" / "misp" / "warninglists").glob("*.json")):
        if path.stem not in ("common-contact-emails", "phone_numbers"):
            benign.add(path, None, actor="t", now_us=1)
    expected = json.loads((shared / "telemetry" / "expected-open.json").read_text())
    traps = expected["false_positive_traps"]
    quiet = ("suppress", "doubt")
    alerting = [trap["indicator"] for trap in traps["domains"] if effect(Kind.DOMAIN, trap["indicator"]) not in quiet]
    assert alerting == []
    assert effect(Kind.IMPHASH, traps["imphash"]["hits"][0]["indicator"]) == "suppress"
    true_hits = [hit["indicator"] for pair in ("pair1_trickbot", "pair3_endpoint") for hit in expected[pair]["hits"]]
    assert len(true_hits) > 25
