"""Forms on which help is asked for, and what is missing or wrong in a filled one. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Literal

import msgspec

from commonwatch.core.errors import CommonwatchError, InvalidInput
from commonwatch.core.law.facts import parse_day

MOST_TEXT = 20_000
_LINE = 500


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing that a form asks."""

    name: str
    kind: Literal["text", "long", "choice", "day", "country"]
    required: bool
    label: str
    help: str = ""
    choices: tuple[str, ...] = ()
    source: str = ""


class Form(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A form, from what it was made, whether the official template was seen, and the clocks that its use starts."""

    id: str
    title: str
    used_by: str
    source: str
    date: date
    verified: bool
    note: str
    acknowledge_hours: int
    answer_hours: int
    deliver_hours: int
    fields: tuple[Field, ...]


class Forms(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Every form, and as of when the list was made."""

    as_of: date
    forms: tuple[Form, ...]


class Gap(msgspec.Struct, frozen=True):
    """What is missing or wrong in a filled form: where, what, and what to do about it."""

    place: str
    sentence: str
    remedy: str


def parse_forms(raw: bytes) -> Forms:
    """Read a list of forms; raises InvalidInput with the place of what is wrong."""
    try:
        found = msgspec.json.decode(raw, type=Forms)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "forms-unreadable",
            f"The list of forms cannot be read: {error}.",
            "Compare it with the one that is shipped.",
        ) from None
    names = [form.id for form in found.forms]
    if len(set(names)) != len(names):
        raise InvalidInput("forms-twice", "Two forms have the same id.", "Give each its own.")
    return found


def gaps(form: Form, answers: Mapping[str, str]) -> tuple[Gap, ...]:
    """Everything that keeps a filled form from being sent, in the order of its fields; none: it can go."""
    found = [gap for field in form.fields if (gap := _gap(field, answers.get(field.name, ""))) is not None]
    known = {field.name for field in form.fields}
    for name in sorted(set(answers) - known):
        remedy = "Leave it out, or write it where it belongs."
        found.append(Gap(f"/answers/{name}", f"The form {form.id} has no field {name}.", remedy))
    return tuple(found)


def _gap(field: Field, given: str) -> Gap | None:
    place, text = f"/answers/{field.name}", given.strip()
    if not text:
        remedy = field.help or f"Write what is known of it, or that it is not known yet: {field.label}."
        return Gap(place, f"{field.label} is missing.", remedy) if field.required else None
    most = MOST_TEXT if field.kind == "long" else _LINE
    if len(text) > most:
        return Gap(place, f"{field.label} has {len(text)} characters.", f"Shorten it to {most}.")
    if field.kind == "choice" and text not in field.choices:
        return Gap(place, f"{field.label} has no choice {text[:60]}.", f"Choose one of {', '.join(field.choices)}.")
    if field.kind == "country" and not (len(text) == 2 and text.isascii() and text.isalpha() and text.isupper()):
        return Gap(place, f"{field.label} is no country's code.", "Write two capital letters, such as NO.")
    if field.kind == "day":
        try:
            parse_day(text)
        except CommonwatchError:
            return Gap(place, f"{field.label} is no day.", "Write it as 2026-11-23.")
    return None
