"""Requests nobody sane would send, by the hundred, over bare sockets: never a 5xx, and everything is still there."""

from __future__ import annotations

import random
import socket
from collections import Counter

import pytest

from tests.capabilities.partners import MAIN, TAXII, Client, indicator, token

METHODS = ["GET", "POST", "DELETE", "HEAD", "PUT", "OPTIONS", "PATCH", "get", "TRACE"]
RESOURCES = ["objects/", "manifest/", f"objects/{indicator(1)['id']}/", "objects/x/versions/", ""]
SEGMENTS = [
    "taxii2",
    "root",
    "collections",
    "main",
    "objects",
    "..",
    "%2e%2e",
    "",
    "%00",
    "%ff",
    "a" * 3000,
    "{x}",
    "setup",
]
PARAMETERS = [
    "limit=1", "limit=0", "limit=99999999999999999999", "next=abc", "next=" + "A" * 500, "added_after=x", "match[id]=x",
    "match[type]=indicator", "match[version]=all", "match[version]=first,last", "match%5Btype%5D=%FF", "=", "&&", "%",
    "match[type]=" + "," * 300, "limit=1&limit=2", "match[spec_version]=2.1",
]  # fmt: skip
BODIES = [
    b"", b"{}", b"[]", b'{"objects":[]}', b'{"objects":[{}]}', b'{"objects":[1,null,"x",[]]}', b'{"objects":' + b"[" * 5000,
    b"\xff\xfe", b'{"objects":[{"id":"indicator--x","type":"indicator"}]}', b"\x1f\x8bjunk", b"x" * 70_000,
]  # fmt: skip


def request(random: random.Random, secret: str) -> bytes:
    """One request: mostly a real resource with something odd about it, sometimes cut or with a byte changed."""
    method = random.choice(METHODS)
    path = MAIN + random.choice(RESOURCES)
    if random.random() < 0.4:
        path = "/" + "/".join(random.choices(SEGMENTS, k=random.randint(0, 7)))
    if random.random() < 0.6:
        path += "?" + "&".join(random.choices(PARAMETERS, k=random.randint(1, 3)))
    headers = {"Host": "x", "Accept": random.choice([TAXII, "*/*", "text/html", f"{TAXII};q=0", "\xff", "a" * 2000])}
    headers["Authorization"] = random.choice(
        [f"Bearer {secret}"] * 8 + ["Basic !!", "Bearer x", "Bearer " + "A" * 9000, ""]
    )
    body = random.choice(BODIES) if method == "POST" or random.random() < 0.2 else b""
    if body:
        length = random.choice([len(body)] * 8 + [len(body) + 5, 0, -1, 10**12, "x"])
        headers |= {"Content-Type": random.choice([TAXII, "application/json", "x"]), "Content-Length": str(length)}
        if random.random() < 0.2:
            headers["Content-Encoding"] = random.choice(["gzip", "br", "gzip, gzip", "identity"])
        if random.random() < 0.1:
            headers["Transfer-Encoding"] = "chunked"
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    raw = f"{method} {path} HTTP/1.1\r\n{lines}\r\n".encode("latin-1") + body
    if random.random() < 0.05:
        raw = raw[: random.randint(1, len(raw))]
    if random.random() < 0.05:
        place = random.randrange(len(raw))
        raw = raw[:place] + bytes([random.randrange(256)]) + raw[place + 1 :]
    return raw


@pytest.mark.parametrize("seed", range(4))
def test_no_request_makes_the_node_fail(server: str, client: Client, seed: int) -> None:
    partner = client()
    partner.post(f"{MAIN}objects/", json={"objects": [indicator(n) for n in range(5)]})
    host, port = server.removeprefix("http://").split(":")
    chance, secret, answers = random.Random(seed), token("hostile"), Counter[str]()
    for _ in range(150):
        raw = request(chance, secret)
        with socket.create_connection((host, int(port)), 5) as connection:
            connection.sendall(raw)
            connection.settimeout(0.1)
            try:
                answer = connection.recv(65_536)
            except (TimeoutError, ConnectionResetError):
                answer = b""  # it waits for the rest, or has heard enough
        status = answer[9:12].decode() if answer.startswith(b"HTTP/1.1 ") else "none"
        assert not status.startswith("5"), (raw, answer)
        answers[status] += 1
    assert answers["400"] > 10 and answers["404"] > 10 and answers["405"] > 10
    left = {one["id"] for one in partner.get(f"{MAIN}objects/").json()["objects"]}
    assert left >= {indicator(n)["id"] for n in (0, 2, 3, 4)}  # a right DELETE of number 1 may be among them
