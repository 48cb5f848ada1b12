"""A notice from the facts of the case: every point that the stage asks for, filled where known, and named where not.

All that is ours or stands in the list of law is said in one language; what people wrote and names stay as they are.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from django.utils.translation import gettext as _
from django.utils.translation import override

from commonwatch.capabilities.duties.case_facts import TIMES, Facts
from commonwatch.capabilities.duties.words import (
    Said,
    fact_said,
    point_said,
    recipient_said,
    severity_said,
    stage_said,
    stated_said,
)
from commonwatch.core.law.counting import Where
from commonwatch.core.law.duties import Regime, Stage


class Point(msgspec.Struct, frozen=True):
    """One point: what is asked, what is known, which facts are missing. `untranslated`: asked in English for want of other words."""

    asked: str
    answer: str
    missing: tuple[str, ...]
    untranslated: bool = False


class Draft(msgspec.Struct, frozen=True):
    """A notice to be checked."""

    text: str
    points: tuple[Point, ...]
    gaps: tuple[str, ...]  # points about which nothing is known
    general: bool  # the list does not say what this notice has to hold
    language: str
    untranslated: tuple[int, ...]  # lines of the text that are in English for want of other words


def draft(
    facts: Facts, regime: Regime, stage: Stage, member: str, local: str, there: Where, *, language: str, late: bool
) -> Draft:
    """The draft of a stage's notice; `local` is its limit in the recipient's time, `late` whether that is over."""
    with override(language):
        points = [_point(point_said(field.text), field.facts, facts, there) for field in stage.content]
        # As GDPR Art. 33(1) asks, and any authority would.
        points += [_point(Said(_("the reasons for the delay")), ("delay",), facts, there)] if late else []
        lines: list[str] = []
        untranslated = []
        for said in _parts(facts, regime, stage, member, local, points):
            untranslated += [len(lines)] if said.untranslated else []
            lines += said.text.split("\n")
    gaps = tuple(point.asked for point in points if not point.answer)
    return Draft("\n".join(lines), tuple(points), gaps, stage.general_content, language, tuple(untranslated))


def _parts(facts: Facts, regime: Regime, stage: Stage, member: str, local: str, points: list[Point]) -> Iterator[Said]:
    yield Said(_("To: %(recipient)s") % {"recipient": recipient_said(regime.recipient)})
    yield Said(_("From: %(member)s") % {"member": member})
    yield Said(_("Under: %(instrument)s") % {"instrument": regime.instrument})
    yield Said(_("Notice: %(stage)s") % {"stage": stage_said(stage.stage).text})
    yield Said(_("About: %(title)s") % {"title": facts.title})
    if local:
        yield Said(_("Due: %(time)s") % {"time": local})
    for number, point in enumerate(points, 1):
        yield Said("")
        yield Said(f"{number}. {point.asked[:1].upper()}{point.asked[1:]}", point.untranslated)
        yield Said(point.answer or _("[not known yet]"))
        if point.answer:
            for fact in point.missing:
                yield Said(_("%(fact)s: [not known yet]") % {"fact": fact})
    yield Said("")
    yield Said(_("Draft made from the facts of the case. A person checks it, fills what is missing, and sends it."))


def _point(asked: Said, names: tuple[str, ...], facts: Facts, there: Where) -> Point:
    said, missing = [], []
    for name in names:
        value = _value(facts, name, there)
        if not value:
            missing.append(fact_said(name))
        elif len(names) == 1:
            said.append(value)
        else:
            # In a script that runs from right to left a time has a line of its own: within a line its parts would change places.
            line = _("%(fact)s: %(time)s") if name in TIMES else _("%(fact)s: %(value)s")
            said.append(line % {"fact": fact_said(name), "time": value, "value": value})
    return Point(asked.text, "\n".join(said), tuple(missing), asked.untranslated)


def _value(facts: Facts, name: str, there: Where) -> str:
    if name in TIMES:
        at_us = facts.times.get(name)
        return there.written(at_us) if at_us is not None else ""
    if name == "severity":
        return severity_said(facts.severity)
    if name in facts.texts:
        return facts.texts[name].strip()
    stated = facts.flags.get(name)
    return "" if stated is None else stated_said(stated)
