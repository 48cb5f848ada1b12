"""What the node's own member wrote."""

from __future__ import annotations

import orjson

from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.explain import Held, held_object
from commonwatch.core.errors import NotFound


def own_object(identity: str) -> Held:
    """An object of the node's own member; what others wrote, and what nobody did, is not there in the same words."""
    try:
        held = held_object(identity)
    except NotFound:
        raise not_own(identity) from None
    if not held.raw or orjson.loads(held.raw).get("created_by_ref") != own_member().identity:
        raise not_own(identity)
    return held


def not_own(identity: str) -> NotFound:
    """The error for what is not the own member's."""
    return NotFound("object-unknown", f"There is no {identity} of this node's own.", "Search has what you have.")
