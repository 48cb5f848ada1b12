"""LIKE and MATCHES, in time linear in the text: regular expressions run by RE2, an automaton without backtracking.

1. Both normalise text and expression to Unicode form NFC (9.6.2). A full stop and a wildcard match line breaks, too.
2. LIKE: `%` is any text, `_` one character, the rest is itself; the whole text must match. MATCHES looks anywhere in it.
3. Octets are matched octet by octet, by expressions all of whose characters are below U+0100; others never match (9.6.3).
4. The specification asks for PCRE. What no automaton can do (look-around, back references, atomic groups, possessive
   quantifiers) is refused with a reason: an author's expression must not be able to stop a member's matching. Two habits
   of PCRE are kept where RE2 differs: `$` also matches before a line break that ends the text, and `\\s` includes the
   vertical tab.

Hyperscan is linear as well but reads another dialect and reports no match for part of what it accepts; pcre2 backtracks.
RE2 is loaded when the first expression is compiled.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from typing import Any
from unicodedata import normalize

from commonwatch.core.patterns.stix.limits import LONGEST_REGEX, REGEX_BYTES

_PIECES = re.compile(r"\\.|\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]|\$", re.DOTALL)
_MANY_LINES = re.compile(r"\(\?[a-zA-Z]*m")
_REFUSED = (
    (re.compile(r"\(\?<?[=!]"), "it looks ahead or behind"),
    (re.compile(r"\(\?>|[*+?}]\+"), "it has an atomic group or a possessive quantifier"),
    (re.compile(r"\\[1-9]|\\k|\\g|\(\?P=|\(\?R|\(\?[0-9]|\(\?\("), "it refers back to a group"),
)


def like_text(wanted: str) -> str:
    """The regular expression that a LIKE constant stands for."""
    pieces = {"%": ".*", "_": "."}
    return r"\A" + "".join(pieces.get(char) or _escaped(char) for char in normalize("NFC", wanted)) + r"\z"


def _escaped(char: str) -> str:
    """One character as itself; re.escape also escapes what RE2 does not want escaped."""
    return "\\" + char if char in "\\.+*?()|[]{}^$" else char


def matches_text(wanted: str) -> str:
    """A MATCHES constant as RE2 has to read it so that it finds what PCRE finds."""
    text = normalize("NFC", wanted)
    if _MANY_LINES.search(text):
        return text
    return _PIECES.sub(lambda piece: _as_pcre(piece.group()), text)


def _as_pcre(piece: str) -> str:
    if piece in ("$", r"\Z"):
        return r"(?:\n?\z)"
    if piece == r"\s":
        return r"[\s\v]"
    if piece == r"\S":
        return r"[^\s\v]"
    return piece.replace(r"\s", r"\s\v") if piece[0] == "[" and r"\\s" not in piece else piece


def why_not(text: str) -> str:
    """Why an expression cannot be run, as the end of a sentence; empty if it can."""
    if len(text) > LONGEST_REGEX:
        return f"it is longer than {LONGEST_REGEX:,} characters"
    if "\0" in text:
        return "it contains a zero octet"
    try:
        compiled(text)
    except _error() as problem:
        bare = re.sub(r"\\\\|\[\^?\]?(?:\\.|[^\]\\])*\]", "", text)
        known = next((reason for pattern, reason in _REFUSED if pattern.search(bare)), "")
        return known or str(problem.args[0] if problem.args else problem).replace("b'", "").strip("'")
    except UnicodeEncodeError:
        return "it contains half a character"
    return ""


def _error() -> type[Exception]:
    import re2

    return re2.error  # type: ignore[no-any-return]


@cache
def options(*, octets: bool = False) -> Any:
    """How every expression is compiled: full stop matches line breaks, memory bounded, nothing written to the terminal."""
    import re2

    chosen = re2.Options()
    chosen.dot_nl = True
    chosen.max_mem = REGEX_BYTES
    chosen.log_errors = False
    if octets:
        chosen.encoding = re2.Options.Encoding.LATIN1
    return chosen


@lru_cache(maxsize=256)  # who asks whether an expression can be run mostly runs it next
def compiled(text: str, *, octets: bool = False) -> Any:
    """An expression ready to run."""
    import re2

    return re2.compile(text.encode("latin-1") if octets else text, options(octets=octets))


def searcher(text: str) -> Callable[[str | bytes], bool]:
    """A predicate: whether an expression is found in a text or in octets."""
    for_text = compiled(text).search
    narrow = text.isascii() or all(ord(char) < 256 for char in text)

    def found(value: str | bytes) -> bool:
        if isinstance(value, bytes):
            return narrow and compiled(text, octets=True).search(value) is not None
        return for_text(encoded(value)) is not None

    return found


def encoded(value: str) -> bytes:
    """A text in NFC, as RE2 takes it; half a surrogate pair, which JSON can hold, becomes a question mark."""
    return normalize("NFC", value).encode("utf-8", "replace")
