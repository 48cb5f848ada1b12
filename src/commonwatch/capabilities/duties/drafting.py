"""A notice from the facts of the case: every point that the stage asks for, filled where known, and named where not."""

from __future__ import annotations

import msgspec

from commonwatch.capabilities.duties.case_facts import TIMES, Facts
from commonwatch.core.law.counting import Where
from commonwatch.core.law.duties import Field, Regime, Stage

GAP = "[not known yet]"
_LATE = (Field("the reasons for the delay", ("delay",)),)  # as GDPR Art. 33(1) asks, and any authority would
_PRODUCED = "Draft made from the facts of the case. A person checks it, fills what is missing, and sends it."


class Point(msgspec.Struct, frozen=True):
    """One point: what is asked, what is known, which facts are missing."""

    asked: str
    answer: str
    missing: tuple[str, ...]


class Draft(msgspec.Struct, frozen=True):
    """A notice to be checked."""

    text: str
    points: tuple[Point, ...]
    gaps: tuple[str, ...]  # points about which nothing is known
    general: bool  # the list does not say what this notice has to hold


def draft(
    facts: Facts, regime: Regime, stage: Stage, member: str, local: str, there: Where, *, late: bool = False
) -> Draft:
    """The draft of a stage's notice; `local` is its limit in the recipient's time, `late` whether that is over."""
    asked = (*stage.content, *(_LATE if late else ()))
    points = tuple(_point(field, facts, there) for field in asked)
    gaps = tuple(point.asked for point in points if not point.answer)
    lines = [
        f"To: {regime.recipient}",
        f"From: {member}",
        f"Under: {regime.instrument}",
        f"Notice: {stage.stage.replace('_', ' ')}",
        f"About: {facts.title}",
    ]
    lines += [f"Due: {local}"] if local else []
    for number, point in enumerate(points, 1):
        lines += ["", f"{number}. {point.asked[:1].upper()}{point.asked[1:]}", point.answer or GAP]
        lines += [f"{GAP} {', '.join(point.missing)}"] if point.answer and point.missing else []
    return Draft("\n".join([*lines, "", _PRODUCED]), points, gaps, stage.general_content)


def _point(field: Field, facts: Facts, there: Where) -> Point:
    said, missing = [], []
    for name in field.facts:
        value = _value(facts, name, there)
        if value:
            said.append(value if len(field.facts) == 1 else f"{name.replace('_', ' ').capitalize()}: {value}")
        else:
            missing.append(name.replace("_", " "))
    return Point(field.text, "\n".join(said), tuple(missing))


def _value(facts: Facts, name: str, there: Where) -> str:
    if name in TIMES:
        at_us = facts.times.get(name)
        return f"{there.local(at_us):%Y-%m-%d %H:%M:%S %Z}" if at_us is not None else ""
    if name == "severity":
        return facts.severity
    if name in facts.texts:
        return facts.texts[name].strip()
    stated = facts.flags.get(name)
    return "" if stated is None else "yes" if stated else "no"
