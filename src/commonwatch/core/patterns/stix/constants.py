"""Constants of a pattern (9.2): from their words to values.

1. In a string, a backslash escapes a quote or a backslash, nothing else. Where a string has other backslashes and no escape
   at all, its author did not know that (`'C:\\Users'` with one backslash): every backslash is read as itself, and said so.
2. `h'..'` is hexadecimal, `b'..'` base64; both are octets. `t'..'` is a timestamp.
3. Integers and floats are numbers, `true` and `false` are not.
"""

from __future__ import annotations

import base64
import binascii
import re

from commonwatch.core.patterns.stix.lexer import Word
from commonwatch.core.patterns.stix.problems import Problem, Repair, Stop
from commonwatch.core.patterns.stix.syntax import Constant, Instant
from commonwatch.core.stix.times import parse_time

_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_LONGEST_NUMBER = 30  # digits: beyond any integer of JSON, below what makes int() slow
CONSTANT_KINDS = frozenset({"string", "octets", "time", "integer", "float", "name"})


def string(word: Word, repairs: list[Repair]) -> str:
    """The text of a quoted string."""
    inner = word.text[1:-1]
    if "\\" not in inner:
        return inner
    escaped = set(_ESCAPE.findall(inner))
    if escaped <= {"'", "\\"}:
        return _ESCAPE.sub(r"\1", inner)
    if escaped & {"'", "\\"}:
        raise Stop(
            Problem(
                "pattern-escape",
                word.place,
                "A string escapes something other than a quote or a backslash.",
                "9.2",
                "Write every backslash twice.",
            )
        )
    repairs.append(Repair("pattern-backslash", word.place, "Backslashes that escape nothing are read as themselves."))
    return inner


def constant(word: Word, repairs: list[Repair]) -> Constant:
    """The value of a constant's word."""
    match word.kind:
        case "string":
            return string(word, repairs)
        case "octets":
            return _octets(word)
        case "time":
            return instant(word)
        case "integer" | "float":
            return _number(word)
        case _:
            return _truth(word)


def instant(word: Word) -> Instant:
    """The moment of `t'..'`."""
    read = parse_time(word.text[word.text.index("'") + 1 : -1])
    if read is None:
        raise Stop(
            Problem(
                "pattern-time", word.place, f"{word.text} is no timestamp.", "9.2", "Write t'2026-11-23T08:00:00.000Z'."
            )
        )
    return Instant(read[0])


def _octets(word: Word) -> bytes:
    inner = word.text[2:-1]
    try:
        return bytes.fromhex(inner) if word.text[0] == "h" else base64.b64decode(inner, validate=True)
    except (ValueError, binascii.Error):
        what = "an even number of hexadecimal digits" if word.text[0] == "h" else "base64"
        raise Stop(
            Problem("pattern-octets", word.place, f"{word.text} is not {what}.", "9.2", f"Write {what} in the quotes.")
        ) from None


def _number(word: Word) -> int | float:
    if len(word.text) > _LONGEST_NUMBER:
        raise Stop(
            Problem(
                "pattern-number", word.place, "A number is too long.", "9.2", f"Use up to {_LONGEST_NUMBER} digits."
            )
        )
    return int(word.text) if word.kind == "integer" else float(word.text)


def _truth(word: Word) -> bool:
    if word.text in ("true", "false"):
        return word.text == "true"
    raise Stop(
        Problem(
            "pattern-constant",
            word.place,
            f"{word.text} is no constant.",
            "9.2",
            "Put texts in single quotes; numbers, true and false stand bare.",
        )
    )
