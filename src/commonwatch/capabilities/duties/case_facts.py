"""The facts of a case that duties follow from, as values: entered by a person or handed over by another room."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from commonwatch.core.errors import InvalidInput

Short = Annotated[str, Meta(max_length=200)]
Word = Annotated[str, Meta(max_length=60, pattern=r"^[a-z][a-z0-9_-]*$")]
Place = Annotated[str, Meta(max_length=40, pattern=r"^([A-Z]{2}|union)$")]
Severity = Literal["", "low", "medium", "high", "critical"]

# Times of a case that clocks or notices know.
TIMES = ("occurred", "detected", "aware", "classified", "paid", "recovered", "handled")
EARLIEST_US, LATEST_US = 946_684_800_000_000, 4_102_444_800_000_000  # the years 2000 to 2099
SEVERITIES = ("low", "medium", "high", "critical")
# What is said in notices; other rooms may fill these, too.
TEXTS = (
    "summary", "kind", "impact", "cause", "measures", "consequences", "indicators", "people", "records", "data_kinds",
    "countries", "contact", "reference", "criteria", "discovered_how", "origin", "continuity", "techniques",
    "components", "other_reports", "costs", "recurrence", "progress", "delay",
)  # fmt: skip


class Subject(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A member whose duties are asked about: where it acts, what it is, in which sectors."""

    name: Short
    places: Annotated[tuple[Place, ...], Meta(min_length=1, max_length=60)]
    roles: Annotated[tuple[Word, ...], Meta(max_length=40)] = ()
    sectors: Annotated[tuple[Word, ...], Meta(max_length=40)] = ()


class Facts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is known. A flag that is not there is open, which is not the same as no."""

    title: Annotated[str, Meta(min_length=1, max_length=300)]
    subjects: Annotated[tuple[Subject, ...], Meta(min_length=1, max_length=50)]
    case: Short = ""  # the id of a case of another room; just text here
    severity: Severity = ""
    flags: Annotated[dict[Word, bool], Meta(max_length=60)] = {}
    times: Annotated[dict[Word, int], Meta(max_length=20)] = {}  # microseconds since 1970
    texts: Annotated[dict[Word, Annotated[str, Meta(max_length=20_000)]], Meta(max_length=60)] = {}

    @property
    def about(self) -> str:
        """What duties of the same case have in common."""
        return self.case or self.title


def read_facts(raw: bytes | Mapping[str, object]) -> Facts:
    """Facts from JSON or from builtins; raises InvalidInput."""
    try:
        found = msgspec.json.decode(raw, type=Facts) if isinstance(raw, bytes) else msgspec.convert(raw, Facts)
    except (msgspec.DecodeError, msgspec.ValidationError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidInput(
            "case-facts", f"The facts of the case cannot be read: {error}.", "See docs/duties.md.", status=422
        ) from None
    for text in (found.title, found.case, *(one.name for one in found.subjects), *found.texts.values()):
        check_text(text)
    odd = [name for name in found.times if name not in TIMES] + [name for name in found.texts if name not in TEXTS]
    if odd:
        known = ", ".join((*TIMES, *TEXTS))
        raise InvalidInput("case-facts", f"No notice knows {odd[0]}.", f"Known are: {known}.", status=422)
    for at_us in found.times.values():
        check_moment(at_us)
    return found


def check_text(text: str) -> str:
    """The text; raises InvalidInput for one with the character NUL, which PostgreSQL cannot store."""
    if "\0" in text:
        raise InvalidInput("nul-character", "It holds the character NUL.", "Leave it out.", status=422)
    return text


def check_moment(at_us: int) -> None:
    """Raises InvalidInput for a time that no incident of ours can have: it would be a slip of a key."""
    if not EARLIEST_US <= at_us < LATEST_US:
        raise InvalidInput(
            "time-out-of-range", "The time lies outside the years 2000 to 2099.", "Check it.", status=422
        )


_YES = re.compile(r"yes|true|1", re.IGNORECASE)


def read_flag(text: str) -> tuple[str, bool]:
    """`personal_data=yes` or `personal_data`; raises InvalidInput."""
    name, _, value = text.partition("=")
    if not re.fullmatch(r"[a-z][a-z0-9_]{1,59}", name):
        raise InvalidInput("flag-unreadable", f"{text[:60]} is no fact.", "Write personal_data=yes or malicious=no.")
    return name, not value or _YES.fullmatch(value) is not None
