"""Adding objects (TAXII 2.1, section 5.5): durable first, then 202 with a status that is complete already."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from functools import lru_cache

from django.conf import settings

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, Report, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.journal.values import Transaction
from commonwatch.base.release.collections import CollectionView
from commonwatch.base.release.collections import collection as find_collection
from commonwatch.base.release.reader import Reader
from commonwatch.capabilities.exchange.taxii_server.request import Answer, Request, resource
from commonwatch.capabilities.exchange.taxii_server.statuses import Added, fresh_id, fresh_status, store_statuses
from commonwatch.core.errors import InvalidInput, NotAllowed
from commonwatch.core.stix.split import split
from commonwatch.core.taxii.media import is_taxii

MAX_OBJECTS = 100_000  # of one envelope: bounds the memory and the transaction of one request


def add(request: Request, name: str, find: Callable[[Reader, str], CollectionView] = find_collection) -> Future[Answer]:
    """Judge the body on this thread and hand it over; the future's answer is given once everything is durable."""
    if not is_taxii(request.headers.get("content-type")):
        raise InvalidInput(
            "media-type",
            "The body is not declared as TAXII 2.1.",
            "Send Content-Type: application/taxii+json;version=2.1.",
            status=415,
        )
    view = find(request.reader, name)
    if not view.can_write:
        raise NotAllowed("write-refused", "You may read this collection, not add to it.", "Ask its keeper for access.")
    container = split(request.body)
    if container.finding is not None or container.kind != "envelope":
        finding = container.finding
        raise InvalidInput(
            finding.code if finding else "not-an-envelope",
            finding.sentence if finding else "The body is no TAXII envelope.",
            finding.remedy if finding else 'Send {"objects": [...]}.',
            status=422 if finding is None else 400,
        )
    if not container.pieces or len(container.pieces) > MAX_OBJECTS:
        raise InvalidInput(
            "envelope-size",
            f"An envelope holds 1 to {MAX_OBJECTS:,} objects.",
            "Split it, or leave it out.",
            status=422,
        )
    now = now_us()
    uuid = fresh_id(now)
    channel = _channel(request.identity.name, request.identity.member_name, view.slot)
    answered: Future[Answer] = Future()

    def write_status(report: Report, transaction: Transaction) -> None:
        transaction.gather(store_statuses, Added(uuid, view.slot, request.identity.account_id, now, report))

    def answer(done: Future[Report]) -> None:
        if (problem := done.exception()) is not None:
            answered.set_exception(problem)
        else:
            answered.set_result(resource(fresh_status(uuid, now, done.result()), 202))

    receive(container.pieces, channel, now, write_status).add_done_callback(answer)
    return answered


@lru_cache(maxsize=4096)
def _channel(account: str, member: str, slot: int) -> Channel:
    """An account's own source, vouched for by its member: made at its first post, then remembered."""
    source = ensure_source(f"account:{account}", settings.COMMONWATCH.default_marking, member)
    return Channel(source.pk, source.default_marking, voucher_of(source), account, (slot,))


def forget_channels() -> None:
    """For a process whose database was replaced under it."""
    _channel.cache_clear()
