"""Calls of the assistance API, for its document's examples; `prepare` makes the node that answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commonwatch.base.intake.own import Audience
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.capabilities.assistance import actions
from commonwatch.core.stix.response import assistance as stix
from tests.base.release.nodes import by, carried, member
from tests.capabilities.assistance.test_acts import their_offer, theirs

Seen = dict[str, Any]
Call = tuple[str, str, Callable[[Seen], dict[str, Any]]]

ANSWERS = {"situation": "A wiper at two ports.", "what_we_ask": "Two analysts from Monday."}
REQUEST = {
    "form": "generic",
    "name": "Wiper at two ports",
    "contact": {"name": "Duty officer", "reach": "secure channel 4"},
    "answers": ANSWERS,
    "needs": [{"id": "n1", "skill": "incident-analysis", "quantity": 2, "languages": ["fr", "en"]}],
    "urgency": "urgent",
    "asked": ["cert-nl"],
    "audience": {"tlp": "TLP:AMBER", "members": ["cert-nl"]},
}
CAPABILITY = {
    "name": "Two analysts",
    "skill": "incident-analysis",
    "quantity": 2,
    "languages": ["fr", "en"],
    "audience": {"members": ["cert-nl"]},
}
THEIRS = {
    "name": "Forged mail to ministries",
    "form": "generic",
    "contact": {"name": "Duty officer"},
    "answers": ANSWERS,
    "needs": [{"id": "n1", "skill": "incident-analysis", "quantity": 1}],
}
WHY = {"reason": "Needed at home"}


def prepare() -> None:
    """A partner that asks and offers."""
    if not Member.objects.filter(name="cert-nl").exists():
        member("cert-nl", "NL", MemberKind.STATE_BODY, "home")
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    theirs("cert-nl", stix.REQUEST, THEIRS, 71)


def _asked(seen: Seen) -> str:
    return str(seen["POST /assistance/requests"]["id"])


def _capability(seen: Seen) -> str:
    return str(seen["POST /assistance/capabilities"]["id"])


def _accepting(seen: Seen) -> dict[str, Any]:
    offer = their_offer(_asked(seen), "cert-nl", 72)
    return {"path": {"identity": _asked(seen)}, "body": {"act": "accept", "about": offer}}


def _released(_: Seen) -> dict[str, Any]:
    content = stix.Capability("One sandbox", "sandbox")
    own = actions.add_capability(content, Audience("TLP:AMBER", ("cert-nl",)), by())
    held = actions.reserve(own, 1, "", "", "exercise", by())
    return {"path": {"identity": held}, "query": WHY}


def given(**request: Any) -> Callable[[Seen], dict[str, Any]]:
    return lambda _: request


OTHERS = "assistance-request--00000000-0000-4000-8000-000000000071"
CALLS: list[Call] = [
    ("GET", "/assistance/forms", given()),
    ("GET", "/assistance/forms/{name}", given(path={"name": "norm-h"})),
    ("GET", "/assistance/skills", given()),
    ("POST", "/assistance/requests", given(body=REQUEST)),
    ("GET", "/assistance/requests", given(query={"open": "true", "limit": "1"})),
    ("POST", "/assistance/requests/{identity}/acts", _accepting),
    ("GET", "/assistance/requests/{identity}", lambda seen: {"path": {"identity": _asked(seen)}}),
    ("POST", "/assistance/capabilities", given(body=CAPABILITY)),
    ("GET", "/assistance/capabilities", given(query={"limit": "1"})),
    (
        "POST",
        "/assistance/requests/{identity}/offers",
        lambda seen: {
            "path": {"identity": OTHERS},
            "body": {
                "contact": {"name": "Duty officer"},
                "parts": [{"need": "n1", "capability": _capability(seen)}],
                "terms": "Two days, free of charge",
            },
        },
    ),
    ("GET", "/assistance/proposal", given()),
    (
        "PUT",
        "/assistance/ignored",
        lambda seen: {"body": {"need": f"{OTHERS}/n1", "supply": _capability(seen), "reason": "Away next week"}},
    ),
    ("GET", "/assistance/ledger", given()),
    (
        "POST",
        "/assistance/capabilities/{identity}/reservations",
        lambda seen: {"path": {"identity": _capability(seen)}, "body": {"quantity": 1, "reason": "Exercise in May"}},
    ),
    (
        "PUT",
        "/assistance/reservations/{identity}/allotment",
        lambda seen: {
            "path": {"identity": seen["POST /assistance/capabilities/{identity}/reservations"]["id"]},
            "body": WHY,
        },
    ),
    ("DELETE", "/assistance/reservations/{identity}", _released),
    ("GET", "/assistance/capabilities/{identity}", lambda seen: {"path": {"identity": _capability(seen)}}),
    (
        "DELETE",
        "/assistance/capabilities/{identity}",
        lambda seen: {"path": {"identity": _capability(seen)}, "query": WHY},
    ),
]
