"""One request, parsed as far as every resource needs it, and the answer it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.release.reader import Reader, reader_of
from commonwatch.core.taxii.media import TAXII_21


@dataclass(frozen=True)
class Request:
    """A request whose sender is known. Header names are lower case."""

    method: str
    path: str
    query: bytes
    headers: Mapping[str, str]
    identity: Identity
    body: bytes = b""

    @property
    def reader(self) -> Reader:
        """The sender as release knows it."""
        return reader_of(self.identity)


@dataclass(frozen=True)
class Answer:
    """Status, body, and headers beyond content type and length."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = TAXII_21


def resource(value: object, status: int = 200) -> Answer:
    """A TAXII resource as JSON."""
    return Answer(status, msgspec.json.encode(value))
