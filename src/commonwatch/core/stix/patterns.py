"""A first look at STIX patterns: is it a pattern at all? The full grammar comes with matching.

One pass over the characters, no recursion: its cost is linear in the length whatever the nesting.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonwatch.core.stix.values import Finding

_QUOTED = re.compile(r"'(?:[^'\\]|\\.)*'", re.DOTALL)
_HASH = re.compile(r"hashes\.(?:'(?P<quoted>[^']*)'|(?P<bare>[A-Za-z0-9_]+))")
_MISSPELT = {"SHA1": "SHA-1", "SHA256": "SHA-256", "SHA512": "SHA-512", "SHA224": "SHA-224", "SHA384": "SHA-384"}


def is_plain(pattern: str) -> bool:
    """Whether it is one comparison in brackets with nothing that needs a closer look: most patterns are."""
    return (
        pattern[:1] == "["
        and pattern[-1:] == "]"
        and pattern.count("[") == 1
        and pattern.count("]") == 1
        and pattern.count("'") == 2
        and "\\" not in pattern
        and "hashes" not in pattern
        and "(" not in pattern
    )


def pattern_findings(pattern: str) -> Iterator[Finding]:
    """Notes on a pattern that no matcher will be able to read as it stands."""
    if "hashes" in pattern:
        yield from _hash_names(pattern)
    bare = _QUOTED.sub("''", pattern)
    if bare.count("'") % 2:
        yield _note("pattern-quote-open", "A string in the pattern is not closed.", "Close it with a single quote.")
        return
    opens = pattern.lstrip()[:1]
    if opens not in ("[", "(") or bare.count("[") != bare.count("]"):
        yield _note(
            "pattern-bracket-missing",
            "The square brackets around the pattern's observation are not complete.",
            "Write each observation in brackets, such as [ipv4-addr:value = '198.51.100.1'].",
        )
    if bare.count("(") != bare.count(")"):
        yield _note("pattern-parenthesis-missing", "The parentheses of the pattern do not pair.", "Pair them.")


def _hash_names(pattern: str) -> Iterator[Finding]:
    for match in _HASH.finditer(pattern):
        name = match["quoted"] or match["bare"] or ""
        proper = _MISSPELT.get(name.upper())
        if proper is not None:
            yield _note(
                "pattern-hash-name",
                f"The hash is called {name}.",
                f"Call it '{proper}', in quotes, so that others match it.",
            )
            return


def _note(code: str, sentence: str, remedy: str) -> Finding:
    return Finding(code, "note", "/pattern", sentence, remedy)
