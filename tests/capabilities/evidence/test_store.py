"""Pieces in a folder and in a bucket: the same behind one interface."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx2
import pyrage
import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.outbound import client
from commonwatch.capabilities.evidence.sealing import manifest_of, seal, unseal
from commonwatch.capabilities.evidence.store.blobs import Store, digest_of, fetched
from commonwatch.capabilities.evidence.store.bucket import Bucket, BucketStore
from commonwatch.capabilities.evidence.store.folder import FolderStore
from commonwatch.capabilities.evidence.store.signing import Credentials, authorised, encoded
from commonwatch.core.errors import IntegrityError, NodeUnable, NotFound, PeerError
from tests.capabilities.evidence.services import S3, s3_service

PIECES = [b"", b"one", os.urandom(100_000)]


def bucket_store(service: S3, prefix: str = "cases/7 & 8/") -> BucketStore:
    credentials = Credentials(service.key_id, service.secret, "us-east-1")
    return BucketStore(Bucket(service.url, "evidence", prefix), credentials, client(["127.0.0.0/8"]), now_us)


@pytest.fixture(params=["folder", "bucket"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "folder":
        yield FolderStore(tmp_path / "pieces")
        return
    with s3_service("evidence") as service:
        yield bucket_store(service)


def test_what_is_put_is_there_once_and_whole(store: Store) -> None:
    assert list(store.digests()) == []
    for piece in [*PIECES, *PIECES]:
        store.put(digest_of(piece), piece)
    assert list(store.digests()) == sorted(digest_of(piece) for piece in PIECES)
    for piece in PIECES:
        assert store.size(digest_of(piece)) == len(piece)
        assert fetched(store, digest_of(piece)) == piece
    assert store.size("0" * 64) is None
    with pytest.raises(NotFound, match="not in"):
        store.get("0" * 64)


def test_a_piece_that_is_not_what_its_name_says_is_not_used(store: Store) -> None:
    store.put("1" * 64, b"another") if isinstance(store, FolderStore) else _put_wrong(store)
    with pytest.raises(IntegrityError, match="not what was put there"):
        fetched(store, "1" * 64)


def test_content_goes_through_either(store: Store, tmp_path: Path) -> None:
    officer = pyrage.x25519.Identity.generate()
    source = tmp_path / "content"
    source.write_bytes(os.urandom(20 * 2**20))
    sealed = seal(source, store, [str(officer.to_public())], tmp_path / "notes")
    came = bytearray()
    unseal(manifest_of(fetched(store, sealed.manifest)), store.get, [officer], came.extend)
    assert bytes(came) == source.read_bytes()


def test_many_pieces_are_listed_page_by_page() -> None:
    with s3_service("evidence") as service:
        store = bucket_store(service, prefix="")
        pieces = [str(number).encode() for number in range(1_005)]  # a page has a thousand
        for piece in pieces:
            store._good(store._ask("PUT", store._key(digest_of(piece)), body=piece, digest=digest_of(piece)))
        assert list(store.digests()) == sorted(map(digest_of, pieces))


def test_a_wrong_secret_is_named() -> None:
    with s3_service("evidence") as service:
        stranger = bucket_store(replace(service, secret="another"))
        with pytest.raises(NodeUnable, match="does not let this node in"):
            stranger.put(digest_of(b"x"), b"x")
        with pytest.raises(NodeUnable, match="does not let this node in"):
            list(stranger.digests())


def test_a_service_that_is_not_there_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("commonwatch.capabilities.evidence.store.bucket._RESTS", (0.0,))
    with pytest.raises(PeerError, match="cannot be reached") as caught:
        bucket_store(S3("http://127.0.0.1:9", "x", "y")).size("0" * 64)
    assert caught.value.retry


@pytest.mark.parametrize(
    ("path", "query", "headers", "signature"),
    [
        ("/test.txt", {}, {"range": "bytes=0-9"}, "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/", {"lifecycle": ""}, {}, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "/",
            {"max-keys": "2", "prefix": "J"},
            {},
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
)
def test_requests_are_signed_as_the_service_documents_it(
    path: str, query: dict[str, str], headers: dict[str, str], signature: str
) -> None:
    """Amazon S3 API reference, "Signature Calculations for the Authorization Header", its examples."""
    credentials = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", "us-east-1")
    given = {"host": "examplebucket.s3.amazonaws.com", **headers}
    empty = hashlib.sha256(b"").hexdigest()
    made = authorised(credentials, "GET", path, query, given, empty, "20130524T000000Z")
    assert made["authorization"].endswith(f"Signature={signature}")


def test_a_query_is_encoded_as_it_is_signed() -> None:
    assert encoded({"prefix": "a b/ü", "list-type": "2"}) == "list-type=2&prefix=a%20b%2F%C3%BC"


def _put_wrong(store: Store) -> None:
    assert isinstance(store, BucketStore)
    answer = store._ask("PUT", store._key("1" * 64), body=b"another", digest=digest_of(b"another"))
    assert isinstance(answer, httpx2.Response) and answer.is_success
