"""Identifiers, against an implementation that we did not write."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest
import stix2

from commonwatch.core.stix.ids import canonical, deterministic_id, format_id, parse_id

UID = "8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f"


def test_parsing_and_formatting_are_inverse() -> None:
    assert parse_id(f"x-mitre-tactic--{UID}") == ("x-mitre-tactic", uuid.UUID(UID).bytes)
    assert format_id("indicator", uuid.UUID(UID).bytes) == f"indicator--{UID}"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "indicator",
        f"indicator-{UID}",
        f"Indicator--{UID}",
        f"indicator--{UID.upper()}",
        f"--{UID}",
        f"{UID}",
        "indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3g",
        "indicator--8e2e2d2b 17d4-4cbf-938f-98ee46b3cd3f",
        "indicator--        -    -    -    -            ",
        f"indicator--{UID}0",
        f"ind\u202eicator--{UID}",
        f"a/b--{UID}",
    ],
)
def test_what_is_no_identifier_is_none(text: str) -> None:
    """Abuse class 59: blanks, control and direction characters never get into an id."""
    assert parse_id(text) is None


OBSERVABLES = [
    stix2.IPv4Address(value="198.51.100.3"),
    stix2.DomainName(value="bücher.example"),
    stix2.URL(value="https://example.com/a?b=c"),
    stix2.EmailAddress(value="someone@example.com"),
    stix2.File(hashes={"SHA-256": "ceafbfd424be2ca4a5f0402cae090dda2fb0526cf521b60b60077c0f622b285a", "MD5": "a" * 32}),
    stix2.File(name="a.exe"),
    stix2.AutonomousSystem(number=15139, name="Slime Industries"),
    stix2.Directory(path="/usr/home"),
    stix2.Mutex(name="__CLEANSWEEP__"),
    stix2.Software(name="Word", vendor="Microsoft", version="1.0"),
    stix2.UserAccount(user_id="1001", account_login="jdoe", account_type="unix"),
    stix2.WindowsRegistryKey(key="hkey_local_machine\\system\\bar\\foo"),
    stix2.X509Certificate(serial_number="36:f7:d4:32"),
    stix2.MACAddress(value="d2:fb:49:24:37:18"),
    stix2.NetworkTraffic(src_ref="ipv4-addr--ff26c055-6336-5bc5-b98d-13d6226742dd", protocols=["tcp"], src_port=80),
]


@pytest.mark.parametrize("observable", OBSERVABLES, ids=lambda observable: str(observable["type"]))
def test_deterministic_ids_are_those_of_the_standard(observable: Any) -> None:
    value = json.loads(observable.serialize())
    assert deterministic_id(value) == observable["id"]


def test_types_without_contributing_properties_have_no_deterministic_id() -> None:
    assert deterministic_id({"type": "process", "pid": 3}) is None
    assert deterministic_id({"type": "indicator"}) is None
    assert deterministic_id({"type": "ipv4-addr"}) is None


def test_content_is_equal_whatever_its_spelling() -> None:
    assert canonical({"b": 1.0, "a": [1, {"d": 2.5}]}) == canonical({"a": [1.0, {"d": 2.5}], "b": 1})
    assert canonical({"a": 1}) != canonical({"a": "1"})
