"""Variables of CACAO playbooks (section 10.18): what one takes as its value, and which are never kept here.

1. A value is one line. Nothing in it is markup, a command or the name of another variable: it is shown as the text that it is.
2. It is what the variable's type says, where the type is of the specification's vocabulary; of other types any line.
3. What a variable that is named like a secret holds is never written: a case is shared. Nor is what looks like a key or a token.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address
from typing import Any

import msgspec

from commonwatch.core.errors import InvalidInput

LONGEST = 1_000  # characters of a value
PLACE = re.compile(r"(__[A-Za-z0-9][A-Za-z0-9_-]{0,248}?__):value")  # where a text names one
_NAME = re.compile(r"__[A-Za-z0-9][A-Za-z0-9_-]{0,248}__")
# Also what turns the direction of a line around: a value would read as something else than it is.
_UNSEEN = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\u200e\u200f\u061c]")
_SECRET_WORDS = frozenset(
    ("password", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "credential", "credentials")
    + ("apikey", "privatekey", "cookie", "otp", "pin")
)
_SECRET_PAIRS = re.compile(r"(?:api|private|secret|access|encryption|signing|session)[_-]?key", re.IGNORECASE)
_SECRET_VALUE = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY|AGE-SECRET-KEY-1|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b|\bgh[pousr]_[A-Za-z0-9]{30,}"
    r"|\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.|\b(?:Bearer|Basic) [A-Za-z0-9+/=_.-]{16,}"
)


def _is_address(kind: type[IPv4Address | IPv6Address]) -> Callable[[str], bool]:
    def takes(text: str) -> bool:
        try:
            kind(text)
        except ValueError:
            return False
        return True

    return takes


def _is_dictionary(text: str) -> bool:
    try:
        return isinstance(msgspec.json.decode(text.encode()), dict)
    except (msgspec.DecodeError, RecursionError):
        return False


def _like(pattern: str) -> Callable[[str], bool]:
    found = re.compile(pattern, re.ASCII | re.IGNORECASE)
    return lambda text: found.fullmatch(text) is not None


# variable-type-ov, section 10.18.4.
_TAKES: Mapping[str, Callable[[str], bool]] = {
    "bool": _like("true|false"),
    "dictionary": _is_dictionary,
    "float": _like(r"[+-]?\d{1,40}(\.\d{1,40})?(e[+-]?\d{1,4})?"),
    "hash": _like(r"[0-9a-f]{8,256}"),
    "hexstring": _like(r"(0x)?[0-9a-f]+"),
    "integer": _like(r"[+-]?\d{1,40}"),
    "ipv4-addr": _is_address(IPv4Address),
    "ipv6-addr": _is_address(IPv6Address),
    "long": _like(r"[+-]?\d{1,40}"),
    "mac-addr": _like(r"[0-9a-f]{2}([:-][0-9a-f]{2}){5}"),
    "md5-hash": _like(r"[0-9a-f]{32}"),
    "sha256-hash": _like(r"[0-9a-f]{64}"),
    "uri": _like(r"[a-z][a-z0-9+.-]*:\S+"),
    "uuid": _like(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"),
}


class Variable(msgspec.Struct, frozen=True):
    """A variable as a playbook defines it. `external`: whoever runs the playbook gives its first value."""

    type: str = "string"
    description: str = ""
    value: Any = None
    constant: bool = False
    external: bool = False

    @property
    def initial(self) -> str | None:
        """The value that the playbook gives it, as text."""
        if self.value is None or self.value == "":
            return None
        text = self.value if isinstance(self.value, str) else msgspec.json.encode(self.value).decode()
        return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def is_name(text: str) -> bool:
    """Whether it is how variables are called."""
    return _NAME.fullmatch(text) is not None


def is_secret_name(name: str) -> bool:
    """Whether a variable of this name holds a secret (rule 3)."""
    return bool(_SECRET_WORDS & set(re.split("[_-]+", name.lower()))) or _SECRET_PAIRS.search(name) is not None


def checked(name: str, variable: Variable, text: str, *, is_secret: bool) -> str:
    """The value; raises InvalidInput where the variable cannot have it (rules 1 to 3)."""
    if is_secret:
        raise InvalidInput(
            "variable-secret",
            f"{name} is a secret: what a case holds is shared, so its value is not kept.",
            "Have it at hand when you do the step.",
        )
    if _SECRET_VALUE.search(text):
        raise InvalidInput(
            "variable-secret",
            f"The value of {name} looks like a key or a token, and a case is shared.",
            "Have it at hand when you do the step.",
        )
    if not text or len(text) > LONGEST or _UNSEEN.search(text):
        raise InvalidInput(
            "variable-text", f"The value of {name} is not one line of up to {LONGEST} characters.", "Shorten it."
        )
    if not _TAKES.get(variable.type, bool)(text):
        raise InvalidInput(
            "variable-type",
            f"The value of {name} is no {variable.type}.",
            "Give what the playbook's author describes.",
        )
    return text


def may_have(name: str, variable: Variable, text: str) -> bool:
    """Whether a variable that is no secret takes it."""
    try:
        checked(name, variable, text, is_secret=False)
    except InvalidInput:
        return False
    return True
