"""The country facts in use: those shipped with the program, or a newer list that the operator put into the data folder."""

from __future__ import annotations

from commonwatch.base.parties.lists import ReplaceableList
from commonwatch.core.errors import NotFound
from commonwatch.core.law.facts import Country, CountryFacts, parse_country_facts

FILE_NAME = "countries.json"
_LIST = ReplaceableList(FILE_NAME, "country-facts-older", parse_country_facts)


def country_facts() -> CountryFacts:
    """The list in use: the newer of the two."""
    return _LIST.in_use()


def country(code: str) -> Country:
    """One country by its alpha-2 code; raises NotFound."""
    found = country_facts().by_code().get(code.upper())
    if found is None:
        raise NotFound("country-unknown", f"There is no country {code}.", "Use a code such as JP; see `country list`.")
    return found


def update_country_facts(raw: bytes) -> CountryFacts:
    """Put a newer list into the data folder; raises InvalidInput or Conflict."""
    return _LIST.update(raw)
