"""The lists the room works with, shipped as data: classes, severity schemes, phases, duties. Each says where it is from and as of when."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import msgspec
from django.conf import settings

from commonwatch.capabilities.incidents.rules.duties import Duties, Matrix, parse_matrix
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.incidents import PARTNERSHIP, Level, State

DATA = Path(__file__).parent / "data"
MATRIX = "duties_matrix.json"  # in the data folder: which part each actor has in this country


class Kind(msgspec.Struct, frozen=True):
    """A type of incident."""

    id: str
    title: str
    description: str = ""


class Class(msgspec.Struct, frozen=True):
    """A class of incidents with its types."""

    id: str
    title: str
    types: tuple[Kind, ...]


class Taxonomy(msgspec.Struct, frozen=True):
    """The Reference Security Incident Taxonomy."""

    title: str
    version: str
    source: str
    as_of: str
    classes: tuple[Class, ...]


class SeverityValue(msgspec.Struct, frozen=True):
    """A value of a scheme; `opinion`: where it would stand in the partnership's scale, in our view."""

    value: str
    title: str
    text: str
    opinion: Level


class Scheme(msgspec.Struct, frozen=True):
    """A severity scheme."""

    id: str
    title: str
    country: str
    verified: bool
    source: str
    values: tuple[SeverityValue, ...]

    def value(self, value: str) -> SeverityValue | None:
        """One of its values."""
        return next((one for one in self.values if one.value == value), None)


class Schemes(msgspec.Struct, frozen=True):
    """All schemes; the partnership's is the first."""

    as_of: str
    note: str
    schemes: tuple[Scheme, ...]


class Phase(msgspec.Struct, frozen=True):
    """A phase in a scheme that partners use."""

    id: str
    scheme: str
    order: int
    title: str


class Phases(msgspec.Struct, frozen=True):
    """Phases, and in which of them a case is in each state: an opinion, as the schemes do not map to one another."""

    as_of: str
    states: Mapping[State, tuple[str, ...]]
    phases: tuple[Phase, ...]


@lru_cache(maxsize=1)
def taxonomy() -> Taxonomy:
    """The classes and types."""
    return msgspec.json.decode((DATA / "rsit.json").read_bytes(), type=Taxonomy)


@lru_cache(maxsize=1)
def titles() -> Mapping[str, str]:
    """What a class or a type is called, by its id."""
    found = {one.id: one.title for one in taxonomy().classes}
    return found | {kind.id: f"{one.title}: {kind.title}" for one in taxonomy().classes for kind in one.types}


@lru_cache(maxsize=1)
def schemes() -> Mapping[str, Scheme]:
    """The severity schemes by their id."""
    read = msgspec.json.decode((DATA / "severity.json").read_bytes(), type=Schemes)
    return {one.id: one for one in read.schemes}


@lru_cache(maxsize=1)
def phases() -> Phases:
    """The phases."""
    return msgspec.json.decode((DATA / "phases.json").read_bytes(), type=Phases)


def phases_of(state: State) -> tuple[Phase, ...]:
    """The phases a case is in, one of each scheme."""
    wanted = phases().states.get(state, ())
    return tuple(one for one in phases().phases if one.id in wanted)


@lru_cache(maxsize=1)
def duties() -> Duties:
    """The segregation of duties."""
    return msgspec.json.decode((DATA / "duties.json").read_bytes(), type=Duties)


def matrix() -> Matrix:
    """This country's own matrix, from the data folder; empty where nobody filled it in. Raises InvalidInput."""
    path = settings.COMMONWATCH.data / MATRIX
    if not path.exists():
        return {}
    try:
        return parse_matrix(msgspec.json.decode(path.read_bytes()), duties())
    except msgspec.DecodeError:
        raise InvalidInput("matrix-invalid", f"{path} is no JSON.", "See docs/incidents.md.") from None


def checked_class(name: str) -> str:
    """A class or type that there is; raises InvalidInput."""
    if name not in titles():
        raise InvalidInput(
            "class-unknown", f"There is no class {name}.", "See `commonwatch case classes`; for example fraud.phishing."
        )
    return name


def checked_severity(scheme: str, value: str) -> SeverityValue:
    """A value of a scheme; raises InvalidInput."""
    known = schemes().get(scheme)
    if known is None:
        raise InvalidInput("scheme-unknown", f"There is no severity scheme {scheme}.", f"Use {', '.join(schemes())}.")
    found = known.value(value)
    if found is None:
        values = ", ".join(one.value for one in known.values)
        raise InvalidInput("severity-unknown", f"{value} is no value of {known.title}.", f"Use one of {values}.")
    return found


def opinion(scheme: str, value: str) -> Level | None:
    """Where a value would stand in the partnership's scale, in our view; None for a scheme that is not known here."""
    known = schemes().get(scheme)
    found = known.value(value) if known is not None and scheme != PARTNERSHIP else None
    return found.opinion if found is not None else None
