"""How objects that partners write to one another are built. Which thread each belongs to: `threads`.

1. A new type of ours is an SDO with an extension of its own (STIX 2.1, section 7.3): any TAXII server carries it, any STIX
reader may ignore it. 2. Standard types (`event`, `task`, `note`) become parts of a thread by a property extension.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from commonwatch.core.stix.extensions import NAMESPACE

PART_ID = f"extension-definition--{uuid.uuid5(NAMESPACE, 'thread-part')}"


def extension_id(kind: str) -> str:
    """The id of the extension that defines a type of ours; it never changes."""
    return f"extension-definition--{uuid.uuid5(NAMESPACE, kind)}"


def new_object(
    kind: str,
    content: Mapping[str, Any],
    *,
    identity: str,
    author: str,
    made: str,
    at: str,
    markings: Sequence[str] = (),
) -> dict[str, Any]:
    """An object of one of our types. `made`, `at`: when it was first written, and this version of it (STIX timestamps)."""
    return {
        "type": kind,
        "spec_version": "2.1",
        "id": identity,
        "created_by_ref": author,
        "created": made,
        "modified": at,
        **({"object_marking_refs": sorted(markings)} if markings else {}),
        **content,
        "extensions": {extension_id(kind): {"extension_type": "new-sdo"}},
    }


def part_of(root: str, content: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """For `extensions` of an object of a standard type: that it is part of a thread, and what else we say of it there."""
    return {PART_ID: {"extension_type": "property-extension", "thread_ref": root, **(content or {})}}


def said_of_part(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """What `part_of` put there; empty where nothing is, or it is not what it should be."""
    extensions = value.get("extensions")
    said = extensions.get(PART_ID) if isinstance(extensions, dict) else None
    return said if isinstance(said, dict) else {}
