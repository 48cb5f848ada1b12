"""Handling as a MISP tag: `namespace:predicate="value"`, of the taxonomies for IEP and for national classification."""

from __future__ import annotations

import re
from collections.abc import Mapping

from commonwatch.core.policy import iep
from commonwatch.core.policy.readings import Reading

_TAG = re.compile(r"([a-z0-9-]+):([A-Za-z_-]+)=\"([^\"]*)\"", re.ASCII)
_IEP = ("iep", "iep2-policy", "iep2-reference")
# namespace -> value -> classification, 0 none to 4 top secret
_CLASSIFIED: Mapping[str, Mapping[str, int]] = {
    "nato": {"CTS": 4, "CTS-A": 4, "CTS-B": 4, "NS": 3, "NS-A": 3, "NC": 2, "NC-A": 2, "NR": 1, "NU": 0},
    "fr-classif": {"TRES_SECRET": 4, "SECRET": 3, "DIFFUSION_RESTREINTE": 1, "NON-PROTEGE": 0},
    "de-vs": {"STRENG GEHEIM": 4, "GEHEIM": 3, "VS-VERTRAULICH": 2, "VS-NfD": 1},
}


def tag_says(text: str) -> Reading | str | None:
    """What a tag says, or what of it cannot be read; None where the text is no tag that speaks of handling."""
    tag = _TAG.fullmatch(text)
    if tag is None:
        return None
    namespace, predicate, value = tag.groups()
    if namespace in _IEP:
        return iep.read_policy({predicate: value})
    if value == "SPECIAL_FRANCE":
        return Reading(releasable=frozenset({"FR"}))
    if namespace in _CLASSIFIED:
        step = _CLASSIFIED[namespace].get(value)
        return f"the tag {text:.80}" if step is None else Reading(classification=step)
    return None
