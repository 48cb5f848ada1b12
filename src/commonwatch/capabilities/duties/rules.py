"""Which instruments may require notice, from the facts of a case: with reasons, and what is still open. Nothing is decided here.

1. Where: an instrument binds in the places it names, or in countries of a group. 2. Who: by what the member is, else by its sectors.
3. What: facts that must all hold; whether the incident is significant, where only that counts. 4. Any no means no, with its reason;
anything open leaves it possible, and says which question decides. 5. What is voluntary, or not in force, stands apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import NamedTuple

import msgspec

from commonwatch.capabilities.duties.case_facts import Facts, Subject
from commonwatch.core.law.duties import IN_FORCE, Duties, Regime

LIKELY, POSSIBLE, NO = "likely", "possible", "no"
STANDS, VOLUNTARY = "in-force", "voluntary"
Groups = Mapping[str, frozenset[str]]  # of a place: eu, eea
# What a member is, where a stage asks for it as a fact.
_ROLE_FLAGS = {
    "critical-infrastructure": "critical_infrastructure",
    "bank-service-provider": "bank_service_provider",
    "vital-operator": "vital_operator",
    "processor": "processor",
}
SIGNIFICANT = "significant"


class Assessed(msgspec.Struct, frozen=True):
    """One instrument for one member in one place."""

    regime: str
    title: str
    member: str
    place: str
    outcome: str  # likely, possible, no
    standing: str  # in-force, voluntary, or why not in force
    uncertain: str  # what is not sure of the law itself
    reasons: tuple[str, ...]
    questions: tuple[str, ...]  # what is open and would decide


class _Answer(NamedTuple):
    holds: bool | None
    sentence: str


def assess(facts: Facts, duties: Duties, groups: Groups, on: date) -> tuple[Assessed, ...]:
    """Every instrument for every member: the likely first, then the possible, then those that do not apply, with why."""
    found = [
        _assessed(facts, subject, place, regime, on)
        for subject in facts.subjects
        for regime in duties.regimes
        for place in _places(subject, regime, groups)
    ]
    order = {LIKELY: 0, POSSIBLE: 1, NO: 2}
    return tuple(sorted(found, key=lambda one: (one.standing != STANDS, order[one.outcome])))


def known_flags(facts: Facts, subject: Subject | None) -> dict[str, bool]:
    """The facts that stages ask for, as far as they are known: stated ones, and what the member is."""
    roles = subject.roles if subject else ()
    derived = {flag: True for role, flag in _ROLE_FLAGS.items() if role in roles}
    return {**derived, **facts.flags}


def subject_named(facts: Facts, name: str) -> Subject | None:
    """The member with a name among the facts."""
    return next((one for one in facts.subjects if one.name == name), None)


def standing(regime: Regime, on: date) -> str:
    """Whether an instrument is in force on a day and asks for notice, in words."""
    if regime.status != IN_FORCE:
        return regime.status.replace("_", " ")
    if regime.since is not None and regime.since > on:
        return f"only from {regime.since}"
    return VOLUNTARY if regime.voluntary else STANDS


def _places(subject: Subject, regime: Regime, groups: Groups) -> list[str]:
    bound = [
        place
        for place in subject.places
        if place in regime.places or not groups.get(place, frozenset()).isdisjoint(regime.places)
    ]
    return bound[:1] if regime.one_place else bound


def _assessed(facts: Facts, subject: Subject, place: str, regime: Regime, on: date) -> Assessed:
    answers = list(_answers(facts, subject, place, regime))
    refused = [one.sentence for one in answers if one.holds is False]
    open_ones = [one.sentence for one in answers if one.holds is None]
    held = [one.sentence for one in answers if one.holds is True]
    outcome = NO if refused else POSSIBLE if open_ones else LIKELY
    reasons = tuple(refused or held)
    return Assessed(
        regime.id,
        regime.title,
        subject.name,
        place,
        outcome,
        standing(regime, on),
        regime.uncertain,
        reasons,
        () if refused else tuple(open_ones),
    )


def _answers(facts: Facts, subject: Subject, place: str, regime: Regime) -> Iterator[_Answer]:
    yield _Answer(True, f"{subject.name} acts in {place}, where {regime.title} binds.")
    yield _who(subject, regime)
    flags = known_flags(facts, subject)
    for need in regime.needs:
        known = flags.get(need)
        words = need.replace("_", " ")
        said = f"It is stated: {words}." if known else f"It is stated: not {words}."
        yield _Answer(known, f"It is not stated whether this holds: {words}." if known is None else said)
    if regime.threshold:
        yield _significant(facts, flags, regime)


def _who(subject: Subject, regime: Regime) -> _Answer:
    if not regime.entities:
        return _Answer(True, f"{regime.title} binds: {regime.who}.")
    named = [role for role in subject.roles if role in regime.entities]
    if named:
        return _Answer(True, f"{subject.name} is of those whom it binds: {named[0]}.")
    question = f"Is {subject.name} one of these: {regime.who}?"
    if subject.sectors and regime.sectors:
        shared = [sector for sector in subject.sectors if sector in regime.sectors]
        if shared:
            return _Answer(None, question)
        return _Answer(False, f"It binds others, and none of the sectors of {subject.name}: {regime.who}.")
    if subject.roles:
        return _Answer(False, f"It binds others than {subject.name} is stated to be: {regime.who}.")
    return _Answer(None, question)


_SEVERE = {
    "high": "The severity is high: taken as significant until a person says otherwise.",
    "critical": "The severity is critical: taken as significant until a person says otherwise.",
}


def _significant(facts: Facts, flags: Mapping[str, bool], regime: Regime) -> _Answer:
    stated = flags.get(SIGNIFICANT)
    if stated is not None:
        return _Answer(
            stated,
            "It is stated that the incident is significant."
            if stated
            else "It is stated that the incident is not significant.",
        )
    if facts.severity in _SEVERE:
        return _Answer(True, _SEVERE[facts.severity])
    if facts.severity == "low":
        return _Answer(False, "The severity is low: taken as not significant until a person says otherwise.")
    return _Answer(None, f"Does it reach the threshold: {regime.trigger}?")
