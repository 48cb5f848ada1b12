"""Which thread an object begins or belongs to.

A thread is a root (a case, a request) with everything that refers to it. Every part has one author and is never changed by
another: an answer is an object of its own. So a thread is the same on every node, in whatever order its parts came.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from commonwatch.core.stix.ids import is_id
from commonwatch.core.stix.response import assistance, contacts, evidence, incidents
from commonwatch.core.stix.shared import PART_ID, said_of_part

# Types that begin a thread.
ROOTS: frozenset[str] = assistance.ROOTS | contacts.ROOTS | evidence.ROOTS | incidents.ROOTS
# Standard types of which only those with an extension do.
ROOTS_WITH: Mapping[str, str] = incidents.ROOTS_WITH
# Types of ours that belong to one, each with the property that names its root.
ROOT_PROPERTIES: Mapping[str, str] = {
    **assistance.ROOT_PROPERTIES,
    **contacts.ROOT_PROPERTIES,
    **evidence.ROOT_PROPERTIES,
    **incidents.ROOT_PROPERTIES,
}


def root_of(value: Mapping[str, Any]) -> str:
    """The root of the thread that an object begins or belongs to; empty where it does neither."""
    kind = str(value.get("type", ""))
    extensions = value.get("extensions")
    if kind in ROOTS or (isinstance(extensions, dict) and ROOTS_WITH.get(kind) in extensions):
        return str(value.get("id", ""))
    named = value.get(ROOT_PROPERTIES[kind]) if kind in ROOT_PROPERTIES else said_of_part(value).get("thread_ref")
    return named if isinstance(named, str) and is_id(named) else ""


def may_be_in_thread(kind: str, raw: bytes) -> bool:
    """Whether it is worth reading for `root_of`: cheaper than to read it."""
    if kind in ROOTS or kind in ROOT_PROPERTIES:
        return True
    return PART_ID.encode() in raw or (kind in ROOTS_WITH and ROOTS_WITH[kind].encode() in raw)
