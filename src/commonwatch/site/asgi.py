"""The ASGI shell: TAXII to its own application, everything else to Django in a fixed pool of threads.

Header names that hold an underscore are dropped on the way to Django: WSGI cannot tell `X_Forwarded_For` from
`X-Forwarded-For` (the class of CVE-2015-0219), so only the unambiguous spelling is believed.
"""

from __future__ import annotations

import gc
import os

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "commonwatch.site.settings")

import django

django.setup()

from collections.abc import Awaitable, Callable
from typing import Any

from a2wsgi import WSGIMiddleware
from django.core.wsgi import get_wsgi_application

from commonwatch.base.journal.sequencer import close_sequencer
from commonwatch.capabilities.exchange.taxii_server.application import TaxiiApplication

Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]

THREADS = 8  # each holds one database connection; more would only queue for the cores behind them


class Shell:
    """Decides by path who answers."""

    def __init__(self) -> None:
        self._taxii = TaxiiApplication()
        pages: Any = get_wsgi_application()  # Django's type is narrower than the one a2wsgi states
        self._pages: Any = WSGIMiddleware(pages, workers=THREADS)

    async def __call__(self, scope: dict[str, Any], receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
        elif scope["path"].startswith("/taxii2"):
            await self._taxii(scope, receive, send)
        else:
            headers = [(name, value) for name, value in scope["headers"] if b"_" not in name]
            await self._pages({**scope, "headers": headers}, receive, send)

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                # What is loaded by now stays: the collector need not look at it again at each turn.
                gc.freeze()
                await send({"type": "lifespan.startup.complete"})
            else:
                self._taxii.close()
                close_sequencer()
                await send({"type": "lifespan.shutdown.complete"})
                return


app = Shell()
