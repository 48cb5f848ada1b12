"""Each node is witness and monitor of the others: quorums, witnesses that fail, split views, rollbacks, and who hears of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.test import RequestFactory
from django.urls import resolve

from commonwatch.base.journal import followers
from commonwatch.base.journal.examine import examine
from commonwatch.capabilities.transparency import asking, keeping, looking, queries, record, trusting, witnessing
from commonwatch.capabilities.transparency.models import Asked, Evidence, Round, Seen
from commonwatch.capabilities.transparency.reaching import Got
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.errors import PeerError
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.policies import Judged, parse_policy
from tests.federation import nodes
from tests.federation.nodes import Node, World, at

MINUTE_US = 60_000_000


@dataclass
class Wire:
    """How nodes reach one another's records. `faces`: for this caller, that name is another node."""

    world: World
    faces: dict[tuple[str, str], str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def get(self, url: str) -> Got:
        return self._sent("GET", url, b"")

    def post(self, url: str, body: bytes) -> Got:
        return self._sent("POST", url, body)

    def _sent(self, method: str, url: str, body: bytes) -> Got:
        here, parts = nodes._here[-1].name, urlsplit(url)
        name = self.faces.get((here, parts.hostname or ""), parts.hostname or "")
        if frozenset((here, name)) in self.world.apart:
            raise PeerError("log-unreachable", "no answer", retry=True)
        self.asked.append(f"{here} {method} {url}")
        with at(self.world.nodes[name]):
            view, positional, named = resolve(parts.path)
            request = RequestFactory().generic(method, parts.path, body, content_type="text/plain")
            answer = view(request, *positional, **named)
            return Got(answer.status_code, answer.content, answer["Content-Type"])


def key(node: Node) -> str:
    with at(node):
        return parse_policy(trusting.own_policy()).logs[0].text


def witness_key(node: Node) -> str:
    with at(node):
        return witnessing.witness_key().text


def policy(log: Node, witnesses: Sequence[Node], *groups: str) -> bytes:
    lines = [f"log {key(log)} {log.url}/tlog"]
    lines += [f"witness {one.name} {witness_key(one)} {one.url}/tlog/witness" for one in witnesses]
    return "\n".join([*lines, *groups, ""]).encode()


def know(one: Node, other: Node) -> None:
    """One node witnesses another's log and looks at it."""
    vkey = key(other)
    with at(one):
        witnessing.watch(vkey, "test", one.now(), f"{other.url}/tlog")


def write(node: Node, count: int, said: str = "") -> None:
    with at(node):
        rows = [Statement("share", "test", number, node.now(), {"n": number, "said": said}) for number in range(count)]
        record.append(rows, "")


def ask(node: Node, wire: Wire, minutes: int = 0) -> None:
    with at(node):
        asking.ask_due(wire, node.now() + minutes * MINUTE_US)


def look(node: Node, wire: Wire, minutes: int = 0) -> bool:
    with at(node):
        return looking.look_due(wire, node.now() + minutes * MINUTE_US)


def held(node: Node) -> list[tuple[str, str]]:
    with at(node):
        return [(one.code, one.observer) for one in queries.evidence()]


@pytest.fixture
def wire(world: World) -> Wire:
    return Wire(world)


@pytest.fixture
def four(world: World) -> tuple[Node, Node, Node, Node]:
    """A log and three that witness it, in two groups of which both are needed."""
    made = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH"), world.node("hub", "FR")
    vienna, oslo, bern, hub = made
    for one in (oslo, bern, hub):
        know(one, vienna)
    text = policy(vienna, [oslo, bern, hub], "group states any oslo bern", "group both all states hub", "quorum both")
    with at(vienna):
        trusting.set_policy(text, "test", vienna.now())
    write(vienna, 5)
    return made


def test_the_quorum_by_groups_is_asked_for_met_and_carried_by_proofs(
    four: tuple[Node, Node, Node, Node], wire: Wire, world: World, tmp_path: Path
) -> None:
    vienna, *_ = four
    world.apart = {frozenset(("vienna", "hub"))}
    ask(vienna, wire)
    with at(vienna):
        state = queries.quorum_state()
        assert state.size is None and "oslo, bern cosigned" in state.missing, "two states are not a state and the hub"
        entry, _, proof = record.proof(3)
        judged = proof.verify(entry, trusting.policy())
        assert isinstance(judged, Broken) and judged.code == "no-quorum"
    world.apart = {frozenset(("vienna", "bern"))}
    ask(vienna, wire, 2)
    with at(vienna):
        assert queries.quorum_state().size == 5
        entry, _, proof = record.proof(3)
        judged = proof.verify(entry, trusting.policy())
        assert isinstance(judged, Judged) and set(judged.cosigned) == {"oslo", "bern", "hub"}
        write(vienna, 3)
        assert len(record.proof(3)[2].note.signatures) == 4, "what is cosigned is proven by that, whatever came later"
        assert len(record.proof(6)[2].note.signatures) == 1
        assert [one.cosigned for one in queries.witness_states()] == [True, True, True]


def test_witnesses_are_asked_at_most_once_a_minute_and_only_for_what_is_new(
    four: tuple[Node, Node, Node, Node], wire: Wire
) -> None:
    vienna = four[0]
    ask(vienna, wire)
    assert len(wire.asked) == 3
    ask(vienna, wire, 5)
    write(vienna, 1)
    assert len(wire.asked) == 3, "nothing new"
    with at(vienna):
        Round.objects.update(at_us=vienna.now() + 4 * MINUTE_US + MINUTE_US // 2)
    ask(vienna, wire, 5)
    assert len(wire.asked) == 3, "not a minute since"
    ask(vienna, wire, 6)
    assert len(wire.asked) == 6
    with at(vienna):
        assert queries.quorum_state().size == 6


def test_a_witness_that_knows_another_size_is_asked_again_at_once(
    four: tuple[Node, Node, Node, Node], wire: Wire
) -> None:
    vienna = four[0]
    ask(vienna, wire)
    write(vienna, 4)
    with at(vienna):
        Asked.objects.update(size=2)  # as after the restoring of a backup
    ask(vienna, wire, 2)
    assert len(wire.asked) == 9
    with at(vienna):
        assert queries.quorum_state().size == 9


def test_a_witness_that_fails_is_asked_later_and_later_and_doctor_says_so(
    four: tuple[Node, Node, Node, Node], wire: Wire, world: World
) -> None:
    vienna = four[0]
    world.apart = {frozenset(("vienna", "hub"))}
    waits = []
    for minute in (0, 1, 3, 7, 15):
        ask(vienna, wire, minute)
        with at(vienna):
            row = Asked.objects.get(failures__gt=0)
            waits.append((row.next_try_us - vienna.now()) // MINUTE_US - minute + 1)
    assert waits == [1, 2, 4, 8, 16]
    with at(vienna):
        problems = [one for one in examine(settings.COMMONWATCH) if not one.fine]
        assert any("The witness hub did not cosign 5 times in a row" in one.sentence for one in problems)
    world.apart = set()
    ask(vienna, wire, 40)
    with at(vienna):
        assert queries.quorum_state().size == 5 and Asked.objects.filter(failures__gt=0).count() == 0


def test_what_the_witness_answers_is_verified(four: tuple[Node, Node, Node, Node], wire: Wire) -> None:
    vienna, *_ = four
    wire.faces["vienna", "hub"] = "oslo"  # somebody else's signatures
    ask(vienna, wire)
    with at(vienna):
        assert queries.quorum_state().size is None
        assert "does not count" in {one.name: one.trouble for one in queries.witness_states()}["hub"]


def test_a_node_that_was_set_back_hears_it_from_its_witnesses(four: tuple[Node, Node, Node, Node], wire: Wire) -> None:
    vienna, oslo, *_ = four
    vienna.back_up()
    write(vienna, 4)
    ask(vienna, wire)
    assert not look(oslo, wire, 1)
    vienna.restore()
    ask(vienna, wire, 5)
    with at(vienna):
        problems = " ".join(one.sentence for one in examine(settings.COMMONWATCH) if not one.fine)
        assert "has cosigned 9 leaves of this log, which has 5" in problems
    assert look(oslo, wire, 5)
    ((code, observer),) = held(oslo)
    with at(oslo):
        assert (code, observer) == ("rollback", record.ensure_log().origin)


def two_faces(world: World, name: str = "liar") -> Node:
    """A node, and a copy of it that signs with the same keys."""
    made = world.node(name, "FR")
    write(made, 3)
    made.end()
    shutil.copytree(made.folder, world.folder / f"{name}-other")
    other = world.nodes[f"{name}-other"] = Node(f"{name}-other", "FR", world.folder / f"{name}-other", world)
    world.databases.copy(made.database, other.database)
    return made


@pytest.mark.parametrize(("here", "there"), [(2, 2), (4, 2), (2, 4)])
def test_a_split_view_is_found_kept_and_told_to_every_partner(
    world: World, wire: Wire, here: int, there: int, tmp_path: Path
) -> None:
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    liar = two_faces(world)
    other = world.nodes["liar-other"]
    world.join(vienna, oslo)
    world.join(oslo, bern)
    for one in (vienna, oslo, bern):
        know(one, liar)
    know(vienna, oslo)
    wire.faces["oslo", "liar"] = "liar-other"
    wire.faces["liar-other", "oslo"] = "oslo"
    write(liar, here)
    write(other, there, said="something else")
    with at(other):
        trusting.set_policy(policy(liar, [oslo], "quorum oslo"), "test", other.now())
    ask(other, wire)
    with at(other):
        assert queries.quorum_state().size == 3 + there
    look(vienna, wire)
    if there > here:  # what others have is more than the log shows us: that is trouble until it has grown as far
        assert held(vienna) == []
        with at(vienna):
            assert any("no tiles beyond" in one.last_error for one in Seen.objects.all())
        write(liar, there - here + 1)
        look(vienna, wire, 5)
    ((code, _),) = held(vienna)
    assert code == ("fork" if here == there else "rewrite")
    world.settle()
    for one in (oslo, bern):
        with at(one):
            while followers.advance(keeping.EvidenceFollower(), 1_000):
                pass
    with at(vienna):
        seen_by = record.ensure_log().origin
    assert held(oslo) == held(bern) == [(code, seen_by)], "over two hops, with the name of who saw it"
    with at(bern):
        loud = [one.sentence for one in examine(settings.COMMONWATCH) if one.name.startswith("evidence")]
        assert len(loud) == 1 and "CONTRADICTS ITSELF" in loud[0]
        assert not keeping.told(bytes(Evidence.objects.get().file), bern.now()), "once"
        raw = queries.evidence_file(Evidence.objects.get().pk)
    (tmp_path / "fork.tlog-evidence").write_bytes(raw)
    (tmp_path / "trust.policy").write_text(f"log {key(liar)}\nquorum none\n")
    assert verified_by_command(tmp_path)["proves_itself"] is True
    (tmp_path / "trust.policy").write_text(f"log {key(bern)}\nquorum none\n")
    assert verified_by_command(tmp_path)["proven"] is False


def verified_by_command(folder: Path) -> dict[str, object]:
    """What `proof verify` says, with no node anywhere."""
    words = ["proof", "verify", "fork.tlog-evidence", "--policy", "trust.policy", "--json"]
    command = [sys.executable, "-m", "commonwatch", "--data", str(folder / "nowhere"), *words]
    environment = {**os.environ, "COMMONWATCH_DATABASE_URL": ""}
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)
    said: dict[str, object] = json.loads(run.stdout)
    assert run.returncode == (0 if said["proven"] else 1) and not (folder / "nowhere").exists(), run.stderr
    return said


def test_an_honest_log_is_looked_at_again_and_again_without_evidence(world: World, wire: Wire) -> None:
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    for one in (vienna, oslo, bern):
        for other in (vienna, oslo, bern):
            if one is not other:
                know(one, other)
    for minute, count in enumerate([1, 0, 254, 1, 2, 300]):
        for one in (vienna, oslo, bern):
            write(one, count)
        assert not any(look(one, wire, 2 * minute) for one in (vienna, oslo, bern))
    with at(vienna):
        assert [(one.seen, one.trouble) for one in queries.log_states()] == [(558, ""), (558, "")]


def test_a_forged_accusation_is_kept_by_nobody(world: World, wire: Wire) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    know(vienna, oslo)
    write(oslo, 4)
    look(vienna, wire)
    with at(oslo):
        from commonwatch.base.keys import files as keyfiles
        from commonwatch.core.merkle.evidence import Evidence as Claim
        from commonwatch.core.merkle.notes import parse_note
        from commonwatch.core.signing.keys import SigningKey

        note = parse_note(record.checkpoint())
        origin = record.ensure_log().origin
        own = keyfiles.signing_key(keyfiles.LOG)
    stranger = SigningKey(b"\x05" * 32)
    for claim in (Claim(origin, "fork", 1, note, note), Claim(origin, "rollback", 1, note, note)):
        with at(vienna):
            assert not keeping.told(claim.signed("stranger", stranger).encode(), vienna.now())
            assert not keeping.told(claim.signed(origin, own).encode(), vienna.now())
            assert not keeping.told(b"nonsense", vienna.now())
    assert held(vienna) == []


def extract(node: Node, partner: str, folder: Path) -> Path:
    """What the node's record says about a partner, after everything was followed."""
    from commonwatch.base.parties.queries import member_named
    from commonwatch.capabilities.transparency import extracting, sources

    with at(node):
        while followers.advance(sources.JournalRecord(), 1_000):
            pass
        sources.follow_decisions(node.now() + MINUTE_US)
        made = extracting.extract(member_named(partner), node.now() + 5 * MINUTE_US)
    file = folder / f"{node.name}.tlog-extract"
    file.write_bytes(made.encode())
    return file


def audited(folder: Path, *words: str) -> dict[str, Any]:
    """What `proof audit` says of the two extracts, with no node anywhere."""
    given = ["vienna.tlog-extract", "oslo.tlog-extract", "--policy", "trust.policy", *words]
    command = [
        sys.executable,
        "-m",
        "commonwatch",
        "--data",
        str(folder / "nowhere"),
        "proof",
        "audit",
        *given,
        "--json",
    ]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    said: dict[str, Any] = json.loads(run.stdout)
    assert run.returncode == (1 if "missing" in said.get("counts", {}) or "proven" in said else 0), run.stderr
    return said


def test_both_sides_leaves_pair_up_and_what_is_missing_has_a_name(world: World, tmp_path: Path) -> None:
    from commonwatch.base.release.models import Handover
    from commonwatch.capabilities.transparency.models import Opening
    from tests.base.release.nodes import indicator

    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"), indicator(2, "GREEN"))
    oslo.post(indicator(7, "GREEN"))
    world.settle()
    vienna.post(indicator(1, "RED", version=2))  # and so a recall, which is answered
    world.settle()
    (tmp_path / "trust.policy").write_text(f"log {key(vienna)}\nlog {key(oslo)}\nquorum none\n")
    ours, theirs = extract(vienna, "oslo", tmp_path), extract(oslo, "vienna", tmp_path)
    said = audited(tmp_path, "--all")
    assert set(said["counts"]) == {"paired"}
    assert {one["what"] for one in said["pairs"]} == {"parcel", "recall", "answer to a recall"}

    whole = json.loads(theirs.read_bytes())
    taken = [one for one in whole["leaves"] if '"kind":"taken"' in one["opening"]]
    theirs.write_text(json.dumps({**whole, "leaves": [one for one in whole["leaves"] if one != taken[0]]}))
    said = audited(tmp_path)
    assert said["counts"]["missing"] == 1
    with at(oslo):
        origin = record.ensure_log().origin
    assert said["pairs"][0]["lacks"] == origin and f"{origin} has no leaf for it" in said["pairs"][0]["sentence"]
    theirs.write_text(json.dumps(whole))

    forged = json.loads(ours.read_bytes())
    sent = next(one for one in forged["leaves"] if '"kind":"sent"' in one["opening"])
    sent["opening"] = sent["opening"].replace('"count":', '"count":1')
    ours.write_text(json.dumps(forged))
    assert (said := audited(tmp_path))["code"] == "other-statement" and "Leaf " in said["sentence"]

    with at(vienna):  # a parcel that never arrived, whose places a later one carried
        there = Handover.objects.filter(outgoing=True).order_by("pk").first()
        assert there is not None
        there.pk, there.root, there.pos = None, "00" * 32, there.pos - 1
        there.save()
        assert Opening.objects.filter(kind="sent").count() >= 1
    extract(vienna, "oslo", tmp_path)
    said = audited(tmp_path)
    assert said["counts"]["carried by a later one"] == 1 and "missing" not in said["counts"]


def test_an_extract_names_nobody_else(world: World, tmp_path: Path) -> None:
    from tests.base.release.nodes import indicator

    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    world.join(vienna, oslo)
    world.join(vienna, bern)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    vienna.post(indicator(1, "RED", version=2))
    world.settle()
    with at(vienna):
        from commonwatch.base.parties.queries import member_named

        other = member_named("bern").identity
    text = extract(vienna, "oslo", tmp_path).read_text()
    assert len(json.loads(text)["leaves"]) >= 3 and other not in text
