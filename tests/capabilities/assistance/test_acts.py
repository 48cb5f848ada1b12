"""Acts on a node: what may be said when, to whom it goes, what stays on record, and what the API and the commands show of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base import terminal
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.actions import AgreementTerms
from commonwatch.base.parties.models import AgreementKind, MemberKind
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import for_member, operator
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.assistance import actions, catalogue_commands, commands, given, queries, upkeep
from commonwatch.capabilities.assistance.actions import Asked, Given, Said
from commonwatch.capabilities.assistance.facts import form_named, forms, skills
from commonwatch.capabilities.assistance.forms import gaps, parse_forms
from commonwatch.capabilities.assistance.machine import parse_machine
from commonwatch.capabilities.assistance.models import Reminder
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.law.agreements import PartyDates
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.times import format_time
from tests.base.release.nodes import by, carried, member, post

HOUR_US = 3_600 * 1_000_000
ANSWERS = {"situation": "A wiper at two ports.", "what_we_ask": "Two analysts from Monday."}
NEED = stix.Need("n1", "incident-analysis", 2, ("en",))
PEOPLE = stix.Contact("Duty officer")


@pytest.fixture
def three(keyed: Path) -> Path:
    """This node is Austria's; Norway and Germany are members."""
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    member("cert-de", "DE", MemberKind.STATE_BODY, "home")
    return keyed


def ask(*members: str, **more: Any) -> str:
    asked = Asked("generic", "Wiper at two ports", PEOPLE, ANSWERS, (NEED,), asked=members, **more)
    return actions.request(asked, Audience("TLP:AMBER", members), by())


def theirs(name: str, kind: str, content: dict[str, Any], number: int) -> str:
    """An object that a partner wrote, as it comes in."""
    at, author = format_time(by().now_us, 3), member_named(name).identity
    identity = f"{kind}--00000000-0000-4000-8000-{number:012d}"
    post([new_object(kind, content, identity=identity, author=author, made=at, at=at)], name, "TLP:GREEN", name)
    return identity


def their_offer(request: str, name: str = "cert-no", number: int = 1, **more: Any) -> str:
    content = {"request_ref": request, "contact": {"name": "Vakt"}, "parts": [{"need": "n1", "quantity": 2}], **more}
    return theirs(name, stix.OFFER, content, number)


def test_a_request_is_asked_accepted_confirmed_and_closed_on_record(three: Path) -> None:
    request = ask("cert-no", "cert-de")
    offer = their_offer(request)
    actions.answer(request, offer, "accept", Said(), by())
    theirs("cert-no", stix.ANSWER, {"request_ref": request, "about_ref": offer, "act": "deliver"}, 2)
    actions.answer(request, offer, "confirm", Said(), by())
    actions.answer(request, request, "close", Said("done"), by())
    view = queries.request(operator("t"), request, by().now_us)
    assert (view.state, [one.act for one in view.history]) == (
        "closed",
        ["offer", "accept", "deliver", "confirm", "close"],
    )
    recorded = AuditEntry.objects.filter(action__startswith="assistance.").values_list("action", flat=True)
    assert list(recorded) == [f"assistance.{act}" for act in ("request", "accept", "confirm", "close")]
    norway = queries.account(for_member("cert-no", DEFAULT_PURPOSE, "n"), by().now_us + 1)
    assert [(one.accepted, one.confirmed) for one in norway.given] == [(2, 2)]


def test_what_may_not_be_done_now_says_what_may(three: Path) -> None:
    request = ask("cert-no")
    with pytest.raises(Conflict, match="cannot be done now") as refused:
        actions.answer(request, request, "acknowledge", Said(), by())
    possible: Any = refused.value.data["possible"]
    assert {one["act"] for one in possible} == {"close", "withdraw"} and "assist show" in refused.value.advice
    with pytest.raises(InvalidInput, match="needs a reason"):
        actions.answer(request, request, "withdraw", Said(" "), by())
    with pytest.raises(Conflict):
        actions.offer(request, Given(PEOPLE), by())
    with pytest.raises(NotFound):
        actions.answer("assistance-request--00000000-0000-4000-8000-000000000099", request, "close", Said(), by())


