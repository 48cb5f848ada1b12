"""The one form of a JSON value that is signed and hashed: RFC 8785 (JCS).

1. What comes from outside passes the I-JSON gate first (`core.stix.ijson`): what one program signs, another must read alike.
2. Keys by UTF-16 code unit, numbers as ECMAScript writes them, UTF-8 without blanks: two texts that say the same, signed once.

Not for the journal's comparison of duplicates: `core.stix.ids.canonical` is faster and need not be the same on other programs.
"""

from __future__ import annotations

import hashlib
from typing import Any

import rfc8785

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.ijson import gate


def canonical(value: Any) -> bytes:
    """The RFC 8785 form; raises InvalidInput for what has none (integers past 2^53 - 1, NaN, lone surrogates)."""
    try:
        return rfc8785.dumps(value)
    except (rfc8785.CanonicalizationError, RecursionError) as error:
        raise InvalidInput(
            "no-canonical-form", f"It has no canonical form: {error}.", "Keep to I-JSON (RFC 7493)."
        ) from None


def admitted(raw: bytes) -> Any:
    """The value of these bytes, if they are I-JSON; raises InvalidInput with the gate's finding."""
    value, finding = gate(raw)
    if finding is not None:
        raise InvalidInput(finding.code, finding.sentence, finding.remedy)
    return value


def digest(value: Any) -> str:
    """SHA-256 of the canonical form, as hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()
