"""Policies, epochs, recalls and simulations for machines: the same in commands and in the API."""

from __future__ import annotations

from typing import Any

import msgspec

from commonwatch.base.release.explain import Explanation, summary
from commonwatch.base.release.models import Epoch, Recall
from commonwatch.base.release.publishing import Simulation
from commonwatch.core.policy.book import Policy
from commonwatch.core.policy.world import World
from commonwatch.core.stix.times import format_time


def shown_policy(policy: Policy) -> dict[str, Any]:
    """A policy without its text."""
    return {
        "id": policy.id,
        "gate": policy.gate,
        "effect": policy.effect,
        "title": policy.note("title"),
        "law": policy.note("law"),
        "date": policy.note("date"),
        "explain": policy.note("explain"),
        "remedy": policy.note("remedy"),
    }


def policy_text(world: World, policy: Policy) -> str:
    """A policy as it is written in its file."""
    return next(part for part in _texts(world.files[policy.file]) if f'@id("{policy.id}")' in part)


def shown_epoch(epoch: Epoch) -> dict[str, Any]:
    """A time of equal decisions, with who gained and who lost how much when it began."""
    return {
        "epoch": epoch.pk,
        "made": format_time(epoch.made_us, 0),
        "on": str(epoch.on),
        "what": epoch.what,
        "by": epoch.actor,
        "gained": epoch.report["gained"],
        "lost": epoch.report["lost"],
        "world": epoch.digest,
    }


def shown_recall(recall: Recall) -> dict[str, Any]:
    """A recall, with its recipient's answer."""
    return {
        "recall": recall.recall,
        "member": recall.member.name,
        "objects": recall.count,
        "reason": recall.reason,
        "made": format_time(recall.made_us, 0),
        "answer": recall.answer or None,
        "answered": format_time(recall.answered_us, 0) if recall.answered_us is not None else None,
        "reminders": recall.reminders,
        "lifted": format_time(recall.lifted_us, 0) if recall.lifted_us is not None else None,
    }


def shown_refusal(found: Explanation) -> dict[str, Any]:
    """Only what keeps a member from having an object, and what would have to change."""
    return {
        "object": found.object,
        "recipient": found.recipient,
        "outcome": found.outcome,
        "shut": [gate.gate for gate in found.decision.gates if not gate.passed],
        "changes": msgspec.to_builtins(found.changes),
    }


def shown_simulation(one: Simulation) -> dict[str, Any]:
    """Who would get an object, by which rule, and what must be mended first."""
    return {
        "object": one.object,
        "owner": one.owner,
        "blocked": bool(one.blocking),
        "problems": msgspec.to_builtins(one.problems),
        "recipients": [
            {
                "member": reached.member,
                "outcome": reached.decision.outcome,
                "variant": reached.decision.variant,
                "because": summary(reached.decision),
                "obligations": [word.word for word in reached.decision.obligations],
                "recall": "tracked" if reached.honours_recall else "best effort",
            }
            for reached in one.reached
        ],
    }


def _texts(text: str) -> list[str]:
    """Single policies of a file, with their annotations."""
    return (
        [part.strip() + ";" for part in text.split(";\n\n") if part.strip()] if ";\n\n" in text else text.split(";\n@")
    )