def test_help_with_anothers_request_is_offered_out_of_ones_own_catalogue(three: Path) -> None:
    content = {"name": "x", "form": "generic", "contact": {"name": "y"}, "answers": {}}
    needs = [{"id": "n1", "skill": "incident-analysis"}]
    request = theirs("cert-no", stix.REQUEST, {**content, "needs": needs, "asked_refs": [own_member().identity]}, 1)
    actions.answer(request, request, "acknowledge", Said(), by())
    own = actions.add_capability(
        stix.Capability("Two", "incident-analysis", 2), Audience("TLP:AMBER", ("cert-no",)), by()
    )
    with pytest.raises(InvalidInput, match="no need n7"):
        actions.offer(request, Given(PEOPLE, (stix.Part("n7", 1),)), by())
    offer = actions.offer(request, Given(PEOPLE, (stix.Part("n1", 1, own),), "free of charge"), by())
    said = {"request_ref": request, "about_ref": offer, "act": "accept"}
    theirs("cert-no", stix.ANSWER, said, 2)
    theirs("cert-no", stix.RESERVATION, {"capability_ref": own, "act": "reserve", "for_ref": offer}, 3)
    assert queries.request(operator("t"), request, by().now_us).state == "accepted"
    assert queries.capability(operator("t"), own, by().now_us).free("", "") == 1
    actions.answer(request, offer, "deliver", Said(terms="report"), by())
    with pytest.raises(NotAllowed, match="another member's"):
        other = theirs("cert-no", stix.CAPABILITY, {"name": "z", "skill": "translation"}, 4)
        actions.end_capability(other, "x", by())
    actions.end_capability(own, "dissolved", by())
    assert queries.capability(operator("t"), own, by().now_us).ended


def test_a_reservation_is_made_given_back_and_decided_by_the_owner(three: Path) -> None:
    other = theirs("cert-no", stix.CAPABILITY, {"name": "z", "skill": "translation", "quantity": 1}, 1)
    first = actions.reserve(other, 1, "", "", "exercise", by())
    second = theirs("cert-de", stix.RESERVATION, {"capability_ref": other, "act": "reserve"}, 2)
    held = {one.id: one.standing for one in queries.capability(operator("t"), other, by().now_us).held}
    assert held == {first: "held", second: "contested"}
    with pytest.raises(NotAllowed, match="owner decides"):
        actions.allot(second, "mine", by())
    with pytest.raises(NotAllowed, match="another member's"):
        actions.release(second, "x", by())
    actions.release(first, "not needed", by())
    held = {one.id: one.standing for one in queries.capability(operator("t"), other, by().now_us).held}
    assert held == {first: "released", second: "held"}


def test_every_gap_of_a_form_is_named_with_its_place_and_remedy(three: Path) -> None:
    asked = Asked("csirt", "x", PEOPLE, {"type_of_help": "magic", "expires": "soon", "odd": "y"})
    with pytest.raises(InvalidInput) as refused:
        actions.drafted(asked, by())
    found: Any = refused.value.data["gaps"]
    by_place = {gap["place"]: gap["remedy"] for gap in found}
    assert {"/answers/summary", "/answers/type_of_help", "/answers/expires", "/answers/odd"} <= set(by_place)
    assert all(by_place.values())
    assert by_place["/answers/expires"] == "Write it as 2026-11-23."


