"""The real set: nothing that a careful analyst would want is refused. Figures were checked by looking at the objects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from commonwatch.core.stix.check import _KINDS, findings, fits
from commonwatch.core.stix.ijson import gate
from commonwatch.core.stix.judge import judge
from commonwatch.core.stix.split import split
from commonwatch.core.stix.tables import PROPERTIES
from commonwatch.core.stix.values import Admissible, Piece

NOW = 1_795_400_000_000_000


def documents(shared: Path) -> Iterator[tuple[str, Path]]:
    for top in ("stix", "taxii", "dirty"):
        for path in sorted((shared / "intel" / top).rglob("*")):
            if path.is_file():
                yield "/".join(path.relative_to(shared / "intel").parts[:2]), path


def test_the_whole_set_is_judged_as_an_analyst_would(shared: Path) -> None:
    counts: Counter[str] = Counter()
    reasons: dict[str, Counter[str]] = {"hold": Counter(), "refuse": Counter(), "document": Counter()}
    for folder, path in documents(shared):
        container = split(path.read_bytes())
        if container.finding is not None:
            reasons["document"][container.finding.code] += 1
            continue
        for piece in container.pieces:
            judgement = judge(piece, NOW, 86_400_000_000, 8 << 20)
            if isinstance(judgement, Admissible):
                counts[folder] += 1
            else:
                reasons[judgement.severity][judgement.findings[0].code] += 1
    assert counts["stix/attack-2.1"] == 2897 and counts["stix/attack-2.0"] == 4204
    assert counts["stix/capec"] == 2683 and counts["stix/spyware-amnesty"] == 3488
    assert counts["taxii/tweetfeed"] == 5074
    assert sum(counts.values()) == 31_260
    assert reasons["hold"] == {"type-missing": 83, "time-unreadable": 15, "id-missing": 6, "id-upper-case": 1}
    assert reasons["refuse"] == {"taxii-manifest": 5569, "not-stix": 1}
    assert reasons["document"] == {
        "plain-text": 27,
        "stix1-xml": 8,
        "misp-response": 7,
        "stix1-json": 2,
        "json-schema": 1,
        "taxii-page-index": 1,
    }


def test_the_quick_pass_agrees_with_the_careful_one(shared: Path) -> None:
    looked_at = 0
    for folder, path in documents(shared):
        if not folder.startswith(("stix/vendor", "stix/oasis", "dirty")):
            continue
        for piece in split(path.read_bytes()).pieces:
            value = gate(piece.raw)[0]
            judgement = judge(piece, NOW, 0, 8 << 20)
            if not isinstance(value, dict) or not isinstance(judgement, Admissible):
                continue
            kind = judgement.head.type
            if kind not in PROPERTIES:
                continue
            looked_at += 1
            quick = {
                finding.place
                for finding in findings(value, kind, judgement.head.spec)
                if finding.code.startswith("property")
            }
            table = PROPERTIES[kind]
            careful = {
                f"/{name}" for name, part in value.items() if name in table and not fits(part, table[name].lower())
            }
            assert quick == careful
    assert looked_at > 10_000
    assert set(_KINDS) >= {kind.lower() for table in PROPERTIES.values() for kind in table.values()}


def test_the_judgement_on_an_object_does_not_depend_on_its_neighbours(shared: Path) -> None:
    body = (shared / "intel/dirty/stix/elastic-tollbooth.json").read_bytes()
    pieces = split(body).pieces
    alone = [judge(Piece(piece.raw, ""), NOW, 0, 8 << 20).findings for piece in pieces]
    together = [judge(piece, NOW, 0, 8 << 20).findings for piece in reversed(pieces)]
    assert alone == together[::-1]
