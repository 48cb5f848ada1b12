"""What people write on the command line or in a form, read into what an act takes; each refusal says how to write it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response import assistance as stix


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """`name=value`, each."""
    found = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            raise InvalidInput("pair-unreadable", f"{text[:60]} gives no field an answer.", "Write it as name=value.")
        found[name.strip()] = value.strip()
    return found


def needs(texts: Sequence[str]) -> tuple[stix.Need, ...]:
    """`incident-analysis`, `incident-analysis=2`, `incident-analysis=2,fr+en`, `incident-analysis=2,fr+en,on-site`."""
    found = []
    for number, text in enumerate(texts, start=1):
        skill, _, rest = text.partition("=")
        many, languages, *more = [*rest.split(","), "", ""] if rest else ["1", ""]
        if any(one not in ("", "on-site") for one in more):
            raise InvalidInput("need-unreadable", f"{text[:60]} is no need.", "Write it as incident-analysis=2,fr+en.")
        spoken = tuple(one for one in languages.split("+") if one)
        quantity = whole(many or "1", text)
        found.append(stix.Need(f"n{number}", skill.strip(), quantity, spoken, on_site="on-site" in more))
    return tuple(found)


def parts(texts: Sequence[str]) -> tuple[stix.Part, ...]:
    """`n1`, `n1=2`, `n1=2@assistance-capability--...`."""
    found = []
    for text in texts:
        name, _, rest = text.partition("=")
        many, _, capability = rest.partition("@")
        found.append(stix.Part(name.strip(), whole(many or "1", text), capability.strip() or None))
    return tuple(found)


def whole(text: str, inside: str) -> int:
    """A whole number from 1."""
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= stix.MOST_UNITS):
        raise InvalidInput(
            "number-unreadable", f"{inside[:60]} has no number.", f"Write a whole number from 1 to {stix.MOST_UNITS:,}."
        )
    return int(text)
