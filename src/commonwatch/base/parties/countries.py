"""The country facts in use: those shipped with the program, or a newer list that the operator put into the data folder."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from django.conf import settings

from commonwatch.core.errors import Conflict, NotFound
from commonwatch.core.law.facts import Country, CountryFacts, parse_country_facts

SHIPPED = Path(__file__).parent / "data" / "countries.json"
FILE_NAME = "countries.json"


def country_facts() -> CountryFacts:
    """The list in use: the newer of the two."""
    shipped = _read(SHIPPED, SHIPPED.stat().st_mtime_ns)
    own = settings.COMMONWATCH.data / FILE_NAME
    if not own.exists():
        return shipped
    given = _read(own, own.stat().st_mtime_ns)
    return given if given.as_of > shipped.as_of else shipped


def country(code: str) -> Country:
    """One country by its alpha-2 code; raises NotFound."""
    found = country_facts().by_code().get(code.upper())
    if found is None:
        raise NotFound("country-unknown", f"There is no country {code}.", "Use a code such as JP; see `country list`.")
    return found


def update_country_facts(raw: bytes) -> CountryFacts:
    """Put a newer list into the data folder; raises InvalidInput or Conflict."""
    given, used = parse_country_facts(raw), country_facts()
    if given.as_of <= used.as_of:
        raise Conflict(
            "country-facts-older",
            f"The list is of {given.as_of}, the one in use of {used.as_of}.",
            "Give a newer one; its as_of says when it was made.",
        )
    target = settings.COMMONWATCH.data / FILE_NAME
    part = target.with_suffix(".part")
    part.write_bytes(raw)
    part.replace(target)
    return given


@lru_cache(maxsize=4)
def _read(path: Path, changed: int) -> CountryFacts:
    return parse_country_facts(path.read_bytes())
