"""Saying once that a peer has fallen behind, and once that it has caught up: in the log, and on record."""

from __future__ import annotations

import logging

from commonwatch.base.audit.record import record
from commonwatch.base.release.access import end_of_journal
from commonwatch.capabilities.federation.models import Peer
from commonwatch.capabilities.federation.queries import is_late, waiting_us

log = logging.getLogger(__name__)

ACTOR = "worker"
EVERY_US = 30 * 1_000_000


def look(now_us: int) -> None:
    """Look at every peer."""
    head = end_of_journal()
    for peer in Peer.objects.all():
        late = is_late(peer, head, now_us)
        if late and peer.warned_us is None:
            minutes = waiting_us(peer, head, now_us) // 60_000_000
            log.warning("The peer %s has been behind for %s min: %s", peer.name, minutes, peer.last_error or "too slow")
            detail: dict[str, object] = {"minutes": minutes, "error": peer.last_error[:300]}
            record(ACTOR, "federation.behind", peer.name, "failed", detail, now_us=now_us)
            Peer.objects.filter(pk=peer.pk).update(warned_us=now_us)
        elif not late and peer.warned_us is not None:
            log.warning("The peer %s has caught up.", peer.name)
            record(ACTOR, "federation.caught-up", peer.name, "done", {}, now_us=now_us)
            Peer.objects.filter(pk=peer.pk).update(warned_us=None)
