"""Duties to tell an authority, as data: instruments, their stages, what starts each clock. Read and checked; edited by lawyers."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Literal

import msgspec
from msgspec.structs import replace

from commonwatch.core.errors import CommonwatchError, InvalidInput
from commonwatch.core.law.counting import Counting
from commonwatch.core.law.periods import parse_deadline, parse_length

IN_FORCE = "in_force"
ADVICE = "Compare it with what `commonwatch duties facts export` writes; `commonwatch duties facts check` names every mistake."
LARGEST = 4 * 2**20  # bytes of a list
_ID = re.compile(r"[A-Z]{2,8}:[A-Za-z0-9._-]{1,60}", re.ASCII)
_PLACE = re.compile(r"[A-Z]{2}|[a-z][a-z0-9-]{0,39}", re.ASCII)
_FLAG = re.compile(r"!?[a-z][a-z0-9_-]{1,59}", re.ASCII)


_CAUTIOUS = Counting("cautious", "No rule of counting is on record", "docs/duties.md", date(2026, 11, 29))


class StartKind(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An event that starts clocks. `from_times`: which times of a case stand for it until somebody states it for the duty."""

    id: str
    means: str
    from_times: tuple[str, ...] = ()
    counts: Literal["first", "latest", "each"] = "first"  # where it happens again


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Something a notice has to say, and the facts of a case that say it."""

    text: str
    facts: tuple[str, ...] = ()


class Outer(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A second limit from another start: the earlier of the two holds, unless the first start came after the outer limit."""

    deadline: str
    clock_start: str
    source: str = ""


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Another length where a fact holds. Whether it holds may be open: then the shorter one counts."""

    when: str
    deadline: str


class Ongoing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What takes the place of the limit where somebody stated that the incident goes on."""

    stated_by: str  # the event that says so
    clock_start: str
    deadline: str


