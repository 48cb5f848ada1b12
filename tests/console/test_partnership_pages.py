"""The pages of the partnership: nobody learns of whom they may not know, no secret is shown, nothing changes before it was said."""

from __future__ import annotations

import html
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import now_us
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.jobs.queue import run_due
from commonwatch.base.journal import followers
from commonwatch.base.keys import files as keyfiles
from commonwatch.base.keys.node import node_key, public_name
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.key_histories import keys_of
from commonwatch.base.parties.models import EXPELLED, Member, MemberFact, MemberKind
from commonwatch.base.release.models import Collection
from commonwatch.capabilities.federation import joining, purging
from commonwatch.capabilities.federation.membership import partnership
from commonwatch.capabilities.federation.membership.register import Entry
from commonwatch.capabilities.federation.membership.rotation import rotate_member
from commonwatch.capabilities.federation.membership.standing import standing
from commonwatch.capabilities.federation.models import Invitation, Peer, Skipped
from commonwatch.capabilities.transparency import jobs, queries, record, stamping, trusting, witnessing
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.capabilities.transparency.sources import JournalRecord
from commonwatch.core.law.facts import Fact
from commonwatch.core.merkle.extracts import Extract, parse_extract
from commonwatch.core.merkle.leaves import Body
from commonwatch.core.merkle.witness import encode_request
from commonwatch.core.signing.keys import SigningKey
from tests.authorities import authority, named
from tests.base.release.nodes import by, carried, community, indicator, member, post
from tests.core.merkle.trees import LOG_KEY, ORIGIN, Log, entry, log

OWN_URL = "https://cti.example.at"
SignedIn = Callable[..., Client]


def text_of(browser: Client, address: str, **query: str) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def fact(name: str, value: str) -> None:
    carried(lambda now: parties.record_fact(name, Fact("safeguard", value, "Register 12"), now))


def test_of_others_a_reader_sees_only_those_it_may_know_of_and_no_facts_of_theirs(
    signed_in: SignedIn, ready: Path
) -> None:
    for name in ("guest", "friend", "stranger"):
        member(name)
        fact(name, f"bcr-{name}")
    community("north", "guest", "friend")
    community("south", "friend", "stranger")
    browser = signed_in(Role.READER, member="guest")
    rows = browser.get(reverse("members")).context["members"].rows
    assert [(row["name"], row["communities"]) for row in rows if row["name"] != "home"] == [
        ("friend", "north"),
        ("guest", "north"),
    ]
    assert browser.get(reverse("member", args=["stranger"])).status_code == 404
    assert reverse("member", args=["stranger"]) not in text_of(browser, "/search/", q="stranger")
    friend = text_of(browser, reverse("member", args=["friend"]))
    assert "bcr-friend" not in friend and "south" not in friend and "north" in friend
    assert "bcr-guest" in text_of(browser, reverse("member", args=["guest"]))
    for page in ("member-correct", "member-fact"):
        assert browser.get(reverse(page, args=["friend"])).status_code == 403
    assert browser.get(reverse("member-new")).status_code == 403


