"""Regular expressions of rules, decided by PCRE2 with a limit on its steps: a hostile pattern costs milliseconds, not a day.

Sigma asks for PCRE (specification 2.1, modifier `re`). A search that reaches the limit counts as no match.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

MAX_LENGTH = 8_192
# Steps of one search: the dearest public rule needs some 20,000 on 4 kB of script.
MAX_STEPS = 200_000
MAX_SUBJECT = 1 << 20


@lru_cache(maxsize=20_000)
def compiled(pattern: str, flags: str) -> Any:
    """The pattern made ready. Raises ValueError with PCRE's sentence where it is none, or is too long."""
    import pcre2

    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"it has {len(pattern):,} characters; at most {MAX_LENGTH:,} are taken")
    options = 0
    for letter in flags:
        options |= {"i": pcre2.IGNORECASE, "m": pcre2.MULTILINE, "s": pcre2.DOTALL}[letter]
    limits = f"(*LIMIT_MATCH={MAX_STEPS})(*LIMIT_DEPTH={MAX_STEPS})(*LIMIT_HEAP=20000)"
    try:
        return pcre2.compile(limits + pattern, options)
    except (pcre2.PatternError, pcre2.LibraryError) as error:
        raise ValueError(str(error)) from None


def found(pattern: str, flags: str, value: str) -> bool:
    """Whether some part of the value, of which the first megabyte is read, matches."""
    import pcre2

    try:
        return compiled(pattern, flags).search(value[:MAX_SUBJECT]) is not None
    except pcre2.LibraryError:  # the limit
        return False
