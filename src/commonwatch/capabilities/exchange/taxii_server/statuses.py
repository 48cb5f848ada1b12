"""Status resources: what became of each object of an add request (TAXII 2.1, section 4.3)."""

from __future__ import annotations

from collections.abc import Sequence
from secrets import randbits
from typing import NamedTuple
from uuid import UUID

import msgspec
from django.db import connection

from commonwatch.base.intake.receive import Report, Result
from commonwatch.base.journal.driver import execute_many
from commonwatch.capabilities.exchange.models import AddStatus
from commonwatch.core.stix.times import format_time

MAX_MESSAGE = 500
_INSERT = (
    "INSERT INTO exchange_add_status (uuid, collection_id, account_id, requested_us, total, success, failures) "
    "VALUES (%s, %s, %s, %s, %s, %s, %s)"
)


class Added(NamedTuple):
    """One add request and what became of it."""

    uuid: UUID
    slot: int
    account: int
    requested_us: int
    report: Report


def fresh_id(now_us: int) -> UUID:
    """A UUIDv7 (RFC 9562, section 5.7): ordered by time, so that new rows stand together in the index of ids."""
    chance = randbits(74)
    return UUID(int=now_us // 1000 << 80 | 7 << 76 | (chance >> 62) << 64 | 2 << 62 | chance & (1 << 62) - 1)


def store_statuses(requests: Sequence[Added]) -> None:
    """Write the status rows, in the transaction of the objects themselves."""
    execute_many(_INSERT, [_row(request) for request in requests])


def _row(request: Added) -> tuple[object, ...]:
    failures = [_failure(result) for result in request.report.results if not result.is_in]
    total = len(request.report.results)
    key = request.uuid if connection.features.has_native_uuid_field else request.uuid.hex
    told = msgspec.json.encode(failures).decode()
    return key, request.slot, request.account, request.requested_us, total, total - len(failures), told


def status_resource(status: AddStatus) -> dict[str, object]:
    """The resource for a stored status. Everything was decided before the first answer, so it is complete."""
    return _body(status.uuid, status.requested_us, status.total, status.failures)


def fresh_status(uuid: UUID, requested_us: int, report: Report) -> dict[str, object]:
    """The same for a report at hand; it also names each success (optional in the standard, asked for by people)."""
    body = _body(uuid, requested_us, len(report.results), [_failure(r) for r in report.results if not r.is_in])
    successes = [{"id": r.object_id, "version": r.version} for r in report.results if r.is_in]
    return {**body, "successes": successes} if successes else body


def _body(uuid: UUID, requested_us: int, total: int, failures: list[dict[str, str]]) -> dict[str, object]:
    body: dict[str, object] = {
        "id": str(uuid),
        "status": "complete",
        "request_timestamp": format_time(requested_us, 6),
        "total_count": total,
        "success_count": total - len(failures),
        "failure_count": len(failures),
        "pending_count": 0,
    }
    return {**body, "failures": failures} if failures else body


def _failure(result: Result) -> dict[str, str]:
    """Its id and version as far as they could be read, and what to do: quarantined objects are not lost."""
    finding = result.findings[0]
    kept = "Held in quarantine. " if result.kind == "held" else ""
    place = f" ({finding.place})" if finding.place else ""
    message = f"{kept}{finding.code}{place}: {finding.sentence} {finding.remedy}"
    return {"id": result.object_id, "version": result.version_text or result.version, "message": message[:MAX_MESSAGE]}