def test_the_shipped_forms_can_be_filled_and_say_where_they_are_from() -> None:
    for form in forms().forms:
        filled = {
            field.name: field.choices[0]
            if field.choices
            else {"day": "2026-12-01", "country": "NO"}.get(field.kind, "x")
            for field in form.fields
        }
        assert gaps(form, filled) == ()
        assert form.source and form.acknowledge_hours <= form.answer_hours <= form.deliver_hours
    assert {form.id for form in forms().forms} == {"eu-reserve", "csirt", "norm-h", "generic"}
    assert form_named("eu-reserve").verified and not form_named("norm-h").verified
    assert {skill.kind for skill in skills().skills} == {"people", "tool", "capacity", "funds"}
    with pytest.raises(InvalidInput, match="cannot be read"):
        parse_forms(b"{}")
    with pytest.raises(InvalidInput, match="does not hold gone"):
        odd = {"as_of": "2026-01-01", "source": "x", "verified": False, "states": ["a"], "ended": ["gone"], "acts": []}
        parse_machine(json.dumps(odd).encode())


def test_somebody_is_reminded_once_before_and_once_after(three: Path) -> None:
    request = ask("cert-no", hours={"acknowledge": 4, "answer": 0, "deliver": 0})
    now = by().now_us
    assert upkeep.remind(now) == 0
    assert upkeep.remind(now + 3 * HOUR_US + HOUR_US // 2) == 1
    assert upkeep.remind(now + 3 * HOUR_US + HOUR_US // 2) == 0
    assert upkeep.remind(now + 5 * HOUR_US) == 1
    assert upkeep.remind(now + 6 * HOUR_US) == 0
    assert sorted(Reminder.objects.values_list("what", flat=True)) == ["overdue", "soon"]
    assert AuditEntry.objects.filter(action="assistance.remind", subject=request).count() == 2


def treaty(kind: AgreementKind = AgreementKind.TREATY, purposes: tuple[str, ...] = (), name: str = "pact") -> None:
    parties.create_agreement(name, f"The {name}", kind, "BGBl.", AgreementTerms(purposes=purposes), by())
    for one in ("home", "cert-no"):
        dates = PartyDates(in_force=date(2026, 1, 1))
        parties.set_agreement_party(name, member=one, country="", dates=dates, reservations="", by=by())


def test_only_an_agreement_in_force_that_allows_it_brings_two_together(three: Path) -> None:
    home, norway, germany = own_member().identity, member_named("cert-no").identity, member_named("cert-de").identity
    everybody = [home, norway, germany]
    assert queries.law_between(everybody, date(2026, 6, 1)) == {}
    treaty(AgreementKind.NON_DISCLOSURE, name="quiet")
    treaty(purposes=("network-defence",), name="other")
    assert queries.law_between(everybody, date(2026, 6, 1)) == {}
    treaty(AgreementKind.CODE_OF_CONDUCT, name="promise")
    assert queries.law_between(everybody, date(2026, 6, 1))[norway, home].distance == 2
    treaty(purposes=("mutual-assistance",))
    found = queries.law_between(everybody, date(2026, 6, 1))
    assert set(found) == {(norway, home), (home, norway)}
    assert (found[norway, home].distance, found[norway, home].basis) == (1, "The pact is in force for both")
    assert queries.law_between(everybody, date(2025, 6, 1)) == {}


def test_who_should_help_is_proposed_from_what_is_asked_and_free_and_people_may_decide_against(three: Path) -> None:
    treaty()
    request = ask("cert-no", "cert-de")
    content = {"name": "Two", "skill": "incident-analysis", "quantity": 3, "languages": ["en"]}
    norwegian = theirs("cert-no", stix.CAPABILITY, content, 1)
    german = theirs("cert-de", stix.CAPABILITY, content, 2)
    found = queries.proposal(operator("t"), by().now_us)
    [one] = found.needs
    assert [(choice.supply, choice.units) for choice in one.chosen] == [(norwegian, 2)]
    assert one.next_best == () and german not in {choice.supply for choice in one.chosen}
    assert {reason.code for reason in one.chosen[0].reasons} == {"language", "hours", "law", "fairness"}
    with pytest.raises(InvalidInput, match="needs a reason"):
        actions.ignore(f"{request}/n1", norwegian, "", by())
    actions.ignore(f"{request}/n1", norwegian, "they are on leave", by())
    [one] = queries.proposal(operator("t"), by().now_us, request).needs
    assert (one.chosen, one.unmet) == ((), 2)
    assert [reason.code for reason in one.why_unmet] == ["law", "ignored"]
    actions.reconsider(f"{request}/n1", norwegian, by())
    assert queries.proposal(operator("t"), by().now_us).units == 2
    volunteer = their_offer(request, "cert-no", 9)
    assert f"{volunteer}/n1" in {
        one.id for one in queries.offered([queries.request(operator("t"), request, by().now_us)])
    }


Run = Callable[..., Any]


@pytest.fixture
def run(three: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    before = terminal.current()
    use(Terminal(json=True))

    def call(command: Callable[..., None], *words: Any, **options: Any) -> Any:
        capsys.readouterr()
        command(*words, **options)
        return json.loads(capsys.readouterr().out)

    yield call
    use(before)


def test_the_commands_do_the_same(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    treaty()
    assert len(run(commands.forms)["forms"]) == 4
    assert run(commands.forms, "norm-h")["verified"] is False
    assert run(catalogue_commands.skills)["verified"] is True
    words = {"answer": [f"{name}={text}" for name, text in ANSWERS.items()], "need": ["incident-analysis=2,en+fr"]}
    would = run(commands.request, "generic", "Wiper", "Ana", to=["cert-no"], preview=True, **words)
    assert [one["member"] for one in would["members"] if one["variant"]] == ["cert-no"]
    assert run(commands.list_) == []
    request = run(commands.request, "generic", "Wiper", "Ana", to=["cert-no"], **words)["id"]
    offer = their_offer(request)
    assert run(commands.propose)["units"] == 2
    [listed] = run(commands.list_)
    assert (listed["id"], listed["state"], listed["silent"]) == (request, "offered", [])
    assert run(commands.accept, request, offer, part=["n1=1"])["state"] == "partly-accepted"
    shown = run(commands.show, request)
    assert shown["needs"][0]["missing"] == 1 and shown["offers"][0]["state"] == "partly-accepted"
    assert {one["act"] for one in shown["possible"]} == {"withdraw", "close"}
    assert run(commands.withdraw, request, "contained")["state"] == "withdrawn"
    assert run(commands.list_) == [] and len(run(commands.list_, everything=True)) == 1
    assert run(commands.ledger)["requests"] == 1
    own = run(catalogue_commands.add, "Two", "translation", quantity=2, language=["en"])["id"]
    reserved = run(catalogue_commands.reserve, own, quantity=1)
    assert reserved["standing"] == "held"
    run(catalogue_commands.allot, reserved["id"], "ours")
    run(catalogue_commands.release, reserved["id"])
    assert run(catalogue_commands.list_)[0]["free"] == 2
    assert run(catalogue_commands.remove, own, "dissolved")["id"] == own
    use(Terminal())
    for command in (commands.forms, commands.list_, commands.propose, commands.ledger, catalogue_commands.list_):
        command()
    commands.show(request)
    assert "Wiper" in capsys.readouterr().out


def test_what_people_write_is_read_or_refused_with_how_to_write_it() -> None:
    assert given.needs(["a=2,fr+en,on-site", "b"]) == (
        stix.Need("n1", "a", 2, ("fr", "en"), on_site=True),
        stix.Need("n2", "b"),
    )
    assert given.parts(["n1=2@x", "n2"]) == (stix.Part("n1", 2, "x"), stix.Part("n2"))
    for odd in ("a=zero", "a=0", "a=2,fr,flying"):
        with pytest.raises(InvalidInput):
            given.needs([odd])
    with pytest.raises(InvalidInput, match="name=value"):
        given.pairs(["x"])
