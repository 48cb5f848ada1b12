"""No way into private networks by way of a source's address: abuse classes 5, 6 and 7 of the threat model."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from commonwatch.base.outbound import check_url, checked_address, client
from commonwatch.core.errors import InvalidInput, PeerError


@contextmanager
def listener(answer: bytes) -> Iterator[tuple[int, list[bytes]]]:
    """A server on loopback that gives one answer to every request; yields its port and the requests it saw."""
    seen: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:
                    return
                with connection:
                    seen.append(connection.recv(65_536))
                    connection.sendall(answer)

        threading.Thread(target=serve, daemon=True).start()
        yield server.getsockname()[1], seen
        server.shutdown(socket.SHUT_RDWR)


def refusal(*addresses: str, allowed: tuple[str, ...] = ()) -> str:
    with pytest.raises(PeerError) as caught:
        checked_address("feed.example", 443, allowed, lambda host, port: addresses)
    return caught.value.code


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "127.255.255.254",
        "0.0.0.0",
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "169.254.169.254",  # cloud metadata
        "100.64.0.1",  # carrier-grade NAT
        "192.0.0.8",
        "192.0.0.170",
        "64:ff9b:1::1",
        "5f00::1",
        "198.18.0.1",
        "224.0.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b::a00:1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2002:a00:1::1",
        "2001:0:a00:1::",  # Teredo, server 10.0.0.1
    ],
)
def test_no_address_but_a_public_one_passes_in_any_spelling(address: str) -> None:
    assert refusal(address) == "address-refused"


@pytest.mark.parametrize("address", ["8.8.8.8", "2606:4700::1111", "::ffff:8.8.8.8", "64:ff9b::808:808"])
def test_public_addresses_pass(address: str) -> None:
    assert checked_address("feed.example", 443, (), lambda host, port: [address]) == address


def test_one_private_address_among_public_ones_spoils_the_name() -> None:
    assert refusal("8.8.8.8", "10.0.0.1") == "address-refused"
    assert refusal() == "host-unknown"


def test_a_network_that_the_administrator_names_passes_and_no_other() -> None:
    def resolve(host: str, port: int) -> list[str]:
        return ["10.1.2.3"]

    assert checked_address("x", 443, ("10.1.0.0/16",), resolve) == "10.1.2.3"
    assert refusal("10.2.0.1", allowed=("10.1.0.0/16",)) == "address-refused"
    assert refusal("10.1.2.3", "127.0.0.1", allowed=("10.1.0.0/16",)) == "address-refused"


@pytest.mark.parametrize(
    "url",
    [
        " https://feed.example/",  # CVE-2023-24329
        "https://feed.example/ ",
        "\thttps://feed.example/",
        "https://feed.ex\nample/",
        "https://feed.example/\x7f",
        "https://fééd.example/",
        "file:///etc/passwd",
        "ftp://feed.example/",
        "gopher://feed.example/",
        "javascript:alert(1)",
        "https:///path",
        "//feed.example/",
        "feed.example",
        "https://user:secret@feed.example/",
        "https://feed.example:99999/",
        "https://feed.example:port/",
        "http://0177.0.0.1/",
        "http://[::1/",
        "",
    ],
)
def test_an_address_that_is_no_plain_web_address_is_refused(url: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        check_url(url)
    assert caught.value.code.startswith("url-") and caught.value.advice


@pytest.mark.parametrize("host", ["2130706433", "0x7f.1", "127.1", "localhost", "127.0.0.1", "[::1]"])
def test_odd_spellings_of_this_machine_reach_nothing(host: str) -> None:
    with listener(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as (port, seen):
        with client([]) as http, pytest.raises(PeerError):
            http.get(f"http://{host}:{port}/")
        assert seen == []


def test_a_name_that_changes_its_address_is_connected_to_where_it_was_checked() -> None:
    """Rebinding: the name is resolved once for each connection, and that very answer is used."""
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    with listener(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nok") as (port, seen):
        with client(["127.0.0.0/8"], lambda host, number: next(answers)) as http:
            assert http.get(f"http://feed.example:{port}/").text == "ok"
            with pytest.raises(PeerError):
                http.get(f"http://feed.example:{port}/")
        assert len(seen) == 1 and b"Host: feed.example" in seen[0]


def test_redirects_are_not_followed() -> None:
    there = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n"
    with listener(there) as (port, seen), client(["127.0.0.0/8"]) as http:
        assert http.get(f"http://127.0.0.1:{port}/").status_code == 302
        assert len(seen) == 1


def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    with listener(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n") as (port, seen):
        monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
        monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{port}")
        with client([], lambda host, number: ["10.0.0.1"]) as http, pytest.raises(PeerError):
            http.get("http://feed.example/")
        assert seen == []
