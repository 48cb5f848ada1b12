"""The partnership over the API: the root is signed where its keys are, nothing is in force with too few signatures, and a look
at a change changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from commonwatch.base import terminal
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.parties.models import Member
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.federation import membership_commands
from commonwatch.capabilities.federation.models import Invitation, Peer
from tests.api.conftest import Partner
from tests.base.release.nodes import member

KNOWN = {"name": "cert-no", "kind": "state-body", "country": "NO", "url": "https://cti.example.at"}


@pytest.fixture
def admin(keyed: Path, partner: Callable[..., Partner]) -> Partner:
    return partner("administrator")


class Holder:
    """Somebody with a root key on a stick, at a machine of their own."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self._stick, self._words, self._capsys = folder / "root.pem", folder / "words", capsys
        self._words.write_text("correct horse battery\n")
        self.key = self._said(lambda: membership_commands.root_key(self._stick, self._words))["key"]

    def sign(self, draft: str) -> str:
        """What the draft is once it bears the signature."""
        file = self._stick.with_name("draft.json")
        file.write_text(draft)
        self._said(lambda: membership_commands.sign_root(file, [self._stick], self._words))
        return file.read_text()

    def _said(self, command: Callable[[], None]) -> dict[str, str]:
        before = terminal.current()
        use(Terminal(json=True))
        self._capsys.readouterr()
        command()
        use(before)
        said: dict[str, str] = json.loads(self._capsys.readouterr().out)
        return said


@pytest.fixture
def holders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> list[Holder]:
    made = []
    for number in range(2):
        (tmp_path / str(number)).mkdir()
        made.append(Holder(tmp_path / str(number), capsys))
    return made


def test_a_partnership_begins_once_its_root_is_signed_where_the_keys_are(admin: Partner, holders: list[Holder]) -> None:
    one, other = holders
    asked = {"what": "create", "keys": [one.key, other.key], "threshold": 2}
    draft = admin("POST", "/federation/root/drafts", asked)[1]
    half = one.sign(draft["root"])
    assert admin("POST", "/federation/root", {"root": half, "name": "north-south"})[0] >= 400
    assert admin("GET", "/federation")[1] == {"partnership": None}
    whole = other.sign(half)
    assert admin("POST", "/federation/root", {"root": whole})[1]["code"] == "name-needed"
    assert admin("POST", "/federation/root", {"root": whole, "name": "north-south"})[1]["in_force"]
    found = admin("GET", "/federation")[1]["partnership"]
    assert (found["name"], found["root_version"]) == ("north-south", 1)
    assert admin("POST", "/federation/root/drafts", asked)[1]["code"] == "partnership-taken"

    chosen = {"what": "approvers", "approvers": [found["members"][0]["name"]]}
    draft = admin("POST", "/federation/root/drafts", chosen)[1]
    assert admin("POST", "/federation/root", {"root": one.sign(draft["root"])})[1]["code"] == "membership-refused"
    draft = admin("POST", "/federation/root/drafts", {"what": "root", "threshold": 1})[1]
    assert admin("POST", "/federation/root", {"root": one.sign(draft["root"])})[0] >= 400
    assert admin("GET", "/federation")[1]["partnership"]["root_version"] == 1
    assert admin("POST", "/federation/root", {"root": other.sign(one.sign(draft["root"]))})[1]["in_force"]
    assert admin("GET", "/federation")[1]["partnership"]["root_version"] == 2


def test_a_root_that_another_drafted_begins_nothing(admin: Partner, holders: list[Holder]) -> None:
    draft = admin("POST", "/federation/root/drafts", {"what": "create", "keys": [holders[0].key]})[1]["root"]
    altered = json.loads(draft)
    altered["signed"]["roles"]["targets"]["keyids"] = altered["signed"]["roles"]["root"]["keyids"]
    refused = admin("POST", "/federation/root", {"root": holders[0].sign(json.dumps(altered)), "name": "x"})
    assert refused[1]["code"] == "root-not-ours"
    assert admin("POST", "/federation/root", {"root": "{}", "name": "x"})[1]["code"] == "metadata-unreadable"


def test_looking_at_an_invitation_or_at_joining_keeps_nothing(admin: Partner) -> None:
    looked = admin("POST", "/invitations", KNOWN, preview="true")[1]
    assert looked["preview"] and looked["result"] is None and not Invitation.objects.exists()
    code = admin("POST", "/invitations", KNOWN)[1]["result"]["code"]
    assert code.startswith("cwi1.") and code not in json.dumps(admin("GET", "/invitations")[1])
    joining = {**KNOWN, "name": "cert-ke", "code": code}
    assert admin("POST", "/peers", joining, preview="true")[1]["result"] is None
    assert admin("POST", "/peers", joining)[1]["code"] == "code-own"
    assert admin("POST", "/peers", {**joining, "code": "nothing"}, preview="true")[1]["code"] == "code-unreadable"
    assert not Peer.objects.exists() and not Member.objects.filter(name="cert-ke").exists()


def test_exactly_one_thing_is_approved_at_a_time(admin: Partner) -> None:
    for given in ({}, {"name": "a", "renew": True}):
        assert admin("POST", "/federation/approvals", given)[1]["code"] == "approval-one"
    assert admin("POST", "/federation/approvals", {"name": "a"})[1]["code"] == "no-partnership"
    assert admin("POST", "/federation/approvals", {"recovery": "x"})[1]["code"] == "recovery-unreadable"
    assert admin("POST", "/federation/expulsions", {"name": "a", "reason": "x"})[1]["code"] == "no-partnership"


def test_an_expelled_member_is_taken_back(admin: Partner) -> None:
    member("cert-no", "NO")
    assert admin("PUT", "/members/cert-no/expulsion", {"reason": "Decision 14"}, preview="true")[1]["result"] is None
    assert admin("PUT", "/members/cert-no/expulsion", {"reason": "Decision 14"})[1]["result"]["name"] == "cert-no"
    assert admin("DELETE", "/members/cert-no/expulsion")[1]["result"]
    acts = AuditEntry.objects.filter(subject="cert-no", actor="home-administrator").values_list("action", flat=True)
    assert {"member.expel", "member.readmit"} <= set(acts)
