"""CACAO playbooks: checked when they come in, run by people step by step, the same wherever the record is read."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.base.intake.own import Audience
from commonwatch.base.release.reader import for_member, operator
from commonwatch.capabilities.incidents import queries
from commonwatch.capabilities.incidents.actions import opening, playbooks
from commonwatch.capabilities.incidents.actions.opening import Invited, Report
from commonwatch.capabilities.incidents.actions.playbooks import Did
from commonwatch.capabilities.incidents.rules.playbooks import DEEPEST, Playbook, parse_playbook
from commonwatch.capabilities.incidents.rules.running import Done, Standing, standing
from commonwatch.core.errors import Conflict, InvalidInput, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from tests.base.release.nodes import by


def name(kind: str, number: int) -> str:
    return f"{kind}--00000000-0000-4000-8000-{number:012d}"


START, END = name("start", 1), name("end", 99)
LOOK, BLOCK, CLEAN, TELL, CHECK = (name("action", number) for number in (2, 3, 4, 5, 6))
IS_WIDE, AGAIN = name("if-condition", 7), name("while-condition", 8)
WHICH, BOTH = name("switch-condition", 9), name("parallel", 10)


def action(words: str, following: str = "", **more: Any) -> dict[str, Any]:
    step = {"type": "action", "name": words, "agent": "x", "commands": [{"type": "manual", "command": words}]}
    return step | ({"on_completion": following} if following else {}) | more


def book(workflow: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "type": "playbook",
        "spec_version": "cacao-2.0",
        "id": name("playbook", 100),
        "name": "Ransomware",
        "created_by": name("identity", 101),
        "created": "2026-01-01T00:00:00.000Z",
        "modified": "2026-01-01T00:00:00.000Z",
        "workflow_start": START,
        "workflow": workflow,
        **more,
    }


def whole() -> dict[str, Any]:
    """Look; if it is wide, block and tell at once; while it is not clean, clean; then by kind; then the end."""
    ends = {number: name("end", number) for number in range(90, 98)}
    workflow = {
        START: {"type": "start", "on_completion": LOOK},
        LOOK: action("Look", IS_WIDE),
        IS_WIDE: {
            "type": "if-condition",
            "condition": "wide",
            "on_true": BOTH,
            "on_false": ends[90],
            "on_completion": AGAIN,
        },
        BOTH: {"type": "parallel", "next_steps": [BLOCK, TELL], "on_completion": ends[91]},
        BLOCK: action("Block", ends[92]),
        TELL: action("Tell", ends[93]),
        AGAIN: {"type": "while-condition", "condition": "not clean", "on_true": CLEAN, "on_completion": WHICH},
        CLEAN: action("Clean", ends[94]),
        WHICH: {
            "type": "switch-condition",
            "switch": "__kind__:value",
            "cases": {"server": CHECK, "default": ends[95]},
            "on_completion": END,
        },
        CHECK: action("Check", ends[96]),
        END: {"type": "end"},
        **{one: {"type": "end"} for one in ends.values()},
    }
    return book(workflow)


def read(value: dict[str, Any]) -> Playbook:
    return parse_playbook(json.dumps(value).encode())


def after(playbook: Playbook, *done: tuple[str, str] | str) -> Standing:
    record = []
    for number, one in enumerate(done):
        step, branch = one if isinstance(one, tuple) else (one, "")
        record.append(Done(step, not branch.startswith("!"), branch.lstrip("!"), number, f"task--{number}"))
    return standing(playbook, record)


def test_a_run_waits_where_somebody_has_to_do_something() -> None:
    playbook = read(whole())
    assert after(playbook).waiting == (LOOK,)
    assert after(playbook, LOOK).waiting == (IS_WIDE,)
    assert after(playbook, LOOK, (IS_WIDE, "true")).waiting == (BLOCK, TELL)
    assert after(playbook, LOOK, (IS_WIDE, "true"), TELL).waiting == (BLOCK,)
    assert after(playbook, LOOK, (IS_WIDE, "true"), TELL, BLOCK).waiting == (AGAIN,)
    assert after(playbook, LOOK, (IS_WIDE, "false")).waiting == (AGAIN,)


def test_a_loop_comes_round_as_often_as_somebody_finds() -> None:
    playbook = read(whole())
    begun: tuple[tuple[str, str] | str, ...] = (LOOK, (IS_WIDE, "false"))
    assert after(playbook, *begun, (AGAIN, "true")).waiting == (CLEAN,)
    assert after(playbook, *begun, (AGAIN, "true"), CLEAN).waiting == (AGAIN,)
    assert after(playbook, *begun, (AGAIN, "true"), CLEAN, (AGAIN, "true"), CLEAN, (AGAIN, "false")).waiting == (WHICH,)
    over = after(playbook, *begun, (AGAIN, "false"), (WHICH, "laptop"))
    assert (over.waiting, over.is_over, over.failed_at) == ((), True, "")
    assert after(playbook, *begun, (AGAIN, "false"), (WHICH, "server")).waiting == (CHECK,)


def test_a_failed_step_goes_where_the_playbook_says_or_ends_the_run() -> None:
    workflow = {
        START: {"type": "start", "on_completion": LOOK},
        LOOK: action("Look", on_success=END, on_failure=CHECK),
        CHECK: action("Check", on_success=END),
        TELL: action("Tell", END),
        END: {"type": "end"},
    }
    playbook = read(book(workflow))
    assert after(playbook, (LOOK, "!")).waiting == (CHECK,)
    assert after(playbook, (LOOK, "!"), (CHECK, "!")).failed_at == CHECK
    handled = read(book(workflow, workflow_exception=TELL))
    assert after(handled, (LOOK, "!"), (CHECK, "!")).waiting == (TELL,)


def broken(change: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    value = whole()
    change(value)
    return value


def deep() -> dict[str, Any]:
    """Conditions within conditions."""
    workflow: dict[str, Any] = {
        START: {"type": "start", "on_completion": name("if-condition", 1000)},
        END: {"type": "end"},
    }
    for number in range(DEEPEST + 5):
        workflow[name("if-condition", 1000 + number)] = {
            "type": "if-condition", "condition": "x", "on_true": name("if-condition", 1001 + number), "on_completion": END,
        }  # fmt: skip
    workflow[name("if-condition", 1000 + DEEPEST + 5)] = {"type": "if-condition", "condition": "x", "on_true": END}
    return book(workflow)


@pytest.mark.parametrize(
    "value",
    [
        broken(lambda one: one.update(type="report")),
        broken(lambda one: one.update(spec_version="cacao-1.1")),
        broken(lambda one: one.pop("workflow_start")),
        broken(lambda one: one.update(workflow_start=LOOK)),
        broken(lambda one: one["workflow"][LOOK].update(on_completion=name("action", 777))),
        broken(lambda one: one["workflow"][LOOK].update(on_success=END)),
        broken(lambda one: one["workflow"][IS_WIDE].pop("on_true")),
        broken(lambda one: one["workflow"][WHICH].update(cases={})),
        broken(lambda one: one["workflow"][BOTH].update(next_steps=[])),
        broken(lambda one: one["workflow"][BOTH].update(on_completion=BOTH)),
        broken(lambda one: one["workflow"][BOTH].update(next_steps=[BOTH, TELL])),
        broken(lambda one: one["workflow"].update({"nonsense": {"type": "end"}})),
        broken(lambda one: one["workflow"][LOOK].update(commands=[{"type": "manual", "command": "x" * 60_000}])),
        broken(lambda one: one.update(workflow={START: {"type": "start"}})),
        broken(
            lambda one: one.update(
                workflow={**{name("end", n): {"type": "end"} for n in range(600)}, **one["workflow"]}
            )
        ),
        deep(),
        {"type": "playbook"},
    ],
)
def test_what_is_broken_or_hostile_is_refused_with_its_place(value: dict[str, Any]) -> None:
    with pytest.raises(InvalidInput) as refused:
        read(value)
    assert refused.value.code == "playbook-invalid"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b'{"a":1,"a":2}', b"[" * 1000, b"{}" + b" " * 600_000, b"null"])
def test_bytes_that_are_no_playbook_are_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput):
        parse_playbook(raw)


STEPS = [LOOK, IS_WIDE, BLOCK, TELL, AGAIN, CLEAN, WHICH, CHECK]


@given(
    st.lists(
        st.tuples(st.sampled_from(STEPS), st.booleans(), st.sampled_from(["", "true", "false", "server"])), max_size=40
    )
)
def test_any_record_gives_one_standing_and_the_walk_ends(records: list[tuple[str, bool, str]]) -> None:
    playbook = read(whole())
    record = [Done(step, ok, branch, number, f"task--{number}") for number, (step, ok, branch) in enumerate(records)]
    found = standing(playbook, record)
    assert found == standing(playbook, list(reversed(record)))
    assert len(found.done) <= len(record)
    assert found.is_over or found.waiting


def test_a_playbook_is_run_in_a_case_with_who_did_what_on_record(partners: Path) -> None:
    raw = json.dumps(whole()).encode()
    kept = playbooks.take_in(raw, Audience("TLP:AMBER", ("cert-no",)), by())
    assert [one.id for one in playbooks.playbooks(operator("o"))] == [kept]
    partner = for_member("cert-no", DEFAULT_PURPOSE, "n")
    assert playbooks.playbook_bytes(partner, kept) == raw
    with pytest.raises(NotFound):
        playbooks.playbook_bytes(for_member("cert-de", DEFAULT_PURPOSE, "d"), kept)
    case = opening.report(Report("Ransom", with_=(Invited("cert-no"),)), by())
    run = playbooks.start(case, kept, "A. Berg", by())
    playbooks.do_step(case, run, Did(LOOK, person="B. Lund", note="Two servers"), by())
    with pytest.raises(Conflict, match="does not wait"):
        playbooks.do_step(case, run, Did(CLEAN), by())
    with pytest.raises(InvalidInput, match="asks what was found"):
        playbooks.do_step(case, run, Did(IS_WIDE), by())
    playbooks.do_step(case, run, Did(IS_WIDE, branch="true"), by())
    found = queries.case(partner, case)
    _, _, now = playbooks.run_of(partner, found, run)
    assert (now.waiting, [one.step for one in now.done]) == ((BLOCK, TELL), [LOOK, IS_WIDE])
    step = next(one for one in found.tasks if one.step == LOOK)
    assert (step.person, step.description, step.outcome, step.types) == (
        "B. Lund", "Two servers", "successful", ("playbook-step-execution",),
    )  # fmt: skip
    assert {one.kind for one in found.timeline} >= {"step", "task"}
    assert [one.id for one in playbooks.runs(found)] == [run]
    with pytest.raises(NotFound):
        playbooks.run_of(partner, found, step.id)
