"""Custody on one node: what may be done when, time stamps, and a file in which nothing can be changed unseen."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.intake.own import Audience
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import run_due
from commonwatch.base.journal import followers
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.authoring import revoke_member_key, rotate_member_key
from commonwatch.base.parties.key_histories import keys_of
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import for_member, operator
from commonwatch.capabilities.evidence import actions, carrying, custody_file, jobs, queries, sealing
from commonwatch.capabilities.evidence.custody_file import Trust, Verified, verify
from commonwatch.capabilities.evidence.store import opened
from commonwatch.capabilities.transparency.handing import proof_of_entry
from commonwatch.capabilities.transparency.models import LogKey
from commonwatch.capabilities.transparency.sources import JournalRecord
from commonwatch.core.errors import CommonwatchError, Conflict, InvalidInput, NotAllowed, NotFound, PeerError
from commonwatch.core.merkle.policies import parse_policy
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.signing.stamps import roots_of
from tests.authorities import Authority
from tests.base.release.nodes import by
from tests.capabilities.evidence.conftest import FOUND, OFFICER

DONE_AT = "2026-11-21T08:00:00Z"


def show(item: str) -> queries.Whole:
    return queries.item(operator("test"), item)


def exported(item: str) -> bytes:
    followers.advance(JournalRecord(), 5_000)
    return queries.export(operator("test"), item, proof_of_entry, now_us()).encode()


def everything(authorities: tuple[Authority, Authority]) -> Trust:
    """Whoever trusts this node's key and log and both authorities."""
    vkey = LogKey.objects.get(until_us=None).vkey
    keys = frozenset(one.key.id for one in keys_of(own_member().identity))
    roots = tuple(root for one in authorities for root in roots_of(one.root))
    return Trust(keys, roots, parse_policy(f"log {vkey}\nquorum none\n".encode()))


def test_an_item_says_what_was_collected_and_the_store_has_it_sealed(collected: str, source: Path) -> None:
    found = show(collected)
    assert (found.item.state, found.item.holder, found.here, found.breaks) == ("held-here", "CERT.at", True, ())
    assert (found.about.basis, found.about.tool, found.about.size) == ("StPO section 110", "dd 9.1", 15_000)
    assert found.about.hashes.sha256 == sealing.digests(source).sha256
    store = opened()
    assert all(source.read_bytes()[:15] not in store.get(piece) for piece in store.digests())
    assert AuditEntry.objects.filter(action="evidence.add", subject=collected).count() == 1
    partner = queries.items(for_member("cert-no", DEFAULT_PURPOSE, "n"), None, 10)
    assert [one.id for one in partner] == [collected]
    assert queries.items(for_member("cert-ie", DEFAULT_PURPOSE, "i"), None, 10) == []
    with pytest.raises(NotFound):
        queries.item(for_member("cert-ie", DEFAULT_PURPOSE, "i"), collected)


def test_only_what_is_ours_to_do_in_turn_is_done(collected: str) -> None:
    with pytest.raises(Conflict, match="Nothing is on offer"):
        actions.note(collected, "withdrawn", "A. Officer", DONE_AT, by())
    with pytest.raises(Conflict, match="not on offer"):
        actions.accept(collected, by())
    with pytest.raises(InvalidInput, match="lies in the future"):
        actions.note(collected, "examined", "A. Officer", "2099-01-01T00:00:00Z", by())
    offer = actions.hand_over(collected, "cert-no", "analysis", by())
    assert show(offer).item.state == "offered"  # an act names its item
    with pytest.raises(Conflict, match="nothing may be done with it"):
        actions.note(collected, "examined", "A. Officer", DONE_AT, by())
    with pytest.raises(NotAllowed, match="offered to another member"):
        actions.accept(collected, by())
    actions.note(collected, "withdrawn", "A. Officer", DONE_AT, by())
    actions.note(collected, "destroyed", "A. Officer", DONE_AT, by(), "By order of the court")
    assert [one.what for one in show(collected).acts] == ["collected", "offered", "withdrawn", "destroyed"]
    with pytest.raises(Conflict, match="It was destroyed"):
        actions.hand_over(collected, "cert-no", "too late", by())


