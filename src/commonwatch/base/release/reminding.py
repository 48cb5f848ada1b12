"""Reminding members of recalls that they have not answered, and letting go of recalls that are no longer meant.

1. A reminder is a later version of the recall: it goes the way the recall went, and is carried out and answered like it.
2. It names only what the member may not have now: what it was given again meanwhile is not asked back. Where nothing of a recall
is left, the recall is lifted. 3. Only members whose node answers recalls are reminded. Of others, such as plain TAXII clients,
nobody expects a receipt: what they hold is best effort.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db.models import F, Q

from commonwatch.base.audit.record import record
from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.journal import rows
from commonwatch.base.journal import schema as journal
from commonwatch.base.journal.driver import fetch
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.base.parties.authoring import own_author
from commonwatch.base.parties.models import MemberFact
from commonwatch.base.release.models import Recall
from commonwatch.base.release.recalls import Worded, write
from commonwatch.base.release.types import type_name
from commonwatch.core.stix.ids import format_id, parse_id

ACTOR = "worker"
CAPABILITY, HONOURS = "capability", "recall"  # a member's fact: its node carries recalls out and answers them
FIRST_US = 3_600 * MICROSECONDS  # a peer that is there answers within seconds
LONGEST_US = 7 * 24 * 3_600 * MICROSECONDS
AT_ONCE = 20  # each names up to a thousand objects


def answering_members() -> frozenset[int]:
    """The members whose nodes are on record as carrying recalls out and answering them."""
    known = MemberFact.objects.filter(kind=CAPABILITY, value=HONOURS, until=None)
    return frozenset(known.values_list("member", flat=True))


def remind_due(now_us: int) -> int:
    """Remind of the next recalls that are due; how many were sent anew or lifted."""
    open_ones = Recall.objects.filter(answered_us=None, lifted_us=None, recipient__isnull=False)
    due = open_ones.filter(Q(remind_us=None, made_us__lte=now_us - FIRST_US) | Q(remind_us__lte=now_us))
    due, answering = (
        due.select_related("member").order_by(F("remind_us").asc(nulls_first=True), "pk"),
        answering_members(),
    )
    return sum(_remind(one, one.member_id in answering, now_us) for one in due[:AT_ONCE])


def _remind(recall: Recall, answers: bool, now_us: int) -> bool:
    """Send it anew where its member answers; of others it is only looked at, now and then, whether it is lifted."""
    named = list(recall.named.values_list("object", flat=True))
    left = _not_given_again(recall, named)
    if not left:
        Recall.objects.filter(pk=recall.pk).update(lifted_us=now_us)
        return True
    further = min(FIRST_US << min(recall.reminders + 1, 20), LONGEST_US) if answers else LONGEST_US
    changes = {"remind_us": now_us + further}
    if answers:
        changes["reminders"] = recall.reminders + 1
        author = own_author(now_us)
        again = Worded(recall.recall, recall.member.identity, left, recall.reason, recall.made_us)
        sequencer().act(lambda appending: write(appending, author, again, now_us))
        said = {"recall": recall.recall, "objects": len(left), "reminders": changes["reminders"]}
        record(ACTOR, "recall.remind", recall.member.name, "done", said, now_us=now_us)
    Recall.objects.filter(pk=recall.pk).update(**changes)
    return answers


def _not_given_again(recall: Recall, named: Sequence[str]) -> list[str]:
    """Those of these objects that the member may not have now."""
    grants = fetch("SELECT class FROM release_grant WHERE recipient = %s", [recall.recipient_id])
    granted = {klass for (klass,) in grants}
    uids = [parsed[1] for one in named if (parsed := parse_id(one)) is not None]
    may_have = {
        format_id(type_name(copy.type), copy.uid)
        for copy in rows.copies_of(uids)
        if copy.release_class in granted and not copy.marks & (journal.REVOKED | journal.ERASED)
    }
    return [one for one in named if one not in may_have]
