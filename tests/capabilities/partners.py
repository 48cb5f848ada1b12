"""Accounts, a small HTTP client for TAXII, and objects to send."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx2
from django.db import connection

from commonwatch.base.accounts.actions import create_token, ensure_account
from commonwatch.base.accounts.models import Role
from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By, create_member, join_community
from commonwatch.base.parties.changing import change
from commonwatch.base.parties.models import Member, MemberKind

TAXII = "application/taxii+json;version=2.1"
MAIN = "/taxii2/root/collections/main/"
VOUCHER = "identity--00000000-0000-4000-8000-00000000000a"


def member(name: str, *communities: str) -> Member:
    """A member in these communities."""
    by = By("test", now_us())

    def act() -> Member:
        made = create_member(name, "", MemberKind.COMPANY, "AT", "", by)
        for community in communities:
            join_community(community, name, reason="accepted", by=by)
        return made

    made, _ = change(f"{name} becomes a member", act, by)
    assert made is not None
    return made


def token(name: str, role: Role = Role.CONTRIBUTOR, member: str = "home") -> str:
    """The secret of a fresh token of an account that acts for a member."""
    now = now_us()
    account = ensure_account(name, role, member, actor="test", now_us=now)
    made = create_token(account, f"t{now}", role, expires_us=None, networks=[], actor="test", now_us=now)
    return made.secret


def release_classes() -> list[dict[str, Any]]:
    """The attributes of every release class, in the order they came up."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT attributes FROM journal_class ORDER BY id")
        return [json.loads(text) for (text,) in cursor.fetchall()]


Client = Callable[..., httpx2.Client]
PATIENCE = 60  # seconds for an answer: a busy machine is no defect of the node


def indicator(number: int, *, version: int = 1, spec: str = "2.1", name: str = "") -> dict[str, Any]:
    """An indicator; `version` counts days."""
    body: dict[str, Any] = {
        "type": "indicator",
        "id": f"indicator--00000000-0000-4000-8000-{number:012d}",
        "created": "2026-01-01T00:00:00.000Z",
        "modified": f"2026-01-{version:02d}T00:00:00.000Z",
        "name": name or f"number {number}",
        "pattern": f"[ipv4-addr:value = '198.51.100.{number % 256}']",
        "valid_from": "2026-01-01T00:00:00Z",
        "labels": ["malicious-activity"],
    }
    return {**body, "spec_version": "2.1", "pattern_type": "stix"} if spec == "2.1" else body


def url_object(number: int) -> dict[str, Any]:
    """An observable: no dates."""
    return {"type": "url", "id": f"url--00000000-0000-4000-8000-{number:012d}", "value": f"https://{number}.example/"}


def add(client: httpx2.Client, *objects: dict[str, Any], to: str = MAIN) -> dict[str, Any]:
    """Add objects and return the status."""
    answer = client.post(f"{to}objects/", json={"objects": list(objects)})
    assert answer.status_code == 202, answer.text
    status: dict[str, Any] = answer.json()
    return status


def ids(answer: httpx2.Response) -> list[tuple[str, str]]:
    """(id, modified) of the objects in an envelope."""
    assert answer.status_code == 200, answer.text
    return [(o["id"], o.get("modified", "")) for o in answer.json().get("objects", [])]
