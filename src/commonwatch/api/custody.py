"""The API of custody files: evidence with the public record, which know nothing of each other."""

from __future__ import annotations

from typing import Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import READER, caller
from commonwatch.base.release.reader import reader_of
from commonwatch.capabilities.evidence import custody_file, queries
from commonwatch.capabilities.evidence.api import Identity
from commonwatch.capabilities.evidence.custody_file import Trust
from commonwatch.capabilities.transparency.handing import proof_of_entry
from commonwatch.core.merkle.policies import parse_policy
from commonwatch.core.signing.stamps import roots_of

custody = Router(tags=["evidence"])


class VerifyIn(Schema):
    """A chain of custody, and whom you trust; nothing of it is kept."""

    file: dict[str, Any] = Field(description="What `GET /evidence/{identity}/custody` or `evidence export` gave.")
    keys: list[str] = Field([], max_length=100, description="Ids of members' first keys that you compared.")
    roots: str = Field("", max_length=100_000, description="Roots (PEM) of time-stamping authorities.")
    policy: str = Field("", max_length=100_000, description="Whose logs you trust: lines as of C2SP tlog-policy.")


@custody.get("/evidence/{identity}/custody", response=dict[str, Any], auth=READER)
def show_custody(request: HttpRequest, identity: Identity) -> Any:
    """The whole chain as one file: signed acts, keys, time stamps, proofs of the public record. It verifies without a node."""
    made = queries.export(reader_of(caller(request)), identity, proof_of_entry, now_us())
    return msgspec.to_builtins(made)


@custody.post("/custody/verify", response=dict[str, Any], auth=READER)
def verify_custody(request: HttpRequest, given: VerifyIn) -> Any:
    """Verify a chain of custody: every break with its place, and what could not be judged."""
    roots = tuple(roots_of(given.roots.encode())) if given.roots else ()
    policy = parse_policy(given.policy.encode()) if given.policy else None
    found = custody_file.verify(msgspec.json.encode(given.file), Trust(frozenset(given.keys), roots, policy), now_us())
    checked = [
        {"place": one.place, "what": one.what, "state": one.state, "sentence": one.sentence} for one in found.checked
    ]
    return {"holds": not found.breaks, "holder": found.chain.holder if found.chain else "", "checked": checked}


routers = (custody,)
