"""`commonwatch serve`: one process answers the network, a second one (the worker) follows the journal and runs jobs.

The worker is started here, restarted when it dies, and ends when this process ends, whichever way that happens.
"""

from __future__ import annotations

import logging
import signal
import socket
import subprocess
import sys
import threading
from ipaddress import ip_address
from typing import Annotated

import typer
import uvicorn
from django.conf import settings

from commonwatch.base.accounts.actions import ensure_setup_link
from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Exit, current
from commonwatch.cli import worker as work
from commonwatch.core.errors import NodeUnable

RESTART_SECONDS = 2.0  # a worker that dies at once must not burn a core
BACKLOG = 512
KEEP_ALIVE_SECONDS = 75  # pollers come back every minute
SWITCH_SECONDS = 0.001  # the writer thread is handed the interpreter sooner than CPython's 5 ms


def serve(
    host: Annotated[str | None, typer.Option(help="Address to listen on; default: the setting `host`.")] = None,
    port: Annotated[int | None, typer.Option(help="Port to listen on, 0 for a free one; default: the setting.")] = None,
) -> None:
    """Start the node: TAXII 2.1 server, pages, followers and scheduled sources, until interrupted.

    Example: commonwatch serve --host 0.0.0.0 --port 8080
    """
    configured = settings.COMMONWATCH
    listener = _listen(host or configured.host, configured.port if port is None else port)
    base = configured.public_url.rstrip("/") or _address(listener)
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    sys.setswitchinterval(SWITCH_SECONDS)
    _greet(base)
    supervisor = _Supervisor()
    supervisor.start()
    config = uvicorn.Config(
        "commonwatch.site.asgi:app",
        loop="uvloop",
        http="httptools",
        ws="none",
        lifespan="on",
        access_log=False,
        log_config=None,
        proxy_headers=False,
        server_header=False,
        backlog=BACKLOG,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=10,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.WARNING)
    # uvicorn raises the signal that ended it once more when it has finished: then the worker is still to be ended.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(int(Exit.DONE)))
    try:
        uvicorn.Server(config).run(sockets=[listener])
    finally:
        supervisor.stop()


def worker() -> None:
    """Follow the journal and run jobs; started by `serve`.

    Example: commonwatch worker
    """
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _stop_with_parent(stop)
    work.run(stop)


class _Supervisor:
    """Keeps one worker running until told to stop."""

    def __init__(self) -> None:
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._watch, name="worker supervisor", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        if self._process is not None:
            self._process.terminate()
        self._thread.join(timeout=15)

    def _watch(self) -> None:
        command = [sys.executable, "-m", "commonwatch", "worker", "--data", str(settings.COMMONWATCH.data)]
        while not self._stopping.is_set():
            # Its standard input is a pipe that we hold: when we die, however that is, it reads the end and stops.
            self._process = subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)
            code = self._process.wait()
            if not self._stopping.is_set():
                logging.getLogger(__name__).warning("The worker ended with code %s; starting it again.", code)
                self._stopping.wait(RESTART_SECONDS)


def _stop_with_parent(stop: threading.Event) -> None:
    def wait() -> None:
        sys.stdin.buffer.read()
        stop.set()

    threading.Thread(target=wait, name="parent watch", daemon=True).start()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        raise NodeUnable(
            "address-in-use",
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            "Is a node running there already? Otherwise choose another with --port.",
        ) from None
    listener.listen(BACKLOG)  # from here on a connection waits for the server instead of being refused
    return listener


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    if ip_address(host).is_unspecified:  # listening everywhere: name the address that works on this machine
        host = "::1" if ":" in host else "127.0.0.1"
    shown = f"[{host}]" if ":" in host else host
    return f"http://{shown}:{port}"


def _greet(base: str) -> None:
    terminal = current()
    link = ensure_setup_link(now_us())
    terminal.print(f"Commonwatch runs at  {base}/")
    terminal.print(f"TAXII 2.1 discovery  {base}/taxii2/")
    terminal.print(f"Data folder          {settings.COMMONWATCH.data}")
    if link is not None:
        terminal.print(f"Administrator        {base}/setup/{link}/   (one use, 24 hours)")
    terminal.print("Stop with Ctrl-C.")
    terminal.result(
        {"address": f"{base}/", "taxii": f"{base}/taxii2/", "setup": f"{base}/setup/{link}/" if link else None}
    )
    sys.stdout.flush()
