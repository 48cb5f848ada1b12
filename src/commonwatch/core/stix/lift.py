"""STIX 2.0 to 2.1, for readers who want only 2.1. The original is what is kept; this is made on the way out.

1. `spec_version` is "2.1" on every object.
2. `indicator.labels` become `indicator_types`, likewise for malware, report, threat-actor and tool (2.1, appendix of
   changes); labels stay as well, because feeds put free words there.
3. Indicators get `pattern_type` stix; malware gets `is_family` (true where nothing says otherwise: 2.0 described
   families); observed-data keeps its embedded `objects`, which 2.1 deprecates but allows.
4. `sighting`, `relationship` and everything else are the same in both.
"""

from __future__ import annotations

from typing import Any

_TYPE_LISTS = {
    "indicator": "indicator_types",
    "malware": "malware_types",
    "report": "report_types",
    "threat-actor": "threat_actor_types",
    "tool": "tool_types",
}


def lift(value: dict[str, Any]) -> dict[str, Any]:
    """A new object in STIX 2.1; one that is 2.1 already comes back equal."""
    lifted = dict(value)
    lifted["spec_version"] = "2.1"
    kind = value.get("type")
    types = _TYPE_LISTS.get(kind) if isinstance(kind, str) else None
    if types is not None and types not in lifted and value.get("labels"):
        lifted[types] = list(value["labels"])
    if kind == "indicator":
        lifted.setdefault("pattern_type", "stix")
    elif kind == "malware":
        lifted.setdefault("is_family", True)
    return lifted
