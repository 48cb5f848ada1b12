"""What in the markings of an object stops it from being published, and what its author should know before it is.

Readers of a contradictory object are safe all the same: the strictest reading decides about release. But its author
meant something else than will happen, and only the author can say what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from commonwatch.core.policy.definitions import text_says
from commonwatch.core.policy.handling import NOBODY, Handling, Problem, markings_together, of_reading
from commonwatch.core.policy.readings import Reading, together
from commonwatch.core.policy.scales import (
    CLEAR,
    GREEN,
    PAP_AMBER,
    PAP_NAMES,
    RED,
    TLP_NAMES,
)

_TAKE_AWAY = "Take the restriction away, or mark it with the TLP level that is meant."


def contradictions(
    value: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]], default: str = ""
) -> tuple[Problem, ...]:
    """Every problem of an object's markings, what blocks first. `default` is the TLP name it takes without one."""
    own = markings_together(_ids(value), definitions)
    effective = of_reading(own, default)
    found = {
        *effective.problems,
        *_public(effective),
        *_community(effective),
        *_nobody(effective, own.unread),
        *_labels(value, own, effective),
        *_fields(value, definitions, own),
    }
    return tuple(sorted(found, key=lambda problem: (not problem.blocks, problem)))


def _ids(value: Mapping[str, Any]) -> list[str]:
    refs = value.get("object_marking_refs")
    return [ref for ref in refs if isinstance(ref, str)] if isinstance(refs, list) else []


def _public(marked: Handling) -> Iterator[Problem]:
    """What everybody may have cannot be kept from anybody, and nobody can be held to anything."""
    if marked.tlp != CLEAR:
        return
    blocking = {
        "a classification": marked.classification > 0,
        "originator control": marked.orcon,
        "named recipients": bool(marked.named),
        "an audience": bool(marked.audience),
        "a release list": bool(marked.releasable),
        f"{PAP_NAMES[marked.pap]}, which bad actors read, too": marked.pap >= PAP_AMBER,
        "limits on actions, which bad actors read, too": any(duty.startswith("actions:") for duty in marked.duties),
    }
    noted = {
        "purposes": bool(marked.purposes),
        "an end date": marked.not_after is not None,
        "a time of retention": marked.retention_days is not None,
        "encryption in transit": "encrypt-in-transit" in marked.duties,
    }
    for what in (what for what, given in blocking.items() if given):
        yield Problem("clear-but-restricted", "", f"It is TLP:CLEAR and has {what}.", _TAKE_AWAY)
    for what in (what for what, given in noted.items() if given):
        yield Problem(
            "clear-but-limited", "", f"It is TLP:CLEAR and has {what}: nobody can be held to that.", _TAKE_AWAY, False
        )


def _community(marked: Handling) -> Iterator[Problem]:
    """GREEN goes through the whole community, and on from hand to hand."""
    if marked.tlp == GREEN and marked.classification:
        yield Problem("green-but-classified", "", "It is TLP:GREEN and classified.", "Mark it TLP:AMBER or stricter.")
    if marked.tlp == GREEN and marked.orcon:
        yield Problem(
            "green-but-controlled",
            "",
            "It is TLP:GREEN, which members pass on, and originator-controlled, which forbids that: the latter counts.",
            "Mark it TLP:AMBER or stricter.",
            False,
        )
    closed = marked.audience == (NOBODY,)
    if CLEAR < marked.tlp < RED and marked.named and marked.named != (NOBODY,) and not closed:
        yield Problem(
            "names-do-not-narrow",
            "",
            f"It names recipients and is {TLP_NAMES[marked.tlp]}: they get it beside everybody whom that allows.",
            "Mark it TLP:RED if it is for nobody else.",
            False,
        )
    if marked.classification and not marked.releasable:
        yield Problem(
            "classified-without-release-list",
            "",
            "It is classified and no release list is given: everybody who is cleared and whom TLP allows may have it.",
            "Say to which countries and groups it is releasable.",
            False,
        )


def _nobody(marked: Handling, unread: bool) -> Iterator[Problem]:
    """What reaches nobody although it is published."""
    if marked.tlp == RED and not marked.named:
        yield Problem(
            "red-for-nobody",
            "",
            "It is TLP:RED, for named recipients only, and names none: it goes to nobody.",
            "Name the recipients in a handling marking, or choose another TLP level.",
        )
    if marked.tlp == RED and marked.audience and not unread:
        yield Problem(
            "red-with-audience",
            "",
            "It is TLP:RED, for named recipients only, and gives an audience: that has no effect.",
            "Name the recipients, or mark it TLP:AMBER+STRICT for the audience.",
        )


def _labels(value: Mapping[str, Any], own: Reading, marked: Handling) -> Iterator[Problem]:
    """Tags that programs without markings leave in `labels`: they do not count, so they must not say more.

    One says more if it would change anything as a marking.
    """
    labels = value.get("labels")
    said = together([own, Reading(tlps=frozenset({marked.tlp}))])
    for label in labels if isinstance(labels, list) else ():
        parts = list(text_says(label)) if isinstance(label, str) else []
        read = together([said, *(part for part in parts if isinstance(part, Reading))])
        unread = any(isinstance(part, str) for part in parts)
        if unread or replace(of_reading(read), problems=()) != replace(of_reading(said), problems=()):
            yield Problem(
                "label-stricter",
                "",
                f"Its label {label:.80} says more than its markings, and labels do not count.",
                "Mark it so, or correct the label.",
            )


def _fields(value: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]], own: Reading) -> Iterator[Problem]:
    """Granular markings: each field's are read together, and beside the object's own, of which the strictest stay."""
    fields: dict[str, set[str]] = defaultdict(set)
    granular = value.get("granular_markings")
    for part in granular if isinstance(granular, list) else ():
        selectors = part.get("selectors") if isinstance(part, Mapping) else None
        if isinstance(selectors, list) and isinstance(part.get("marking_ref"), str):
            for selector in selectors:
                fields[str(selector)].add(part["marking_ref"])
    for selector, ids in fields.items():
        field = markings_together(ids, definitions)
        for problem in of_reading(field).problems:
            yield Problem(
                problem.code, problem.marking, f"{selector}: {problem.sentence}", problem.remedy, problem.blocks
            )
        for names, levels, wider in ((TLP_NAMES, field.tlps, own.tlps), (PAP_NAMES, field.paps, own.paps)):
            if levels and wider and max(levels) < max(wider):
                yield Problem(
                    "granular-weaker",
                    "",
                    f"{selector} is marked {names[max(levels)]}, the object {names[max(wider)]}, which counts there, too.",
                    "Mark the object less strictly and its other fields as strictly as it is now.",
                    False,
                )
