"""A literal that every text must contain for which LIKE, MATCHES or ISSUBSET holds: looked for before anything is decided.

Only what is certain: of a regular expression with alternatives, inline flags or anything else that makes a piece of it
optional, no literal is taken. The literal is looked for in texts in NFC, as the expression is. IPv4 networks give the octets
that all their addresses share; IPv6 addresses have many spellings and give none.
"""

from __future__ import annotations

import ipaddress
import re
from unicodedata import normalize

from commonwatch.core.patterns.stix.syntax import Comparison, Operator

_UNCERTAIN = re.compile(r"\||\(|\\[^dwsDWSbBAztnrfv\W_]")  # alternatives, groups, escapes with an argument
_CLASS = re.compile(r"\[\^?\]?(?:\\.|\[:\w+:\]|[^\]\\])*\]", re.DOTALL)
_QUANTIFIED = frozenset("?*{")
_SPECIAL = frozenset(".^$[+?*{")


def literal(comparison: Comparison) -> str:
    """The longest text that is certain to occur; empty where nothing is."""
    constant = normalize("NFC", str(comparison.constants[0]))
    if comparison.operator is Operator.LIKE:
        return max(re.split("[%_]", constant), key=len)
    if comparison.operator is Operator.SUBSET:
        return _shared_octets(constant)
    if comparison.operator is not Operator.MATCHES or _UNCERTAIN.search(constant):
        return ""
    return max(_runs(constant), key=len)


def _shared_octets(text: str) -> str:
    network = ipaddress.ip_network(text, strict=False)
    octets = str(network.network_address).split(".")[: min(network.prefixlen // 8, 3)]
    return "".join(f"{octet}." for octet in octets) if network.version == 4 else ""


def _runs(expression: str) -> list[str]:
    """Runs of characters that stand for themselves, each certain to occur."""
    runs = [""]
    place = 0
    while place < len(expression):
        char, width = expression[place], 1
        if char == "\\":
            char, width = expression[place : place + 2], 2
        elif char == "[":
            known = _CLASS.match(expression, place)
            width = known.end() - place if known else len(expression)
        elif char == "{":
            width = len(expression[place:].partition("}")[0]) + 1
        after = expression[place + width : place + width + 1]
        own = char[1] if len(char) == 2 and not char[1].isalnum() else char
        if len(own) == 1 and (len(char) == 2 or own not in _SPECIAL) and (not after or after not in _QUANTIFIED):
            runs[-1] += own
        else:
            runs.append("")
        if after == "+":  # once is certain, but not what stands next to it
            runs.append("")
        place += width
    return runs
