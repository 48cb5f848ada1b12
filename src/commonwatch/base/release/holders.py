"""Who still holds what was taken back, who has not answered since when, and of whom no answer can be expected.

A receipt is a claim of its member, so "dropped" means that it says so. A relay's receipt is for what it holds itself: it recalls
from whoever had it there, and keeps its own report of them.
"""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import Any

import msgspec
from django.db.models import Case, Count, Max, Min, QuerySet, Sum, Value, When

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.journal.examine import Examined
from commonwatch.base.release.models import Recall, Recalled
from commonwatch.base.release.reminding import answering_members
from commonwatch.core.stix.times import format_time


class Holding(StrEnum):
    """What is known of a member that was told to drop something."""

    HOLDS = "holds"  # it answered that it keeps some or all
    UNANSWERED = "unanswered"
    BEST_EFFORT = "best-effort"  # its node does not answer recalls: a plain TAXII client, for example
    DROPPED = "dropped"


class Holder(msgspec.Struct, frozen=True):
    """One member in one holding: of how many recalls and objects, since when, how often it was reminded."""

    member: str
    holding: Holding
    recalls: int
    objects: int
    since_us: int  # of an answer: when it came; else: when the first that has none was sent
    reminders: int
    next_reminder_us: int | None


_ORDER = list(Holding)
LATE_US = 24 * 3_600 * MICROSECONDS  # a peer that is there answers within seconds, and was reminded four times by then


def holders(recalls: QuerySet[Recall]) -> list[Holder]:
    """Each member in each of its holdings, those first that hold something. Lifted recalls count for nothing."""
    groups = (
        recalls.filter(lifted_us=None)
        .annotate(holding=_holding_of(answering_members()))
        .values("member__name", "holding")
        .annotate(
            many=Count("pk"),
            named_in_all=Sum("count"),
            made=Min("made_us"),
            answered=Max("answered_us"),
            reminded=Max("reminders"),
            following=Min("remind_us"),
        )
    )
    kept = _kept(recalls)
    return _sorted([_holder(dict(one), kept) for one in groups.order_by()])


def holders_of(recalls: QuerySet[Recall], identity: str) -> list[Holder]:
    """The same for one object: each member by the last recall that named it."""
    answering = answering_members()
    named = Recalled.objects.filter(object=identity, recall__in=recalls.filter(lifted_us=None))
    last = {one.recall.member_id: one for one in named.select_related("recall__member").order_by("recall_id")}
    return _sorted([_of_one(one, answering) for one in last.values()])


def examined(now_us: int) -> list[Examined]:
    """For `doctor`: members that have not answered for long."""
    found = holders(Recall.objects.filter(made_us__lt=now_us - LATE_US))
    return [
        Examined(
            "recalls",
            False,
            f"{one.member} has not answered since {format_time(one.since_us, 0)}: {one.recalls:,} recalls, {one.objects:,} objects.",
            "Ask its people whether they dropped it; see `commonwatch recall report`.",
        )
        for one in found
        if one.holding is Holding.UNANSWERED
    ]


def shown_holder(one: Holder) -> dict[str, Any]:
    """The same for machines."""
    following = None if one.next_reminder_us is None else format_time(one.next_reminder_us, 0)
    return {
        "member": one.member,
        "holding": one.holding.value,
        "recalls": one.recalls,
        "objects": one.objects,
        "since": format_time(one.since_us, 0),
        "reminders": one.reminders,
        "next_reminder": following,
    }


def _holding_of(answering: Collection[int]) -> Case:
    return Case(
        When(answer="complied", then=Value(Holding.DROPPED.value)),
        When(answer__in=["partly", "refused"], then=Value(Holding.HOLDS.value)),
        When(member__in=answering, then=Value(Holding.UNANSWERED.value)),
        default=Value(Holding.BEST_EFFORT.value),
    )


def _kept(recalls: QuerySet[Recall]) -> dict[str, int]:
    """How many objects each member said it keeps."""
    rows = Recalled.objects.filter(kept=True, recall__in=recalls.filter(lifted_us=None)).values("recall__member__name")
    return {row["recall__member__name"]: row["many"] for row in rows.annotate(many=Count("pk")).order_by()}


def _holder(group: dict[str, Any], kept: dict[str, int]) -> Holder:
    name, holding = group["member__name"], Holding(group["holding"])
    objects = kept.get(name, group["named_in_all"]) if holding is Holding.HOLDS else group["named_in_all"]
    waits = holding is Holding.UNANSWERED
    since = group["answered"] or group["made"]
    reminded, following = (group["reminded"], group["following"]) if waits else (0, None)
    return Holder(name, holding, group["many"], objects, since, reminded, following)


def _of_one(named: Recalled, answering: Collection[int]) -> Holder:
    recall = named.recall
    if recall.answer:
        holding = Holding.HOLDS if named.kept or _is_unsaid(recall) else Holding.DROPPED
        return Holder(recall.member.name, holding, 1, 1, recall.answered_us or 0, 0, None)
    if recall.member_id in answering:
        return Holder(recall.member.name, Holding.UNANSWERED, 1, 1, recall.made_us, recall.reminders, recall.remind_us)
    return Holder(recall.member.name, Holding.BEST_EFFORT, 1, 1, recall.made_us, 0, None)


def _is_unsaid(recall: Recall) -> bool:
    """Whether its receipt says that something is kept, and not what."""
    return recall.answer == "partly" and not recall.named.filter(kept=True).exists()


def _sorted(found: list[Holder]) -> list[Holder]:
    return sorted(found, key=lambda one: (_ORDER.index(one.holding), one.member))
