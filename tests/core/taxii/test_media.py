"""Media types as they are met: exact, without a version, several, with qualities, broken."""

from __future__ import annotations

import pytest

from commonwatch.core.taxii.media import accepts_taxii, is_taxii

TAXII = "application/taxii+json"


@pytest.mark.parametrize(
    ("accept", "taken"),
    [
        (None, True),
        ("", True),
        (f"{TAXII};version=2.1", True),
        (f'{TAXII}; version="2.1"', True),
        (TAXII, True),
        (TAXII.upper(), True),
        ("application/*", True),
        ("*/*", True),
        (f"text/html, {TAXII};version=2.1;q=0.5", True),
        (f"{TAXII};version=2.0, {TAXII};version=2.1", True),
        (f"{TAXII};version=2.0", False),
        ("text/html", False),
        (f"{TAXII};version=2.1;q=0", False),
        (f"*/*, {TAXII};q=0", False),
        (f"*/*;q=0, {TAXII}", True),
        (f"{TAXII};q=nonsense", False),
        (f"{TAXII};q=7", True),
        (",,;", False),
        (f"{TAXII};version=2.1, */*;q=0", True),
    ],
)
def test_the_most_specific_range_decides(accept: str | None, taken: bool) -> None:
    assert accepts_taxii(accept) is taken


@pytest.mark.parametrize(
    ("content_type", "taken"),
    [
        (None, False),
        (f"{TAXII};version=2.1", True),
        (f"{TAXII}; charset=utf-8; version=2.1", True),
        (TAXII, True),
        (f"{TAXII};version=2.0", False),
        ("application/json", False),
        ("", False),
    ],
)
def test_a_body_is_declared_with_or_without_a_version(content_type: str | None, taken: bool) -> None:
    assert is_taxii(content_type) is taken
