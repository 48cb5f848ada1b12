"""Personal data in one string: what is found where, without overlaps, and whose it seems to be."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from commonwatch.core.law.personal_mail import Hit, mail_hits
from commonwatch.core.law.personal_marks import Flags
from commonwatch.core.law.personal_named import handle_hits, named_hits
from commonwatch.core.law.personal_numbers import address_hits, identity_hits, number_hits
from commonwatch.core.law.personal_values import PersonalFinding, Role

# Whose a value is, by the last of these words within this many characters in front of it.
_REACH = 48
_WHOSE = re.compile(
    r"(?P<victim>(?<![^\W_])(?:victims?|targets?|targeted|recipients?|affected|employee|customer|patient|complainant|infected|"
    r"compromised|sent|received|opfer|v[ií]c?tima|victime|жертв\w{0,3}|потерп\w{0,8})(?![^\W_])|被害者|受害者|피해자|الضحية)|"
    r"(?P<attacker>attacker|adversary|threat actor|\bc2\b|\bc&c\b|command[- ]and[- ]control|sender|spoofed|registered (?:by|with)|"
    r"malicious|phish|extort|ransom|suspect)",
    re.IGNORECASE,
)
_QUERY = re.compile(r"[?&#][\w.-]{0,32}=?$")
# The more certain kind wins where two claim the same characters.
_ORDER = (
    "credential",
    "e-mail",
    "payment",
    "identifier",
    "device",
    "path",
    "ip-address",
    "phone",
    "suspicion",
    "name",
    "account",
)
_CERTAINTY = {category: place for place, category in enumerate(_ORDER)}


def text_hits(text: str, flags: Flags) -> list[Hit]:
    """What is found in a string, in order, no two overlapping."""
    hits: list[Hit] = []
    if flags.mail:
        hits += mail_hits(text)
        hits += handle_hits(text)
    if flags.announced:
        hits += named_hits(text)
        hits += identity_hits(text)
    if flags.numbers:
        hits += number_hits(text)
    if flags.addresses:
        hits += address_hits(text)
    return _apart(hits) if len(hits) > 1 else hits


def text_findings(text: str, place: str, role: Role, flags: Flags) -> Iterator[PersonalFinding]:
    """The same as findings; words in front of a value say more about whose it is than the object does."""
    for category, start, end in text_hits(text, flags):
        yield PersonalFinding(category, _whose(text, category, start, role), place, start, end, text[start:end])


def _apart(hits: Iterable[Hit]) -> list[Hit]:
    kept: list[Hit] = []
    for hit in sorted(hits, key=lambda hit: (hit[1], _CERTAINTY[hit[0]])):
        if not kept or hit[1] >= kept[-1][2]:
            kept.append(hit)
        elif _CERTAINTY[hit[0]] < _CERTAINTY[kept[-1][0]]:
            kept[-1] = hit
    return kept


def _whose(text: str, category: str, start: int, role: Role) -> Role:
    if category == "suspicion":
        return "attacker"
    for found in _WHOSE.finditer(text, max(0, start - _REACH), start):
        role = "victim" if found["victim"] else "attacker"
    # A link that carries an address in its query was made for the one whose address it is.
    if category == "e-mail" and role == "attacker" and _QUERY.search(text, max(0, start - _REACH), start):
        return "unknown"
    return role
