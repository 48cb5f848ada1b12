"""What a reader looks for, and the same in a sentence."""

from __future__ import annotations

from typing import Literal, TypeAlias, get_args

import msgspec

from commonwatch.base.search.words import LONGEST_QUESTION, terms_of
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.times import format_time, parse_time

MOST_ALTERNATIVES = 100  # in one field
LEVELS = ("TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED")  # by the number of `search_class.level`
Sort: TypeAlias = Literal["newest", "oldest", "modified"]
SORTS: tuple[Sort, ...] = get_args(Sort)


class Wanted(msgspec.Struct, frozen=True):
    """All that is given must hold; of several values in one field, any. Dates are microseconds since 1970, of admission."""

    text: str = ""  # words (`words`)
    types: tuple[str, ...] = ()
    producers: tuple[str, ...] = ()  # identity ids
    markings: tuple[str, ...] = ()  # names of `LEVELS`
    labels: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    value: str = ""  # an address, network, name, URL, digest, mail address (`matching`)
    revoked: bool | None = None
    sort: Sort = "newest"  # by admission, or by `modified`, latest first


class Said(msgspec.Struct, frozen=True):
    """A part of the sentence that says what is shown: the field, and what was asked of it."""

    field: str
    values: tuple[str, ...]


_JOINED = {
    "text": "with the words {}",
    "types": "of type {}",
    "producers": "produced by {}",
    "markings": "marked {}",
    "labels": "labelled {}",
    "since": "admitted since {}",
    "until": "admitted until {}",
    "value": "that name {}",
}
_ORDERS = {"newest": "newest first", "oldest": "oldest first", "modified": "latest modified first"}


def checked(wanted: Wanted) -> Wanted:
    """The same; raises InvalidInput, naming the field, for what cannot be looked for."""
    for field in ("types", "producers", "markings", "labels"):
        if len(getattr(wanted, field)) > MOST_ALTERNATIVES:
            raise InvalidInput(
                "too-many", f"{field} has more than {MOST_ALTERNATIVES} values.", "Ask in several parts."
            )
    unknown = [name for name in wanted.markings if name not in LEVELS]
    if unknown:
        raise InvalidInput("marking-unknown", f"There is no marking {unknown[0]}.", f"Use one of {', '.join(LEVELS)}.")
    if wanted.sort not in SORTS:
        raise InvalidInput("sort-unknown", f"There is no order {wanted.sort}.", f"Use one of {', '.join(SORTS)}.")
    if len(wanted.text) > LONGEST_QUESTION:
        raise InvalidInput(
            "text-too-long", f"The text has more than {LONGEST_QUESTION} characters.", "Ask for fewer words."
        )
    if wanted.text:
        terms_of(wanted.text)
    return wanted


def moment(text: str) -> int | None:
    """A day, or a STIX timestamp, in microseconds since 1970; None for nothing."""
    if not text:
        return None
    found = parse_time(text if "T" in text else f"{text}T00:00:00Z")
    if found is None:
        raise InvalidInput("time-unreadable", f"{text} is no time.", "Write 2026-11-23 or 2026-11-23T08:00:00Z.")
    return found[0]


def said(wanted: Wanted) -> tuple[Said, ...]:
    """The parts of the sentence, in the order in which it says them."""
    parts: list[Said] = []
    if wanted.revoked is not None:
        parts.append(Said("revoked", ("revoked" if wanted.revoked else "not revoked",)))
    for field in ("types", "text", "value", "labels", "markings", "producers"):
        given = getattr(wanted, field)
        if given:
            parts.append(Said(field, (given,) if isinstance(given, str) else given))
    for field in ("since", "until"):
        at = getattr(wanted, field)
        if at is not None:
            parts.append(Said(field, (format_time(at, 0),)))
    parts.append(Said("sort", (_ORDERS[wanted.sort],)))
    return tuple(parts)


def sentence(parts: tuple[Said, ...]) -> str:
    """Plain English for the command line: `Objects of type malware, with the words emotet; newest first.`"""
    given = {part.field: part.values for part in parts}
    state = f"{given['revoked'][0].capitalize()} objects" if "revoked" in given else "Objects"
    said = [_JOINED[field].format(" or ".join(values)) for field, values in given.items() if field in _JOINED]
    return f"{state}{' ' if said else ''}{', '.join(said)}; {given['sort'][0]}."
