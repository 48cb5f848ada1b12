"""Who reads, reads for something: what a token's purpose opens and shuts, from its making on."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.base.accounts.actions import create_token, ensure_account
from commonwatch.base.accounts.identify import identify
from commonwatch.base.accounts.models import Role
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.clock import now_us
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.release.access import access_of
from commonwatch.base.release.epochs import begin_purpose, refresh
from commonwatch.base.release.models import Epoch, Recall, Recipient
from commonwatch.base.release.pages import objects_page
from commonwatch.base.release.reader import for_member, reader_of
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import PURPOSES
from commonwatch.core.stix.extensions import HandlingExtension, handling_marking
from commonwatch.core.stix.markings import TLP2
from commonwatch.core.taxii.filters import ObjectFilter
from tests.base.release.nodes import by, carried, ids, indicator, member, post, slot


def secret(name: str, purpose: str) -> str:
    account = ensure_account(f"{name}-{purpose}", Role.READER, name, actor="test", now_us=now_us())
    made = create_token(
        account, "t", Role.READER, expires_us=None, networks=[], actor="test", now_us=now_us(), purpose=purpose
    )
    return made.secret


def read(token: str) -> int:
    """How many indicators a token gets."""
    reader = reader_of(identify(f"Bearer {token}", "127.0.0.1", None, now_us()))
    return objects_page(access_of(reader), slot(), ObjectFilter(types=("indicator",)), 100, None).count


def limited(number: int, *purposes: str) -> list[dict[str, object]]:
    """An indicator for these purposes only, with its marking."""
    marking = handling_marking(HandlingExtension(purposes=purposes))
    return [marking, indicator(number, "GREEN", object_marking_refs=sorted([TLP2["TLP:GREEN"], marking["id"]]))]


def test_each_purpose_gets_what_is_for_it(ready: Path) -> None:
    member("lab")
    post([*limited(1, "research"), *limited(2, "network-defence"), indicator(3, "GREEN")])
    defence, research, training = (secret("lab", purpose) for purpose in ("network-defence", "research", "training"))
    assert (read(defence), read(research), read(training)) == (2, 2, 1)
    post([*limited(4, "research", "training")])
    assert (read(defence), read(research), read(training)) == (2, 3, 2)


def test_only_pairs_that_somebody_reads_for_are_decided(ready: Path) -> None:
    member("lab"), member("other")
    secret("lab", "research")
    begin_purpose(Member.objects.get(name="lab"), "research", "test", now_us())
    assert sorted(Recipient.objects.exclude(purpose=PURPOSES[0]).values_list("member__name", "purpose")) == [
        ("lab", "research")
    ]
    assert Epoch.objects.filter(what="lab reads for research").count() == 1
    member("third")
    assert not Recipient.objects.filter(member__name="third", purpose="research").exists()
    assert refresh(by()) is None
    entry = AuditEntry.objects.filter(action="token.create").order_by("-pk")[0]
    assert entry.detail["purpose"] == "research"


def test_an_unknown_purpose_is_refused_and_leaves_nothing(ready: Path) -> None:
    member("lab")
    for act in (lambda: secret("lab", "fun"), lambda: begin_purpose(Member.objects.get(name="lab"), "fun", "t", 1)):
        with pytest.raises(InvalidInput, match="no purpose fun"):
            act()
    assert not Recipient.objects.filter(purpose="fun").exists()


def test_a_purpose_that_nobody_began_gives_nothing(ready: Path) -> None:
    member("lab", "AT")
    post([indicator(1, "GREEN")])
    access = access_of(for_member("lab", "training", "test"))
    assert objects_page(access, slot(), ObjectFilter(), 10, None).count == 0


def test_all_purposes_at_once_fit_on_record(ready: Path) -> None:
    member("lab")
    for purpose in PURPOSES:
        secret("lab", purpose)
    assert Recipient.objects.filter(member__name="lab").count() == len(PURPOSES)
    assert len(Epoch.objects.order_by("-pk")[0].digest) == 16


def test_what_is_lost_for_a_purpose_is_recalled_for_it(ready: Path) -> None:
    member("lab", "AT", MemberKind.STATE_BODY, "home")
    post([indicator(1, "AMBER")])
    assert read(secret("lab", "training")) == 1 and len(ids("lab")) == 1
    carried(lambda now: parties.leave_community("home", "lab", reason="left", by=now))
    reasons = set(Recall.objects.filter(member__name="lab").values_list("reason", flat=True))
    assert reasons == {"test", "test (for training)"}
