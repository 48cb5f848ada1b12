"""The node's own log, out of the database it is in and cosigned by a real witness, verified by three programs that are not ours."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.keys import files as keyfiles
from commonwatch.capabilities.transparency import record, trusting, witnessing
from commonwatch.capabilities.transparency.models import Round
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.notes import parse_note, parse_signatures
from commonwatch.core.merkle.tiles import ENTRIES, tiles_between
from commonwatch.core.merkle.witness import encode_request
from tests.core.merkle.programs import Case, damaged, go, sigstore_for_node, sigstore_for_python

SIZE, OLD = 700, 513


@pytest.fixture
def served(ready: Path, tmp_path: Path) -> Iterator[Path]:
    """The log as files, as it is served."""
    for count in (OLD, SIZE - OLD):
        record.append([Statement("share", "test", n, now_us(), {"n": n}) for n in range(count)], "ab" * 32)
        (tmp_path / ("old" if count == OLD else "checkpoint")).write_bytes(record.checkpoint())
    own = trusting.policy().logs[0]
    witnessing.watch(own.text, "test", now_us())
    note = parse_note(record.checkpoint())
    answer = witnessing.add_checkpoint(encode_request(0, [], note), now_us())
    note = note.adding(parse_signatures(answer.body.encode()))
    Round.objects.create(pk=1, note=note.encode(), at_us=1, quorate=note.encode(), quorate_us=1)
    for tile in tiles_between(0, SIZE):
        for one in (tile, tile._replace(level=ENTRIES)) if tile.level == 0 else (tile,):
            path = tmp_path / one.path
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(record.tile(one) or b"")
    (tmp_path / "checkpoint").write_bytes(record.checkpoint())
    (tmp_path / "vkey").write_text(own.text)
    (tmp_path / "cosigner").write_text(witnessing.witness_key().text)
    yield tmp_path
    for name in (keyfiles.LOG, keyfiles.WITNESS):
        (ready / name).unlink(missing_ok=True)


def test_go_reads_the_log_as_it_is_served(served: Path) -> None:
    assert go(served) == f"verified {SIZE} of {SIZE} leaves, consistent with {OLD}\n"


def test_sigstore_verifies_the_proofs_that_are_handed_over(served: Path) -> None:
    made = []
    for number in range(0, SIZE, 50):
        entry, _, proof = record.proof(number)
        head = parse_checkpoint(proof.note.text)
        key = trusting.policy().logs[0]
        made.append(Case(entry, number, head.size, head.root, proof.path, proof.note.encode(), key))
    for program in (sigstore_for_python, sigstore_for_node):
        assert program(made) == f"verified {len(made)}\n"
        assert "REFUSED" in program([damaged(made[3])["entry"]])
