"""A partnership of one: what is stored, what follows, on both databases. Several nodes: tests/federation."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import MemberKind
from commonwatch.capabilities.federation.membership import partnership
from commonwatch.capabilities.federation.membership.approving import approve, expel
from commonwatch.capabilities.federation.membership.cards import own_card, own_nodes
from commonwatch.capabilities.federation.membership.metadata import TIMESTAMP_DAYS, version_of
from commonwatch.capabilities.federation.membership.register import Entry, read_register
from commonwatch.capabilities.federation.membership.rotation import rotate_member, rotate_node
from commonwatch.capabilities.federation.membership.standing import standing
from commonwatch.capabilities.federation.models import MembershipFile
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.signing.keys import SigningKey
from tests.base.release.nodes import by, carried, member
from tests.core.signing.people import ALICE

ROOT = SigningKey(bytes([7]) * 32)
DAY_US = 86_400_000_000


@pytest.fixture
def begun(ready: Path) -> Path:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    partnership.create("north-south", [ROOT], 1, by())
    return ready


def test_what_is_begun_is_verified_stored_and_shown(begun: Path) -> None:
    found = standing(now_us())
    assert found is not None and found.own
    assert (found.name, [one.title for one in found.members], found.renew) == ("north-south", ["CERT.at"], ())
    assert set(MembershipFile.objects.values_list("name", flat=True)) >= {"root/1", "timestamp", "snapshot", "register"}
    with pytest.raises(Conflict):
        partnership.create("other", [ROOT], 1, by())


def test_without_a_partnership_there_is_nothing_to_decide(ready: Path) -> None:
    assert standing(now_us()) is None and partnership.files() == {} and not partnership.renew(by())
    with pytest.raises(NotFound):
        partnership.rotate_root([ROOT], [], [], None, by())
    with pytest.raises(InvalidInput):
        partnership.create("x", [ROOT], 2, by())


def test_a_new_member_and_its_leaving_are_versions_of_the_register(begun: Path) -> None:
    member("partner")
    entry = Entry(ALICE, "partner", "Partner", MemberKind.STATE_BODY, "NO")
    assert partnership.propose(partnership.register().with_member(entry), by())
    assert [one.name for one in partnership.register().members] == ["CERT.at", "partner"]
    assert expel("partner", "It closed", by())
    assert [one.name for one in partnership.register().members] == ["CERT.at"]
    assert version_of(partnership.files(), "targets") == 3
    with pytest.raises(Conflict):
        expel("CERT.at", "ourselves", by())
    with pytest.raises(NotFound):
        approve("nobody", by())


def test_what_runs_out_is_renewed_by_the_approvers_node(begun: Path) -> None:
    before = partnership.files()
    assert not partnership.renew(by())
    later = By("test", now_us() + (TIMESTAMP_DAYS - 2) * DAY_US)
    assert partnership.renew(later)
    assert version_of(partnership.files(), "timestamp") == version_of(before, "timestamp") + 1


def test_the_card_changes_with_what_it_says_and_goes_into_the_snapshot(begun: Path) -> None:
    first = own_card(now_us())
    assert own_card(now_us()).version == first.version
    rotate_node("yearly", by())
    second = own_card(now_us())
    assert second.version == first.version + 1 and len(own_nodes(now_us())) == 2
    assert partnership.renew(by())
    rotate_member(None, "", by())
    found = standing(now_us())
    assert found is not None and "signs with new keys" in found.renew[0]
    assert approve("CERT.at", by())
    found = standing(now_us())
    assert found is not None and not found.renew


def test_a_register_that_cannot_be_read_is_refused(begun: Path) -> None:
    text = partnership.files()["register"]
    for broken in ("{}", text.replace("commonwatch-register/1", "commonwatch-register/9")):
        with pytest.raises(InvalidInput):
            read_register(broken)
    assert msgspec.to_builtins(read_register(text))["name"] == "north-south"