def test_who_sees_it_by_a_community_is_not_shown_it_again(partnered: Path, source: Path) -> None:
    audience = Audience("TLP:AMBER", communities=("home",))
    item = actions.add(source, FOUND, audience, [str(OFFICER.to_public())], by())
    assert actions.share(item, "cert-ie", by()) == 0
    actions.hand_over(item, "cert-ie", "analysis", by())
    theirs = queries.item(for_member("cert-ie", DEFAULT_PURPOSE, "i"), item)
    assert ([one.what for one in theirs.acts], theirs.breaks) == (["collected", "offered"], ())


def test_what_is_malformed_is_not_written(partnered: Path, source: Path) -> None:
    keys = [str(OFFICER.to_public())]
    for wrong in (replace(FOUND, name=""), replace(FOUND, basis="x" * 501), replace(FOUND, collected_at="yesterday")):
        with pytest.raises(InvalidInput):
            actions.add(source, wrong, Audience("TLP:AMBER"), keys, by())
    with pytest.raises(InvalidInput, match="1 to 64 recipients"):
        actions.add(source, FOUND, Audience("TLP:AMBER"), [], by())
    assert queries.items(operator("test"), None, 10) == []


def test_content_travels_packed_and_only_a_recipient_opens_it(collected: str, source: Path, tmp_path: Path) -> None:
    store = opened()
    pieces = queries.pieces_of(queries.known(operator("test"), collected).chain, store)
    carrying.pack(store, pieces, tmp_path / "carried.tar")
    found = carrying.open_file(tmp_path / "carried.tar", [OFFICER], tmp_path / "opened.img")
    assert found == sealing.digests(source)
    assert (tmp_path / "opened.img").read_bytes() == source.read_bytes()
    with pytest.raises(NotAllowed):
        carrying.open_file(tmp_path / "carried.tar", [_stranger()], tmp_path / "not.img")
    assert not (tmp_path / "not.img").exists()


