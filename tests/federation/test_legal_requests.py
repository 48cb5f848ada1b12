"""Two members ask and answer for preserved data: both see the same, and clocks are watched on both sides."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence.legal import actions, queries
from commonwatch.capabilities.evidence.legal.actions import Asking
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed
from tests.base.release.nodes import by
from tests.federation.nodes import Node, World, at

DAY_US = 86_400 * 1_000_000
FIELDS = {
    "reference_case_number": "AT-7",
    "investigating_authority": "LKA Wien",
    "facts_summary": "Access with stolen credentials.",
    "data_to_preserve": "Logs of 198.51.100.7, 20 to 25 November 2026, UTC",
    "link_to_offence": "The host was used for the access.",
    "necessity": "Logs are deleted after 14 days.",
    "urgency": "Before 4 December.",
}
ASKED = Asking("oslo", "preserve", "Logs of a host", "A. Officer", offences=("bud-2",), fields=FIELDS)


@pytest.fixture
def two(world: World) -> tuple[Node, Node]:
    vienna, oslo = world.node("vienna"), world.node("oslo", "NO")
    world.join(vienna, oslo)
    return vienna, oslo


def show(node: Node, request: str, later_days: int = 0) -> queries.WholeRequest:
    with at(node):
        return queries.request(operator("test"), request, node.now() + later_days * DAY_US)


def test_a_request_is_sent_answered_extended_and_followed(two: tuple[Node, Node], world: World) -> None:
    vienna, oslo = two
    with at(vienna):
        request = actions.ask(ASKED, by())
    world.settle()
    assert show(oslo, request).request.to_us and show(vienna, request).request.ours
    assert show(oslo, request).fields["offence"] == "Illegal access (Budapest Convention Art. 2; UN Convention Art. 7)"
    with at(oslo):
        actions.answer(request, "received", by(), reference="NO-12")
        actions.answer(request, "preserved", by(), reference="NO-12")
    world.settle()
    today = queries.today(vienna.now())
    for node in two:
        found = show(node, request)
        assert (found.request.state, found.request.until) == ("preserved", today + timedelta(days=60))
        assert [(one.what, one.reference) for one in found.history] == [("received", "NO-12"), ("preserved", "NO-12")]
    assert show(vienna, request, 50).request.warning == "ending"
    assert show(vienna, request, 61).request.warning == "ended"

    until = today + timedelta(days=90)
    with at(vienna):
        with pytest.raises(InvalidInput, match="anyway"):
            actions.extend(request, today.isoformat(), "too early", by())
        actions.extend(request, until.isoformat(), "The request is being translated", by())
        with pytest.raises(Conflict, match="asked for already"):
            actions.extend(request, until.isoformat(), "again", by())
    world.settle()
    assert show(oslo, request).asks_extension
    assert show(oslo, request).request.until == today + timedelta(days=60)  # it does not count before it is answered
    with at(oslo):
        actions.answer(request, "preserved", by(), preserved_until=until.isoformat())
    world.settle()
    for node in two:
        assert (show(node, request).asks_extension, show(node, request).request.until) == ("", until)

    with at(vienna):
        follow = Asking(
            "oslo",
            "stored-data",
            "The logs themselves",
            "A. Officer",
            offences=("bud-2",),
            preservation=request,
            fields={
                "facts": "Access with stolen credentials.",
                "evidence_sought": "The preserved logs",
                "link_and_necessity": "They show the path.",
                "confidentiality_and_use_limits": "None",
                "personal_data_safeguards": "Directive (EU) 2016/680",
                "urgency_and_deadline": "60 days",
                "translation": "English",
            },
        )
        assistance = actions.ask(follow, by())
    world.settle()
    assert show(oslo, assistance).preservation == request
    with at(oslo):
        actions.answer(assistance, "received", by())
    world.settle()
    for node in two:  # kept until it is decided: Art. 29(7)
        assert show(node, request, 200).request.warning == ""
    with at(oslo):
        actions.answer(assistance, "refused", by(), grounds=["ordre-public"], text="Press sources.")
    world.settle()
    for node in two:
        found = show(node, assistance)
        assert (found.request.state, found.history[-1].grounds) == ("refused", ("ordre-public",))
        assert show(node, request, 200).request.warning == "ended"
    with at(oslo), pytest.raises(Conflict, match="It was refused"):
        actions.answer(assistance, "granted", by())


def test_only_the_side_whose_turn_it_is_is_heard(two: tuple[Node, Node], world: World) -> None:
    vienna, oslo = two
    with at(vienna):
        request = actions.ask(ASKED, by())
        with pytest.raises(NotAllowed, match="Another member is asked"):
            actions.answer(request, "preserved", by())
        with pytest.raises(Conflict, match="Nothing is preserved"):
            actions.extend(request, "2027-12-01", "too early", by())
    world.settle()
    with at(oslo):
        with pytest.raises(NotAllowed, match="Another member asked"):
            actions.withdraw(request, "not ours", by())
        with pytest.raises(InvalidInput, match="has a reason"):
            actions.answer(request, "refused", by())
        with pytest.raises(InvalidInput, match="no ground because"):
            actions.answer(request, "refused", by(), grounds=["because"])
        with pytest.raises(InvalidInput, match="end before it begins"):
            actions.answer(request, "preserved", by(), preserved_until="2020-01-01")
    with at(vienna):
        actions.withdraw(request, "The data were found here", by())
    world.settle()
    assert [show(node, request).request.state for node in two] == ["withdrawn", "withdrawn"]


def test_no_way_no_request_and_an_unknown_one_only_when_it_was_looked_up(world: World) -> None:
    vienna, dublin, nairobi = world.node("vienna"), world.node("dublin", "IE"), world.node("nairobi", "KE")
    world.join(vienna, dublin)
    world.join(vienna, nairobi)
    with at(vienna):
        to_dublin = Asking("dublin", "preserve", "Logs", "A. Officer", offences=("bud-2",), fields=FIELDS)
        with pytest.raises(NotAllowed, match=r"IE: signed on 2002-02-28, not in force"):
            actions.ask(to_dublin, by())
        to_nairobi = Asking("nairobi", "preserve", "Logs", "A. Officer", offences=("bud-2",), fields=FIELDS)
        with pytest.raises(NotAllowed, match="KE is not on the list"):
            actions.ask(to_nairobi, by())
        settled = Asking(
            "nairobi",
            "preserve",
            "Logs",
            "A. Officer",
            offences=("bud-2",),
            fields=FIELDS,
            looked_up="coe.int today: party.",
        )
        request = actions.ask(settled, by())
        with pytest.raises(InvalidInput, match="at least 60 days"):
            actions.ask(Asking("nairobi", "preserve", "Logs", "A", days=30, looked_up="x", fields=FIELDS), by())
        with pytest.raises(InvalidInput, match="These fields of the form are empty: .*data_to_preserve"):
            actions.ask(Asking("nairobi", "preserve", "Logs", "A", looked_up="x"), by())
    world.settle()
    assert show(nairobi, request).grounds[-1] == "Looked up by A. Officer: coe.int today: party."


def test_each_warning_is_given_once_on_both_sides(two: tuple[Node, Node], world: World) -> None:
    vienna, oslo = two
    with at(vienna):
        request = actions.ask(ASKED, by())
    world.settle()
    with at(oslo):
        actions.answer(request, "preserved", by())
    world.settle()
    for node in two:
        given = []
        with at(node):
            for day in (1, 29, 30, 31, 46, 53, 57, 59, 60, 61, 80):
                actions.warn(node.now() + day * DAY_US)
                actions.warn(node.now() + day * DAY_US)
            for entry in AuditEntry.objects.filter(action="legal.warning").order_by("pk"):
                given.append((entry.subject, entry.detail["clock"], entry.detail["days"]))
        clocks = [days for _, clock, days in given if clock == "preservation"]
        assert clocks == [30, 14, 7, 3, 1]
        assert {subject for subject, _, _ in given} == {request}


def test_the_last_day_is_that_of_the_calendar() -> None:
    assert queries.today(0) == date(1970, 1, 1)
    assert queries.today(DAY_US - 1) == date(1970, 1, 1)
