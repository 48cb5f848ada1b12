"""Mutual TLS between nodes: a terminator that asks for certificates, authorities of the partnership's own, real handshakes."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from django.conf import settings

from commonwatch.base.keys.node import node_key, public_name
from commonwatch.capabilities.federation.calling import call
from commonwatch.capabilities.federation.transport import HttpTransport
from commonwatch.core.errors import PeerError
from commonwatch.site.asgi import Shell
from tests.federation.certificates import Authority


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path, "partnership")


@pytest.fixture
def address(ready: Path, authority: Authority) -> Iterator[str]:
    """A node behind TLS that lets nobody in without a certificate of the partnership's authority."""
    certificate, key = authority.issue("vienna")
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        config = uvicorn.Config(
            Shell(),
            loop="asyncio",
            http="httptools",
            log_config=None,
            lifespan="on",
            ssl_certfile=str(certificate),
            ssl_keyfile=str(key),
            ssl_ca_certs=str(authority.file),
            ssl_cert_reqs=ssl.CERT_REQUIRED,
        )
        running = uvicorn.Server(config)
        thread = threading.Thread(target=running.run, kwargs={"sockets": [listener]})
        thread.start()
        while not running.started:
            pass
        yield f"https://127.0.0.1:{listener.getsockname()[1]}"
        running.should_exit = True
        thread.join()


def set_to(monkeypatch: pytest.MonkeyPatch, **values: Any) -> None:
    given = {name: str(value) for name, value in values.items()}
    changed = settings.COMMONWATCH.model_copy(update={"outbound_networks": ["127.0.0.0/8"], **given})
    monkeypatch.setattr(settings, "COMMONWATCH", changed)


@pytest.fixture
def transport() -> Iterator[HttpTransport]:
    """Closed before the server is: else that waits half a minute for our good-bye."""
    with closing(HttpTransport()) as made:
        yield made


def refusal(address: str, transport: HttpTransport) -> PeerError:
    """What comes of asking: the node knows no peers, so even who gets through is refused, by the node."""
    with pytest.raises(PeerError) as caught:
        call(transport, address, public_name(node_key()), "fetch", b'{"places":{}}')
    return caught.value


def test_who_shows_a_certificate_of_the_partnership_gets_through_to_the_node(
    address: str, transport: HttpTransport, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.issue("oslo")
    set_to(monkeypatch, peer_certificate=certificate, peer_certificate_key=key, peer_authorities=authority.file)
    assert refusal(address, transport).code == "peer-refused"


def test_who_shows_none_does_not(
    address: str, transport: HttpTransport, authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_to(monkeypatch, peer_authorities=authority.file)
    assert refusal(address, transport).code == "peer-unreachable"


def test_a_certificate_of_another_authority_does_not_do(
    address: str, transport: HttpTransport, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = Authority(tmp_path, "another").issue("stranger")
    set_to(monkeypatch, peer_certificate=certificate, peer_certificate_key=key, peer_authorities=authority.file)
    assert refusal(address, transport).code == "peer-unreachable"


def test_a_server_of_another_authority_is_told_nothing(
    address: str, transport: HttpTransport, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = authority.issue("oslo")
    another = Authority(tmp_path, "another")
    set_to(monkeypatch, peer_certificate=certificate, peer_certificate_key=key, peer_authorities=another.file)
    found = refusal(address, transport)
    assert found.code == "peer-unreachable" and "certificate verify failed" in found.sentence


def test_a_certificate_that_is_renewed_counts_without_a_restart(
    address: str, transport: HttpTransport, authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    certificate, key = Authority(tmp_path, "another").issue("oslo")
    set_to(monkeypatch, peer_certificate=certificate, peer_certificate_key=key, peer_authorities=authority.file)
    assert refusal(address, transport).code == "peer-unreachable"
    authority.issue("oslo")  # into the same files
    assert refusal(address, transport).code == "peer-refused"


def test_files_that_cannot_be_used_are_named(
    transport: HttpTransport, monkeypatch: pytest.MonkeyPatch, ready: Path
) -> None:
    set_to(monkeypatch, peer_certificate="/nowhere/node.crt")
    found = refusal("https://127.0.0.1:1", transport)
    assert found.code == "peer-certificate" and "peer_certificate_key" in found.advice
