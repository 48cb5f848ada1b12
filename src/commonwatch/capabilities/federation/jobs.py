"""The exchange with peers, in a thread of the worker: a slow peer keeps nothing else waiting."""

from __future__ import annotations

import logging
import threading

from django.db import DatabaseError, connections

from commonwatch.base.clock import now_us
from commonwatch.capabilities.federation.sending import fetch_due, send_due
from commonwatch.capabilities.federation.transport import HttpTransport

log = logging.getLogger(__name__)

REST_SECONDS = 0.1  # between looks at the journal's end: a published object is with its peers well within two seconds
DATABASE_REST_SECONDS = 5.0


class Exchange:
    """Sends and fetches whatever is due until it is stopped."""

    def __init__(self) -> None:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="exchange", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, and wait."""
        self._stop.set()
        self._thread.join(15.0)

    def _run(self) -> None:
        transport = HttpTransport()
        while not self._stop.is_set():
            try:
                busy = send_due(transport, now_us())
                busy = fetch_due(transport, now_us()) or busy
            except DatabaseError as error:
                log.warning("The database did not answer the exchange (%s).", error)
                connections.close_all()
                self._stop.wait(DATABASE_REST_SECONDS)
                continue
            except Exception:  # the delivery to a peer: whatever it was, the exchange with the others goes on
                log.exception("The exchange broke off; it goes on in a while.")
                self._stop.wait(DATABASE_REST_SECONDS)
                continue
            if not busy:
                self._stop.wait(REST_SECONDS)
        connections.close_all()
