"""FIRST IEP 2.0: an information exchange policy as an object of statements, however it is wrapped.

Names of IEP 1 and of the OASIS extension for IEP 2.0 are read as well, in any case, with blanks, hyphens or underscores.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

from commonwatch.core.policy.readings import Reading
from commonwatch.core.policy.scales import level
from commonwatch.core.stix.ids import canonical
from commonwatch.core.stix.times import parse_time

EXTENSION_ID = "extension-definition--762e2e97-ee51-43e5-a9ea-165fbb862c4a"  # OASIS common object repository
_SAYS_NOTHING = frozenset({"id", "name", "description", "iep_id", "policy_name", "extension_type", "reference"})
_OTHER_NAMES = {"traffic_light_protocol": "tlp", "provider_attribution": "attribution", "version": "iep_version"}
# statement -> value -> the duty it passes on; "" for none
_DUTIES: Mapping[str, Mapping[str, str]] = {
    "encrypt_in_transit": {"must": "encrypt-in-transit", "may": ""},
    "encrypt_at_rest": {"must": "encrypt-at-rest", "may": ""},
    "affected_party_notifications": {"must-not": "no-affected-party-notification", "may": ""},
    "attribution": {"must": "attribute", "must-not": "do-not-attribute", "may": ""},
    "obfuscate_affected_parties": {
        "must": "obfuscate-affected-parties",
        "must-not": "name-affected-parties",
        "may": "",
    },
    "unmodified_resale": {"must-not": "no-resale", "may": ""},
    "commercial_use": {"must-not": "no-commercial-use", "may": ""},
    "permitted_actions": {
        "none": "actions:none",
        "contact-for-instruction": "actions:contact-for-instruction",
        "internally-visible-actions": "actions:internally-visible",
        "externally-visible-indirect-actions": "actions:externally-visible-indirect",
        "externally-visible-direct-actions": "",
    },
}
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_US_PER_DAY = 86_400_000_000
_EPOCH = date(1970, 1, 1)
_LAST = (date.max - _EPOCH).days


def is_policy(value: Mapping[str, Any]) -> bool:
    """Whether an object is an IEP policy by its own word."""
    return "iep_version" in value


def read_policy(policy: Mapping[str, Any]) -> Reading | str:
    """What a policy says, or what cannot be read in it. A statement that is null is not made."""
    statements: dict[str, Any] = {}
    for name, value in policy.items():
        plain = name.lower().replace("-", "_").replace(" ", "_")
        statements[_OTHER_NAMES.get(plain, plain)] = value
    if {"id_ref", "url"} & statements.keys():
        return "an IEP policy that is only referred to"
    said: dict[str, Any] = {}
    duties: set[str] = set()
    for name, value in statements.items():
        if value is None or name in _SAYS_NOTHING:
            continue
        if name in _DUTIES:
            words = [_word(part) for part in (value if isinstance(value, list) else [value])]
            if not words or not set(words) <= _DUTIES[name].keys():
                return f"the IEP statement {name}: {value!r:.80}"
            duties |= {_DUTIES[name][word] for word in words}
        elif name in ("external_reference", "external_references"):
            duties |= {f"reference:{_reference(part)}" for part in (value if isinstance(value, list) else [value])}
        elif (part := _part(name, value)) is None:
            return f"the IEP statement {name}: {value!r:.80}"
        else:
            said |= part
    return Reading(duties=frozenset(duties - {""}), **said)


def _reference(value: Any) -> str:
    """A text as it is, anything else as JSON: terms to be read by people."""
    return value if isinstance(value, str) else canonical(value).decode()


def _word(value: Any) -> str:
    return str(value).lower().replace("_", "-").replace(" ", "-")


def _part(name: str, value: Any) -> dict[str, Any] | None:
    """The fields of a reading that a statement gives; None if it cannot be read."""
    if name == "iep_version":  # a number in some places, a text in others
        return {} if str(value) in ("1", "1.0", "2", "2.0") else None
    if not isinstance(value, str):
        return None
    if name == "tlp":
        step = level("TLP", value)
        return None if step is None else {"tlps": frozenset({step})}
    if name == "start_date":
        day = first_day(value)
        return None if day is None else {"not_before": day}
    if name == "end_date":
        day = last_day(value)
        return None if day is None else {"not_after": day}
    return None


def first_day(text: str) -> date | None:
    """The first whole day from a day or a moment on; None if it cannot be read."""
    return _day(text, lambda us: -(-us // _US_PER_DAY))


def last_day(text: str) -> date | None:
    """The last whole day until a day or a moment: the day before, unless the moment is a day's last second."""
    return _day(text, lambda us: (us + 1_000_000) // _US_PER_DAY - 1)


def _day(text: str, whole: Callable[[int], int]) -> date | None:
    if _DAY.fullmatch(text):
        moment = parse_time(f"{text}T00:00:00Z")
        return None if moment is None else _EPOCH + timedelta(days=moment[0] // _US_PER_DAY)
    moment = parse_time(text)
    days = None if moment is None else whole(moment[0])
    return None if days is None or not -_EPOCH.toordinal() < days <= _LAST else _EPOCH + timedelta(days=days)
