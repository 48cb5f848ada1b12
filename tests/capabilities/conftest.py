"""A node's partners, signed in."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.capabilities.partners import PATIENCE, TAXII, Client, token


@pytest.fixture
def client(server: str) -> Iterator[Client]:
    """Makes clients that are signed in as the account named."""
    made: list[httpx2.Client] = []

    def make(name: str = "partner", **options: Any) -> httpx2.Client:
        headers = {"Authorization": f"Bearer {token(name, **options)}", "Accept": TAXII, "Content-Type": TAXII}
        made.append(httpx2.Client(base_url=server, headers=headers, timeout=PATIENCE))
        return made[-1]

    yield make
    for one in made:
        one.close()