class Stage(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One notice of a regime."""

    id: str
    stage: str
    deadline: str
    clock_start: str
    text: str
    content: tuple[Field, ...] = ()
    general_content: bool = False  # the content is not on record: what any authority asks first
    counts_from: str = ""  # the event whose time counts, where `clock_start` only says under which condition
    sends: tuple[str, ...] = ()  # events that sending this notice is
    when: str = ""  # the fact that it needs; with ! in front: that must not hold
    outer: Outer | None = None
    variants: tuple[Variant, ...] = ()
    ongoing: Ongoing | None = None
    guide: str = ""  # a length that guidance names where the law has a word only
    never_rolls: str = ""  # the fact that takes the rule about days of rest away


class Regime(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One instrument that may ask for notice."""

    id: str
    title: str
    instrument: str
    jurisdiction: str
    status: str
    effective: str
    who: str
    trigger: str
    recipient: str
    source: str
    as_of: date
    verified: bool
    confidence: Literal["high", "medium", "low"]
    stages: tuple[Stage, ...]
    counting: str
    places: tuple[str, ...]  # codes and groups of countries in which it binds
    since: date | None = None  # the first day on which it holds, where one day can be named
    verified_against: tuple[str, ...] = ()
    uncertain: str = ""
    note: str = ""
    also_inform: tuple[str, ...] = ()
    entities: tuple[str, ...] = ()  # what a member must be; any of them; none named: anybody
    sectors: tuple[str, ...] = ()  # in which such members are found
    needs: tuple[str, ...] = ()  # facts that must all hold
    threshold: bool = False  # whether only a significant incident counts
    voluntary: bool = False
    personal_data: bool = False
    public: bool = False
    one_place: bool = False  # one authority speaks for all countries in which it binds the member

    def stands(self, on: date) -> bool:
        """Whether it is in force on a day, as far as the list says."""
        return self.status == IN_FORCE and (self.since is None or self.since <= on)

    def stage(self, name: str) -> Stage | None:
        """A stage by its id."""
        return next((one for one in self.stages if one.id == name), None)


class Duties(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every regime that is known, when and from what the list was made, and the words that it uses."""

    as_of: date
    sources: tuple[str, ...]
    starts: tuple[StartKind, ...]
    countings: tuple[Counting, ...]
    regimes: tuple[Regime, ...]

    def by_id(self) -> Mapping[str, Regime]:
        """The regimes by their ids."""
        return {regime.id: regime for regime in self.regimes}

    def start(self, name: str) -> StartKind:
        """What starts a clock, by its id; one that is not listed happens once."""
        return next((one for one in self.starts if one.id == name), StartKind(name, ""))

    def counting(self, name: str) -> Counting:
        """A rule of counting; for a regime that is no longer in the list its rule may be gone: then the cautious one."""
        return next((one for one in self.countings if one.id == name), replace(_CAUTIOUS, as_of=self.as_of))


def parse_duties(raw: bytes) -> Duties:
    """Read a list; raises InvalidInput with the first mistake."""
    found = _decoded(raw)
    for place, wrong in mistakes(found):
        raise InvalidInput("duties-list", f"In the list of duties {wrong} ({place}).", ADVICE, data={"place": place})
    return found


def examine_duties(raw: bytes) -> list[tuple[str, str]]:
    """Every mistake of a list: its place and what is wrong; none: it can be used."""
    try:
        return list(mistakes(_decoded(raw)))
    except InvalidInput as error:
        return [("$", error.sentence)]


def _decoded(raw: bytes) -> Duties:
    if len(raw) > LARGEST:
        raise InvalidInput("duties-large", f"The list of duties is larger than {LARGEST:,} bytes.", ADVICE, status=413)
    try:
        return msgspec.json.decode(raw, type=Duties)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput("duties-unreadable", f"The list of duties cannot be read: {error}.", ADVICE) from None


def mistakes(found: Duties) -> Iterator[tuple[str, str]]:
    """What no type can say: ids once each, words that exist, deadlines that can be read, sources that are named."""
    starts, countings = {one.id for one in found.starts}, {one.id for one in found.countings}
    if not found.regimes:
        yield "$.regimes", "there is no regime"
    for number, rule in enumerate(found.countings):
        if not (rule.is_sound and rule.source.strip()):
            yield f"$.countings[{number}]", f"the rule {rule.id!r} has no source, or ends at no time"
    ids: set[str] = set()
    for number, regime in enumerate(found.regimes):
        at = f"$.regimes[{number}]"
        for name in (regime.id, *(stage.id for stage in regime.stages)):
            if name in ids or not _ID.fullmatch(name):
                yield f"{at}.id", f"the id {name!r} is none, or stands there twice"
            ids.add(name)
        if not (regime.source.strip() and regime.title.strip() and regime.recipient.strip()):
            yield at, f"{regime.id} does not say who says so, what it is called, or who is told"
        if regime.counting not in countings:
            yield f"{at}.counting", f"{regime.id} counts by {regime.counting!r}, which is not there"
        if not regime.stages or not regime.places or any(not _PLACE.fullmatch(place) for place in regime.places):
            yield f"{at}.places", f"{regime.id} has no stages, or no places where it binds"
        if any(not _FLAG.fullmatch(flag) for flag in (*regime.needs, *regime.entities, *regime.sectors)):
            yield f"{at}.needs", f"{regime.id} names a fact that is no word"
        for index, stage in enumerate(regime.stages):
            for field, wrong in _mistakes_of(stage, starts):
                yield f"{at}.stages[{index}].{field}", f"{stage.id} {wrong}"


def _mistakes_of(stage: Stage, starts: set[str]) -> Iterator[tuple[str, str]]:
    lengths = [("deadline", stage.deadline), ("guide", stage.guide)]
    events = [("clock_start", stage.clock_start), ("counts_from", stage.counts_from)]
    lengths += [("variants", one.deadline) for one in stage.variants]
    if stage.outer:
        lengths.append(("outer", stage.outer.deadline))
        events.append(("outer", stage.outer.clock_start))
    if stage.ongoing:
        lengths.append(("ongoing", stage.ongoing.deadline))
        events += [("ongoing", stage.ongoing.clock_start), ("ongoing", stage.ongoing.stated_by)]
    events += [("sends", one) for one in stage.sends]
    for field, text in lengths:
        if field == "deadline" or text:
            may_be_word = field == "variants" or (field == "deadline" and not stage.counts_from)
            try:
                parse_deadline(text) if may_be_word else parse_length(text)
            except CommonwatchError:
                yield field, f"has a deadline that cannot be read: {text[:40]!r}"
    for field, event in events:
        if event and event not in starts:
            yield field, f"names an event that is not among the starts: {event!r}"
    flags = [
        ("when", stage.when),
        ("never_rolls", stage.never_rolls),
        *(("variants", one.when) for one in stage.variants),
    ]
    for field, flag in flags:
        if flag and not _FLAG.fullmatch(flag):
            yield field, f"names a fact that is no word: {flag[:40]!r}"
