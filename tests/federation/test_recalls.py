"""A recall from its first word to the last receipt: over relays, with reminders, and with a report of who still holds it."""

from __future__ import annotations

from uuid import uuid4

from django.db.models import F

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.journal.sequencer import sequencer
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.authoring import own_author
from commonwatch.base.parties.models import Member
from commonwatch.base.release import reminding
from commonwatch.base.release.holders import Holding, examined, holders, holders_of
from commonwatch.base.release.models import Recall, Recalled
from commonwatch.base.release.recalls import Worded, write
from tests.base.release.nodes import carried, ids, indicator, member, post
from tests.federation.nodes import Node, World, at

HOUR_US = 3_600_000_000
ONE = str(indicator(1)["id"])


def standing(node: Node, identity: str = "") -> dict[str, tuple[Holding, int]]:
    """Of each member, what is known and how often it was reminded."""
    with at(node):
        every = Recall.objects.all()
        found = holders_of(every, identity) if identity else holders(every)
        return {one.member: (one.holding, one.reminders) for one in found}


def remind(node: Node, hours: int) -> int:
    """What is sent anew after so many further hours."""
    with at(node):
        Recall.objects.update(made_us=F("made_us") - hours * HOUR_US, remind_us=F("remind_us") - hours * HOUR_US)
        return reminding.remind_due(node.now())


def test_relays_pass_a_recall_on_and_each_reports_whom_it_had_given_it(world: World) -> None:
    vienna, relay, field = world.node("vienna"), world.node("relay", "DE"), world.node("field", "KE")
    world.join(vienna, relay)
    world.join(relay, field)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    assert list(field.ids()) == [ONE]
    world.apart.add(frozenset(("relay", "field")))
    vienna.post(indicator(1, "RED", version=2))
    world.settle()
    assert standing(vienna, ONE) == {"relay": (Holding.DROPPED, 0)}
    assert standing(relay, ONE) == {"field": (Holding.UNANSWERED, 0)}
    world.apart.clear()
    world.settle()
    assert standing(relay, ONE) == {"field": (Holding.DROPPED, 0)} and field.ids() == {}


def test_recalls_that_wait_are_carried_out_together_and_passed_on_as_one(world: World) -> None:
    vienna, bern, relay, field = (world.node(name) for name in ("vienna", "bern", "relay", "field"))
    for author in (vienna, bern):
        world.join(author, relay)
    world.join(relay, field)
    vienna.post(indicator(1, "GREEN"), indicator(2, "GREEN"))
    bern.post(indicator(3, "GREEN"))
    world.settle()
    assert len(field.ids()) == 3
    for author, number in ((vienna, 1), (vienna, 2), (bern, 3)):
        author.post(indicator(number, "RED", version=2))
        author.work()
    with at(relay):
        before = set(Recall.objects.values_list("pk", flat=True))
    world.settle()
    with at(relay):
        passed_on = Recall.objects.exclude(pk__in=before)
        said = sorted(passed_on.values_list("member__name", "count", "answer"))
        assert said == [("bern", 2, "complied"), ("field", 3, "complied"), ("vienna", 1, "complied")]
    assert relay.ids() == {} and field.ids() == {}
    with at(vienna):
        assert list(Recall.objects.values_list("answer", flat=True)) == ["complied", "complied"]


def test_where_all_know_all_nobody_keeps_what_was_recalled_or_says_so(world: World) -> None:
    nodes = [world.node(name) for name in ("vienna", "oslo", "bern", "rome")]
    for number, one in enumerate(nodes):
        for other in nodes[number + 1 :]:
            world.join(one, other)
    nodes[0].post(indicator(1, "GREEN"))
    world.settle()
    assert all(list(node.ids()) == [ONE] for node in nodes)
    nodes[0].post(indicator(1, "RED", version=2))
    world.settle()
    assert [list(node.ids()) for node in nodes] == [[ONE], [], [], []]
    for node in nodes:
        assert {held for held, _ in standing(node, ONE).values()} == {Holding.DROPPED}


