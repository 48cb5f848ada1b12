"""Effective handling: what the markings of an object come to, taken together. Strictest wins, lists intersect."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from typing import Any

import msgspec

from commonwatch.core.policy.definitions import read_marking
from commonwatch.core.policy.readings import Problem, Reading, together
from commonwatch.core.policy.scales import AMBER, PAP_NAMES, RED, TLP_NAMES, level

__all__ = ["NOBODY", "Handling", "Problem", "handling", "markings_together", "of_reading"]

NOBODY = "-"  # stands alone in a list that was given and came to nothing; it is no id, country, group or community


class Handling(msgspec.Struct, frozen=True):
    """How an object is to be handled. Tuples are sorted; an empty one means that no such list is given."""

    tlp: int  # 0 CLEAR, 1 GREEN, 2 AMBER, 3 AMBER+STRICT, 4 RED
    pap: int = 0  # 0 CLEAR .. 3 RED
    classification: int = 0  # 0 none, 1 restricted, 2 confidential, 3 secret, 4 top secret
    orcon: bool = False  # originator control: nobody passes it on without the originator's consent
    named: tuple[str, ...] = ()  # identity ids of recipients named one by one
    releasable: tuple[str, ...] = ()  # country codes (upper case) and groups (lower case) it may go to
    audience: tuple[str, ...] = ()  # community names
    purposes: tuple[str, ...] = ()  # the only purposes
    not_before: date | None = None  # first day on which it may be given
    not_after: date | None = None  # last day
    retention_days: int | None = None
    duties: tuple[str, ...] = ()  # what a recipient takes on, in words
    problems: tuple[Problem, ...] = ()


def handling(marking_ids: Sequence[str], definitions: Mapping[str, Mapping[str, Any]], default: str = "") -> Handling:
    """What these markings come to. `definitions` are the marking-definitions held, by id.

    Where none of them says a TLP level, `default` does (a TLP name), else TLP:AMBER: a copyright notice opens nothing.
    Names are the one thing by which a marking opens: they add recipients to what TLP allows. So names given by several
    markings intersect, and a marking that cannot be read takes all of them away.
    """
    return of_reading(markings_together(marking_ids, definitions), default)


def markings_together(marking_ids: Iterable[str], definitions: Mapping[str, Mapping[str, Any]]) -> Reading:
    """What the markings themselves say, before any default."""
    return together(read_marking(marking, definitions.get(marking)) for marking in set(marking_ids))


def of_reading(said: Reading, default: str = "") -> Handling:
    """The handling that a reading comes to."""
    levels = set(said.tlps)
    problems = {*said.problems, *_contradictory(said)}
    if said.unread:
        levels.add(RED)
    if not levels:
        fallback = level("TLP", default) if default else AMBER
        if fallback is None:
            problems.add(
                Problem(
                    "default-unreadable",
                    "",
                    f"The default marking {default} is no TLP level: read as TLP:RED.",
                    f"Use one of {', '.join(TLP_NAMES)}.",
                )
            )
        levels.add(RED if fallback is None else fallback)
    return Handling(
        tlp=max(levels),
        pap=max(said.paps, default=0),
        classification=said.classification,
        orcon=said.orcon,
        named=(NOBODY,) if said.unread else _words(said.named),
        releasable=_words(said.releasable),
        audience=_words(said.audience),
        purposes=_words(said.purposes),
        not_before=said.not_before,
        not_after=said.not_after,
        retention_days=said.retention_days,
        duties=tuple(sorted(said.duties)),
        problems=tuple(sorted(problems)),
    )


def _words(given: frozenset[str] | None) -> tuple[str, ...]:
    if given is None:
        return ()
    return tuple(sorted(given)) or (NOBODY,)


def _contradictory(said: Reading) -> Iterator[Problem]:
    """What cannot all be meant."""
    for scale, names, levels in (("tlp", TLP_NAMES, said.tlps), ("pap", PAP_NAMES, said.paps)):
        if len(levels) > 1:
            yield Problem(
                f"{scale}-contradictory",
                "",
                f"It is marked {' and '.join(names[step] for step in sorted(levels))}: the strictest counts.",
                f"Keep {names[max(levels)]} or whichever is meant, and take the others away.",
            )
    lists = {
        "named": (said.named, "names recipients"),
        "releasable": (said.releasable, "is releasable to"),
        "audience": (said.audience, "gives an audience"),
        "purposes": (said.purposes, "gives purposes"),
    }
    for kind, (given, does) in lists.items():
        if given is not None and not given:
            yield Problem(
                f"{kind}-contradictory",
                "",
                f"Each of several markings {does}, and nothing is common to all: it goes to nobody.",
                "Give one list, or lists that overlap.",
            )
    if said.not_before is not None and said.not_after is not None and said.not_after < said.not_before:
        yield Problem(
            "dates-contradictory",
            "",
            f"It may be given from {said.not_before} and until {said.not_after}: never.",
            "Correct the start or the end date of its policies.",
        )
    if {"attribute", "do-not-attribute"} <= said.duties:
        yield Problem(
            "attribution-contradictory",
            "",
            "One policy demands that the provider is named, another forbids it.",
            "Keep one of the two.",
        )
