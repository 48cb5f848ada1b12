"""Content fetched from another node over HTTP: only what is missing, only what the signed item names, only for who may have it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from commonwatch.base.accounts.models import Role
from commonwatch.base.intake.own import Audience
from commonwatch.base.outbound import client
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence import actions, fetching, queries, sealing
from commonwatch.capabilities.evidence.store import opened
from commonwatch.capabilities.evidence.store.folder import FolderStore
from commonwatch.core.errors import IntegrityError, PeerError
from tests.base.release.nodes import by
from tests.capabilities.evidence.conftest import FOUND, OFFICER
from tests.capabilities.partners import token

HERE = ["127.0.0.0/8"]


class Breaking(FolderStore):
    """A store whose disk is full after so many pieces."""

    def __init__(self, folder: Path, room: int) -> None:
        super().__init__(folder)
        self._room = room

    def put(self, digest: str, raw: bytes) -> None:
        if self._room == 0:
            raise OSError("no space")
        self._room -= 1
        super().put(digest, raw)


@pytest.fixture
def large(partnered: Path, server: str, tmp_path: Path) -> str:
    source = tmp_path / "large.img"
    source.write_bytes(os.urandom(2**20) * 33)  # three pieces
    return actions.add(source, FOUND, Audience("TLP:AMBER", ("cert-no",)), [str(OFFICER.to_public())], by())


def test_what_broke_off_is_gone_on_with(large: str, server: str, tmp_path: Path) -> None:
    chain = queries.known(operator("test"), large).chain
    mine = token("cert-no-reader", Role.READER, "cert-no")
    with client(HERE) as line:
        with pytest.raises(OSError, match="no space"):
            fetching.fetch(chain, server, mine, Breaking(tmp_path / "there", 2), line)
        there = FolderStore(tmp_path / "there")
        assert len(list(there.digests())) == 2
        manifest, count = fetching.fetch(chain, server, mine, there, line)
        assert (count, sealing.is_whole(there, manifest)) == (1, True)
        assert fetching.fetch(chain, server, mine, there, line) == (manifest, 0)
    assert list(there.digests()) == list(opened().digests())


def test_who_may_not_have_it_fetches_nothing(large: str, server: str, tmp_path: Path) -> None:
    chain, there = queries.known(operator("test"), large).chain, FolderStore(tmp_path / "there")
    with client(HERE) as line:
        for secret in (token("cert-ie-reader", Role.READER, "cert-ie"), "nonsense"):
            with pytest.raises(PeerError, match="answered 40[14]"):
                fetching.fetch(chain, server, secret, there, line)
    assert list(there.digests()) == []


def test_other_content_is_not_taken(large: str, server: str, partnered: Path, tmp_path: Path) -> None:
    chain, there = queries.known(operator("test"), large).chain, FolderStore(tmp_path / "there")
    piece = queries.pieces_of(chain, opened())[1]
    path = partnered / "evidence" / piece[:2] / piece
    mine = token("cert-no-reader", Role.READER, "cert-no")
    path.write_bytes(b"other")
    with client(HERE) as line, pytest.raises((IntegrityError, PeerError)):
        fetching.fetch(chain, server, mine, there, line)
    assert list(there.digests()) == []