def test_a_member_is_taken_in_and_corrected_after_it_was_said_what_follows(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    given = {"name": "cert-is", "title": "CERT-IS", "kind": "state-body", "country": "IS"}
    assert "Nothing is changed yet" in browser.post(reverse("member-new"), given).content.decode()
    assert not Member.objects.filter(name="cert-is").exists()
    browser.post(reverse("member-new"), {**given, "sure": "yes"})
    corrected = {"title": "CERT Iceland", "kind": "state-body", "country": "IS", "sure": "yes"}
    browser.post(reverse("member-correct", args=["cert-is"]), corrected)
    found = {"kind": "certification", "value": "first", "source": "List of 2026", "since": "2026-01-01", "sure": "yes"}
    browser.post(reverse("member-fact", args=["cert-is"]), found)
    address = reverse("member", args=["cert-is"])
    text = text_of(browser, address)
    assert "CERT Iceland" in text and "List of 2026" in text
    assert "List of 2026" not in text_of(browser, address, on="2025-12-31")
    assert browser.post(reverse("member-new"), {**given, "country": "", "sure": "yes"}).status_code == 400


def test_a_member_is_expelled_with_a_reason_and_admitted_again(signed_in: SignedIn, ready: Path) -> None:
    member("cert-xx")
    browser = signed_in(Role.ADMINISTRATOR)
    expel = reverse("member-expel", args=["cert-xx"])
    assert browser.post(expel, {"sure": "yes"}).status_code == 400
    assert "Nothing is changed yet" in browser.post(expel, {"reason": "decision 14"}).content.decode()
    assert not MemberFact.objects.exists()
    browser.post(expel, {"reason": "decision 14", "sure": "yes"})
    assert MemberFact.objects.get().value == EXPELLED
    assert "It is expelled" in text_of(browser, reverse("member", args=["cert-xx"]))
    browser.post(reverse("member-readmit", args=["cert-xx"]), {"sure": "yes"})
    assert "It is expelled" not in text_of(browser, reverse("member", args=["cert-xx"]))


def known(name: str, **more: str) -> dict[str, str]:
    return {"name": name, "kind": "state-body", "country": "NO", "collection": "main", "url": OWN_URL, **more}


def peer(name: str) -> Peer:
    """A node that this one exchanges with."""
    made = member(name, "NO")
    source = ensure_source(f"peer {name}", "TLP:AMBER", name)
    into = Collection.objects.get(alias="main")
    return Peer.objects.create(
        name=name, member=made, source=source, into=into, key="ab" * 32, url=OWN_URL, joined_us=1
    )


def test_a_code_is_shown_once_and_only_after_it_was_said_what_follows(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    assert "Nothing is changed yet" in browser.post(reverse("node-invite"), known("cert-no")).content.decode()
    assert not Invitation.objects.exists()
    shown = browser.post(reverse("node-invite"), known("cert-no", sure="yes")).content.decode()
    (code,) = set(re.findall(r"cwi1\.[\w-]+", shown))
    page = text_of(browser, reverse("joining"))
    assert "cert-no" in page and "cwi1." not in page and joining.read_code(code).secret not in page
    for role in (Role.READER, Role.OPERATOR):
        assert signed_in(role).get(reverse("node-invite")).status_code == 403


def test_what_is_no_code_is_said_on_the_form(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    answer = browser.post(reverse("node-join"), known("cert-no", code="cwi1.nonsense", sure="yes"))
    assert answer.status_code == 422 and "This is no invitation code" in answer.content.decode()
    own = browser.post(reverse("node-invite"), known("cert-no", sure="yes")).content.decode()
    (code,) = set(re.findall(r"cwi1\.[\w-]+", own))
    answer = browser.post(reverse("node-join"), known("cert-no", code=code, sure="yes"))
    assert answer.status_code == 422 and "own" in answer.content.decode()


def test_a_peer_is_paused_limited_and_goes_on_again(signed_in: SignedIn, ready: Path) -> None:
    peer("cert-no")
    browser = signed_in(Role.ADMINISTRATOR)
    browser.post(reverse("peer-limit", args=["cert-no"]), {"kib": 16})
    assert Peer.objects.get().bytes_per_second == 16 * 1024
    back = browser.get(reverse("peer", args=["cert-no"])).content.decode()
    (undo,) = re.findall(r'action="([^"]*kib=0)"', back)
    browser.post(undo)
    assert Peer.objects.get().bytes_per_second == 0
    browser.post(reverse("peer-pause", args=["cert-no"]))
    assert Peer.objects.get().paused and "Go on" in text_of(browser, reverse("peer", args=["cert-no"]))
    browser.post(reverse("peer-resume", args=["cert-no"]))
    assert not Peer.objects.get().paused
    assert signed_in(Role.OPERATOR).post(reverse("peer-pause", args=["cert-no"])).status_code == 403


def test_what_did_not_go_in_is_paged_with_its_reason(signed_in: SignedIn, ready: Path) -> None:
    made = peer("cert-no")
    for number in range(30):
        Skipped.objects.create(
            peer=made,
            side="there",
            object=f"indicator--{number:03d}",
            version="1",
            code="marking",
            sentence=f"<b>reason {number}</b>",
            at_us=now_us(),
        )
    address = reverse("peer", args=["cert-no"])
    browser = signed_in(Role.OPERATOR)
    first = browser.get(address, {"limit": "25"})
    assert "&lt;b&gt;reason 29" in first.content.decode() and "<b>reason" not in first.content.decode()
    following = browser.get(address + first.context["skipped"].next_page).context["skipped"]
    assert len(following.rows) == 5 and following.next_cursor is None
    assert browser.get(reverse("peer", args=["nobody"])).status_code == 404
    for page in (address, reverse("peers")):
        assert signed_in(Role.READER).get(page).status_code == 403


def test_a_purge_says_its_numbers_first_and_can_be_ended(signed_in: SignedIn, ready: Path) -> None:
    peer("cert-no")
    post([indicator(1, "GREEN")], source="peer cert-no", owner="cert-no")
    browser = signed_in(Role.ADMINISTRATOR)
    address = reverse("member-purge", args=["cert-no"])
    found = browser.get(address).context["found"]
    assert found.objects == 1 and not Peer.objects.get().paused
    begin = reverse("member-purge-begin", args=["cert-no"])
    assert browser.post(begin, {}).status_code == 400
    browser.post(begin, {"reason": "its key was stolen"})
    assert Peer.objects.get().paused and browser.get(address).context["purge"].waiting == 1
    while purging.carry_out():
        pass
    assert "its key was stolen" in text_of(browser, address)
    erase = reverse("member-purge-erase", args=["cert-no"])
    assert "Nothing brings them back" in browser.post(erase, {"reason": "decision"}).content.decode()
    browser.post(reverse("member-purge-end", args=["cert-no"]), {"reason": "it was not"})
    assert browser.get(address).context["purge"] is None


@pytest.fixture
def begun(ready: Path) -> Iterator[Path]:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    partnership.create("north-south", [SigningKey(bytes([7]) * 32)], 1, by())
    yield ready
    for name in (keyfiles.NODE, keyfiles.NODE_BEFORE, keyfiles.APPROVER, keyfiles.member_key_file("home")):
        (ready / name).unlink(missing_ok=True)


def test_new_keys_wait_on_the_overview_until_they_are_approved(signed_in: SignedIn, begun: Path) -> None:
    rotate_member(None, "", by())
    browser = signed_in(Role.ADMINISTRATOR)
    assert "1 change of the partnership waits" in text_of(browser, reverse("overview"))
    asked = browser.post(reverse("partnership-approve"), {"name": "CERT.at"}).content.decode()
    assert "by telephone first" in asked
    assert standing(now_us()).waiting  # type: ignore[union-attr]
    browser.post(reverse("partnership-approve"), {"name": "CERT.at", "sure": "yes"})
    assert not standing(now_us()).waiting  # type: ignore[union-attr]
    page = text_of(browser, reverse("joining"))
    assert "Nothing waits for approval" in page and "1 of 1" in page
    browser.post(reverse("partnership-renew"))
    assert signed_in(Role.OPERATOR).post(reverse("partnership-renew")).status_code == 403


def test_a_member_leaves_the_partnership_after_it_was_said_who_loses(signed_in: SignedIn, begun: Path) -> None:
    made = member("partner", "NO")
    entry = Entry(made.identity, "partner", "Partner", MemberKind.STATE_BODY, "NO")
    partnership.propose(partnership.register().with_member(entry), by())
    browser = signed_in(Role.ADMINISTRATOR)
    address = reverse("partnership-expel")
    assert browser.post(address, {"name": "partner"}).status_code == 400
    looked = browser.post(address, {"name": "partner", "reason": "it closed"}).content.decode()
    assert "Nothing is changed yet" in looked and len(partnership.register().members) == 2
    browser.post(address, {"name": "partner", "reason": "it closed", "sure": "yes"})
    assert len(partnership.register().members) == 1
    assert "It is expelled" in text_of(browser, reverse("member", args=["partner"]))


WORDS = "seven quiet lanterns"


def root_key(browser: Client) -> SimpleUploadedFile:
    """A root key as the page gives it out."""
    answer = browser.post(reverse("root-key"), {"words": WORDS, "again": WORDS})
    assert answer["Content-Disposition"].startswith("attachment") and answer["Cache-Control"].startswith("max-age=0")
    return SimpleUploadedFile("root.pem", answer.content)


def test_a_partnership_is_begun_and_its_root_changed_with_keys_of_which_the_node_keeps_nothing(
    signed_in: SignedIn, ready: Path
) -> None:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    browser = signed_in(Role.ADMINISTRATOR)
    assert browser.post(reverse("root-key"), {"words": WORDS, "again": "other"}).status_code == 422
    first, second = root_key(browser), root_key(browser)
    assert b"ENCRYPTED" in first.read() and not list(ready.rglob("*.pem"))
    first.seek(0)
    create, given = reverse("partnership-create"), {"name": "north-south", "threshold": 1, "words_1": WORDS}
    assert "it cannot be taken back" in text_of(browser, create)
    assert browser.post(create, {**given, "key_1": first}).status_code == 422, "it is not said that it is meant"
    first.seek(0)
    wrong = browser.post(create, {**given, "key_1": first, "words_1": "no such words", "sure": "on"})
    assert "does not open root.pem" in wrong.content.decode() and WORDS not in wrong.content.decode()
    first.seek(0)
    browser.post(create, {**given, "key_1": first, "sure": "on"})
    assert partnership.register().name == "north-south"
    first.seek(0)
    further = {"key_1": first, "words_1": WORDS, "key_new": second, "words_new": WORDS, "threshold": 2, "sure": "on"}
    said = browser.post(reverse("root-rotate"), further, follow=True).content.decode()
    assert "Root 2 is in force: 2 of 2 keys" in said and len(partnership.root_keys()) == 2
    for one in (first, second):
        one.seek(0)
    both = {"key_1": first, "words_1": WORDS, "key_2": second, "words_2": WORDS, "sure": "on"}
    chosen = browser.post(reverse("approvers-choose"), {**both, "approvers": ["CERT.at"], "threshold": 1}, follow=True)
    assert "The approvers are chosen, and it is in force" in chosen.content.decode()
    for one in (first, second):
        one.seek(0)
    dropped = partnership.root_keys()[1].id
    browser.post(reverse("root-rotate"), {**both, "drop": [dropped], "threshold": 1})
    assert dropped not in {one.id for one in partnership.root_keys()} and len(partnership.root_keys()) == 1
    operator = signed_in(Role.OPERATOR)
    for name in ("root-key", "partnership-create", "root-rotate", "approvers-choose"):
        assert operator.get(reverse(name)).status_code == 403, name
    for name in (keyfiles.NODE, keyfiles.NODE_BEFORE, keyfiles.APPROVER, keyfiles.member_key_file("home")):
        (ready / name).unlink(missing_ok=True)


def test_who_lost_its_keys_starts_anew_once_an_approver_vouched_for_it(signed_in: SignedIn, begun: Path) -> None:
    browser, address = signed_in(Role.ADMINISTRATOR), reverse("partnership-recover")
    given = {"since": "2026-01-02T00:00:00Z", "reason": "The server was stolen"}
    assert browser.post(address, {**given, "since": "lately"}).status_code == 400
    assert "Nobody believes them before" in browser.post(address, given).content.decode()
    found = re.search(
        r"<pre[^>]*>(.*?)</pre>", browser.post(address, {**given, "sure": "yes"}).content.decode(), re.DOTALL
    )
    assert found is not None
    text = {"text": html.unescape(found[1])}
    approve = reverse("recovery-approve")
    assert browser.post(approve, {"text": "{}"}).status_code == 400
    asked = browser.post(approve, text).content.decode()
    assert "by telephone" in asked and partnership.register().members[0].identity in asked
    said = browser.post(approve, {**text, "sure": "yes"}, follow=True).content.decode()
    assert "CERT.at starts anew: in force" in said
    assert keys_of(partnership.register().members[0].identity)[-1].is_current()
    assert signed_in(Role.OPERATOR).post(address, given).status_code == 403


@pytest.fixture
def logged(ready: Path) -> Iterator[Path]:
    """A record with what was done on this node."""
    rows = [Statement("share", "test", number, now_us(), {"n": number, "reader": "<b>eve</b>"}) for number in range(3)]
    record.append(rows, "")
    yield ready
    for name in (keyfiles.NODE, keyfiles.NODE_BEFORE, keyfiles.LOG, keyfiles.WITNESS, keyfiles.member_key_file("home")):
        (ready / name).unlink(missing_ok=True)


def files(browser: Client, number: int) -> dict[str, bytes]:
    packed = browser.get(reverse("leaf-files", args=[number])).content
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        return {Path(name).suffix: archive.read(name) for name in archive.namelist()}


def verified(browser: Client, **given: bytes) -> str:
    uploads = {name: SimpleUploadedFile(f"{name}.bin", raw) for name, raw in given.items()}
    return browser.post(reverse("proofs"), uploads).content.decode()


def test_no_page_of_keys_holds_a_secret_and_new_ones_come_after_a_second_word(
    signed_in: SignedIn, logged: Path
) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    text_of(browser, reverse("keys-of-node"))
    before = public_name(node_key())
    asked = browser.post(reverse("key-rotate"), {"what": "node", "reason": "yearly"}).content.decode()
    assert "Peers hear of the new key" in asked and public_name(node_key()) == before
    for what in ("node", "member", "log"):
        browser.post(reverse("key-rotate"), {"what": what, "reason": "yearly", "sure": "yes"})
    assert public_name(node_key()) != before
    page = text_of(browser, reverse("keys-of-node"))
    assert "yearly" in page and page.count('data-tone="warn"') >= 2, "old keys stay on it, as ended"
    for name in (keyfiles.NODE, keyfiles.NODE_BEFORE, keyfiles.LOG, keyfiles.WITNESS, keyfiles.member_key_file("home")):
        secret = keyfiles.private_key(name).private_bytes_raw()
        assert secret.hex() not in page.replace(" ", "") and "PRIVATE" not in page
    assert browser.post(reverse("key-rotate"), {"what": "root", "reason": "x", "sure": "yes"}).status_code == 404
    operator = signed_in(Role.OPERATOR)
    assert operator.post(reverse("key-rotate"), {"what": "node", "reason": "x"}).status_code == 403
    assert reverse("key-rotate") not in text_of(operator, reverse("keys-of-node"))


def test_a_proof_is_made_taken_away_and_verified_in_plain_words(signed_in: SignedIn, logged: Path) -> None:
    operator = signed_in(Role.OPERATOR)
    page = text_of(operator, reverse("leaf", args=[1]))
    assert "&lt;b&gt;eve" in page and "<b>eve" not in page and "The page for lawyers" in page
    made = files(operator, 1)
    assert set(made) == {".tlog-proof", ".leaf", ".html", ".sh"}
    reader = signed_in(Role.READER)
    good = verified(reader, proof=made[".tlog-proof"], leaf=made[".leaf"])
    assert "It is proven" in good and "What it does not prove" in good and "&lt;b&gt;eve" in good
    other = files(operator, 2)[".leaf"]
    assert "It is not proven" in verified(reader, proof=made[".tlog-proof"], leaf=other)
    assert "with the entry that it is about" in verified(reader, proof=made[".tlog-proof"])
    assert "It is no proof" in verified(reader, proof=b"nonsense", leaf=other)
    stranger = b"log other.example+d1b1a2b2+AQ== https://other.example\nquorum none\n"
    assert "It is proven" not in verified(reader, proof=made[".tlog-proof"], leaf=made[".leaf"], policy=stranger)
    for address in ("leaves", "proofs-audit", "witnesses", "keys-of-node"):
        assert reader.get(reverse(address)).status_code == 403
    assert reader.get(reverse("leaf-files", args=[1])).status_code == 403


def test_time_stamps_are_shown_and_judged_by_the_roots_that_are_given(
    signed_in: SignedIn, logged: Path, tmp_path: Path, settings: Any
) -> None:
    operator, reader = signed_in(Role.OPERATOR), signed_in(Role.READER)
    assert "No checkpoint was stamped" in text_of(operator, reverse("witnesses"))
    assert "nobody yet" in text_of(operator, reverse("leaf", args=[1]))
    with authority(tmp_path / "one", "one") as one, authority(tmp_path / "two", "two") as two:
        two.down = True
        named(settings, tmp_path / "roots.pem", one=one, two=two)
        stamping.ask_due(now_us())
        run_due(jobs.HANDLERS, now_us())
        page = text_of(operator, reverse("witnesses"))
        assert "two answered 503" in page and "Time stamps of the daily checkpoint" in page
        made = files(operator, 1)
        given = {"proof": made[".tlog-proof"], "leaf": made[".leaf"], "stamps": made[".stamps"]}
        assert "not judged: give its root" in verified(reader, **given)
        judged = verified(reader, **given, roots=one.root)
        assert "Existed by" in judged and "CN=one" in judged and "not judged: give its root" not in judged
        assert "It is not proven" in verified(reader, **given, roots=two.root)


def test_what_the_record_says_of_one_object_is_found_by_its_id(signed_in: SignedIn, logged: Path) -> None:
    one, other = indicator(1, "GREEN"), indicator(2, "GREEN")
    post([one, other])
    followers.advance(JournalRecord(), 1_000)
    browser = signed_in(Role.OPERATOR)
    rows = browser.get(reverse("leaves"), {"object": one["id"]}).context["leaves"].rows
    assert [row["kind"] for row in rows] == ["receipt"] and rows[0]["about"] == one["id"]
    assert len(browser.get(reverse("leaves")).context["leaves"].rows) >= 5
    assert not browser.get(reverse("leaves"), {"object": "nonsense"}).context["leaves"].rows


def test_evidence_is_loud_and_is_taken_away(signed_in: SignedIn, logged: Path) -> None:
    witnessing.watch(LOG_KEY.text, "test", now_us())
    forged = Log([b"forged", *(entry(number) for number in range(1, 5))])
    for old, shown in ((0, log(5)), (5, forged)):
        witnessing.add_checkpoint(encode_request(old, [], shown.note()), now_us())
    browser = signed_in(Role.OPERATOR)
    assert "contradicts itself" in text_of(browser, reverse("overview"))
    page = text_of(browser, reverse("witnesses"))
    assert 'role="alert"' in page and "two different records" in page
    (held,) = queries.evidence()
    raw = browser.get(reverse("log-evidence", args=[held.number])).content
    assert "this record contradicts itself" in verified(signed_in(Role.READER), proof=raw)
    assert browser.get(reverse("log-evidence", args=[9])).status_code == 404


def test_whose_word_counts_is_changed_after_it_was_said_whose(signed_in: SignedIn, logged: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    address, before = reverse("witness-policy"), trusting.policy_file()
    assert browser.post(address, {"policy": "nonsense"}).status_code == 422
    given = f"{before.decode()}log {LOG_KEY.text}\n".replace("quorum none\n", "") + "quorum none\n"
    assert ORIGIN in browser.post(address, {"policy": given}).content.decode()
    assert trusting.policy_file() == before
    browser.post(address, {"policy": given, "sure": "yes"})
    assert trusting.policy_file().decode() == given
    browser.post(reverse("witness-watch"), {"vkey": LOG_KEY.text})
    assert ORIGIN in text_of(browser, reverse("witnesses"))
    browser.post(reverse("witness-unwatch"), {"origin": ORIGIN})
    assert queries.log_states()
    browser.post(reverse("witness-unwatch"), {"origin": ORIGIN, "sure": "yes"})
    assert not queries.log_states()
    assert browser.post(reverse("witness-watch"), {"vkey": "nonsense"}).status_code == 422
    assert signed_in(Role.OPERATOR).get(address).status_code == 403


def test_two_records_are_compared_and_what_one_side_lacks_is_named(signed_in: SignedIn, logged: Path) -> None:
    partner, home = member("cert-no", "NO"), Member.objects.get(name="home")
    sent: Body = {
        "from": home.identity,
        "to": partner.identity,
        "slot": 1,
        "after": 0,
        "pos": 5,
        "root": "r",
        "count": 2,
    }
    old = now_us() - 3_600_000_000
    record.append([Statement("sent", "test", 90, old, sent)], "")
    browser = signed_in(Role.OPERATOR)
    ours = browser.get(reverse("proofs-extract"), {"partner": "cert-no"})
    made = parse_extract(ours.content)
    assert [one.opening.body["to"] for one in made.leaves] == [partner.identity]
    theirs = empty_extract(partner.identity, home.identity)
    policy = f"log {LOG_KEY.text}\n".encode() + trusting.own_policy()
    uploads = {
        "theirs": SimpleUploadedFile("theirs", theirs),
        "policy": SimpleUploadedFile("policy", policy),
    }
    page = browser.post(reverse("proofs-audit"), uploads).content.decode()
    assert "1 entry is missing on one side" in page and ORIGIN in page
    same = {"theirs": SimpleUploadedFile("theirs", ours.content), "ours": SimpleUploadedFile("ours", ours.content)}
    assert "not those of one pair" in browser.post(reverse("proofs-audit"), same).content.decode()
    assert browser.post(reverse("proofs-audit"), {"theirs": SimpleUploadedFile("x", b"{}")}).status_code == 422


def empty_extract(whose: str, about: str) -> bytes:
    """The extract of a partner that has written down nothing of it."""
    return Extract(ORIGIN, whose, about, now_us() // 1_000_000, log(5).note(), ()).encode()
