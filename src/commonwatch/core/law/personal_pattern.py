"""Personal data in the strings of a STIX pattern.

What an indicator matches is the attacker's, with two exceptions: those a message goes to, and credentials, which are
somebody's.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonwatch.core.law.personal_marks import Flags
from commonwatch.core.law.personal_text import text_findings
from commonwatch.core.law.personal_values import (
    PersonalFinding,
    Role,
    is_account,
    is_host_ipv4,
    is_host_ipv6,
    is_personal_mail,
)

# An unclosed string runs to the end: the cost stays linear whatever the quotes.
_TOKEN = re.compile(
    r"(?<![\w-])(?P<path>(?P<kind>[a-z][a-z0-9-]{1,60}+):(?P<property>\w{1,60}+)[\w.\[\]*-]{0,120}+)"
    r"|(?<!\.)'(?P<string>(?:[^'\\]|\\.)*+)(?:'|\Z)",
    re.DOTALL,
)
_ACCOUNTS = frozenset({"account_login", "user_id", "display_name"})
_TARGETS = ("to_refs", "cc_refs", "bcc_refs")


def pattern_findings(pattern: str, place: str, flags: Flags) -> Iterator[PersonalFinding]:
    """Findings in every string of a pattern; the offsets are those inside the pattern."""
    kind = name = ""
    for token in _TOKEN.finditer(pattern):
        if token["path"] is not None:
            kind, name = token["kind"], token["property"]
            continue
        text, start = token["string"], token.start("string")
        category = _category(kind, name, text)
        if category is not None:
            role: Role = "unknown" if category == "credential" else "attacker"
            yield PersonalFinding(category, role, place, start, start + len(text), text)
        elif (kind, name) not in _READ:
            for found in text_findings(text, place, "victim" if name in _TARGETS else "attacker", flags):
                if found.category != "credential":  # what an attacker's page or sample asks for
                    yield PersonalFinding(
                        found.category, found.role, place, start + found.start, start + found.end, found.value
                    )


_HOSTS = frozenset({"ipv4-addr", "ipv6-addr", "network-traffic", "domain-name", "url"})
_READ = frozenset({("email-addr", "value"), ("ipv4-addr", "value"), ("ipv6-addr", "value"), ("domain-name", "value")})


def _category(kind: str, name: str, text: str) -> str | None:
    """What a string is compared with, where that alone says it."""
    if kind == "email-addr" and name == "value":
        local, _, domain = text.rpartition("@")
        return "e-mail" if local.strip("%*.") and is_personal_mail(local, domain) else None
    if kind in _HOSTS and (is_host_ipv4(text) or is_host_ipv6(text)):
        return "ip-address"
    if kind == "user-account":
        if name == "credential":
            return "credential"
        return "account" if name in _ACCOUNTS and is_account(text) else None
    if kind == "mac-addr" and name == "value":
        return "device"
    return "message" if kind == "email-message" and name.startswith("body") and len(text) > 40 else None
