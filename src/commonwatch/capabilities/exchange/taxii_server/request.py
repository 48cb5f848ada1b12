"""One request, parsed as far as every resource needs it, and the answer it gets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.accounts.models import Role
from commonwatch.base.release.reader import Reader
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
        me = self.identity
        return Reader(me.account_id, me.name, me.member, me.communities, me.sees_all, me.may(Role.CONTRIBUTOR))


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
