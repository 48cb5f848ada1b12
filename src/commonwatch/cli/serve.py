"""`commonwatch serve`: this process and others like it answer the network, one more (the worker) follows the journal.

Several processes because one Python process uses one core. They share the port (SO_REUSEPORT: the kernel deals connections
out) and nothing else: the sequencers take turns, as they do with any other process that writes.
"""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Callable
from functools import partial
from importlib import import_module
from ipaddress import ip_address
from typing import Annotated

import typer
import uvicorn
from django.conf import settings
from django.urls import get_resolver

from commonwatch.base.accounts.actions import ensure_setup_link
from commonwatch.base.clock import now_us
from commonwatch.base.terminal import Exit, current
from commonwatch.cli import node
from commonwatch.cli import worker as work
from commonwatch.cli.children import Child, Children, named, on_end_of_parent
from commonwatch.core.errors import NodeUnable

APPLICATION = "commonwatch.site.asgi:app"
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
    processes = configured.processes
    listener = _listen(host or configured.host, configured.port if port is None else port, shared=processes > 1)
    where, number = listener.getsockname()[:2]

    answering = Child(["web", "--host", where, "--port", str(number)], partial(_alone, listener, web, where, number))
    following = Child(["worker"], partial(_alone, listener, worker))
    beside = Children(configured.data, [following, *[answering] * (processes - 1)])
    _log_to_standard_error()
    _greet(configured.public_url.rstrip("/") or _address(where, number))
    _load()
    node.close()  # before there are others: a connection belongs to one process
    beside.start()
    try:
        _answer(listener)
    finally:
        beside.stop()


def web(
    host: Annotated[str, typer.Option(help="Address to listen on.")],
    port: Annotated[int, typer.Option(help="Port to listen on, together with `serve`.")],
) -> None:
    """Answer the network beside `serve`, which starts this.

    Example: commonwatch web --host 127.0.0.1 --port 8080
    """
    _log_to_standard_error()
    named("web")
    on_end_of_parent(lambda: os.kill(os.getpid(), signal.SIGTERM))
    _answer(_bound(host, port, shared=True))


def worker() -> None:
    """Follow the journal and run jobs; started by `serve`.

    Example: commonwatch worker
    """
    _log_to_standard_error()
    named("worker")
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    on_end_of_parent(stop.set)
    work.run(stop)


def _alone(listener: socket.socket, run: Callable[..., None], *given: str | int) -> None:
    """Be a process beside the first, without what is its own."""
    listener.close()
    try:
        run(*given)
    finally:
        node.close()


def _load() -> None:
    """What every process needs, so that they share it."""
    import_module(APPLICATION.partition(":")[0])
    _ = get_resolver().url_patterns


def _answer(listener: socket.socket) -> None:
    """Serve until asked to end."""
    sys.setswitchinterval(SWITCH_SECONDS)
    config = uvicorn.Config(
        APPLICATION,
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
    # uvicorn raises the signal that ended it once more when it has finished: then the others are still to be ended.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: sys.exit(int(Exit.DONE)))
    uvicorn.Server(config).run(sockets=[listener])


def _log_to_standard_error() -> None:
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s", level=logging.INFO, stream=sys.stderr)


def _listen(host: str, port: int, *, shared: bool) -> socket.socket:
    """The socket; raises NodeUnable where another program listens there."""
    try:
        if shared and port:
            # A shared port would be shared with another node of the same user, too: so ask for it alone first.
            _bound(host, port, shared=False).close()
        return _bound(host, port, shared=shared)
    except OSError as error:
        raise NodeUnable(
            "address-in-use",
            f"Cannot listen on {host} port {port}: {error.strerror}.",
            "Is a node running there already? Otherwise choose another with --port.",
        ) from None


def _bound(host: str, port: int, *, shared: bool) -> socket.socket:
    listener = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, int(shared))
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)  # from here on a connection waits for the server instead of being refused
    except OSError:
        listener.close()
        raise
    return listener


def _address(host: str, port: int) -> str:
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
