"""Who may ask whom for electronic evidence, by which treaty, on which day; and what has to be looked at before and after.

1. A treaty opens a way between two countries on a day if it is in force, and in force for both of them, and no declaration of
either shuts its article. A signature is a promise. 2. A list that may lack parties says so: who is not on it is then unknown, not
shut out. 3. Every answer has its reasons with source, day of the list, and whether somebody verified them. None is legal advice:
a person decides, and the checklist says what that person has to look at.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, TypeAlias

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.law.agreements import PartyDates, standing

Opened: TypeAlias = Literal["may", "unknown", "may-not"]
Dual: TypeAlias = Literal["not-required", "unless-reserved", "may-be-required"]
_WEIGHT: Mapping[Opened, int] = {"may": 0, "unknown": 1, "may-not": 2}
VERIFIED = "checked"
_NOT_KNOWN = frozenset(
    {"declarations-unknown", "not-listed", "outline"}
)  # reasons that say that something is not known
_NEAR_DAYS = 366  # sources that differ on a day differ by months


class Party(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A country's steps towards a treaty. `dates`: how sure its days are (checked, derived, general knowledge, uncertain)."""

    place: str
    in_force: date | None = None
    signed: date | None = None
    ratified: date | None = None
    denounced: date | None = None
    dates: str = VERIFIED
    note: str = ""


