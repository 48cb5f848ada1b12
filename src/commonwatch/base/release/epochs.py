"""Changes of the world: previewed, reported, activated as one recorded act; and classes decided as they arrive.

A change is first made, looked at and taken back, while the node goes on; then it is made for good together with the grants
that follow from it, in the sequencer's order, so that no reader ever meets one without the other.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from django.db import transaction

from commonwatch.base.audit.record import record
from commonwatch.base.journal.appending import Appending
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.observers import Added
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import Member
from commonwatch.base.release import grants, late, recalls
from commonwatch.base.release.deciding import (
    Worlds,
    current_worlds,
    grants_of,
    keep_ready,
    recipient_numbers,
    worlds_on,
)
from commonwatch.base.release.models import Epoch, PolicySet, Recipient
from commonwatch.base.release.policies import policy_files
from commonwatch.base.release.report import ChangeReport
from commonwatch.base.release.worlds import day_of
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.book import PolicyBook
from commonwatch.core.policy.classes import ClassAttributes, decode_class
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, PURPOSES
from commonwatch.core.stix.ids import format_id

log = logging.getLogger(__name__)

T = TypeVar("T")


def carry_out(what: str, act: Callable[[], T], by: By, *, preview: bool) -> tuple[T | None, ChangeReport]:
    """Make a change of members, communities, agreements or facts, unless it is only a preview; and report what follows."""
    worlds = _looked_at(act, by)
    if preview:
        return None, _preview(what, worlds)

    def work(appending: Appending) -> tuple[T, Worlds, ChangeReport]:
        result = act()
        serving = _same_or_made(
            worlds, by
        )  # what is random in an act, such as a new identity, differs from the preview
        return result, serving, _activate(appending, what, serving, by)

    result, serving, report = sequencer().act(work)
    keep_ready(_latest(), serving)
    recalls.send_few()
    return result, report


def refresh(by: By, what: str = "The day, or something on record, changed") -> ChangeReport | None:
    """Bring grants up to the day and to what is on record, if anything in the world has changed; else None."""
    worlds = worlds_on(day_of(by.now_us), _purposes())
    serving = current_worlds()
    if serving is not None and serving.digest == worlds.digest and not (_undecided() and _differs(worlds)):
        return None

    def work(appending: Appending) -> tuple[Worlds, ChangeReport]:
        made = _same_or_made(worlds, by)
        return made, _activate(appending, what, made, by)

    made, report = sequencer().act(work)
    keep_ready(_latest(), made)
    recalls.send_few()
    return report


def begin_purpose(member: Member, purpose: str, actor: str, now_us: int) -> None:
    """Decide what a member may have for a purpose for which it did not read before; a recorded act like every other."""
    if purpose not in PURPOSES:
        raise InvalidInput("purpose-unknown", f"There is no purpose {purpose}.", f"Use one of {', '.join(PURPOSES)}.")
    if Recipient.objects.filter(member=member, purpose=purpose).exists():
        return
    carry_out(
        f"{member.name} reads for {purpose}",
        lambda: Recipient.objects.get_or_create(member=member, purpose=purpose),
        By(actor, now_us),
        preview=False,
    )


def activate_policies(files: Mapping[str, str], reason: str, by: By, *, preview: bool) -> ChangeReport:
    """Put the node's own policy files in force in place of those before; raises InvalidInput where one is wrong."""

    def act() -> None:
        PolicySet.objects.create(files=dict(files), activated_us=by.now_us, actor=by.actor, reason=reason)
        record(by.actor, "policy.activate", reason, "done", {"files": sorted(files)}, now_us=by.now_us)

    worlds = worlds_on(day_of(by.now_us), [DEFAULT_PURPOSE], policy_files(files))  # says first what is wrong
    _check_layers(files, worlds.worlds[DEFAULT_PURPOSE].book)
    return carry_out(f"Policies: {reason}", act, by, preview=preview)[1]


def _check_layers(files: Mapping[str, str], book: PolicyBook) -> None:
    """The node's own files hold members' policies only: the partnership's rules and the law are not theirs to write."""
    for policy in book.policies.values():
        if policy.file in files and not policy.id.startswith("member/"):
            raise InvalidInput(
                "policy-layer",
                f"{policy.file} holds {policy.id}, which is not a member's to write.",
                "Name it member/<name>/...; rules of the partnership come with the program.",
            )


def on_added(appending: Appending, added: Added) -> None:
    """Decide new classes before anybody can ask; decide again what a marking-definition that came late makes clear.

    Whatever fails here leaves classes undecided: nobody gets them until `refresh` has decided them.
    """
    try:
        with transaction.atomic():
            _decide_added(appending, added)
    except Exception:  # the engine's boundary: no failure of a decision may keep intelligence from being stored
        log.exception("Classes could not be decided: nobody gets them until the next refresh")


