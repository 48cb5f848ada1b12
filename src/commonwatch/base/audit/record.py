"""Writing the record: in the transaction of the act it records."""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.base.audit.models import AuditEntry


def record(
    actor: str,
    action: str,
    subject: str,
    outcome: str,
    detail: Mapping[str, object],
    *,
    now_us: int,
    address: str = "",
) -> None:
    """Add an entry. `action` is noun.verb; `outcome` is done, refused or failed. Never put a secret into `detail`."""
    AuditEntry.objects.create(
        at_us=now_us,
        actor=actor[:200],
        address=address,
        action=action,
        subject=subject[:300],
        outcome=outcome,
        detail=dict(detail),
    )
