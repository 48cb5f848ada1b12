"""Requests for the examples of the API of evidence and legal requests."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyrage

from commonwatch.base.clock import now_us
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import Member, MemberKind
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.capabilities.evidence import actions
from commonwatch.capabilities.evidence.actions import Collected
from commonwatch.capabilities.evidence.rules import form_of
from commonwatch.core.signing.canonical import digest
from commonwatch.core.stix.times import format_time
from tests.base.release.nodes import by, carried, member, post

FOUND = Collected("Mail server", "A. Officer", "2026-11-20T08:00:00Z", "StPO section 110", tool="dd 9.1")
KEY = "age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p"  # of age's own documentation
FIELDS = {
    "reference_case_number": "AT-7",
    "investigating_authority": "LKA Wien",
    "facts_summary": "Access with stolen credentials.",
    "data_to_preserve": "Logs of 198.51.100.7, 20 to 25 November 2026, UTC",
    "link_to_offence": "The host was used for the access.",
    "necessity": "Logs are deleted after 14 days.",
    "urgency": "Before 4 December.",
}
REQUEST = {
    "to": "cert-fi",
    "purpose": "preserve",
    "name": "Logs of a host",
    "person": "A. Officer",
    "offences": ["bud-2"],
    "fields": FIELDS,
}
THEIRS = "evidence-item--00000000-0000-4000-8000-0000000000e1"
ASKED = "preservation-request--00000000-0000-4000-8000-0000000000e2"
ITEM: dict[str, Any] = {
    "type": "evidence-item",
    "spec_version": "2.1",
    "created": "2026-11-28T08:00:00.000Z",
    "modified": "2026-11-28T08:00:00.000Z",
    "collected_by": "E. Analyst",
    "collected_at": "2026-11-27T08:00:00Z",
    "basis": "Coercive Measures Act",
    "size": 15,
    "hashes": {"SHA-256": "ab" * 32, "SHA-512": "cd" * 64},
    "sealed": {"manifest": "ef" * 32, "parts": 1, "size": 400, "recipients": ["age1example"]},
}
Seen = dict[str, Any]


def prepare() -> None:
    """The own member in Austria, a partner in Finland, one item that is held here."""
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    if not Member.objects.filter(name="cert-fi").exists():
        member("cert-fi", "FI", MemberKind.STATE_BODY, "home")
    _theirs()
    with tempfile.TemporaryDirectory() as folder:
        source = Path(folder) / "disk.img"
        source.write_bytes(b"as it was found")
        key = str(pyrage.x25519.Identity.generate().to_public())
        actions.add(source, FOUND, Audience("TLP:AMBER", ("cert-fi",)), [key], by())


def _theirs() -> None:
    """What the partner wrote to us: an item that it offers, and a request."""
    foreign = {**ITEM, "created_by_ref": member_named("cert-fi").identity, "name": "Router", "id": THEIRS}
    offer = {
        **_head("custody-transfer"),
        "item_ref": THEIRS,
        "previous_ref": THEIRS,
        "previous_sha256": digest(form_of(foreign)),
        "receiver_ref": own_member().identity,
        "purpose": "Analysis",
        "hashes": ITEM["hashes"],
    }
    asked = {
        **_head("preservation-request", ASKED),
        "name": "Mail of an account",
        "requested_ref": own_member().identity,
        "instrument": "budapest",
        "article": "Art. 29",
        "from_country": "FI",
        "to_country": "AT",
        "days": 60,
        "form": "preservation",
        "fields": FIELDS,
    }
    post([foreign, offer, asked], "from finland", "TLP:GREEN", "cert-fi")


def _head(kind: str, identity: str = "") -> dict[str, Any]:
    at = format_time(now_us(), 3)
    head = {"type": kind, "spec_version": "2.1", "id": identity or f"{kind}--{uuid4()}", "created": at, "modified": at}
    return {**head, "created_by_ref": member_named("cert-fi").identity}


def answered(seen: Seen) -> dict[str, Any]:
    """The partner preserves what we asked for; then we ask for longer."""
    mine = seen["POST /legal/requests"]["id"]
    today = format_time(now_us(), 0)[:10]
    said = {**_head("legal-answer"), "request_ref": mine, "answer": "preserved", "preserved_from": today}
    post([said], "from finland", "TLP:GREEN", "cert-fi")
    return request(seen, body={"until": "2099-01-01", "reason": "The request is being translated"})


def given(**request: Any) -> Callable[[Seen], dict[str, Any]]:
    """A request that does not depend on earlier answers."""
    return lambda seen: request


def item(seen: Seen, **more: Any) -> dict[str, Any]:
    """About the item."""
    return {"path": {"identity": seen["GET /evidence"]["items"][0]["id"]}, **more}


def piece(seen: Seen) -> dict[str, Any]:
    """One piece of the item."""
    asked = item(seen)
    return {"path": {**asked["path"], "digest": seen["GET /evidence/{identity}/pieces"][0]}}


def request(seen: Seen, **more: Any) -> dict[str, Any]:
    """About the request that was sent."""
    return {"path": {"identity": seen["POST /legal/requests"]["id"]}, **more}


CALLS: list[tuple[str, str, Callable[[Seen], dict[str, Any]]]] = [
    ("GET", "/evidence", given(query={"limit": "2"})),
    (
        "POST",
        "/evidence",
        given(
            query={
                "name": "Log of the mail server",
                "basis": "StPO section 110",
                "collected_by": "A. Officer",
                "collected_at": "2026-11-20T08:00:00Z",
                "recipients": KEY,
                "tlp": "TLP:AMBER",
            }
        ),
    ),
    ("GET", "/evidence/{identity}", item),
    ("GET", "/evidence/{identity}/case-uco", item),
    ("GET", "/evidence/{identity}/pieces", item),
    ("GET", "/evidence/{identity}/pieces/{digest}", piece),
    (
        "POST",
        "/evidence/{identity}/notes",
        lambda seen: item(
            seen, body={"kind": "examined", "done_by": "A. Officer", "done_at": "2026-11-21T08:00:00Z", "tool": "plaso"}
        ),
    ),
    ("POST", "/evidence/{identity}/readers", lambda seen: item(seen, body={"member": "cert-fi"})),
    ("GET", "/evidence/{identity}/custody", item),
    ("POST", "/custody/verify", lambda seen: {"body": {"file": seen["GET /evidence/{identity}/custody"]}}),
    (
        "POST",
        "/evidence/{identity}/offers",
        lambda seen: item(seen, body={"member": "cert-fi", "purpose": "Analysis at the request of FI"}),
    ),
    ("POST", "/evidence/{identity}/answers", given(path={"identity": THEIRS}, body={"answer": "accepted"})),
    ("GET", "/legal/instruments", given()),
    ("GET", "/legal/ways", given(query={"to": "cert-fi", "purpose": "preserve", "on": "2026-11-29"})),
    ("POST", "/legal/requests", given(body=REQUEST)),
    ("GET", "/legal/requests", given(query={"limit": "2"})),
    ("GET", "/legal/requests/{identity}", request),
    (
        "POST",
        "/legal/requests/{identity}/answers",
        given(path={"identity": ASKED}, body={"answer": "preserved", "reference": "AT-12"}),
    ),
    ("POST", "/legal/requests/{identity}/extensions", answered),
    ("PUT", "/legal/requests/{identity}/withdrawal", lambda seen: request(seen, body={"reason": "Found here"})),
]
