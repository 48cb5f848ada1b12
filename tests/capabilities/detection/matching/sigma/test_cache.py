"""Readings are kept under a key that changes with everything that could change them."""

from __future__ import annotations

from pathlib import Path

from commonwatch.capabilities.detection.matching.sigma.cache import Readings
from commonwatch.core.patterns.sigma.reading import read

RULE = "title: T\nlogsource: {product: windows}\ndetection: {s: {User|expand: '%admins%'}, condition: s}\n"


def test_a_reading_is_the_same_from_the_cache(tmp_path: Path) -> None:
    kept = Readings(tmp_path)
    assert kept.read(RULE) == kept.read(RULE) == read(RULE)
    assert len(list(tmp_path.glob("*/*.json"))) == 1


def test_other_placeholders_are_another_reading(tmp_path: Path) -> None:
    Readings(tmp_path).read(RULE)
    assert Readings(tmp_path, {"admins": ["root"]}).read(RULE) == read(RULE, {"admins": ["root"]})


def test_a_file_that_was_cut_short_is_made_anew(tmp_path: Path) -> None:
    Readings(tmp_path).read(RULE)
    (path,) = tmp_path.glob("*/*.json")
    path.write_bytes(path.read_bytes()[:20])
    assert Readings(tmp_path).read(RULE) == read(RULE)
    assert Readings(tmp_path).read(RULE).rules