def _decide_added(appending: Appending, added: Added) -> None:
    worlds = current_worlds()
    if worlds is None:
        return
    numbers = recipient_numbers()
    classes = {number: decode_class(one.attributes) for number, one in added.classes.items()}
    again = with_definitions(added.definitions, classes)
    wanted = grants_of(worlds, {**classes, **again}, numbers)
    found = grants.difference(wanted, [*classes, *again])
    since = late.since(appending, found, [number for number in found.gained if _had(found.gained[number], again)])
    grants.write(found, since)
    late.place(appending, since)
    recalls.note_classes(found.lost, upto=appending.start, reason="Its marking became clear")
    recalls.note_objects(
        added, reason_narrowed="Its author narrowed who may have it", reason_revoked="Its author revoked it"
    )


def _had(classes: Iterable[int], again: Mapping[int, ClassAttributes]) -> bool:
    """Whether any of these classes existed before."""
    return any(klass in again for klass in classes)


def with_definitions(definitions: Iterable[bytes], fresh: Mapping[int, ClassAttributes]) -> dict[int, ClassAttributes]:
    """Classes of before that depend on marking-definitions which came now."""
    found: dict[int, ClassAttributes] = {}
    for uid in definitions:
        named = f"%{format_id('marking-definition', uid)}%"
        for number, text in fetch("SELECT id, attributes FROM journal_class WHERE attributes LIKE %s", [named]):
            if number not in fresh:
                found[number] = decode_class(text)
    return found


def _looked_at(act: Callable[[], object], by: By) -> Worlds:
    """The worlds that an act would lead to; the act is taken back."""
    with transaction.atomic():
        act()
        worlds = worlds_on(day_of(by.now_us), _purposes())
        transaction.set_rollback(True)
    return worlds


def _preview(what: str, worlds: Worlds) -> ChangeReport:
    numbers = recipient_numbers()
    for recipient in worlds.worlds[DEFAULT_PURPOSE].recipients:
        numbers.setdefault((recipient.name, DEFAULT_PURPOSE), -len(numbers) - 1)
    found = grants.difference(grants.decide_all(worlds, numbers))
    names = {number: name for name, number in numbers.items()}
    return grants.report_of(what, _digest(), worlds, found, names)


def _same_or_made(worlds: Worlds, by: By) -> Worlds:
    """The worlds prepared, if they are still what is on record; else made anew."""
    now = worlds_on(day_of(by.now_us), _purposes())
    return worlds if now.digest == worlds.digest else now


def _activate(appending: Appending, what: str, worlds: Worlds, by: By) -> ChangeReport:
    """Swap the grants and record the epoch, in the sequencer's transaction."""
    appending.flush()
    numbers = grants.ensure_recipients()
    found = grants.difference(grants.decide_all(worlds, numbers))
    names = {number: name for name, number in numbers.items()}
    report = grants.report_of(what, _digest(), worlds, found, names)
    since = late.since(appending, found, found.gained)
    recalls.note_classes(found.lost, upto=appending.start, reason=what)
    grants.write(found, since)
    late.place(appending, since)
    grants.count_visible()
    Epoch.objects.create(
        digest=worlds.digest, on=worlds.on, made_us=by.now_us, actor=by.actor, what=what, report=report.data()
    )
    record(
        by.actor,
        "release.epoch",
        what,
        "done",
        {"gained": report.gained, "lost": report.lost, "world": worlds.digest},
        now_us=by.now_us,
    )
    return report


def _undecided() -> bool:
    """Whether classes came since whose decision failed: they have no grant, not even to their own owner."""
    query = (
        "SELECT 1 FROM journal_class c WHERE NOT EXISTS (SELECT 1 FROM release_grant g WHERE g.class = c.id) LIMIT 1"
    )
    return bool(fetch(query, []))


def _differs(worlds: Worlds) -> bool:
    """Whether deciding again would change any grant: a class that nobody may have stays without one."""
    return bool(grants.difference(grants.decide_all(worlds, recipient_numbers())))


def _purposes() -> list[str]:
    return [*Recipient.objects.values_list("purpose", flat=True).distinct(), DEFAULT_PURPOSE]


def _digest() -> str:
    latest = Epoch.objects.order_by("-pk").first()
    return latest.digest if latest is not None else ""


def _latest() -> int:
    return Epoch.objects.order_by("-pk").values_list("pk", flat=True)[0]
