"""What a witness answers: every status of C2SP tlog-witness, and what a log that lies leaves behind (abuse class 53)."""

from __future__ import annotations

import pytest

from commonwatch.core.merkle.checkpoints import Checkpoint
from commonwatch.core.merkle.hashing import EMPTY_ROOT
from commonwatch.core.merkle.notes import Note, NoteSignature, sign_note
from commonwatch.core.merkle.proofs import consistency_proof
from commonwatch.core.merkle.witness import (
    Answer,
    Request,
    encode_request,
    judge,
    parse_request,
)
from tests.core.merkle.trees import LOG, LOG_KEY, ORIGIN, Log, entry, log

KEYS = [LOG_KEY]


def request(made: Log, old: int = 0, proof: list[bytes] | None = None) -> Request:
    size = made.edge.size
    given = consistency_proof(old, size, made.read()) if proof is None else proof
    read = parse_request(encode_request(old, given, made.note()))
    assert isinstance(read, Request)
    return read


def signed(size: int, root: bytes) -> Note:
    text = Checkpoint(ORIGIN, size, root).text
    return Note(text, (sign_note(text, ORIGIN, LOG),))


def forked(size: int) -> Log:
    return Log([b"forged", *(entry(number) for number in range(1, size))])


def code(answer: Answer) -> tuple[int, str, bool]:
    assert answer.broken is not None and answer.body.endswith("\n")
    return answer.status, answer.broken.code, answer.suspect


def test_a_log_that_only_grew_is_cosigned() -> None:
    assert judge(request(log(5)), KEYS, None) == Answer(200)
    assert judge(request(log(5), 3), KEYS, log(3).checkpoint()) == Answer(200)
    assert judge(request(log(5), 5), KEYS, log(5).checkpoint()) == Answer(200)
    empty = parse_request(encode_request(0, [], signed(0, EMPTY_ROOT)))
    assert isinstance(empty, Request) and judge(empty, KEYS, None) == Answer(200)


def test_who_does_not_know_the_log_says_so() -> None:
    assert code(judge(request(log(5)), [], None)) == (404, "log-unknown", False)


def test_a_checkpoint_that_the_log_did_not_sign_is_forbidden() -> None:
    good = request(log(5))
    unsigned = Note(good.note.text, (NoteSignature("else", bytes(4), bytes(64)),))
    forged = Note(good.note.text, (NoteSignature(ORIGIN, LOG_KEY.key_id, bytes(64)),))
    for note, expected in ((unsigned, "not-signed"), (forged, "signature-wrong")):
        asked = Request(0, (), note, good.checkpoint)
        assert code(judge(asked, KEYS, None)) == (403, expected, False)


def test_another_old_size_is_answered_with_the_right_one() -> None:
    answer = judge(request(log(7), 3), KEYS, log(5).checkpoint())
    assert (answer.status, answer.body, answer.content_type) == (409, "5\n", "text/x.tlog.size")
    assert not answer.suspect
    assert judge(request(log(7), 0), KEYS, log(5).checkpoint()).body == "5\n"


def test_a_rollback_is_refused_and_kept() -> None:
    smaller = Request(5, (), log(3).note(), log(3).checkpoint())
    assert code(judge(smaller, KEYS, log(5).checkpoint())) == (400, "shrunk", True)
    larger = Request(9, (), log(7).note(), log(7).checkpoint())
    assert code(judge(larger, KEYS, log(5).checkpoint())) == (400, "shrunk", False)


@pytest.mark.parametrize("old", [0, 5])
def test_a_fork_of_the_same_size_is_refused_and_kept(old: int) -> None:
    asked = Request(old, (), forked(5).note(), forked(5).checkpoint())
    answer = judge(asked, KEYS, log(5).checkpoint())
    assert answer.status == (422 if old else 409) and answer.suspect


def test_a_larger_fork_is_refused_and_kept() -> None:
    assert code(judge(request(forked(9), 5), KEYS, log(5).checkpoint())) == (422, "not-consistent", True)


def test_wrong_proofs_are_refused() -> None:
    assert code(judge(request(log(9), 5, [bytes(32)]), KEYS, log(5).checkpoint())) == (422, "proof-length", True)
    assert code(judge(request(log(9), 0, [bytes(32)]), KEYS, None)) == (422, "proof-length", True)
    asked = parse_request(encode_request(0, [], signed(0, bytes(32))))
    assert isinstance(asked, Request)
    assert code(judge(asked, KEYS, None)) == (422, "not-empty", True)


GOOD = encode_request(3, consistency_proof(3, 5, log(5).read()), log(5).note())


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        GOOD[4:],
        GOOD.replace(b"old 3", b"old 03"),
        GOOD.replace(b"old 3", b"old -3"),
        GOOD.replace(b"old 3", b"size 3"),
        GOOD.replace(b"old 3\n", b"old 3\nAAAA\n"),
        GOOD.replace(b"old 3\n", b"old 3\n" + (b"A" * 43 + b"=\n") * 64),
        GOOD.replace(b"old 3\n", b"old 3\n\xff\n"),
        GOOD[:-1],
        GOOD.replace(ORIGIN.encode() + b"\n5", ORIGIN.encode() + b"\n05"),
        GOOD + b"x" * 2_000_000,
    ],
)
def test_requests_that_cannot_be_read_are_answered_400(raw: bytes) -> None:
    answer = parse_request(raw)
    assert isinstance(answer, Answer) and answer.status == 400 and answer.body