def test_who_does_not_answer_is_reminded_at_growing_intervals_until_it_does(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    world.apart.add(frozenset(("vienna", "oslo")))
    vienna.post(indicator(1, "RED", version=2))
    world.settle()
    sent = [hour for hour in range(1, 24) if remind(vienna, 1)]
    assert sent == [1, 3, 7, 15] and standing(vienna) == {"oslo": (Holding.UNANSWERED, 4)}
    with at(vienna):
        assert AuditEntry.objects.filter(action="recall.remind", subject="oslo").count() == 4
    with at(vienna):
        assert examined(vienna.now()) == []  # 23 hours
        (late,) = examined(vienna.now() + 2 * HOUR_US)
        assert not late.fine and late.sentence.startswith("oslo has not answered since")
    world.apart.clear()
    world.settle()
    assert oslo.ids() == {} and standing(vienna) == {"oslo": (Holding.DROPPED, 0)}
    assert remind(vienna, 10_000) == 0


def test_a_reminder_is_answered_where_the_first_answer_was_lost(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    vienna.post(indicator(1, "RED", version=2))
    world.settle()
    with at(vienna):
        Recall.objects.update(answer="", receipt="", answered_us=None)
    assert remind(vienna, 2) == 1
    world.settle()
    assert standing(vienna) == {"oslo": (Holding.DROPPED, 0)}


def test_what_a_member_may_have_again_is_not_asked_back(world: World) -> None:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    vienna.post(indicator(1, "GREEN"))
    world.settle()
    world.apart.add(frozenset(("vienna", "oslo")))
    with at(vienna):
        carried(lambda by: parties.expel_member("oslo", reason="x", by=by))
        carried(lambda by: parties.readmit_member("oslo", by=by))
    assert remind(vienna, 2) == 1 and standing(vienna) == {}
    world.apart.clear()
    world.settle()
    assert list(oslo.ids()) == [ONE]


def test_a_plain_client_is_best_effort_and_is_not_reminded(world: World) -> None:
    vienna = world.node("vienna")
    with at(vienna):
        member("client", "CH")
        post([indicator(1, "GREEN")])
        assert ids("client") == [ONE]
        post([indicator(1, "RED", version=2)])
    vienna.work()
    assert standing(vienna) == {"client": (Holding.BEST_EFFORT, 0)}
    assert remind(vienna, 100) == 0 and standing(vienna, ONE) == {"client": (Holding.BEST_EFFORT, 0)}


def test_that_something_is_kept_is_told_only_to_who_brought_it(world: World) -> None:
    """A recall of a guessed id must not tell what a node has from others."""
    vienna, oslo, bern = world.node("vienna"), world.node("oslo", "NO"), world.node("bern", "CH")
    for node, number in ((oslo, 1), (bern, 1), (vienna, 2)):
        node.post(indicator(number, "RED" if node is vienna else "GREEN"))
    world.join(vienna, oslo)
    world.settle()
    world.join(vienna, bern)
    bern.work()  # before vienna could send it the same
    world.settle()
    recalled = [ONE, str(indicator(2)["id"]), str(indicator(3)["id"])]
    with at(bern):
        to = Member.objects.get(name="vienna")
        made = Recall.objects.create(member=to, recall=f"recall--{uuid4()}", count=3, reason="x", made_us=bern.now())
        Recalled.objects.bulk_create([Recalled(recall=made, object=one) for one in recalled])
        sequencer().act(
            lambda appending: write(
                appending, own_author(bern.now()), Worded(made.recall, to.identity, recalled, "x", 1), bern.now()
            )
        )
    world.settle()
    with at(bern):
        assert Recall.objects.get(pk=made.pk).answer == "partly"
        assert list(Recalled.objects.filter(kept=True).values_list("object", flat=True)) == [ONE]
    assert set(vienna.ids()) == set(recalled[:2])
    assert standing(bern, ONE) == {"vienna": (Holding.HOLDS, 0)}
    assert standing(bern, recalled[2]) == {"vienna": (Holding.DROPPED, 0)}
