"""How something stands, as a sentence. A whole one for each state: a word put into a sentence has other forms in other languages."""

from __future__ import annotations

from collections.abc import Mapping

_STANDS: Mapping[str, str] = {
    "draft": "It is a draft.",
    "sent": "It was sent, and not answered yet.",
    "delivered": "It has arrived, and was not answered yet.",
    "acknowledged": "It is acknowledged.",
    "offered": "It is offered.",
    "accepted": "It is accepted.",
    "partly-accepted": "It is accepted in part.",
    "declined": "It is declined.",
    "in-progress": "It is under way.",
    "waiting-for-requester": "It waits for the member that asked.",
    "fulfilled": "It is delivered.",
    "confirmed": "It is delivered, and confirmed.",
    "closed": "It is closed.",
    "expired": "It has expired.",
    "withdrawn": "It is withdrawn.",
}


def stands(state: str) -> str:
    """How a request or an offer in this state stands; a state of a list of the node's own by its name."""
    return _STANDS.get(state, f"In the list of states it is at {state}.")
