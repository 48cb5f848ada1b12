"""A thin TAXII client: one kept connection, no parsing beyond what paging needs."""

from __future__ import annotations

import http.client
import json
import multiprocessing
import re
import socket
import time
from collections.abc import Callable, Iterable
from multiprocessing.pool import Pool
from typing import Any
from urllib.parse import quote

from bench import objects
from bench.servers import Server

TAXII = "application/taxii+json;version=2.1"
NEXT = re.compile(rb'"next"\s*:\s*"([^"]+)"')
LENGTH = re.compile(rb"content-length: (\d+)")
MORE = re.compile(rb'"more"\s*:\s*true')


class Failed(Exception):
    """The server answered with an error: the route does not work there."""


class Client:
    """Requests to one server's collection."""

    def __init__(self, port: int, path: str, authorization: str) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=600)
        self.path = path
        self.headers = {"Authorization": authorization, "Accept": TAXII}

    @classmethod
    def of(cls, server: Server) -> Client:
        return cls(server.port, server.path, server.authorization)

    def get(self, tail: str) -> tuple[bytes, http.client.HTTPResponse]:
        self.connection.request("GET", self.path + tail, headers=self.headers)
        return self._answer(200)

    def post(self, envelope: bytes) -> bytes:
        self.connection.request(
            "POST", self.path + "objects/", body=envelope, headers={**self.headers, "Content-Type": TAXII}
        )
        return self._answer(202)[0]

    def _answer(self, expected: int) -> tuple[bytes, http.client.HTTPResponse]:
        response = self.connection.getresponse()
        body = response.read()
        if response.status != expected:
            raise Failed(f"{response.status} {body[:200]!r}")
        return body, response

    def walk(self, resource: str) -> Iterable[bytes]:
        """Every page of `objects/` or `manifest/`, by `next` where given, else by `added_after`."""
        tail = f"{resource}?limit=1000"
        while True:
            body, response = self.get(tail)
            yield body
            if not MORE.search(body[:200]) and not MORE.search(body[-400:]):
                return
            if found := NEXT.search(body[:400]) or NEXT.search(body[-400:]):
                tail = f"{resource}?limit=1000&next={quote(found[1].decode())}"
            else:
                tail = f"{resource}?limit=1000&added_after={response.headers['X-TAXII-Date-Added-Last']}"


def add(server: Server, count: int, size: int, start: int = 0) -> list[float]:
    """Post `count` objects in envelopes of `size`; the server's CPU seconds for each tenth."""
    client = Client.of(server)
    tenths: list[float] = []
    posted, mark = 0, server.cpu()
    for envelope in objects.envelopes(count, size, start, only_versioned=server.name.startswith("opentaxii")):
        client.post(envelope)
        posted += size
        if posted * 10 // count > len(tenths):
            now = server.cpu()
            tenths.append(now - mark)
            mark = now
    return tenths


def latencies(server: Server, tails: Callable[[int], str], times: int) -> list[float]:
    """Seconds of wall clock for each of `times` requests, sorted."""
    client = Client.of(server)
    client.get(tails(0))
    taken = []
    for number in range(times):
        tail = tails(number)
        started = time.perf_counter()
        client.get(tail)
        taken.append(time.perf_counter() - started)
    return sorted(taken)


def small_posts(server: Server, clients: int, each: int, start: int) -> float:
    """Single-object posts a second, from `clients` processes at once."""
    jobs = [(server.port, server.path, server.authorization, start + number * each, each) for number in range(clients)]
    return clients * each / _together(_post_singles, jobs)


def readers(server: Server, count: int) -> float:
    """Seconds that `count` processes take to read the whole collection, all at once."""
    return _together(_read_all, [(server.port, server.path, server.authorization)] * count)


def _together(work: Callable[..., Any], jobs: list[tuple[Any, ...]]) -> float:
    with Pool(len(jobs), context=multiprocessing.get_context("fork")) as pool:
        pool.starmap(time.sleep, [(0.2,)] * len(jobs), chunksize=1)
        started = time.perf_counter()
        pool.starmap(work, jobs, chunksize=1)
        return time.perf_counter() - started


def _post_singles(port: int, path: str, authorization: str, start: int, count: int) -> None:
    """Requests made beforehand and written to a bare socket: the clients share the server's cores."""
    requests = [
        f"POST {path}objects/ HTTP/1.1\r\nHost: bench\r\nAuthorization: {authorization}\r\nAccept: {TAXII}\r\n"
        f"Content-Type: {TAXII}\r\nContent-Length: {len(envelope)}\r\n\r\n".encode()
        + envelope
        for envelope in objects.envelopes(count, 1, start)
    ]
    with socket.create_connection(("127.0.0.1", port)) as connection:
        for request in requests:
            connection.sendall(request)
            answer = connection.recv(65_536)
            head, _, body = answer.partition(b"\r\n\r\n")
            if not head.startswith(b"HTTP/1.1 202"):
                raise Failed(answer[:200].decode())
            length = LENGTH.search(head)
            assert length is not None, head
            missing = int(length[1]) - len(body)
            while missing:
                missing -= len(connection.recv(missing))


def _read_all(port: int, path: str, authorization: str) -> None:
    for _ in Client(port, path, authorization).walk("objects/"):
        pass


def total(server: Server) -> int:
    """How many objects a full read returns: a benchmark that loses objects measures nothing."""
    return sum(len(json.loads(body).get("objects", [])) for body in Client.of(server).walk("objects/"))
