"""What is held against a log: it proves itself, and what does not is refused (abuse class 53)."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import Checkpoint, cosign, verify
from commonwatch.core.merkle.evidence import MAX_BYTES, Evidence, found, is_evidence, parse_evidence
from commonwatch.core.merkle.notes import ED25519, Note, sign_note, verified, verifier_key
from commonwatch.core.merkle.proofs import prefix_proof, prefix_root
from commonwatch.core.signing.keys import SigningKey
from tests.core.merkle.trees import LOG, LOG_KEY, ORIGIN, Log, entry, log, mth

OBSERVER = SigningKey(b"\x07" * 32)
OBSERVER_KEY = verifier_key("observer.example/tlog", ED25519, OBSERVER.public.raw)


def forked(size: int, at: int = 0) -> Log:
    """A log whose entry `at` is another."""
    return Log([b"forged" if number == at else entry(number) for number in range(size)])


def against(before: Log, now: Log) -> Evidence:
    made = found(before.note(), now.note(), now.read(), 1_790_000_000)
    assert isinstance(made, Evidence)
    return made


@pytest.mark.parametrize(("old", "new"), [(1, 2), (4, 8), (5, 9), (8, 9), (255, 257), (256, 300), (7, 7)])
def test_a_log_that_only_grew_leaves_no_evidence(old: int, new: int) -> None:
    assert found(log(old).note(), log(new).note(), log(new).read(), 0) is None
    assert found(log(0).note(), log(new).note(), log(new).read(), 0) is None


@given(st.integers(2, 600), st.data())
def test_the_root_of_the_beginning_is_what_the_definition_says(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new - 1))
    whole = log(new)
    proof = prefix_proof(old, new, whole.read())
    assert prefix_root(old, new, whole.edge.root, proof) == mth([entry(number) for number in range(old)])
    assert prefix_root(old, new, whole.edge.root, proof[:-1]) is None
    assert prefix_root(old, new, bytes(32), proof) is None


@pytest.mark.parametrize(
    ("before", "now", "code"),
    [
        (log(5), forked(5), "fork"),
        (log(5), forked(9), "rewrite"),
        (log(4), forked(9, at=3), "rewrite"),
        (log(256), forked(700, at=255), "rewrite"),
        (log(9), log(5), "rollback"),
    ],
)
def test_two_faces_are_evidence_that_survives_being_handed_on(before: Log, now: Log, code: str) -> None:
    made = against(before, now)
    assert (made.code, made.judge([LOG_KEY])) == (code, None)
    raw = made.signed(OBSERVER_KEY.name, OBSERVER).encode()
    assert is_evidence(raw) and not is_evidence(log(5).note().encode())
    read, note = parse_evidence(raw)
    assert read == made and read.judge([LOG_KEY]) is None
    assert not isinstance(verified(note, [OBSERVER_KEY], verify), Broken)
    assert made.proves_itself is (code != "rollback")


def test_the_same_contradiction_has_one_digest_whoever_saw_it() -> None:
    assert against(log(5), forked(5)).digest == replace(against(forked(5), log(5)), seen=7).digest
    assert against(log(5), forked(5)).digest != against(log(5), forked(9)).digest


def test_what_the_log_did_not_sign_is_held_against_nobody() -> None:
    made = against(log(5), forked(5))
    stranger = SigningKey(b"\x77" * 32)
    text = forked(5).note().text
    forged = replace(made, second=Note(text, (sign_note(text, ORIGIN, stranger),)))
    broken = forged.judge([LOG_KEY])
    assert broken is not None and broken.code == "not-signed"
    assert made.judge([]) is not None and made.judge([OBSERVER_KEY]) is not None
    other = Checkpoint("other.example/tlog", 5, forked(5).edge.root).text
    elsewhere = replace(made, second=Note(other, (sign_note(other, ORIGIN, LOG),)))
    judged = elsewhere.judge([LOG_KEY])
    assert judged is not None and judged.code == "other-log"


def test_an_honest_log_cannot_be_accused() -> None:
    honest = Evidence(ORIGIN, "rewrite", 0, log(5).note(), log(9).note(), tuple(prefix_proof(5, 9, log(9).read())))
    garbled = replace(honest, hashes=(*honest.hashes[:-1], bytes(32)))
    for one in (
        honest,
        garbled,
        replace(honest, code="fork"),
        replace(honest, code="rollback"),
        replace(honest, code="x"),
    ):
        broken = one.judge([LOG_KEY])
        assert broken is not None and broken.code == "no-evidence"


def test_tiles_that_do_not_lead_to_the_checkpoint_say_nothing() -> None:
    judged = found(log(5).note(), log(9).note(), forked(9).read(), 0)
    assert isinstance(judged, Broken) and judged.code == "tiles-wrong"


def test_a_checkpoint_with_very_many_cosignatures_is_passed_on_without_them() -> None:
    cosigned = [cosign(log(5).note().text, f"witness-{number}.example", OBSERVER, 1) for number in range(99)]
    made = found(log(5).note().adding(cosigned), forked(5).note(), log(5).read(), 0)
    assert isinstance(made, Evidence) and made.judge([LOG_KEY]) is None
    assert len(made.signed("observer", OBSERVER).encode()) < MAX_BYTES / 4


GOOD = against(log(5), forked(9)).signed(OBSERVER_KEY.name, OBSERVER).encode()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        log(5).note().encode(),
        GOOD.replace(b"code rewrite", b"why rewrite"),
        GOOD.replace(b"seen 1790000000", b"seen -1"),
        GOOD.replace(b"\nhash ", b"\nhash A", 1),
        GOOD.replace(b"\nhash ", b"\nmore ", 1),
        GOOD.replace(b"\nfirst ", b"\nfirst A", 1),
        GOOD.replace(b"\nhash ", b"\nhash QUFB\nhash ", 1),
        GOOD + b"x" * MAX_BYTES,
    ],
)
def test_what_is_no_evidence_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_evidence(raw)
