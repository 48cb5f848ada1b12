"""Variables of playbooks: shown with their values in place, asked for, kept where a step gives them back, and never more than text."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.intake.own import Audience
from commonwatch.base.release.reader import for_member, operator
from commonwatch.base.threads.queries import thread
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import opening, playbooks
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.actions.playbooks import Did
from commonwatch.capabilities.incidents.actions.writing import For
from commonwatch.capabilities.incidents.rules.fold import fold
from commonwatch.capabilities.incidents.rules.playbooks import Playbook
from commonwatch.capabilities.incidents.rules.values import Piece, Values
from commonwatch.capabilities.incidents.rules.variables import LONGEST, Variable, checked, is_name, is_secret_name
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from tests.base.release.nodes import by
from tests.capabilities.incidents.parts import DAY, HOUR, LEAD, OSLO, START, STRANGER, Made
from tests.capabilities.incidents.test_playbooks import (
    BLOCK,
    CLEAN,
    END,
    IS_WIDE,
    LOOK,
    TELL,
    action,
    book,
    name,
    read,
)
from tests.capabilities.incidents.test_playbooks import START as BEGIN

HOSTILE = "<b>x</b>; rm -rf / # __address__:value [red]"


def asking() -> dict[str, Any]:
    """Look at an address that who runs it gives; block what was found there; in a branch, with a variable of its own."""
    workflow = {
        BEGIN: {"type": "start", "on_completion": LOOK},
        LOOK: action(
            "Look at __address__:value", IS_WIDE, agent="organization--x", out_args=["__found__", "__never__", "__count__"],
            commands=[{"type": "bash", "command": "whois __address__:value && echo __unknown__:value"}],
        ),
        IS_WIDE: {
            "type": "if-condition", "condition": "__count__:value > __limit__:value", "on_true": BLOCK,
            "on_false": TELL, "on_completion": CLEAN,
            "step_variables": {"__ticket__": {"type": "string", "external": True}, "__count__": {"type": "integer"}},
        },
        BLOCK: action("Block __found__:value under __ticket__:value", name("end", 91)),
        TELL: action("Tell __password__:value and __key__:value", name("end", 92)),
        CLEAN: action("Clean __ticket__:value", END),
        END: {"type": "end"},
        name("end", 91): {"type": "end"},
        name("end", 92): {"type": "end"},
    }  # fmt: skip
    return book(
        workflow,
        playbook_variables={
            "__address__": {"type": "ipv4-addr", "description": "What to look at", "external": True},
            "__found__": {"type": "string", "value": "nothing"},
            "__count__": {"type": "integer", "value": "0"},
            "__limit__": {"type": "integer", "value": "10", "constant": True},
            "__region__": {"type": "string", "constant": True, "external": True},
            "__password__": {"type": "string", "external": True},
            "__key__": {"type": "string", "external": True},
            "not a name": {"type": "string"},
        },
        agent_definitions={
            "organization--x": {"type": "organization", "name": "SOC of __region__:value"},
            "net-address--y": {
                "type": "net-address",
                "name": "Border",
                "address": {"ipv4": ["__address__:value"], "dname": "x"},
            },
        },
        authentication_info_definitions={
            "http-basic--z": {"type": "http-basic", "user_id": "__found__:value", "password": "__key__:value"}
        },
    )


def said(values: Values, step: str, text: str) -> list[tuple[str, str]]:
    return [(one.text, one.state) for one in values.told(step, text)]


def test_a_text_is_told_in_pieces_and_a_value_is_put_in_its_place_once() -> None:
    playbook = read(asking())
    values = Values(playbook)
    assert values.told(LOOK, "whois __address__:value now") == (
        Piece("whois "), Piece("__address__", "__address__", "missing"), Piece(" now"),
    )  # fmt: skip
    assert said(values, LOOK, "__found__:value") == [("nothing", "given")]
    assert said(values, LOOK, "__unknown__:value __found__ :value") == [("__unknown__:value __found__ :value", "")]
    assert said(values, TELL, "__password__:value") == [("__password__", "secret")]
    assert said(values, TELL, "__key__:value") == [("__key__", "secret")], "the playbook's way to sign in names it"
    assert values.line(LOOK, "") == "" and values.told(LOOK, "") == ()
    flood = "__found__:value" * 60
    assert sum(one.state == "given" for one in values.told(LOOK, flood)) == 50
    assert values.line(LOOK, flood).endswith("__found__:value" * 10)
    assert playbook.party("net-address--y") == "Border, __address__:value"
    assert playbook.party("nobody") == ""


def test_a_variable_of_a_step_is_seen_in_its_branches_and_nowhere_else() -> None:
    values = Values(read(asking()))
    for step, seen in ((IS_WIDE, True), (BLOCK, True), (TELL, True), (CLEAN, False), (LOOK, False), ("", False)):
        assert (values.of(step, "__ticket__") is not None) is seen, step
    inner, outer = values.of(BLOCK, "__count__"), values.of(CLEAN, "__count__")
    assert inner is not None and outer is not None
    assert (inner.step, inner.state, outer.step, outer.value) == (IS_WIDE, "missing", "", "0")
    assert {one.name for one in values.asked()} == {"__address__", "__region__"}
    assert {one.key for one in values.asked([IS_WIDE])} == {
        "__address__", "__region__", f"{IS_WIDE} __ticket__", f"{IS_WIDE} __count__",
    }  # fmt: skip
    assert {one.name for one in values.set_by(LOOK)} == {"__found__", "__count__"}


def ran(*given: tuple[str, int, str, str, str]) -> tuple[Playbook, Values]:
    """A run in which these said what variables hold: author, when, step, name, value."""
    made = Made()
    made.root()
    run = made.task(LEAD, "Run", START, said={"playbook_ref": "course-of-action--x"}).id
    for author, at, step, variable, value in given:
        made.say(author, "variable", {"step": step, "name": variable, "value": value}, START + at, about_ref=run)
    case = fold(made.parts)
    assert case is not None and case == fold(list(reversed(made.parts)))
    playbook = read(asking())
    return playbook, Values(playbook, case, run)


def held(values: Values, variable: str, step: str = "") -> str:
    found = values.of(step, variable)
    assert found is not None
    return found.value


def test_what_was_said_last_by_who_takes_part_holds() -> None:
    _, values = ran((LEAD, HOUR, "", "__found__", "a.example"), (OSLO, 2 * HOUR, "", "__found__", "b.example"))
    assert held(values, "__found__") == "a.example", (
        "the lead's comes first, until somebody who has seen both settles it"
    )
    _, values = ran((OSLO, HOUR, "", "__found__", "b.example"), (STRANGER, DAY, "", "__found__", "c.example"))
    assert held(values, "__found__") == "b.example"
    _, values = ran((OSLO, HOUR, IS_WIDE, "__count__", "12"))
    assert (held(values, "__count__", BLOCK), held(values, "__count__")) == ("12", "0")


def test_what_a_partner_may_not_say_of_a_variable_changes_nothing() -> None:
    _, values = ran(
        (OSLO, HOUR, "", "__limit__", "99"),
        (OSLO, HOUR, "", "__region__", "north"),
        (LEAD, DAY, "", "__region__", "south"),
        (OSLO, HOUR, "", "__address__", "no address"),
        (OSLO, HOUR, "", "__password__", "hunter2"),
        (OSLO, HOUR, "", "__found__", "two\nlines"),
    )
    assert [held(values, one) for one in ("__limit__", "__region__", "__address__", "__password__", "__found__")] == [
        "10", "north", "", "", "nothing",
    ]  # fmt: skip


@pytest.mark.parametrize(
    "value", [None, "x", {}, {"name": "__a__"}, {"name": "__a__", "step": "", "value": "x" * 4_001}]
)
def test_a_statement_that_gives_no_value_is_not_read(value: Any) -> None:
    made = Made()
    made.root()
    run = made.task(LEAD, "Run", START).id
    wrong = made.say(LEAD, "variable", value, START, about_ref=run)
    case = fold(made.parts)
    assert case is not None and case.unread == (wrong.id,)


@pytest.mark.parametrize(
    ("kind", "takes", "refuses"),
    [
        ("bool", ["true", "False"], ["yes", "1"]),
        ("dictionary", ['{"a": 1}', "{}"], ["[1]", "{", "a"]),
        ("float", ["3.14", "-1e9", "2"], ["three", "1,5"]),
        ("hash", ["a" * 40], ["xyz"]),
        ("hexstring", ["0xFCA1", "ff"], ["0x", "fg"]),
        ("integer", ["123", "-4"], ["1.5", "٣"]),
        ("ipv4-addr", ["198.51.100.7"], ["198.51.100.999", "2001:db8::1", "198.51.100.7; reboot"]),
        ("ipv6-addr", ["2001:db8::1"], ["198.51.100.7"]),
        ("long", ["123"], ["x"]),
        ("mac-addr", ["00-00-5E-00-53-01"], ["00:00"]),
        ("md5-hash", ["0" * 32], ["0" * 31]),
        ("sha256-hash", ["0" * 64], ["0" * 63]),
        ("uri", ["https://example.org/a"], ["example.org", "a b:c"]),
        ("uuid", ["a0f7e1f0-0a3d-4a3e-8b5b-000000000001"], ["a0f7"]),
        ("string", [HOSTILE, "مُحمِّل"], ["", "a\tb", "a\u202eb", "a\u2028b", "x" * (LONGEST + 1)]),
        ("of ours", ["anything"], [""]),
    ],
)
def test_a_value_is_what_its_type_says(kind: str, takes: list[str], refuses: list[str]) -> None:
    variable = Variable(type=kind)
    for text in takes:
        assert checked("__x__", variable, text, is_secret=False) == text
    for text in refuses:
        with pytest.raises(InvalidInput) as refused:
            checked("__x__", variable, text, is_secret=False)
        assert refused.value.code in ("variable-type", "variable-text")


def test_what_is_or_looks_like_a_secret_is_refused() -> None:
    for secret in (
        "__password__",
        "__api_key__",
        "__vpn-token__",
        "__Private_Key__",
        "__user_credentials__",
        "__apikey__",
    ):
        assert is_secret_name(secret), secret
    for plain in ("__author__", "__registry_key__", "__spin__", "__ip__", "__keyword__"):
        assert not is_secret_name(plain), plain
    keys = ("-----BEGIN OPENSSH PRIVATE KEY-----", "ghp_" + "a" * 36, "AKIA" + "A" * 16, "Bearer " + "a" * 20)
    for text in (*keys, "AGE-SECRET-KEY-1X", "eyJhbGciOiJI.eyJzdWIiOiIx.x".replace(".eyJz", "x.eyJzdWIiOiIx")):
        with pytest.raises(InvalidInput, match="looks like a key"):
            checked("__x__", Variable(), text, is_secret=False)
    with pytest.raises(InvalidInput, match="is a secret"):
        checked("__x__", Variable(), "x", is_secret=True)
    assert is_name("__a__") and not is_name("a") and not is_name("__a__x")


def test_an_initial_value_that_is_no_text_is_told_as_one() -> None:
    assert Variable(value={"a": "fun"}).initial == '{"a":"fun"}'
    assert Variable(value="").initial is None
    assert len(Variable(value="x" * 5_000).initial or "") == LONGEST


def begun(**more: Any) -> tuple[str, str]:
    kept = playbooks.take_in(json.dumps(asking()).encode(), Audience("TLP:AMBER", ("cert-no",)), by())
    case = opening.report(Report("Ransom", with_=(Invited("cert-no"),)), by())
    return case, playbooks.start(case, kept, "A. Berg", by(), **more)


def now(case: str, run: str) -> Values:
    found = queries.case(operator("o"), case)
    return Values(playbooks.run_of(operator("o"), found, run)[1], found, run)


def test_a_run_asks_shows_and_keeps_what_steps_give_back(partners: Path) -> None:
    case, run = begun(values={"__address__": "198.51.100.7"})
    assert {one.name for one in now(case, run).asked([LOOK])} == {"__region__"}
    playbooks.set_values(case, run, {"__region__": "north"}, by())
    with pytest.raises(InvalidInput, match="holds that value already"):
        playbooks.set_values(case, run, {"__region__": "north"}, by())
    with pytest.raises(InvalidInput, match="gives back no __address__"):
        playbooks.do_step(case, run, Did(LOOK, values={"__address__": "198.51.100.8"}), by())
    playbooks.do_step(case, run, Did(LOOK, values={"__found__": HOSTILE, "__count__": "12"}), by())
    values = now(case, run)
    assert said(values, LOOK, "whois __address__:value") == [("whois ", ""), ("198.51.100.7", "given")]
    assert said(values, BLOCK, "Block __found__:value") == [("Block ", ""), (HOSTILE, "given")], (
        "names in values stay text"
    )
    found = queries.case(operator("o"), case)
    step = next(one for one in found.tasks if one.step == LOOK)
    assert step.name == "Look at 198.51.100.7"
    assert f"__found__ = {HOSTILE}" in [one.words for one in found.timeline]
    playbooks.set_values(case, run, {"__ticket__": "INC-7"}, by(), step=IS_WIDE)
    playbooks.do_step(case, run, Did(IS_WIDE, branch="true"), by())
    playbooks.do_step(case, run, Did(BLOCK), by())
    named = [one.name for one in queries.case(operator("o"), case).tasks if one.step == BLOCK]
    assert named == [f"Block {HOSTILE} under INC-7"]


def test_a_constant_an_unknown_and_a_secret_are_refused(partners: Path) -> None:
    case, run = begun()
    for given, code in (
        ({"__limit__": "11"}, "variable-constant"),
        ({"__nothing__": "x"}, "variable-unknown"),
        ({"__ticket__": "INC-7"}, "variable-unknown"),
        ({"__password__": "hunter2"}, "variable-secret"),
        ({"__key__": "hunter2"}, "variable-secret"),
        ({"__found__": "ghp_" + "a" * 36}, "variable-secret"),
        ({"__address__": "here"}, "variable-type"),
    ):
        with pytest.raises((InvalidInput, Conflict)) as refused:
            playbooks.set_values(case, run, given, by())
        assert refused.value.code == code
    with pytest.raises(NotFound, match="no step"):
        playbooks.set_values(case, run, {"__found__": "x"}, by(), step="action--x")
    playbooks.set_values(case, run, {"__region__": "north"}, by())
    with pytest.raises(Conflict, match="is a constant"):
        playbooks.set_values(case, run, {"__region__": "south"}, by())
    with pytest.raises(InvalidInput):
        begun(values={"__password__": "hunter2"})
    assert b"hunter2" not in b"".join(json.dumps(one.value).encode() for one in thread(operator("o"), case))


def test_settling_a_value_goes_to_those_that_the_run_is_for(partners: Path) -> None:
    case, run = begun(values={"__found__": "between us"}, for_=For(only_us=True))
    [statement] = [one.id for one in queries.case(operator("o"), case).history if one.slot[1] == "variable"]
    opening.settle(case, statement, "Seen twice", by())
    partner = for_member("cert-no", DEFAULT_PURPOSE, "n")
    assert b"between us" not in json.dumps([one.value for one in thread(partner, case)]).encode()
    assert held(now(case, run), "__found__") == "between us"


def test_values_are_for_those_that_the_run_is_for(partners: Path) -> None:
    partner = for_member("cert-no", DEFAULT_PURPOSE, "n")
    case, run = begun(values={"__found__": "shared"})
    found = queries.case(partner, case)
    assert held(Values(playbooks.run_of(partner, found, run)[1], found, run), "__found__") == "shared"
    case, run = begun(values={"__found__": "between us"}, for_=For(only_us=True))
    playbooks.set_values(case, run, {"__address__": "198.51.100.7"}, by())
    assert b"between us" not in json.dumps([one.value for one in thread(partner, case)]).encode()
    assert b"198.51.100.7" not in json.dumps([one.value for one in thread(partner, case)]).encode()
    assert held(now(case, run), "__address__") == "198.51.100.7"
