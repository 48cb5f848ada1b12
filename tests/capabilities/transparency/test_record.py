"""The node's record: what becomes a leaf, what is proven, what erasure leaves, and what a witness answers and keeps."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.journal import acts, followers
from commonwatch.base.keys import files as keyfiles
from commonwatch.capabilities.transparency import queries, record, sources, trusting, witnessing
from commonwatch.capabilities.transparency.models import Evidence, Opening
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.errors import CommonwatchError, NotFound
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import Checkpoint, parse_checkpoint, verify
from commonwatch.core.merkle.evidence import parse_evidence
from commonwatch.core.merkle.hashing import Edge, leaf_hash, root_of
from commonwatch.core.merkle.leaves import decode_leaf
from commonwatch.core.merkle.notes import Note, parse_note, parse_signatures, parse_vkey, sign_note, verified
from commonwatch.core.merkle.policies import Judged, parse_policy
from commonwatch.core.merkle.tiles import ENTRIES, Tile, decode_bundle, parse_path, reading
from commonwatch.core.merkle.witness import encode_request
from commonwatch.core.signing.keys import SigningKey
from tests.base.intake.test_quarantine import take
from tests.base.release.nodes import member
from tests.capabilities.partners import PATIENCE, indicator
from tests.core.merkle.trees import LOG, LOG_KEY, ORIGIN, Log, entry, log


@pytest.fixture
def logged(ready: Path) -> Iterator[Path]:
    yield ready
    for name in (keyfiles.LOG, keyfiles.WITNESS):
        (ready / name).unlink(missing_ok=True)


def head() -> Checkpoint:
    return parse_checkpoint(parse_note(record.checkpoint()).text)


def follow() -> None:
    while followers.advance(sources.JournalRecord(), 1_000):
        pass


def statements(count: int) -> list[Statement]:
    return [Statement("share", "test", number, now_us(), {"number": number}) for number in range(count)]


def fetched(tile: Tile) -> bytes:
    raw = record.tile(tile)
    assert raw is not None
    return raw


def test_the_key_is_the_owners_alone_and_stays(logged: Path) -> None:
    first = record.checkpoint()
    assert stat.S_IMODE((logged / keyfiles.LOG).stat().st_mode) == 0o600
    assert head().size == 0 and record.checkpoint() == first
    assert keyfiles.signing_key(keyfiles.LOG).public == keyfiles.signing_key(keyfiles.LOG).public
    (logged / keyfiles.LOG).write_text("nonsense")
    with pytest.raises(CommonwatchError):
        keyfiles.signing_key(keyfiles.LOG)


def test_tiles_and_checkpoint_belong_together_whatever_the_batches(logged: Path) -> None:
    for count in (1, 254, 1, 3, 600, 0, 2):
        record.append(statements(count), "")
    size = head().size
    assert size == 861
    assert root_of(size, reading(size, fetched)) == head().root
    entries = [one for n in range(3) for one in decode_bundle(fetched(Tile(ENTRIES, n)), 256)]
    entries += decode_bundle(fetched(Tile(ENTRIES, 3, 93)), 93)
    assert Edge().extended(map(leaf_hash, entries))[0].root == head().root
    assert fetched(Tile(0, 3, 5)) == fetched(Tile(0, 3, 93))[:160], "an earlier width is the beginning of a later one"
    assert record.tile(Tile(0, 3, 94)) is None and record.tile(Tile(0, 4, 1)) is None


def test_every_leaf_is_proven_with_its_statement(logged: Path) -> None:
    record.append(statements(300), "ab" * 32)
    policy = parse_policy(trusting.own_policy())
    for number in (0, 255, 299):
        logged_entry, opening, proof = record.proof(number)
        assert isinstance(proof.verify(logged_entry, policy), Judged)
        assert opening.opens(logged_entry) is None and opening.body == {"number": number}
        assert isinstance(proof.verify(logged_entry + b" ", policy), Broken)
    with pytest.raises(NotFound):
        record.proof(300)


def test_what_is_rolled_back_was_never_logged(logged: Path) -> None:
    from django.db import transaction

    record.append(statements(2), "")
    before = record.checkpoint()
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        record.append(statements(5), "")
        raise ZeroDivisionError
    assert record.checkpoint() == before and record.tile(Tile(0, 0, 3)) is None


def test_erasing_an_object_destroys_the_opening_and_keeps_the_tree(logged: Path) -> None:
    take(*(indicator(number) for number in range(4)))
    follow()
    assert head().size == 4
    uid = bytes.fromhex(indicator(1)["id"][11:].replace("-", ""))
    before = fetched(Tile(ENTRIES, 0, 4))
    assert b"indicator" not in before, "a leaf tells nothing"
    acts.erase("indicator", uid, actor="test", reason="law")
    follow()
    assert head().size == 5 and fetched(Tile(ENTRIES, 0, 4)) == before
    assert not Opening.objects.filter(body__contains=indicator(1)["id"]).exists()
    assert Opening.objects.filter(body__contains=indicator(2)["id"]).count() == 1
    with pytest.raises(NotFound):
        record.proof(1)
    last = Opening.objects.get(number=4)
    assert last.kind == "erase" and json.loads(last.body)["leaves"] == "1"


def test_a_rebuild_logs_nothing_twice(logged: Path) -> None:
    take(*(indicator(number) for number in range(3)))
    follow()
    followers.rebuild(sources.JournalRecord())
    follow()
    take(indicator(7))
    follow()
    assert head().size == 4


def test_changes_of_members_and_policies_are_leaves(logged: Path) -> None:
    later = now_us() + 60_000_000
    sources.follow_decisions(later)
    before = head().size
    member("bob")
    assert sources.follow_decisions(later) > 0
    assert sources.follow_decisions(later) == 0, "once each"
    kinds = [decode_leaf(one).t for one in decode_bundle(fetched(Tile(ENTRIES, 0, head().size)), head().size)]
    assert "policy" in kinds[before:]
    assert all(len(decode_leaf(one).p) == 64 for one in decode_bundle(fetched(Tile(ENTRIES, 0, 1)), 1))


def test_a_rotated_key_signs_on_and_the_old_one_stays_known(logged: Path) -> None:
    record.append(statements(1), "")
    old = parse_policy(trusting.own_policy()).logs[0]
    new = parse_vkey(record.rotate_key())
    both = parse_note(record.checkpoint())
    assert {one.key_id for one in both.signatures} == {old.key_id, new.key_id}
    record.append(statements(1), "")
    assert isinstance(verified(parse_note(record.checkpoint()), [old], verify), Broken)
    assert not isinstance(verified(parse_note(record.checkpoint()), [new], verify), Broken)
    assert len(parse_policy(trusting.own_policy()).logs) == 2


def ask(made: Log, old: int = 0, proof: Any = ()) -> Any:
    return witnessing.add_checkpoint(encode_request(old, proof, made.note()), now_us())


def test_the_witness_cosigns_what_only_grew_and_remembers_it(logged: Path) -> None:
    from commonwatch.core.merkle.proofs import consistency_proof

    assert ask(log(3)).status == 404
    witnessing.watch(LOG_KEY.text, "test", now_us())
    answer = ask(log(3))
    assert answer.status == 200
    note = log(3).note().adding(parse_signatures(answer.body.encode()))
    assert not isinstance(verified(note, [witnessing.witness_key()], verify), Broken)
    assert ask(log(5)).body == "3\n"
    assert ask(log(5), 3, consistency_proof(3, 5, log(5).read())).status == 200
    from hashlib import sha256

    assert witnessing.last_cosigned(sha256(ORIGIN.encode()).hexdigest()) is not None
    assert witnessing.last_cosigned("0" * 64) is None


def test_a_fork_is_refused_and_kept_as_evidence_that_proves_itself(logged: Path) -> None:
    witnessing.watch(LOG_KEY.text, "test", now_us())
    assert ask(log(5)).status == 200
    forged = Log([b"forged", *(entry(number) for number in range(1, 5))])
    assert ask(forged, 5).status == ask(forged, 5).status == 422
    kept = Evidence.objects.get()
    evidence, signed = parse_evidence(bytes(kept.file))
    assert (kept.code, evidence.judge([LOG_KEY])) == ("fork", None)
    assert not isinstance(verified(signed, trusting.policy().logs, verify), Broken), "and signed by us"
    assert [one.fine for one in queries.examine(settings.COMMONWATCH) if one.name.startswith("evidence")] == [False]
    assert ask(log(2), 5).status == 400, "an old checkpoint, sent by whom we do not know"
    assert ask(log(7), 5, [bytes(32)] * 4).status == 422, "a wrong proof of a good checkpoint"
    assert Evidence.objects.count() == 1
    stranger = SigningKey(b"\x77" * 32)
    text = log(9).checkpoint().text
    unsigned = Note(text, (sign_note(text, ORIGIN, stranger),))
    assert witnessing.add_checkpoint(encode_request(5, [], unsigned), now_us()).status == 403
    assert Evidence.objects.count() == 1, "what the log did not sign is held against nobody"
    assert LOG.public.raw == LOG_KEY.raw


def test_the_log_is_served_to_everybody_with_the_right_headers(server: str, logged: Path) -> None:
    record.append(statements(257), "")
    with httpx2.Client(base_url=server, timeout=PATIENCE) as http:
        got = http.get("/tlog/checkpoint")
        assert got.content == record.checkpoint()
        assert got.headers["content-type"] == "text/plain; charset=utf-8" and got.headers["cache-control"] == "no-cache"
        full = http.get("/tlog/tile/0/000")
        assert len(full.content) == 8_192 and "immutable" in full.headers["cache-control"]
        assert full.headers["content-type"] == "application/octet-stream"
        assert len(http.get("/tlog/tile/1/000.p/1").content) == 32
        assert len(decode_bundle(http.get("/tlog/tile/entries/001.p/1").content, 1)) == 1
        for path in ("tile/0/001", "tile/0/001.p/2", "tile/0/1", "tile/9/000", "witness/" + "0" * 64 + "/checkpoint"):
            assert http.get(f"/tlog/{path}").status_code == 404, path
            assert parse_path(path) is None or record.tile(parse_path(path) or Tile(0, 0)) is None
        witnessing.watch(LOG_KEY.text, "test", now_us())
        answer = http.post("/tlog/witness/add-checkpoint", content=encode_request(0, [], log(3).note()))
        assert answer.status_code == 200 and answer.text.startswith("\u2014 ")
        stale = http.post("/tlog/witness/add-checkpoint", content=encode_request(1, [], log(4).note()))
        assert (stale.status_code, stale.text, stale.headers["content-type"]) == (409, "3\n", "text/x.tlog.size")
        assert http.post("/tlog/witness/add-checkpoint", content=b"\0" * 2_000_000).status_code == 400
        assert http.get("/tlog/witness/add-checkpoint").status_code == 405


def test_a_proof_is_made_and_verified_without_a_node(logged: Path, tmp_path: Path) -> None:
    import subprocess
    import sys

    from commonwatch.base.terminal import Terminal, use
    from commonwatch.capabilities.transparency.commands.proofs import make

    record.append(statements(9), "")
    use(Terminal())
    make(tmp_path / "one.tlog-proof", leaf=4)
    (tmp_path / "trust.policy").write_bytes(trusting.own_policy())
    words = ["proof", "verify", "one.tlog-proof", "--policy", "trust.policy", "--json"]
    command = [sys.executable, "-m", "commonwatch", "--data", str(tmp_path / "nowhere"), *words]
    environment = {**os.environ, "COMMONWATCH_DATABASE_URL": ""}
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    said = json.loads(run.stdout)
    assert (said["proven"], said["kind"], said["statement"]) == (True, "share", {"number": 4}), run.stderr
    assert not (tmp_path / "nowhere").exists()
    beside = tmp_path / "one.tlog-proof.leaf"
    beside.write_bytes(beside.read_bytes().replace(b"share", b"shark"))
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, env=environment)
    assert run.returncode == 1 and json.loads(run.stdout)["code"] == "not-included"
