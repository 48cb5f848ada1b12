"""Requests of joint cases, in the order in which an example node is asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from commonwatch.base.clock import now_us
from commonwatch.base.parties.queries import own_member
from commonwatch.core.stix.response.incidents import Participant
from tests.base.release.nodes import member, post
from tests.capabilities.incidents.parts import HOUR, Made
from tests.capabilities.incidents.test_files import RECORD
from tests.capabilities.incidents.test_playbooks import LOOK
from tests.capabilities.incidents.test_variables import asking

Seen = dict[str, Any]
Call = tuple[str, str, Callable[[Seen], dict[str, Any]]]
WHY = {"reason": "Agreed at nine"}
OFFERED: dict[str, str] = {}  # the case whose lead is offered to us


def prepare() -> None:
    """A partner that can take part, and that offers us the lead of a case of its own."""
    author = member("cert-is", "IS").identity
    made = Made()
    made.root(now_us() - HOUR, participants=(Participant(own_member().identity),), author=author)
    made.say(author, "lead", {"offer": own_member().identity}, now_us() - HOUR)
    post([part.value for part in made.parts], "iceland", "TLP:GREEN", "cert-is")
    OFFERED["identity"] = made.case


def case(seen: Seen) -> str:
    return str(seen["POST /cases"]["id"])


def at(body: Any = None, **query: str) -> Callable[[Seen], dict[str, Any]]:
    """Of the case; `body` may be made of what was seen."""

    def made(seen: Seen) -> dict[str, Any]:
        request: dict[str, Any] = {"path": {"identity": case(seen)}}
        if body is not None:
            request["body"] = body(seen) if callable(body) else body
        return request | ({"query": query} if query else {})

    return made


def part(operation: str, body: Any = None, **query: str) -> Callable[[Seen], dict[str, Any]]:
    """Of an entry that was made before."""

    def made(seen: Seen) -> dict[str, Any]:
        request: dict[str, Any] = {"path": {"identity": case(seen), "part": seen[operation]["objects"][0]}}
        return request | ({"body": body} if body is not None else {}) | ({"query": query} if query else {})

    return made


def named(body: Any = None, **query: str) -> Callable[[Seen], dict[str, Any]]:
    """Of the partner in the case."""

    def made(seen: Seen) -> dict[str, Any]:
        request: dict[str, Any] = {"path": {"identity": case(seen), "name": "cert-is"}}
        return request | ({"body": body} if body is not None else {}) | ({"query": query} if query else {})

    return made


def run(seen: Seen) -> dict[str, Any]:
    return {"path": {"identity": case(seen), "run": seen["POST /cases/{identity}/runs"]["id"]}}


def rated(seen: Seen) -> dict[str, Any]:
    return {"statement": seen["POST /cases/{identity}/ratings"]["objects"][0], **WHY}


def given(**request: Any) -> Callable[[Seen], dict[str, Any]]:
    return lambda _: request


CALLS: list[Call] = [
    ("GET", "/case-lists", given()),
    (
        "POST",
        "/cases",
        given(
            body={
                "name": "Wiper at two ports",
                "class": "malicious-code.infected-system",
                "members": [],
                "times": [{"kind": "detected", "at": "2026-11-20T08:00:00Z", "precision": "hour", "source": "SOC"}],
            },
            query={"preview": "false"},
        ),
    ),
    ("GET", "/cases", given(query={"limit": "2"})),
    ("POST", "/cases/{identity}/notes", at({"text": "The provider answers tomorrow"})),
    ("PUT", "/cases/{identity}/members/{name}", named({"member": "cert-is", "roles": ["analysis"]}, **WHY)),
    ("GET", "/cases/{identity}/earlier", at()),
    ("POST", "/cases/{identity}/earlier/{name}", named({"keep_back": False})),
    ("GET", "/cases/{identity}/audience", at(tlp="TLP:RED")),
    ("PUT", "/cases/{identity}/acknowledgement", at({"note": "On it"})),
    ("POST", "/cases/{identity}/triage", at({"severity": "high", "determination": "confirmed"})),
    ("POST", "/cases/{identity}/ratings", at({"scheme": "uk-ncsc", "value": "3"})),
    ("POST", "/cases/{identity}/settlements", at(rated)),
    ("PUT", "/cases/{identity}/state", at({"state": "contained"})),
    ("POST", "/cases/{identity}/times", at({"kind": "occurred", "at": "2026-11-19T00:00:00Z", "precision": "day"})),
    ("POST", "/cases/{identity}/links", at({"objects": ["indicator--00000000-0000-4000-8000-000000000001"]})),
    ("POST", "/cases/{identity}/entries", at({"name": "First beacon", "at": "2026-11-19T23:10:00Z"})),
    ("POST", "/cases/{identity}/tasks", at({"name": "Block the addresses", "owner": "cert-is"})),
    (
        "PATCH",
        "/cases/{identity}/tasks/{part}",
        part("POST /cases/{identity}/tasks", {"outcome": "successful", "result": "12 addresses"}),
    ),
    ("POST", "/cases/{identity}/impacts", at({"category": "availability", "what": "70", "counts": {"system": 12}})),
    ("POST", "/cases/{identity}/decisions", at({"name": "Ports", "decision": "Offline until Monday"})),
    ("POST", "/cases/{identity}/reports", at({"assessment": "Under control", "outlook": "stable"})),
    ("GET", "/cases/{identity}/reports/{part}", part("POST /cases/{identity}/reports", language="fr")),
    ("DELETE", "/cases/{identity}/entries/{part}", part("POST /cases/{identity}/notes", **WHY)),
    ("POST", "/playbooks", given(body={"playbook": asking()})),
    ("GET", "/playbooks", given(query={"limit": "2"})),
    ("GET", "/playbooks/{identity}", lambda seen: {"path": {"identity": seen["POST /playbooks"]["id"]}}),
    (
        "POST",
        "/cases/{identity}/runs",
        at(lambda seen: {"playbook": seen["POST /playbooks"]["id"], "person": "A. Berg"}),
    ),
    ("GET", "/cases/{identity}/runs/{run}", run),
    (
        "POST",
        "/cases/{identity}/runs/{run}/values",
        lambda seen: {**run(seen), "body": {"values": {"__address__": "198.51.100.7"}}},
    ),
    ("POST", "/cases/{identity}/runs/{run}/steps", lambda seen: {**run(seen), "body": {"step": LOOK}}),
    ("GET", "/cases/{identity}", at(track="csirt")),
    ("GET", "/cases/{identity}/duties", at()),
    ("GET", "/cases/{identity}/related", at()),
    ("GET", "/cases/{identity}/stix", at()),
    ("GET", "/cases/{identity}/veris", at()),
    ("POST", "/case-imports", given(body={"file": RECORD})),
    ("PUT", "/cases/{identity}/closure", at({"root_cause": "No second factor"})),
    ("DELETE", "/cases/{identity}/closure", at(**WHY)),
    ("PUT", "/cases/{identity}/lead", at({"member": "cert-is"})),
    ("POST", "/cases/{identity}/lead/answer", lambda _: {"path": OFFERED, "body": {"accept": True}}),
    ("DELETE", "/cases/{identity}/members/{name}", named(**WHY)),
    ("GET", "/case-figures", given()),
]
