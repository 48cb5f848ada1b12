"""Attack patterns with their steps, and the number of objects that use them: of what the reader has, and of nothing else."""

from __future__ import annotations

from pathlib import Path

from commonwatch.base.parties import actions as parties
from commonwatch.base.search.techniques import techniques
from tests.base.release.nodes import carried, member, post
from tests.base.search.nodes import index, reader
from tests.base.search.test_graph import malware, one, relation

STEP = {"kill_chain_name": "mitre-attack", "phase_name": "impact"}


def counted(name: str) -> list[tuple[str, str, int]]:
    return [(found.head.name, found.number, found.users) for found in techniques(reader(name))]


def test_uses_are_counted_of_what_a_reader_has(ready: Path) -> None:
    member("friend")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    known = [{"source_name": "mitre-attack", "external_id": "T1486"}]
    way = one("attack-pattern", 1, name="Encryption", kill_chain_phases=[STEP, "odd"], external_references=known)
    secret, gone = one("attack-pattern", 2, "RED", name="Secret"), one("attack-pattern", 3, name="Gone", revoked=True)
    seen, hidden = malware(4), malware(5, "RED")
    post([way, secret, gone, seen, hidden])
    post([relation(6, seen, "uses", way), relation(7, hidden, "uses", way), relation(8, seen, "uses", secret, "RED")])
    post([relation(9, seen, "uses", way), relation(10, seen, "indicates", way)])
    index()
    assert counted("friend") == [("Encryption", "T1486", 1)]
    assert counted("") == [("Encryption", "T1486", 2), ("Secret", "", 1)]
    assert techniques(reader("friend"))[0].phases == (("mitre-attack", "impact"),)


def test_without_attack_patterns_there_are_none(ready: Path) -> None:
    post([malware(1)])
    index()
    assert counted("") == []
