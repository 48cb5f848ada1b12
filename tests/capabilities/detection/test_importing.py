"""Plain lists become indicators of our own: marked, dated by their file, the same again if taken in again."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.base.parties.models import Member
from commonwatch.capabilities.detection.indicators.importing import Taken, Wish, import_list
from commonwatch.capabilities.detection.models import Indicator
from commonwatch.core.errors import InvalidInput
from tests.base.release.nodes import member, objects
from tests.capabilities.detection.intel import follow

NOW = 1_796_090_000_000_000


def taken(path: Path, **wish: object) -> Taken:
    found = Wish(**{"source": "ours", "marking": "TLP:GREEN", **wish})  # type: ignore[arg-type]
    return import_list(path, found, actor="t", now_us=NOW, advance=lambda count: None)


def written(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines))
    return path


def test_a_list_becomes_indicators_that_everybody_green_gets(ready: Path, tmp_path: Path) -> None:
    path = written(
        tmp_path / "l.txt", "# a remark", "45.9.148.108", "evil[.]example", "hxxp://evil.example/a", "10.0.0.1", "co.jp"
    )
    done = taken(path, confidence=40)
    assert (done.values, done.admitted, done.left_out) == (3, 3, 2)
    follow()
    rows = Indicator.objects.all()
    assert {row.confidence for row in rows} == {40}
    assert {row.author for row in rows} == {Member.objects.get(name="home").identity}
    assert sorted(kind for row in rows for kind in row.values.values_list("kind", flat=True)) == [
        "address",
        "domain",
        "url",
    ]
    member("other")
    assert len(objects("other")) == 3


def test_the_same_file_again_is_the_same_objects(ready: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "l.txt", "evil.example")
    taken(path)
    again = taken(path)
    assert (again.admitted, again.duplicate) == (0, 1)


def test_a_column_of_a_csv_file_may_name_several_values_in_a_cell(ready: Path, tmp_path: Path) -> None:
    path = written(tmp_path / "l.csv", "Name,Hosts", 'a,"one.example, two.example"', "b,three.example")
    assert taken(path, column="hosts").values == 3 and taken(path, column="1", exact=True).values == 3
    follow()
    kinds = {kind for row in Indicator.objects.all() for kind in row.values.values_list("kind", flat=True)}
    assert kinds == {"domain", "host"}
    with pytest.raises(InvalidInput):
        taken(path, column="address")


def test_what_is_no_marking_is_refused(ready: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput):
        taken(written(tmp_path / "l.txt", "evil.example"), marking="TLP:PINK")
