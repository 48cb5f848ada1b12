"""`commonwatch explain`, `why-not`, `simulate`: who may have what, and why."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.release.explain import Asking, Explanation, as_data, held_object, summary
from commonwatch.base.release.publishing import Simulation, drafts_in, simulate_all
from commonwatch.base.release.shown import shown_refusal, shown_simulation
from commonwatch.base.terminal import Exit, current
from commonwatch.core.policy.decision import Attempt, GateAnswer
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.policy.scales import TLP_NAMES

Identity = Annotated[str, typer.Argument(help="STIX id of an object that the journal holds.")]
To = Annotated[str, typer.Option("--to", help="Name of a member, or public for nobody in particular.")]
Purpose = Annotated[str, typer.Option(help="What for: network-defence, incident-response, research ...")]
Altered = Annotated[bool, typer.Option("--altered", help="Accept that law has it altered for some.")]
Version = Annotated[str, typer.Option(help="Which version, as its author dated it; default: the latest.")]


def explain(identity: Identity, to: To, purpose: Purpose = DEFAULT_PURPOSE, version: Version = "") -> None:
    """Say whether a member may have an object, by which rules and laws, and what would have to change.

    Example: commonwatch explain indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --to cert-sg --purpose incident-response
    """
    found = Asking(purpose).explain(held_object(identity, version), to)
    out = current()
    _head(found)
    for attempt in found.decision.attempts:
        out.print(f"\nAs {attempt.variant}:")
        _gates(attempt)
    _rest(found)
    out.result(as_data(found))


def why_not(identity: Identity, to: To, purpose: Purpose = DEFAULT_PURPOSE, version: Version = "") -> None:
    """Say only what keeps a member from having an object, and what would have to change.

    Example: commonwatch why-not indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --to cert-sg
    """
    found = Asking(purpose).explain(held_object(identity, version), to)
    out = current()
    _head(found)
    if found.outcome != "refuse":
        out.print("Nothing does: it may have it. `explain` says by which rules.")
    for gate in found.decision.gates:
        if not gate.passed:
            _shut(gate)
    _changes(found)
    out.result(shown_refusal(found))


def simulate(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="A STIX object, or a bundle of some.")],
    purpose: Purpose = DEFAULT_PURPOSE,
    default_marking: Annotated[str, typer.Option(help="Marking of what says no TLP level itself.")] = "TLP:AMBER",
    altered: Altered = False,
) -> None:
    """Before publishing: who would get each object, by which rule, and what must be mended first. Nothing is stored.

    Example: commonwatch simulate draft.json --purpose network-defence
    """
    found = simulate_all(drafts_in(file.read_bytes(), str(file)), purpose, default_marking, altered=altered)
    out = current()
    for one in found:
        show_simulation(one)
    blocked = [one for one in found if one.blocking]
    if blocked:
        out.print(f"{len(blocked)} of {len(found)} must not be published as they are.")
    out.result([shown_simulation(one) for one in found])
    if blocked:
        out.stop(Exit.NOT_ALL_ADMITTED)


def _head(found: Explanation) -> None:
    out, facts = current(), found.facts
    out.print(f"{found.object}{f' of {found.version}' if found.version else ''}, owner {found.owner}")
    out.print(f"to {found.recipient} for {found.purpose} on {found.on}: {_outcome(found)}")
    said = [TLP_NAMES[facts.tlp], facts.category]
    said += [f"personal data: {', '.join(sorted(facts.personal))}"] if facts.personal else []
    said += [f"secrets: {', '.join(sorted(facts.secrecy))}"] if facts.secrecy else []
    said += [f"audience: {', '.join(sorted(facts.audience)) or 'nobody'}"] if facts.tlp in (2, 3) else []
    out.print("; ".join(said))
    out.print(f"Author: {found.authorship.author or 'none'}. {found.authorship.sentence}")


def _outcome(found: Explanation) -> str:
    if found.outcome == "refuse":
        later = "" if found.decision.outcome == "refuse" else ": a later version is refused"
        return f"REFUSED{later}"
    words = ", ".join(one.word for one in found.decision.obligations)
    variant = "" if found.decision.variant == "full" else f", {found.decision.variant}"
    return f"PERMITTED{variant}{f', with obligations {words}' if words else ''}"


def _gates(attempt: Attempt) -> None:
    rows: list[tuple[str, ...]] = [
        (
            gate.gate,
            "passes" if gate.passed else "SHUT",
            reason.effect,
            reason.policy,
            reason.explain,
            reason.law,
            reason.date,
        )
        for gate in attempt.gates
        for reason in gate.reasons
    ]
    rows += [
        (gate.gate, "SHUT", "", "", "Nothing permits it." if not gate.errors else "; ".join(gate.errors), "", "")
        for gate in attempt.gates
        if not gate.reasons or gate.errors
    ]
    current().table(["gate", "answer", "effect", "policy", "because", "source", "as of"], rows, "")


def _shut(gate: GateAnswer) -> None:
    out = current()
    forbids = [reason for reason in gate.reasons if reason.effect == "forbid"]
    for reason in forbids:
        out.print(f"- {gate.gate}: {reason.explain} [{reason.policy}; {reason.law}, {reason.date}]")
    if not forbids:
        out.print(f"- {gate.gate}: " + ("; ".join(gate.errors) or "nothing permits it."))


def _rest(found: Explanation) -> None:
    out = current()
    out.print("")
    for basis in found.bases:
        out.print(f"Transfer of personal data: {basis}")
    for problem in found.problems:
        out.print(f"Marking: {problem.sentence} {problem.remedy}")
    for finding in found.findings:
        out.print(f"Found: {finding.category} ({finding.role}) at {finding.place}")
    for part in found.parts:
        out.print(f"Parts under {part.marking}: {'given' if part.allowed else 'withheld'} ({summary(part.decision)})")
    _changes(found)
    out.print(f"Policies: {found.policy[:16]}")


def _changes(found: Explanation) -> None:
    if not found.changes:
        return
    out = current()
    out.print("\nIt would be otherwise:")
    for change in found.changes:
        enough = "" if change.enough else f" (opens the gate {', '.join(change.opens)}; another stays shut)"
        out.print(f"  {change.condition}{enough}")


def show_simulation(one: Simulation) -> None:
    """Who would get an object, as a table, and what is wrong with it."""
    out = current()
    out.print(f"{one.object}, owner {one.owner}")
    rows = [
        (
            reached.member,
            "yes" if reached.decision.variant else "no",
            summary(reached.decision),
            ", ".join(word.word for word in reached.decision.obligations),
            "" if not reached.decision.variant else "tracked" if reached.honours_recall else "best effort",
        )
        for reached in one.reached
        if reached.member != one.owner
    ]
    out.table(["member", "gets it", "because", "obligations", "recall"], rows, "There is nobody else.")
    for problem in one.problems:
        out.print(f"{'ERROR' if problem.blocks else 'note'} {problem.code}: {problem.sentence} {problem.remedy}")
    out.print("")
