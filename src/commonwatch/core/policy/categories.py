"""Data categories: the words by which agreements say what they cover, by STIX type."""

from __future__ import annotations

from commonwatch.core.stix.tables import OBSERVABLES

CONTEXT = "context"
_TYPES = {
    "indicators": "indicator sighting",
    "threats": "malware malware-analysis tool threat-actor campaign intrusion-set attack-pattern infrastructure",
    "vulnerabilities": "vulnerability",
    "incidents": "incident observed-data report grouping note opinion event x-event task impact "
    "case-statement case-decision situation-report",
    "defences": "course-of-action playbook x-playbook",
    CONTEXT: "identity location marking-definition extension-definition language-content relationship",
}
CATEGORIES = tuple(_TYPES)
_CATEGORY = {kind: category for category, kinds in _TYPES.items() for kind in kinds.split()} | dict.fromkeys(
    OBSERVABLES, "indicators"
)


def category(stix_type: str) -> str:
    """The category of a STIX type; `context` for one that is not known."""
    return _CATEGORY.get(stix_type, CONTEXT)