class Declaration(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What a party declared on an article. `shuts`: it does not apply the article at all."""

    place: str
    article: str
    text: str
    source: str
    shuts: bool = False


class Clock(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A number of days from an event: `least` that something lasts, or the most that something takes."""

    id: str
    what: str
    days: int
    event: Literal["received", "preserved"]
    source: str
    least: bool = False


class Article(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A way that a treaty opens. `outline`: only what it is for is known here, not its conditions."""

    id: str
    ref: str
    title: str
    purpose: str
    asks: str
    asked: str
    form: str
    dual: Dual
    dual_text: str
    grounds: tuple[str, ...]
    clocks: tuple[Clock, ...] = ()
    text: str = ""
    outline: bool = False


class Instrument(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A treaty. `complete`: who is not on its list is no party; `parent`: the treaty that its parties have to be in as well."""

    id: str
    title: str
    source: str
    as_of: date
    verified: bool
    complete: bool
    articles: tuple[Article, ...]
    parties: tuple[Party, ...]
    in_force: date | None = None
    note: str = ""
    parent: str = ""
    declarations: tuple[Declaration, ...] = ()
    declarations_known: bool = False

    def article(self, ref: str) -> Article | None:
        """One article, by its id or its reference."""
        return next((one for one in self.articles if ref in (one.id, one.ref)), None)


class Ground(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A ground on which a request may be refused or put off, as a question to whoever decides."""

    id: str
    title: str
    question: str
    source: str
    effect: Literal["refuse", "postpone", "condition"] = "refuse"


class Offence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An offence that the treaties name: how the two sides say that they speak of the same conduct."""

    id: str
    title: str
    source: str


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One field of a form. `fact`: which fact fills it where nobody wrote anything."""

    id: str
    text: str
    required: bool = False
    fact: str = ""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """A form, as data."""

    id: str
    title: str
    source: str
    verified: bool
    fields: tuple[Field, ...]
    note: str = ""


class Instruments(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is known, and when the list was made."""

    as_of: date
    sources: tuple[str, ...]
    purposes: dict[str, str]
    instruments: tuple[Instrument, ...]
    offences: tuple[Offence, ...]
    grounds: tuple[Ground, ...]
    forms: tuple[Form, ...]

    def instrument(self, name: str) -> Instrument | None:
        """One treaty."""
        return next((one for one in self.instruments if one.id == name), None)

    def form(self, name: str) -> Form | None:
        """One form."""
        return next((one for one in self.forms if one.id == name), None)


@dataclass(frozen=True)
class Reason:
    """Why a way is open or not. `place` is the country that it is about, empty where it is about the treaty."""

    code: str
    sentence: str
    source: str
    as_of: date
    verified: bool
    place: str = ""


@dataclass(frozen=True)
class Way:
    """One article of one treaty between two countries on a day."""

    instrument: Instrument
    article: Article
    answer: Opened
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Check:
    """One line of the checklist."""

    id: str
    question: str
    source: str
    known: str = ""  # what the data say already


@dataclass(frozen=True)
class Filled:
    """A form with what is known, by field; and which required fields are empty."""

    form: Form
    values: Mapping[str, str]
    missing: tuple[str, ...]


@dataclass(frozen=True)
class Due:
    """A clock that runs or ran."""

    id: str
    what: str
    day: date
    least: bool
    source: str


def parse_instruments(raw: bytes) -> Instruments:
    """Read the list; raises InvalidInput with the place of what is wrong."""
    try:
        found = msgspec.json.decode(raw, type=Instruments)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "legal-instruments",
            f"The list of legal instruments cannot be read: {error}.",
            "Compare it with the shipped one.",
        ) from None
    grounds, forms = {one.id for one in found.grounds}, {one.id for one in found.forms}
    names = {one.id for one in found.instruments}
    for one in found.instruments:
        wrong = [
            article.id for article in one.articles if not (set(article.grounds) <= grounds and article.form in forms)
        ]
        unknown = [article.id for article in one.articles if article.purpose not in found.purposes]
        if wrong or unknown or (one.parent and one.parent not in names):
            raise InvalidInput(
                "legal-instruments",
                f"In the list of legal instruments {one.id} names a ground, form, purpose or parent that is not there.",
                "Add it, or correct the name.",
            )
    return found


def ways(known: Instruments, asking: str, asked: str, purpose: str, on: date) -> tuple[Way, ...]:
    """Every way for a purpose from one country to another on a day, open ones first. Countries by alpha-2 code."""
    if purpose not in known.purposes:
        raise InvalidInput(
            "purpose-unknown", f"There is no purpose {purpose}.", f"Use one of {', '.join(known.purposes)}."
        )
    found = [
        _way(known, instrument, article, asking, asked, on)
        for instrument in known.instruments
        for article in instrument.articles
        if article.purpose == purpose
    ]
    return tuple(sorted(found, key=lambda way: _WEIGHT[way.answer]))


def checklist(known: Instruments, way: Way, offences: Sequence[str]) -> tuple[Check, ...]:
    """What a person has to look at before sending or answering by this way."""
    article, instrument = way.article, way.instrument
    named = {one.id: one for one in known.offences}
    unknown = [one for one in offences if one not in named]
    if unknown:
        raise InvalidInput("offence-unknown", f"There is no offence {unknown[0]}.", "See the list of offences.")
    said = "; ".join(f"{named[one].title} ({named[one].source})" for one in offences)
    checks = [Check("offence", "Which offence is it, by the law of the side that asks?", instrument.source, said)]
    dual = {
        "not-required": "Dual criminality is no condition of this way. Does the law of the side that asks make it an offence?",
        "unless-reserved": "Has the side that is asked reserved dual criminality, and would its law punish the same conduct?",
        "may-be-required": "Would the law of the side that is asked punish the same conduct, whatever it calls it?",
    }[article.dual]
    checks.append(Check("dual-criminality", dual, article.dual_text, _reserved(way)))
    grounds = {one.id: one for one in known.grounds}
    checks += [Check(one, grounds[one].question, grounds[one].source) for one in article.grounds]
    return tuple(checks)


def fill(form: Form, facts: Mapping[str, str], given: Mapping[str, str]) -> Filled:
    """The form with what somebody wrote, else with the fact that belongs there; raises InvalidInput for a field it has not."""
    fields = {one.id for one in form.fields}
    odd = sorted(set(given) - fields)
    if odd:
        raise InvalidInput(
            "field-unknown", f"{form.title} has no field {odd[0]}.", f"Its fields: {', '.join(sorted(fields))}."
        )
    values = {one.id: (given.get(one.id) or facts.get(one.fact, "")).strip() for one in form.fields}
    missing = tuple(one.id for one in form.fields if one.required and not values[one.id])
    return Filled(form, values, missing)


def dues(article: Article, events: Mapping[str, date]) -> tuple[Due, ...]:
    """The clocks of an article, from the days of the events that happened."""
    return tuple(
        Due(one.id, one.what, events[one.event] + timedelta(days=one.days), one.least, one.source)
        for one in article.clocks
        if one.event in events
    )


def least_days(article: Article) -> int:
    """The fewest days for which data are kept by this way; 0 where it sets none."""
    return max((one.days for one in article.clocks if one.least), default=0)


def _way(known: Instruments, instrument: Instrument, article: Article, asking: str, asked: str, on: date) -> Way:
    judged = [_of_treaty(instrument, on)]
    if asking == asked and asking:
        judged.append(
            ("may-not", _reason(instrument, "same-country", "Both are of one country: its own law applies.", asking))
        )
    else:
        treaties = [instrument, *([known.instrument(instrument.parent)] if instrument.parent else [])]
        judged += [_of_party(one, place, on) for one in treaties if one is not None for place in (asking, asked)]
        judged += _declared(instrument, article, (asking, asked))
    if article.outline:
        judged.append(
            ("may", _reason(instrument, "outline", f"{article.ref} is known in outline only: read its conditions.", ""))
        )
    answer = max((one for one, _ in judged), key=_WEIGHT.__getitem__)
    return Way(instrument, article, answer, tuple(reason for _, reason in judged))


def _of_treaty(instrument: Instrument, on: date) -> tuple[Opened, Reason]:
    if instrument.in_force is None:
        sentence = f"{instrument.title} is not in force as far as is known here. {instrument.note}".strip()
        return "may-not", _reason(instrument, "not-in-force", sentence, "")
    if instrument.in_force > on:
        sentence = f"{instrument.title} is in force only from {instrument.in_force}."
        return "may-not", _reason(instrument, "not-in-force", sentence, "")
    return "may", _reason(instrument, "in-force", f"{instrument.title} is in force since {instrument.in_force}.", "")


def _of_party(instrument: Instrument, place: str, on: date) -> tuple[Opened, Reason]:
    if not place:
        return "may-not", _reason(instrument, "no-country", "A treaty binds countries, and one side is of none.", place)
    party = next((one for one in instrument.parties if one.place == place), None)
    if party is None:
        if instrument.complete:
            sentence = f"{place} is not among the parties of {instrument.title}."
            return "may-not", _reason(instrument, "not-a-party", sentence, place)
        sentence = f"{place} is not on the list of {instrument.title}, which may lack some: look it up."
        return "unknown", _reason(instrument, "not-listed", sentence, place)
    where = standing(PartyDates(party.signed, party.ratified, party.in_force, party.denounced), on)
    code = "party" if where.in_force else "signed-only" if party.in_force is None else "not-yet-a-party"
    if party.denounced is not None and party.denounced <= on:
        code = "denounced"
    near = party.in_force is not None and abs((on - party.in_force).days) < _NEAR_DAYS
    if party.dates == "uncertain" and near:
        sentence = f"{instrument.title} for {place}: {where.reason}, but that day is uncertain: look it up."
        return "unknown", _reason(instrument, "date-uncertain", sentence, place, party)
    sentence = f"{instrument.title} for {place}: {where.reason}."
    return "may" if where.in_force else "may-not", _reason(instrument, code, sentence, place, party)


def _declared(instrument: Instrument, article: Article, places: Iterable[str]) -> list[tuple[Opened, Reason]]:
    found: list[tuple[Opened, Reason]] = []
    for one in instrument.declarations:
        if one.place in places and one.article == article.ref:
            sentence = f"{one.place} declared on {article.ref}: {one.text}"
            reason = Reason("declared", sentence, one.source, instrument.as_of, True, one.place)
            found.append(("may-not" if one.shuts else "may", reason))
    if not instrument.declarations_known:
        sentence = "Reservations and declarations of the parties are not in this list: look them up at the depositary."
        found.append(("may", _reason(instrument, "declarations-unknown", sentence, "")))
    return found


def _reason(instrument: Instrument, code: str, sentence: str, place: str, party: Party | None = None) -> Reason:
    looked_up = instrument.verified and code not in _NOT_KNOWN
    verified = looked_up if party is None else party.dates == VERIFIED
    return Reason(code, sentence, instrument.source, instrument.as_of, verified, place)


def _reserved(way: Way) -> str:
    said = [reason.sentence for reason in way.reasons if reason.code in ("declared", "declarations-unknown")]
    return " ".join(said)