def test_a_carried_file_that_was_altered_is_not_taken_in(collected: str, tmp_path: Path) -> None:
    store = opened()
    pieces = queries.pieces_of(queries.known(operator("test"), collected).chain, store)
    carrying.pack(store, pieces, tmp_path / "carried.tar")
    raw = (tmp_path / "carried.tar").read_bytes()
    other = opened_elsewhere(tmp_path)
    for place in range(0, len(raw) - 2 * carrying.BLOCK, 211):
        altered = bytearray(raw)
        altered[place] ^= 0x40
        (tmp_path / "altered.tar").write_bytes(altered)
        try:
            manifest = carrying.take(tmp_path / "altered.tar", other)
        except CommonwatchError:
            continue
        assert manifest == pieces[0] and sealing.is_whole(other, manifest)  # a byte that means nothing
    (tmp_path / "short.tar").write_bytes(raw[: len(raw) // 2])
    with pytest.raises(CommonwatchError):
        carrying.take(tmp_path / "short.tar", opened_elsewhere(tmp_path / "another"))


def test_sealed_again_for_others_it_is_the_same_item(collected: str, source: Path, tmp_path: Path) -> None:
    other = _stranger()
    actions.reseal(collected, [OFFICER], [str(other.to_public())], "A. Officer", by())
    found = show(collected)
    assert ([one.what for one in found.acts], found.breaks) == (["collected", "resealed"], ())
    store = opened()
    pieces = queries.pieces_of(queries.known(operator("test"), collected).chain, store)
    carrying.pack(store, pieces, tmp_path / "carried.tar")
    assert carrying.open_file(tmp_path / "carried.tar", [other], tmp_path / "opened.img") == sealing.digests(source)


def test_the_store_is_examined_and_what_is_wrong_is_named(collected: str, partnered: Path) -> None:
    assert queries.examine(operator("test")).troubles == ()
    store = opened()
    manifest, part = queries.pieces_of(queries.known(operator("test"), collected).chain, store)
    path = partnered / "evidence" / part[:2] / part
    raw = path.read_bytes()
    path.write_bytes(raw[:-1] + bytes([raw[-1] ^ 1]))
    (trouble,) = queries.examine(operator("test")).troubles
    assert (trouble.trouble, trouble.digest, trouble.item) == ("altered", part, collected)
    path.unlink()
    (trouble,) = queries.examine(operator("test")).troubles
    assert (trouble.trouble, trouble.digest) == ("missing", part)
    with pytest.raises(NotFound, match="is not in"):
        carrying.pack(store, [manifest, part], partnered / "evidence" / "packed.tar")


def test_two_authorities_stamp_every_act_and_one_that_is_down_is_named_and_asked_again(
    partnered: Path, source: Path, authorities: tuple[Authority, Authority]
) -> None:
    first, second = authorities
    second.down = True
    item = actions.add(source, FOUND, Audience("TLP:AMBER", ("cert-no",)), [str(OFFICER.to_public())], by())
    assert {(one.authority, one.state) for one in show(item).missing_stamps} == {("one", "waiting"), ("two", "waiting")}
    run_due(jobs.HANDLERS, now_us())
    (missing,) = show(item).missing_stamps
    assert (missing.authority, missing.state) == ("two", "waiting")
    assert "answered 503" in missing.error and missing.next_try
    assert show(item).acts[0].stamps == ("one",)
    came, failed = jobs.ask_missing(item, by())
    assert (came, len(failed)) == ([], 1)
    second.down = False
    Job.objects.filter(finished_us=None).update(run_at_us=0)
    run_due(jobs.HANDLERS, now_us())
    found = show(item)
    assert (found.missing_stamps, found.acts[0].stamps, found.breaks) == ((), ("one", "two"), ())
    assert jobs.stamp(item, "one", by()) in {one.id for one in queries.known(operator("test"), item).chain.stamps}
    assert (first.asked, second.asked) == (1, 1)  # nothing was asked for twice


def test_what_is_lacking_is_said_by_the_doctor(collected: str, authorities: tuple[Authority, Authority]) -> None:
    assert [one.fine for one in queries.examined()] == [True]
    actions.ask_stamps([collected], now_us())
    Job.objects.update(finished_us=now_us(), failed=True, last_error="PeerError: down")
    assert ["given up" in one.sentence for one in queries.examined()] == [True]
    assert [one.state for one in show(collected).missing_stamps] == ["given-up", "given-up"]
    assert [one.id for one in queries.given_up(operator("test"))] == [collected]
    came, _ = jobs.ask_missing(collected, by())
    assert (len(came), queries.given_up(operator("test"))) == (2, [])


def test_evidence_without_authorities_is_no_healthy_state(collected: str) -> None:
    show(collected)  # whoever reads catches up with the journal
    assert ["0 of 2" in one.sentence for one in queries.examined()] == [True]


def test_an_answer_under_another_root_is_no_stamp(
    collected: str, authorities: tuple[Authority, Authority], settings: Any, tmp_path: Path
) -> None:
    (tmp_path / "one.pem").write_bytes(authorities[0].root)
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update={"stamp_roots": str(tmp_path / "one.pem")})
    with pytest.raises(PeerError, match="does not lead to a trusted authority"):
        jobs.stamp(collected, "two", by())
    assert show(collected).acts[0].stamps == ()


@pytest.fixture
def stamped(collected: str, authorities: tuple[Authority, Authority]) -> str:
    """An item with two acts, both stamped by both."""
    actions.note(collected, "examined", "A. Officer", DONE_AT, by(), "Timeline", "plaso")
    came, failed = jobs.ask_missing(collected, by())
    assert (len(came), failed) == (4, [])
    return collected


def test_with_everything_trusted_all_of_it_is_judged_and_holds(
    stamped: str, authorities: tuple[Authority, Authority], source: Path
) -> None:
    found = verify(exported(stamped), everything(authorities), now_us(), sealing.digests(source))
    assert {one.state for one in found.checked} == {"holds"}, found.checked
    whats = [one.what for one in found.checked]
    counts = {what: whats.count(what) for what in set(whats)}
    assert counts == {"keys": 1, "signature": 6, "log": 6, "order": 1, "stamp": 4, "content": 1}


def test_no_byte_of_any_act_key_or_proof_can_be_changed_unseen(
    stamped: str, authorities: tuple[Authority, Authority]
) -> None:
    raw, trust, now = exported(stamped), everything(authorities), now_us()
    whole: dict[str, Any] = json.loads(raw)
    draw = random.Random(7)

    def broken(changed: dict[str, Any]) -> bool:
        try:
            return bool(verify(json.dumps(changed).encode(), trust, now).breaks)
        except InvalidInput:
            return True

    assert not broken(whole)
    for number, text in enumerate(whole["objects"]):
        for place in draw.sample(range(len(text)), 25):
            changed = json.loads(raw)
            changed["objects"][number] = _other(text, place)
            assert broken(changed), (number, place, text[max(0, place - 20) : place + 20])
    for number, proof in enumerate(whole["proofs"]):
        for name in ("leaf", "proof"):
            for place in draw.sample(range(len(proof[name])), 10):
                changed = json.loads(raw)
                changed["proofs"][number][name] = _other(proof[name], place)
                assert broken(changed), (name, place)
    (identity,) = whole["keys"]
    for name in ("member", "act", "at_us", "key", "number"):
        changed = json.loads(raw)
        statement = changed["keys"][identity][0]["statement"]
        statement[name] = statement[name] + (1 if isinstance(statement[name], int) else "x")
        assert broken(changed), name
    changed = json.loads(raw)
    signature = changed["keys"][identity][0]["signatures"][0]
    signature["signature"] = _other(signature["signature"], 20)
    assert broken(changed)


def test_an_act_that_is_left_out_or_comes_from_another_chain_is_named(
    stamped: str, authorities: tuple[Authority, Authority], source: Path
) -> None:
    raw, trust = exported(stamped), everything(authorities)
    whole = json.loads(raw)
    kinds = [json.loads(text)["type"] for text in whole["objects"]]
    actions.note(stamped, "copied", "A. Officer", DONE_AT, by())
    longer = json.loads(exported(stamped))
    without = {**longer, "objects": [text for text in longer["objects"] if '"examined"' not in text]}
    found = _codes(verify(json.dumps(without).encode(), trust, now_us()))
    assert ("order", "The act that it follows is not there, or was altered.") in found
    nothing = {
        **whole,
        "objects": [text for text, kind in zip(whole["objects"], kinds, strict=True) if "item" not in kind],
    }
    assert any("0 items" in sentence for _, sentence in _codes(verify(json.dumps(nothing).encode(), trust, now_us())))
    other = actions.add(source, FOUND, Audience("TLP:AMBER", ("cert-no",)), [str(OFFICER.to_public())], by())
    both = {**whole, "objects": [*whole["objects"], *json.loads(exported(other))["objects"]]}
    assert any("2 items" in sentence for _, sentence in _codes(verify(json.dumps(both).encode(), trust, now_us())))
    twice = {**whole, "objects": [*whole["objects"], whole["objects"][0]]}
    assert any("twice" in sentence for _, sentence in _codes(verify(json.dumps(twice).encode(), trust, now_us())))


def test_whom_one_does_not_trust_is_not_believed(
    stamped: str, authorities: tuple[Authority, Authority], source: Path, tmp_path: Path
) -> None:
    raw, trust = exported(stamped), everything(authorities)
    source.write_bytes(b"other content")
    cases = [
        (replace(trust, keys=frozenset(["another"])), None, "keys"),
        (replace(trust, roots=trust.roots[:1]), None, "stamp"),
        (replace(trust, policy=parse_policy(f"log {_foreign_log()}\nquorum none\n".encode())), None, "log"),
        (trust, sealing.digests(source), "content"),
    ]
    for given, content, what in cases:
        assert {one.what for one in verify(raw, given, now_us(), content).breaks} == {what}
    nobody = verify(raw, Trust(), now_us())
    assert nobody.breaks == []
    assert {one.what for one in nobody.not_judged} == {"keys", "stamp", "log", "content"}


@pytest.mark.parametrize("raw", [b"", b"[]", b"{}", b'{"format":"commonwatch-custody/2"}', b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_chain_of_custody_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        custody_file.parse(raw)


def test_the_command_verifies_without_a_node(
    stamped: str, authorities: tuple[Authority, Authority], source: Path, tmp_path: Path
) -> None:
    (tmp_path / "chain.json").write_bytes(exported(stamped))
    (tmp_path / "roots.pem").write_bytes(authorities[0].root + authorities[1].root)
    (tmp_path / "trust.policy").write_text(f"log {LogKey.objects.get(until_us=None).vkey}\nquorum none\n")
    given: list[str | Path] = [
        "--content",
        source,
        "--roots",
        tmp_path / "roots.pem",
        "--policy",
        tmp_path / "trust.policy",
    ]
    command: list[str | Path] = [
        sys.executable,
        "-m",
        "commonwatch",
        "evidence",
        "verify",
        tmp_path / "chain.json",
        *given,
        "--json",
    ]

    def run() -> tuple[int, Any]:
        done = subprocess.run([*command, "--data", tmp_path / "none"], capture_output=True, text=True, check=False)
        return done.returncode, json.loads(done.stdout)

    code, said = run()
    assert (code, said["holds"], (tmp_path / "none").exists()) == (0, True, False)
    source.write_bytes(b"other content")
    code, said = run()
    assert (code, said["holds"]) == (1, False)
    assert [one["what"] for one in said["checked"] if one["state"] == "broken"] == ["content"]


def _other(text: str, place: int) -> str:
    """The text with another character there; one that JSON allows, and not one that spells the same."""
    new = "y" if text[place] != "y" else "z"
    return text[:place] + new + text[place + 1 :]


def _codes(found: Verified) -> list[tuple[str, str]]:
    return [(one.what, one.sentence) for one in found.breaks]


def _stranger() -> Any:
    import pyrage

    return pyrage.x25519.Identity.generate()


def _foreign_log() -> str:
    from commonwatch.core.merkle.notes import ED25519, VerifierKey
    from commonwatch.core.signing.keys import SigningKey

    vkey = LogKey.objects.get(until_us=None).vkey
    return VerifierKey(vkey.split("+")[0], ED25519, SigningKey(b"7" * 32).public.raw).text


def opened_elsewhere(folder: Path) -> Any:
    from commonwatch.capabilities.evidence.store.folder import FolderStore

    return FolderStore(folder / "elsewhere")


def test_the_file_is_plain_json_that_others_can_read(collected: str) -> None:
    whole = json.loads(exported(collected))
    assert whole["format"] == "commonwatch-custody/1"
    assert [json.loads(text)["type"] for text in whole["objects"]] == ["evidence-item"]
    assert msgspec.json.decode(whole["objects"][0])["hashes"]["SHA-256"] == show(collected).about.hashes.sha256


def test_what_a_revoked_key_signed_counts_only_where_a_log_knew_it_before(
    stamped: str, authorities: tuple[Authority, Authority]
) -> None:
    followers.advance(JournalRecord(), 5_000)
    old = keys_of(own_member().identity)[0].key.id
    rotate_member_key(own_member(), by())
    since = now_us() + 1
    actions.note(stamped, "copied", "A. Officer", DONE_AT, by())  # by the new key
    revoke_member_key(own_member(), old, since, "The laptop was stolen", By("test", since + 1))
    raw = exported(stamped)
    trusted = replace(everything(authorities), keys=frozenset([old]))
    assert {one.what for one in verify(raw, trusted, now_us()).breaks} == set()
    without_log = verify(raw, replace(trusted, policy=None), now_us())
    assert {one.sentence for one in without_log.breaks} == {
        "The key was revoked, and nothing shows that the object existed before."
    }
    assert len(without_log.breaks) == 6  # all that the old key signed, and nothing of the new one
