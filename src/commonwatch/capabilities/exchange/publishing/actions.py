"""Publishing own objects and revoking them. All drafts go in together or none does.

1. Drafts are completed, signed with the member's key and judged as intake judges (`core.stix.drafting`, `core.stix.judge`).
2. Whom they would reach is simulated. Contradictory markings, an audience of nobody or a missing legal basis stop them.
3. They go in through intake, on record with the reason, and release takes it from there.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace

import orjson

from commonwatch.base.audit.record import record
from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal.values import Transaction
from commonwatch.base.parties.authoring import signed_as_own
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.parties.visibility import Viewer
from commonwatch.base.release.explain import held_object
from commonwatch.base.release.publishing import Simulation, as_known_to, drafts_of, simulate_all
from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.drafting import completed, revoked
from commonwatch.core.stix.split import split
from commonwatch.core.stix.values import Admissible, Piece

SOURCE = "own"  # the source under which the node's own objects are counted


@dataclass(frozen=True)
class Terms:
    """On what terms drafts are published: for which purpose reach is shown, how unmarked ones are handled, where they go."""

    slot: int
    default: str = "TLP:AMBER"
    purpose: str = DEFAULT_PURPOSE
    altered: bool = False  # the author accepts that law has it pseudonymised or stripped for some


@dataclass(frozen=True)
class Publication:
    """What would follow, and what did: `report` is None where nothing was stored."""

    simulations: tuple[Simulation, ...]
    report: Report | None

    @property
    def blocked(self) -> tuple[Simulation, ...]:
        """Drafts that must not be published as they are."""
        return tuple(one for one in self.simulations if one.blocking)

    def as_known_to(self, viewer: Viewer) -> Publication:
        """The same without whom the viewer may not know."""
        return replace(self, simulations=tuple(as_known_to(one, viewer) for one in self.simulations))


def publish(body: bytes, terms: Terms, *, actor: str, reason: str = "", preview: bool = False) -> Publication:
    """Publish the drafts of a document, unless one is blocked or it is only a preview."""
    drafts = _drafts(body)
    simulations = tuple(simulate_all(drafts, terms.purpose, terms.default, altered=terms.altered))
    publication = Publication(simulations, None)
    if preview or publication.blocked:
        return publication
    report = _store([draft.raw for draft in drafts], terms, actor, "object.publish", reason)
    return Publication(simulations, report)


def revoke(identity: str, terms: Terms, *, actor: str, reason: str) -> Report:
    """Make the last version of an own object: revoked. Whoever had it is sent a recall."""
    held = held_object(identity)
    value = revoked(orjson.loads(held.raw or b"{}"), own_member().identity, now_us())
    return _store([orjson.dumps(signed_as_own([value], now_us())[0])], terms, actor, "object.revoke", reason)


def _drafts(body: bytes) -> list[Admissible]:
    """The objects of a document, completed and judged; raises InvalidInput for the first that could not go in."""
    container = split(body)
    if container.finding is not None:
        raise InvalidInput(container.finding.code, container.finding.sentence, container.finding.remedy)
    author, now = own_member().identity, now_us()
    whole = [completed(_object(piece), author, now, uuid.uuid4()) for piece in container.pieces]
    raws = map(orjson.dumps, signed_as_own(whole, now))
    return drafts_of([Piece(raw, piece.place) for raw, piece in zip(raws, container.pieces, strict=True)], "This", now)


def _object(piece: Piece) -> dict[str, object]:
    try:
        value = orjson.loads(piece.raw)
    except orjson.JSONDecodeError as error:
        raise InvalidInput("json-malformed", f"{piece.place}: {error}.", "Correct the JSON.") from None
    if not isinstance(value, dict):
        raise InvalidInput("stix-expected", f"{piece.place} is no object.", "Give STIX objects.")
    return value


def _store(raws: Sequence[bytes], terms: Terms, actor: str, action: str, reason: str) -> Report:
    source = ensure_source(SOURCE, terms.default, HOME)
    channel = Channel(source.pk, terms.default, own_member().identity, actor, (terms.slot,))
    now = now_us()

    def on_record(report: Report, transaction: Transaction) -> None:
        for result in report.results:
            record(actor, action, result.object_id, result.kind, {"reason": reason}, now_us=now)

    pieces = [Piece(raw, str(number)) for number, raw in enumerate(raws)]
    return receive(pieces, channel, now, on_record).result()
