"""Calls of the contacts API, for its document's examples; `prepare` makes the node that answers them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.parties.queries import member_named
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.times import format_time
from tests.base.release.nodes import by, carried, member, post

Seen = dict[str, Any]
Call = tuple[str, str, Callable[[Seen], dict[str, Any]]]

CONTACT = {
    "name": "Duty officer",
    "roles": ["technical", "policy"],
    "channel": "secure channel 4",
    "languages": ["de", "en"],
    "time_zone": "Europe/Vienna",
    "hours": ["mon-fri 09:00-17:00"],
    "members": ["cert-fi"],
}
THEIRS = "point-of-contact--00000000-0000-4000-8000-000000000081"
PING = "contact-ping--00000000-0000-4000-8000-000000000082"
PROFILE = {
    "name": "CERT.at",
    "sections": {"3.1": "We help those whose networks are attacked.", "3.2": "Networks in Austria."},
    "members": ["cert-fi"],
}


def prepare() -> None:
    """A partner with a contact."""
    if not Member.objects.filter(name="cert-fi").exists():
        member("cert-fi", "FI", MemberKind.STATE_BODY, "home")
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    _theirs(THEIRS, {"name": "Duty desk", "roles": ["round-the-clock"], "channel": "secure channel 9"})


def _theirs(identity: str, content: dict[str, Any]) -> None:
    at, author = format_time(by().now_us, 3), member_named("cert-fi").identity
    kind = identity.partition("--")[0]
    value = new_object(kind, content, identity=identity, author=author, made=at, at=at)
    post([value], "cert-fi", "TLP:GREEN", "cert-fi")


def _own(seen: Seen) -> str:
    return str(seen["POST /contacts"]["id"])


def _answering(seen: Seen) -> dict[str, Any]:
    _theirs(PING, {"contact_ref": _own(seen), "text": "Test of the quarter"})
    return {"path": {"identity": PING}, "body": {"text": "We are here"}}


def given(**request: Any) -> Callable[[Seen], dict[str, Any]]:
    return lambda _: request


CALLS: list[Call] = [
    ("POST", "/contacts", given(body=CONTACT)),
    ("GET", "/contacts", given(query={"limit": "1"})),
    (
        "POST",
        "/contacts/{identity}/pings",
        given(path={"identity": THEIRS}, body={"text": "Test of the quarter", "minutes": 30, "escalates": True}),
    ),
    ("POST", "/contact-pings/{identity}/answer", _answering),
    ("GET", "/contacts/{identity}", lambda seen: {"path": {"identity": _own(seen)}}),
    ("GET", "/contacts/duty", given(query={"role": "round-the-clock", "member": "cert-fi"})),
    ("GET", "/contacts/measures", given()),
    (
        "PATCH",
        "/contacts/{identity}",
        lambda seen: {"path": {"identity": _own(seen)}, "body": {**CONTACT, "name": "Night desk"}},
    ),
    ("POST", "/contacts/{identity}/confirmation", lambda seen: {"path": {"identity": _own(seen)}}),
    ("PUT", "/contact-profiles", given(body=PROFILE)),
    ("GET", "/contact-profiles/{name}", given(path={"name": "home"})),
    (
        "DELETE",
        "/contacts/{identity}",
        lambda seen: {"path": {"identity": _own(seen)}, "query": {"reason": "The office is closed"}},
    ),
]
