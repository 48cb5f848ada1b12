"""A node with partners, asked over its API as accounts of every role."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from commonwatch.base.accounts.models import Role
from tests.capabilities.partners import token

Answer = tuple[int, Any]


class Partner:
    """One account, over the API."""

    def __init__(self, role: Role, member: str) -> None:
        secret = token(f"{member}-{role.value}", role, member)
        self._client = Client(headers={"Authorization": f"Bearer {secret}"})

    def __call__(self, method: str, address: str, body: Any = None, **query: str) -> Answer:
        content = b"" if body is None else json.dumps(body).encode()
        answer = self._client.generic(
            method, f"/api/v1{address}", content, "application/json", query_params=query or None
        )
        return answer.status_code, json.loads(answer.content)


@pytest.fixture
def partner(ready: Path) -> Callable[..., Partner]:
    """Makes accounts: `partner("reader", "cert-at")`."""

    def make(role: str, member: str = "home") -> Partner:
        return Partner(Role(role), member)

    return make
