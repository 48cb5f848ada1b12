"""From the objects that release gives to what an export is made of: every value or rule with its origin, or why it is left out. Pure.

1. Only indicators: not revoked, valid now (`valid_from` reached, `valid_until` not), not said to be benign, and of the wanted confidence;
   where a confidence is wanted, an author's silence is none.
2. The strictest PAP of all markings, granular ones included; a marking that cannot be read, or is not held, counts as PAP:RED.
3. Patterns that are more than lists of plain values are left out of value formats: half a condition is not a weaker one, it is another.
4. Every value is canonical, one line of printable ASCII; what is none is left out. Nothing of an indicator but values, ids, and for
   rule bundles its rule, reaches an export.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from commonwatch.capabilities.detection.exports.forms import RED, Form
from commonwatch.core.patterns.canonical import canonical
from commonwatch.core.patterns.stix.plain import plain_values
from commonwatch.core.patterns.stix.reading import parse
from commonwatch.core.patterns.values import Value
from commonwatch.core.policy.handling import markings_together
from commonwatch.core.policy.scales import PAP_NAMES
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.times import parse_time

LONGEST = 2_000  # characters of a value that goes out


@dataclass(frozen=True, order=True)
class LeftOut:
    """Something that is not in an export, and why."""

    indicator: str
    value: str
    code: str
    reason: str


@dataclass(frozen=True)
class Sign:
    """An indicator that stands now: what it says, how sure its author is, how it may be used."""

    indicator: str
    pattern: str
    pattern_type: str
    confidence: int | None
    pap: int
    until_us: int | None


@dataclass(frozen=True)
class Entry:
    """A value with the indicators that name it. `confidence` is the highest of theirs, `pap` the mildest that lets it in."""

    value: Value
    indicators: tuple[str, ...]
    confidence: int | None
    pap: int


@dataclass(frozen=True)
class Asked:
    """What is wanted of an export, and when it is now (microseconds since 1970)."""

    form: Form
    now_us: int
    min_confidence: int = 0


def sign(value: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]], asked: Asked) -> Sign | LeftOut:
    """An indicator as far as this export wants it."""
    name = str(value.get("id", ""))

    def left(code: str, reason: str) -> LeftOut:
        return LeftOut(name, "", code, reason)

    if value.get("revoked") is True:
        return left("revoked", "its author has revoked it")
    since, until = (parse_time(str(value.get(part, ""))) for part in ("valid_from", "valid_until"))
    if until is not None and until[0] <= asked.now_us:
        return left("expired", f"it was valid until {value['valid_until']}")
    if "valid_until" in value and until is None:
        return left("expired", "until when it is valid cannot be read")
    if since is not None and since[0] > asked.now_us:
        return left("not-yet-valid", f"it is valid from {value['valid_from']}")
    if "benign" in (value.get("indicator_types") or ()):
        return left("benign", "its author calls it benign")
    confidence = value.get("confidence")
    confidence = confidence if type(confidence) is int and 0 <= confidence <= 100 else None
    if asked.min_confidence and (confidence is None or confidence < asked.min_confidence):
        return left("confidence", f"its confidence is {'not said' if confidence is None else confidence}")
    pap = pap_of(value, definitions)
    if pap > asked.form.pap:
        return left(
            "pap", f"{PAP_NAMES[pap]} does not allow what this format is for (up to {PAP_NAMES[asked.form.pap]})"
        )
    kind = value.get("pattern_type", "stix")
    return Sign(name, str(value.get("pattern", "")), str(kind), confidence, pap, until[0] if until else None)


def pap_of(value: Mapping[str, Any], definitions: Mapping[str, Mapping[str, Any]]) -> int:
    """The strictest level of all markings of an object and its parts."""
    granular = value.get("granular_markings") or ()
    parts = [one.get("marking_ref") for one in granular if isinstance(one, Mapping)]
    said = markings_together(
        [str(one) for one in (*(value.get("object_marking_refs") or ()), *parts) if one], definitions
    )
    return RED if said.unread else max(said.paps, default=0)


def entries(signs: Iterable[Sign], asked: Asked) -> tuple[list[Entry], list[LeftOut]]:
    """The values of signs, each once and in order, and what of them is left out."""
    found: dict[Value, Entry] = {}
    left: list[LeftOut] = []
    for one in signs:
        for value in _values(one, asked):
            if isinstance(value, LeftOut):
                left.append(value)
                continue
            new = Entry(value, (one.indicator,), one.confidence, one.pap)
            found[value] = _joined(found[value], new) if value in found else new
    return sorted(found.values(), key=lambda entry: (entry.value.kind, entry.value.text)), left


def _values(one: Sign, asked: Asked) -> Iterator[Value | LeftOut]:
    if one.pattern_type != "stix":
        yield LeftOut(one.indicator, "", "no-values", f"a {_word(one.pattern_type)} rule is no list of values")
        return
    pattern = parse(one.pattern).pattern
    values = None if pattern is None else plain_values(pattern)
    if values is None:
        yield LeftOut(one.indicator, "", "no-values", "its pattern is more than a list of values")
        return
    for value in values:
        if value.kind not in asked.form.kinds:
            yield LeftOut(one.indicator, shown(value.text), "kind", f"this format holds no {value.kind.value}")
            continue
        text = canonical(value.kind, value.text)
        if text is None or not is_plain(text):
            yield LeftOut(one.indicator, shown(value.text), "malformed", f"it is no {value.kind.value} of one line")
        else:
            yield Value(value.kind, text)


def is_plain(text: str) -> bool:
    """Whether a text is harmless wherever lines are read: printable ASCII without spaces at its ends, not too long."""
    return 0 < len(text) <= LONGEST and text.isascii() and text.isprintable() and text == text.strip()


def shown(text: str) -> str:
    """A hostile text for a report: only printable ASCII, shortened."""
    return ascii(text[:200])[1:-1]


def _word(text: str) -> str:
    return text if text.isascii() and text.isalnum() and len(text) <= 20 else "foreign"


def _joined(one: Entry, other: Entry) -> Entry:
    known = [each for each in (one.confidence, other.confidence) if each is not None]
    return replace(
        one,
        indicators=tuple(sorted({*one.indicators, *other.indicators})),
        confidence=max(known, default=None),
        pap=min(one.pap, other.pap),
    )


def is_id(text: str) -> bool:
    """Whether a text is an id that may be written as it is."""
    return parse_id(text) is not None and is_plain(text)
