"""A fact of law or membership: what, since when, until when, and who says so. Nothing holds without a date to ask about.

A fact without `since` holds as far back as anyone asks: its source gives no beginning, and says as of when it was read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

import msgspec

from commonwatch.core.errors import InvalidInput

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
# Kinds of facts about a country; values are words of the sources, in lower case.
GROUP = "group"  # eu, eea, nato, osce ...: an organisation or alliance it belongs to
TREATY = "treaty"  # budapest-convention ...: a treaty in force for it
# Besides: `signature` (a treaty signed, which does not bind yet); `adequacy` (the regime, such as eu, from which personal
# data may go there without further safeguards; `scope` limits it).


class Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One dated statement. `until` is the first day on which it no longer holds."""

    kind: str
    value: str
    source: str
    since: date | None = None
    until: date | None = None
    scope: str = ""

    def holds(self, on: date) -> bool:
        """Whether it holds on a day."""
        return (self.since is None or self.since <= on) and (self.until is None or on < self.until)


class Country(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A state or territory by its ISO 3166-1 codes. Names and lists carry no political statement."""

    code: str  # alpha-2
    name: str
    facts: tuple[Fact, ...] = ()


class CountryFacts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every country that is known, and when and from what the list was made."""

    as_of: date
    sources: tuple[str, ...]
    countries: tuple[Country, ...]

    def by_code(self) -> Mapping[str, Country]:
        """The countries by alpha-2 code."""
        return {country.code: country for country in self.countries}


def parse_country_facts(raw: bytes) -> CountryFacts:
    """Read a list of country facts; raises InvalidInput with the place of what is wrong."""
    try:
        found = msgspec.json.decode(raw, type=CountryFacts)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "country-facts",
            f"The list of country facts cannot be read: {error}.",
            "Compare it with the one that is shipped.",
        ) from None
    codes = [country.code for country in found.countries]
    odd = [code for code in codes if not (len(code) == 2 and code.isascii() and code.isalpha() and code.isupper())]
    twice = sorted({code for code in codes if codes.count(code) > 1})
    if odd or twice:
        wrong = f"{odd[0]!r} is no code" if odd else f"{twice[0]} stands there twice"
        raise InvalidInput(
            "country-facts", f"In the list of country facts {wrong}.", "Use each ISO 3166-1 alpha-2 code once."
        )
    return found


def holding(facts: Iterable[Fact], on: date, kind: str = "") -> list[Fact]:
    """The facts (of a kind) that hold on a day, in the order given."""
    return [fact for fact in facts if fact.holds(on) and kind in ("", fact.kind)]


def parse_day(text: str) -> date:
    """A day as YYYY-MM-DD; raises InvalidInput."""
    try:
        if _DAY.fullmatch(text):  # the library also reads 20261123 and 2026-W48-1
            return date.fromisoformat(text)
    except ValueError:
        pass
    raise InvalidInput("day-unreadable", f"{text} is no day.", "Write it as 2026-11-23.")
