"""Points of contact: nominated, confirmed, pinged, answered by a person or a node, escalated; a team's profile."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from hypothesis import given as given_by
from hypothesis import strategies as st

from commonwatch.base import terminal
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.intake.own import Audience
from commonwatch.base.jobs.models import Job
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import for_member, operator
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.contacts import actions, commands, given, profile, queries, upkeep
from commonwatch.capabilities.contacts.rules import chain, following, quantile
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.response import contacts as stix
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.times import format_time
from tests.base.release.nodes import by, carried, member, post

MINUTE_US = 60 * 1_000_000
YEAR_US = 366 * 86_400 * 1_000_000


@pytest.fixture
def two(keyed: Path) -> Path:
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    return keyed


def contact(name: str = "Duty officer", **more: Any) -> stix.Contact:
    return stix.Contact(name, ("technical",), channel="secure channel 4", **more)


def ours(name: str = "Duty officer", **more: Any) -> str:
    return actions.nominate(contact(name, **more), Audience("TLP:AMBER", ("cert-no",)), by())


def theirs(kind: str, content: dict[str, Any], number: int, at_us: int | None = None) -> str:
    at = format_time(by().now_us if at_us is None else at_us, 3)
    author = member_named("cert-no").identity
    identity = f"{kind}--00000000-0000-4000-8000-{number:012d}"
    value = new_object(kind, content, identity=identity, author=author, made=at, at=at)
    post([value], "cert-no", "TLP:GREEN", "cert-no")
    return identity


def their_contact(number: int = 1, level: int = 1, **more: Any) -> str:
    content = {"name": f"Vakt {number}", "roles": ["technical"], "channel": "x", "level": level, **more}
    return theirs(stix.CONTACT, content, number)


def view(identity: str, after_us: int = 0) -> Any:
    return queries.contact(operator("t"), identity, by().now_us + after_us)


def test_a_contact_is_nominated_confirmed_corrected_and_taken_back_on_record(two: Path) -> None:
    identity = ours()
    assert not view(identity).overdue and view(identity).is_there
    assert view(identity, YEAR_US).overdue
    actions.confirm(identity, by())
    actions.change(identity, contact("Night desk", time_zone="Europe/Vienna"), by())
    assert view(identity).content.name == "Night desk"
    norway = for_member("cert-no", DEFAULT_PURPOSE, "n")
    assert [one.content.name for _, one in queries.contacts(norway, by().now_us)] == ["Night desk"]
    with pytest.raises(InvalidInput, match="needs a reason"):
        actions.end(identity, " ", by())
    actions.end(identity, "closed", by())
    assert queries.contacts(operator("t"), by().now_us) == []
    with pytest.raises(Conflict):
        actions.confirm(identity, by())
    done = AuditEntry.objects.filter(subject=identity, action__startswith="contact.")
    assert list(done.values_list("action", flat=True)) == [
        f"contact.{act}" for act in ("nominate", "confirm", "change", "end")
    ]


def test_what_reaches_nobody_is_refused(two: Path) -> None:
    audience = Audience("TLP:AMBER")
    with pytest.raises(InvalidInput, match="Nobody could reach it"):
        actions.nominate(stix.Contact("x", ("technical",)), audience, by())
    with pytest.raises(InvalidInput, match="no time zone Mars"):
        actions.nominate(contact(time_zone="Mars/Base"), audience, by())
    with pytest.raises(InvalidInput, match="cannot be sent so"):
        actions.nominate(stix.Contact("x", ("king",), channel="y"), audience, by())  # type: ignore[arg-type]
    with pytest.raises(InvalidInput, match="no hours"):
        desk = stix.Contact("x", ("round-the-clock",), channel="y", hours=given.hours(["mon 09:00-10:00"]))
        actions.nominate(desk, audience, by())
    with pytest.raises(NotAllowed, match="another member's"):
        actions.confirm(their_contact(), by())
    with pytest.raises(NotFound):
        actions.ping("point-of-contact--00000000-0000-4000-8000-000000000099", by())


def test_who_answered_is_on_record_and_a_node_is_told_from_a_person(two: Path) -> None:
    identity = their_contact()
    sent = actions.ping(identity, by(), minutes=30)
    said = {"contact_ref": identity, "ping_ref": sent}
    theirs(stix.PONG, {**said, "automatic": True, "by": "worker"}, 5)
    [one] = view(identity).pings
    assert (one.standing, one.automatic_us is not None, one.answered_us) == ("waiting", True, None)
    assert view(identity, 31 * MINUTE_US).pings[0].standing == "unanswered"
    theirs(stix.PONG, {**said, "by": "kari"}, 6, by().now_us + 40 * MINUTE_US)
    [one] = view(identity, 60 * MINUTE_US).pings
    assert (one.standing, one.answered_by, round((one.took_us or 0) / MINUTE_US)) == ("late", "kari", 40)
    with pytest.raises(NotAllowed, match="another member's contact"):
        actions.answer(sent, by())


def test_an_answer_that_is_not_the_members_counts_for_nothing(two: Path) -> None:
    identity = ours()
    ping = theirs(stix.PING, {"contact_ref": identity}, 3)
    theirs(stix.PONG, {"contact_ref": identity, "ping_ref": ping, "by": "kari"}, 4)
    assert view(identity).pings[0].answered_us is None
    actions.answer(ping, by(), text="here")
    assert (view(identity).pings[0].standing, view(identity).pings[0].answer) == ("answered", "here")
    with pytest.raises(Conflict, match="answered already"):
        actions.answer(ping, by())


def test_the_worker_answers_by_itself_once_writes_a_mail_and_leaves_the_answer_to_a_person(
    two: Path, settings: Any
) -> None:
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(
        update={"mail_host": "mail.test", "mail_from": "node@example.org", "public_url": "https://node.example.org"}
    )
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    identity = actions.nominate(contact(email="soc@example.org"), Audience("TLP:AMBER", ("cert-no",)), by())
    theirs(stix.PING, {"contact_ref": identity, "text": "secret words"}, 3)
    assert upkeep.look_after(by().now_us) == 2
    assert upkeep.look_after(by().now_us) == 0
    [one] = view(identity).pings
    assert one.automatic_us is not None and one.answered_us is None
    job = Job.objects.get(kind=upkeep.MAIL)
    upkeep.send_mail(job)
    [letter] = mail.outbox
    assert letter.to == ["soc@example.org"] and "https://node.example.org/response/contacts/pings/" in letter.body
    assert "secret words" not in letter.body and "cert-no" not in letter.body


def test_silence_goes_on_to_the_next_contact_until_nobody_is_left(two: Path) -> None:
    first, second = their_contact(1), their_contact(2, level=2)
    other = their_contact(3, level=1, roles=["diplomatic"])
    actions.ping(first, by(), minutes=10, escalates=True)
    now = by().now_us
    assert upkeep.look_after(now) == 0
    assert upkeep.look_after(now + 11 * MINUTE_US) == 1
    [further] = queries.contact(operator("t"), second, now + 12 * MINUTE_US).pings
    assert (further.by, further.escalates) == ("worker", True)
    assert upkeep.look_after(now + 12 * MINUTE_US) == 0
    assert upkeep.look_after(now + 30 * MINUTE_US) == 1
    assert upkeep.look_after(now + 60 * MINUTE_US) == 0
    assert queries.contact(operator("t"), other, now).pings == ()
    unanswered = AuditEntry.objects.filter(action="contact.unanswered")
    assert [bool(one.detail["next"]) for one in unanswered.order_by("pk")] == [True, False]


def test_an_overdue_confirmation_is_said_once(two: Path) -> None:
    identity = ours()
    later = by().now_us + YEAR_US
    assert upkeep.look_after(later) == 1
    assert upkeep.look_after(later) == 0
    assert AuditEntry.objects.get(action="contact.overdue").subject == identity


def test_figures_say_their_population_and_silence_makes_them_worse(two: Path) -> None:
    identity = their_contact()
    start = by().now_us
    for number, took in enumerate((60, 120, None, 300)):
        sent = actions.ping(identity, by(), minutes=10)
        if took is not None:
            said = {"contact_ref": identity, "ping_ref": sent, "by": "k"}
            theirs(stix.PONG, said, 20 + number, by().now_us + took * 1_000_000)
    waiting = actions.ping(identity, by(), minutes=600)
    [found] = queries.measures(operator("t"), start + 60 * MINUTE_US)
    assert (found.pings, found.answered, found.unanswered, found.waiting) == (4, 3, 1, 1)
    assert found.p50_seconds == pytest.approx(120, abs=2) and found.p90_seconds is None
    assert queries.measures(operator("t"), start + 60 * MINUTE_US, start + 59 * MINUTE_US) == ()
    assert waiting in {one.id for one in view(identity).pings}


@given_by(st.lists(st.floats(0, 1e6), max_size=20), st.integers(0, 20), st.sampled_from([0.5, 0.9]))
def test_a_quantile_counts_silence_as_later_than_everything(times: list[float], missing: int, share: float) -> None:
    found = quantile(times, missing, share)
    everything = sorted(times) + [float("inf")] * missing
    if not everything:
        assert found is None
    elif found is None:
        assert sum(one == float("inf") for one in everything) > (1 - share) * len(everything) - 1
    else:
        assert sum(one <= found for one in everything) >= share * len(everything)
        assert sum(one < found for one in everything) < share * len(everything)


def test_who_is_there_is_tried_before_who_has_a_lower_number(two: Path) -> None:
    asleep = their_contact(1, 1, hours=[{"days": ["mon"], "begins": "00:00", "ends": "00:01"}])
    awake, second = their_contact(2, 2), their_contact(3, 1, roles=["round-the-clock"])
    monday_noon = 1_767_614_400 * 1_000_000  # 2026-01-05T12:00Z
    views = [one for _, one in queries.contacts(operator("t"), monday_noon)]
    norway = member_named("cert-no").identity
    assert [one.id for one in chain(views, norway, "")] == [second, awake, asleep]
    assert [one.id for one in chain(views, norway, "technical")] == [awake, asleep]
    assert [one.id for one in queries.on_duty(operator("t"), monday_noon, "round-the-clock")] == [second]
    sent = actions.ping(awake, by())
    [ping] = view(awake).pings
    assert ping.id == sent
    after = following(views, ping, {awake})
    assert after is not None and after.id == second
    nobody = following(views, ping, {awake, second, asleep})
    assert nobody is None


def test_a_profile_is_written_after_the_rfc_and_read_back(two: Path) -> None:
    ours(time_zone="Europe/Vienna", openpgp="0" * 40)
    text = "3.2 Constituency\n   Ports of the Danube.\n2.4 million hosts are in it.\n\n3.4 Authority\n Act 12/2026\n"
    found = profile.read(text, "CERT.at")
    assert found.sections == {"3.2": "Ports of the Danube.\n2.4 million hosts are in it.", "3.4": "Act 12/2026"}
    actions.set_profile(found, Audience("TLP:GREEN", communities=("home",)), by())
    actions.set_profile(stix.Profile("CERT.at", {"3.1": "We help."}), Audience("TLP:GREEN"), by(), whole=False)
    team = queries.team(operator("t"), own_member().identity, by().now_us)
    assert team.sections["3.1"] == "We help." and team.sections["3.4"] == "Act 12/2026"
    assert team.sections["2.3"] == "Europe/Vienna" and "OpenPGP 0000" in team.sections["2.8"]
    assert team.sections["2.8"].startswith("Ed25519 ")
    assert "Section 4.1 (Types of Incidents and Level of Support) says nothing." in team.gaps
    again = profile.read(team.text, "x")
    assert again.sections == {number: said for number, said in team.sections.items() if said}
    with pytest.raises(InvalidInput, match="No section"):
        profile.read("nothing", "x")
    with pytest.raises(InvalidInput, match="no section 9"):
        actions.set_profile(stix.Profile("x", {"9": "y"}), Audience("TLP:GREEN"), by())
    with pytest.raises(NotFound):
        queries.team(operator("t"), member_named("cert-no").identity, by().now_us)


@given_by(
    st.dictionaries(st.sampled_from(sorted(profile.SECTIONS)), st.text(st.characters(codec="ascii"), max_size=60))
)
def test_whatever_a_section_says_it_stays_in_it(sections: dict[str, str]) -> None:
    said = {
        number: "\n".join(line.strip().strip("|").strip() for line in text.splitlines()).strip()
        for number, text in sections.items()
    }
    said = {number: text for number, text in said.items() if text}
    written = profile.written(said)
    if said:
        read = profile.read(written, "x").sections
        assert {number: text.split() for number, text in read.items()} == {
            number: text.split() for number, text in said.items()
        }


Run = Callable[..., Any]


@pytest.fixture
def run(two: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    before = terminal.current()
    use(Terminal(json=True))

    def call(command: Callable[..., None], *words: Any, **options: Any) -> Any:
        capsys.readouterr()
        command(*words, **options)
        return json.loads(capsys.readouterr().out)

    yield call
    use(before)


def test_the_commands_do_the_same(run: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hours = ["mon-sun 00:00-24:00"]
    own = run(commands.add, "=cmd", ["technical"], channel="x", hours=hours, to=["cert-no"], language=["en"])["id"]
    identity = their_contact()
    assert {one["id"] for one in run(commands.list_)} == {own, identity}
    assert run(commands.list_, role="diplomatic") == []
    sent = run(commands.ping, identity, minutes=5, escalate=True)["id"]
    theirs(stix.PONG, {"contact_ref": identity, "ping_ref": sent, "by": "kari"}, 6)
    ping = theirs(stix.PING, {"contact_ref": own}, 7)
    run(commands.answer, ping, text="here")
    found = run(commands.pings)
    assert {one["standing"] for one in found["pings"]} == {"answered"} and found["measures"][0]["answered"] == 1
    shown = run(commands.show, own)
    assert shown["keys"] and shown["is_there"] and shown["pings"][0]["answered_by"] == "command line"
    assert [one["id"] for one in run(commands.duty, member="cert-no")] == [identity]
    run(commands.confirm, own)
    file = tmp_path / "contacts.csv"
    assert run(commands.directory, file)["contacts"] == 2
    assert " =cmd" in file.read_text()
    assert run(commands.directory, tmp_path / "contacts.json")["contacts"] == 2
    with pytest.raises(InvalidInput, match="neither"):
        run(commands.directory, tmp_path / "contacts.xls")
    document = tmp_path / "rfc2350.txt"
    document.write_text("3.1 Mission Statement\nWe help.\n")
    set_ = run(commands.profile_, file=document, community=["home"], name="CERT.at")
    assert set_["sections"]["3.1"] == "We help."
    assert run(commands.profile_, section=["3.4=Act 12"])["sections"]["3.1"] == "We help."
    use(Terminal())
    for command in (commands.list_, commands.pings, commands.duty, commands.profile_):
        command()
    commands.show(identity)
    assert "Vakt 1" in capsys.readouterr().out
    use(Terminal(json=True))
    assert run(commands.remove, own, "closed")["id"] == own
