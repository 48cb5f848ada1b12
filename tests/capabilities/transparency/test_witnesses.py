"""Asking witnesses and looking at other logs, on this database, against logs and witnesses that stand outside the node."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.journal import followers
from commonwatch.base.journal.examine import examine
from commonwatch.base.keys import files as keyfiles
from commonwatch.capabilities.transparency import (
    asking,
    keeping,
    looking,
    queries,
    record,
    trusting,
    witnessing,
)
from commonwatch.capabilities.transparency.models import Evidence, Seen, Suspect
from commonwatch.capabilities.transparency.reaching import Got
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.errors import CommonwatchError, Conflict, NotFound, PeerError
from commonwatch.core.merkle.checkpoints import Checkpoint, cosign, parse_checkpoint
from commonwatch.core.merkle.notes import COSIGNATURE, parse_note, verifier_key
from commonwatch.core.merkle.tiles import parse_path
from commonwatch.core.merkle.witness import Request, encode_request, judge, parse_request
from commonwatch.core.signing.keys import SigningKey
from tests.core.merkle.trees import LOG_KEY, ORIGIN, Log, entry, log

MINUTE_US = 60_000_000
URL = "https://log.example/one"
ELSEWHERE = "https://witness.example"


@dataclass
class Outside:
    """One log, one witness of ours, and what a witness of that log says; `down` names what does not answer."""

    shown: Log = field(default_factory=lambda: log(5))
    others: Log | None = None
    secret: SigningKey = field(default_factory=lambda: SigningKey(b"\x09" * 32))
    last: Checkpoint | None = None
    down: set[str] = field(default_factory=set)
    answer: Got | None = None
    asked: list[str] = field(default_factory=list)

    @property
    def key(self) -> str:
        return verifier_key("witness.example", COSIGNATURE, self.secret.public.raw).text

    def get(self, url: str) -> Got:
        self.asked.append(url)
        path = url.removeprefix(URL).removeprefix("/")
        if path in self.down:
            raise PeerError("log-unreachable", f"{url} did not answer.", retry=True)
        if url == f"{ELSEWHERE}/{witnessing.origin_hash(ORIGIN)}/checkpoint":
            return Got(404, b"") if self.others is None else Got(200, self.others.note().encode())
        if path == "checkpoint":
            return Got(200, self.shown.note().encode())
        tile = parse_path(path)
        if tile is None or tile.number * 256 + tile.width > self.shown.edge.size >> 8 * max(tile.level, 0):
            return Got(404, b"")
        return Got(200, self.shown.tile(tile))

    def post(self, url: str, body: bytes) -> Got:
        self.asked.append(url)
        if "witness" in self.down:
            raise PeerError("log-unreachable", f"{url} did not answer.", retry=True)
        if self.answer is not None:
            return self.answer
        request = parse_request(body)
        assert isinstance(request, Request)
        answer = judge(request, trusting.policy().logs, self.last)
        if answer.status != 200:
            return Got(answer.status, answer.body.encode(), answer.content_type)
        self.last = request.checkpoint
        signed = cosign(request.note.text, "witness.example", self.secret, 1_790_000_000)
        return Got(200, signed.line.encode(), "text/plain")


@pytest.fixture
def outside(ready: Path) -> Iterator[Outside]:
    made = Outside()
    witnessing.watch(LOG_KEY.text, "test", now_us(), URL)
    own = trusting.own_policy().decode().replace("quorum none", "")
    trusting.set_policy(f"{own}witness w {made.key} {ELSEWHERE}\nquorum w\n".encode(), "test", now_us())
    yield made
    for name in (keyfiles.LOG, keyfiles.WITNESS):
        (ready / name).unlink(missing_ok=True)


def write(count: int) -> None:
    record.append([Statement("share", "test", n, now_us(), {"n": n}) for n in range(count)], "")


def ask(outside: Outside, minute: int = 0) -> bool:
    return asking.ask_due(outside, now_us() + minute * MINUTE_US)


def look(outside: Outside, minute: int = 0) -> bool:
    return looking.look_due(outside, now_us() + minute * MINUTE_US)


def forged(size: int) -> Log:
    return Log([b"forged", *(entry(number) for number in range(1, size))])


def trouble() -> str:
    return queries.witness_states()[0].trouble


def test_the_checkpoint_is_cosigned_served_and_proves(outside: Outside) -> None:
    assert not ask(outside), "nothing is in the log yet"
    for minute, count in ((0, 3), (2, 300), (4, 1)):
        write(count)
        assert ask(outside, minute)
        assert len(parse_note(record.checkpoint()).signatures) == 2
    size = record.ensure_log().size
    assert queries.quorum_state().size == size == 304 and queries.quorum_state().missing == ""
    write(1)
    assert len(parse_note(record.checkpoint()).signatures) == 1, "what is newer is not cosigned yet"
    assert parse_checkpoint(record.proof(7)[2].note.text).size == 304


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Got(403, b"key not known\n"), "It answered 403: key not known"),
        (Got(404, b""), "It answered 404: nothing"),
        (Got(409, b"900\n", "text/x.tlog.size"), "The witness has cosigned 900 leaves of this log, which has 3"),
        (Got(409, b"nonsense", "text/x.tlog.size"), "It answered 409"),
        (Got(422, b"\x1b[31mno\n"), "It answered 422"),
        (Got(200, b"\xe2\x80\x94 witness.example AAAAAAAA\n"), "does not count"),
        (Got(200, b"nonsense"), "no signed note"),
        (Got(200, b""), "no signed note"),
    ],
)
def test_what_a_witness_answers_instead_is_kept_and_it_is_asked_later(outside: Outside, answer: Got, said: str) -> None:
    write(3)
    outside.answer = answer
    assert not ask(outside) and said in trouble()
    many = len(outside.asked)
    assert not ask(outside) and len(outside.asked) == many, "not at once again"
    outside.answer = None
    assert ask(outside, 2) and trouble() == ""


def test_a_log_that_grows_is_followed_tile_by_tile(outside: Outside) -> None:
    for minute, size in enumerate((0, 5, 256, 700, 700)):
        outside.shown = log(size)
        assert not look(outside, 2 * minute)
        assert [(one.seen, one.trouble) for one in queries.log_states()] == [(size, "")]
    assert not look(outside, 8) and outside.asked.count(f"{URL}/checkpoint") == 5, "once a minute"


@pytest.mark.parametrize(("now", "code"), [(forged(5), "fork"), (forged(300), "rewrite"), (log(4), "rollback")])
def test_a_log_that_contradicts_what_it_showed_is_held_to_account(outside: Outside, now: Log, code: str) -> None:
    assert not look(outside)
    outside.shown = now
    assert look(outside, 2)
    assert not look(outside, 4), "kept once"
    assert [one.code for one in queries.evidence()] == [code]
    loud = [one for one in examine(settings.COMMONWATCH) if one.name.startswith("evidence")]
    assert [one.fine for one in loud] == [False] and ORIGIN in loud[0].sentence
    queries.evidence_file(queries.evidence()[0].number)
    with pytest.raises(NotFound):
        queries.evidence_file(999_999)


def test_what_the_witness_of_a_log_has_is_compared(outside: Outside) -> None:
    outside.others = log(4)
    assert not look(outside)
    outside.others = forged(4)
    assert look(outside, 2)
    assert [one.code for one in queries.evidence()] == ["rewrite"]


def test_a_witness_that_has_more_is_trouble_until_the_log_shows_as_much(outside: Outside) -> None:
    outside.others = log(9)
    for minute in (0, 2, 10):
        assert not look(outside, minute)
    assert "no tiles beyond" in queries.log_states()[0].trouble
    assert any(one.name == f"log {ORIGIN}" and not one.fine for one in examine(settings.COMMONWATCH))
    outside.shown = log(12)
    assert not look(outside, 30) and queries.log_states()[0].trouble == "" and queries.evidence() == []


def test_a_suspect_checkpoint_is_compared_when_the_log_is_next_looked_at(outside: Outside) -> None:
    def cosigned(made: Log, old: int, proof: list[bytes]) -> int:
        return witnessing.add_checkpoint(encode_request(old, proof, made.note()), now_us()).status

    assert cosigned(log(5), 0, []) == 200
    outside.shown = log(9)
    assert cosigned(log(7), 5, [bytes(32)] * 4) == 422, "an honest checkpoint with a wrong proof"
    assert Suspect.objects.count() == 1
    assert not look(outside, 1) and Suspect.objects.count() == 0 and queries.evidence() == []
    assert cosigned(forged(7), 5, [bytes(32)] * 4) == 422
    assert look(outside, 3)
    assert [one.code for one in queries.evidence()] == ["rewrite"]


@pytest.mark.parametrize("down", ["checkpoint", "tile/0/000.p/9"])
def test_a_log_that_does_not_answer_is_looked_at_later_and_later(outside: Outside, down: str) -> None:
    look(outside)
    outside.shown = log(9)
    outside.down.add(down)
    waits = []
    for minute in (2, 4, 8, 16):
        assert not look(outside, minute)
        waits.append(round((Seen.objects.get().next_try_us - now_us()) / MINUTE_US) - minute)
    assert waits == [1, 2, 4, 8]
    outside.down.clear()
    assert not look(outside, 40) and queries.log_states()[0].seen == 9


def test_partial_tiles_that_a_log_dropped_are_read_from_the_full_one(outside: Outside) -> None:
    look(outside)
    outside.shown, outside.others = log(300), log(200)
    outside.down.add("tile/0/000.p/200")
    assert not look(outside, 2) and queries.log_states()[0].trouble == ""


def test_evidence_against_one_log_is_bounded(outside: Outside) -> None:
    look(outside)
    for size in range(6, 6 + 2 * keeping.MOST):
        outside.shown = forged(size)
        look(outside, 2 * size)
    assert len(queries.evidence()) == keeping.MOST


def test_what_was_seen_goes_into_the_journal_and_is_taken_from_there(outside: Outside) -> None:
    look(outside)
    outside.shown = forged(5)
    look(outside, 2)
    held = queries.evidence()
    Evidence.objects.all().delete()  # as at a partner, who has the object alone
    while followers.advance(keeping.EvidenceFollower(), 1_000):
        pass
    assert [(one.code, one.observer) for one in queries.evidence()] == [(one.code, one.observer) for one in held]
    Evidence.objects.all().delete()
    witnessing.unwatch(ORIGIN, "test", now_us())
    followers.rebuild(keeping.EvidenceFollower())
    while followers.advance(keeping.EvidenceFollower(), 1_000):
        pass
    assert queries.evidence() == [], "against a log whose key is not known nothing can be judged"


def test_an_address_can_be_added_and_a_log_left_alone(outside: Outside) -> None:
    with pytest.raises(Conflict):
        witnessing.watch(LOG_KEY.text, "test", now_us(), URL)
    witnessing.watch(LOG_KEY.text, "test", now_us(), "https://other.example/")
    assert [one.url for one in queries.log_states()] == ["https://other.example"]
    with pytest.raises(CommonwatchError):
        witnessing.watch(LOG_KEY.text, "test", now_us(), "ftp://other.example/")
    witnessing.unwatch(ORIGIN, "test", now_us())
    assert queries.log_states() == []
    with pytest.raises(NotFound):
        witnessing.unwatch(ORIGIN, "test", now_us())
