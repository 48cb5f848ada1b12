"""Sealed content: what goes in comes out for its recipients only, and what broke off is gone on with."""

from __future__ import annotations

import hashlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pyrage
import pytest

from commonwatch.capabilities.evidence import sealing
from commonwatch.capabilities.evidence.sealing import SEGMENT, digests, identities_of, manifest_of, seal, unseal
from commonwatch.capabilities.evidence.store.blobs import fetched
from commonwatch.capabilities.evidence.store.folder import FolderStore
from commonwatch.core.errors import Conflict, IntegrityError, InvalidInput, NotAllowed, NotFound
from tests.authorities import needed

OFFICER = pyrage.x25519.Identity.generate()
OTHER = pyrage.x25519.Identity.generate()
TO = [str(OFFICER.to_public())]

# A process that seals, slowly enough to be killed in between.
SEALER = """
import sys, time
from pathlib import Path
from commonwatch.capabilities.evidence import sealing
from commonwatch.capabilities.evidence.store.folder import FolderStore
def told(done):
    print(done, flush=True)
    time.sleep(0.2)
sealing.seal(Path(sys.argv[1]), FolderStore(Path(sys.argv[2])), [sys.argv[3]], Path(sys.argv[4]), told)
"""


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Content of three segments and a bit."""
    path = tmp_path / "disk.img"
    path.write_bytes(os.urandom(2**20) * 49)
    return path


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def _opened(store: FolderStore, manifest: str, identity: object) -> tuple[bytes, sealing.Digests]:
    came = bytearray()
    found = unseal(manifest_of(fetched(store, manifest)), store.get, [identity], came.extend)
    return bytes(came), found


def test_what_is_sealed_comes_out_the_same_with_both_sums(source: Path, store: FolderStore, tmp_path: Path) -> None:
    sealed = seal(source, store, TO, tmp_path / "notes")
    content, found = _opened(store, sealed.manifest, OFFICER)
    plain = source.read_bytes()
    assert content == plain
    assert found == sealed.content == digests(source)
    assert (found.sha256, found.sha512) == (hashlib.sha256(plain).hexdigest(), hashlib.sha512(plain).hexdigest())
    assert (sealed.parts, found.size) == (4, 49 * 2**20)


@pytest.mark.parametrize("size", [0, 1, SEGMENT - 1, SEGMENT, SEGMENT + 1])
def test_every_size_at_a_segments_edge(size: int, store: FolderStore, tmp_path: Path) -> None:
    source = tmp_path / "content"
    source.write_bytes(b"\x5a" * size)
    sealed = seal(source, store, TO, tmp_path / "notes")
    content, _ = _opened(store, sealed.manifest, OFFICER)
    assert (len(content), sealed.parts) == (size, -(-size // SEGMENT))


def test_who_has_no_key_of_a_recipient_opens_nothing(source: Path, store: FolderStore, tmp_path: Path) -> None:
    sealed = seal(source, store, TO, tmp_path / "notes")
    with pytest.raises(NotAllowed, match="None of the keys"):
        _opened(store, sealed.manifest, OTHER)


def test_the_usual_program_opens_the_parts(source: Path, store: FolderStore, tmp_path: Path) -> None:
    needed(shutil.which("age") is not None, "age")
    sealed = seal(source, store, TO, tmp_path / "notes")
    (tmp_path / "key").write_text(str(OFFICER))
    came = b""
    for part in manifest_of(fetched(store, sealed.manifest)).parts:
        came += subprocess.run(
            ["age", "-d", "-i", tmp_path / "key"], input=store.get(part.sha256), capture_output=True, check=True
        ).stdout
    assert came == source.read_bytes()


def test_a_byte_of_a_part_changed_is_found(source: Path, store: FolderStore, tmp_path: Path) -> None:
    sealed = seal(source, store, TO, tmp_path / "notes")
    part = manifest_of(fetched(store, sealed.manifest)).parts[2].sha256
    path = tmp_path / "store" / part[:2] / part
    raw = bytearray(path.read_bytes())
    raw[len(raw) // 2] ^= 1
    path.write_bytes(raw)
    with pytest.raises(IntegrityError, match="Part 3 was altered"):
        _opened(store, sealed.manifest, OFFICER)
    with pytest.raises(IntegrityError):
        fetched(store, part)


def test_what_is_missing_is_named(source: Path, store: FolderStore, tmp_path: Path) -> None:
    sealed = seal(source, store, TO, tmp_path / "notes")
    assert sealing.missing(store, sealed.manifest) == []
    part = manifest_of(fetched(store, sealed.manifest)).parts[1].sha256
    (tmp_path / "store" / part[:2] / part).unlink()
    assert sealing.missing(store, sealed.manifest) == [part]
    with pytest.raises(NotFound):
        store.get(part)
    assert sealing.missing(store, "0" * 64) == ["0" * 64]


def test_killed_it_goes_on_where_it_was(source: Path, store: FolderStore, tmp_path: Path) -> None:
    arguments = [str(source), str(tmp_path / "store"), TO[0], str(tmp_path / "notes")]
    child = subprocess.Popen([sys.executable, "-c", SEALER, *arguments], stdout=subprocess.PIPE, cwd=tmp_path)
    assert child.stdout is not None
    for _ in range(4):  # the fourth segment is read once the first is noted
        child.stdout.readline()
    child.send_signal(signal.SIGKILL)
    child.wait()
    child.stdout.close()
    (book,) = (tmp_path / "notes").iterdir()
    noted = book.read_bytes().count(b"\n")
    assert 1 <= noted < 4
    kept = {digest: (tmp_path / "store" / digest[:2] / digest).stat().st_mtime_ns for digest in store.digests()}
    sealed = seal(source, store, TO, tmp_path / "notes")
    parts = [part.sha256 for part in manifest_of(fetched(store, sealed.manifest)).parts]
    assert set(parts[:noted]) <= set(kept)  # they were not sealed again: age would have made others
    assert all((tmp_path / "store" / one[:2] / one).stat().st_mtime_ns == kept[one] for one in parts[:noted])
    assert _opened(store, sealed.manifest, OFFICER)[0] == source.read_bytes()


def test_a_line_of_notes_that_broke_off_is_no_line(source: Path, store: FolderStore, tmp_path: Path) -> None:
    sealed = seal(source, store, TO, tmp_path / "notes")
    raw = sealed.notes.read_bytes()
    sealed.notes.write_bytes(raw[: raw.rindex(b"{") + 30])
    again = seal(source, store, TO, tmp_path / "notes")
    parts = [[part.sha256 for part in manifest_of(fetched(store, one.manifest)).parts] for one in (sealed, again)]
    assert parts[0][:3] == parts[1][:3]
    assert parts[0][3] != parts[1][3]
    assert again.content == sealed.content


def test_content_that_changed_meanwhile_is_refused(source: Path, store: FolderStore, tmp_path: Path) -> None:
    seal(source, store, TO, tmp_path / "notes")
    before = source.stat()
    with source.open("r+b") as file:
        file.seek(5)
        file.write(b"other")
    os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))  # as who wants it not to be noticed would
    with pytest.raises(Conflict, match="was changed"):
        seal(source, store, TO, tmp_path / "notes")


def test_two_at_once_do_not_seal_the_same(source: Path, store: FolderStore, tmp_path: Path) -> None:
    arguments = [str(source), str(tmp_path / "store"), TO[0], str(tmp_path / "notes")]
    child = subprocess.Popen([sys.executable, "-c", SEALER, *arguments], stdout=subprocess.PIPE, cwd=tmp_path)
    assert child.stdout is not None
    child.stdout.readline()
    with pytest.raises(Conflict, match="Another process"):
        seal(source, store, TO, tmp_path / "notes")
    child.kill()
    child.wait()
    child.stdout.close()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"{}",
        b'{"format":"commonwatch-sealed/1","parts":[],"segment":16,"size":17}',
        b'{"format":"commonwatch-sealed/2","parts":[],"segment":16,"size":0}',
        b'{"format":"commonwatch-sealed/1","parts":[{"sha256":"../../etc/passwd","size":1}],"segment":16,"size":1}',
        b'{"format":"commonwatch-sealed/1","parts":[{"sha256":"'
        + b"0" * 64
        + b'","size":99999999}],"segment":1,"size":1}',
    ],
)
def test_what_is_no_manifest_is_refused(raw: bytes) -> None:
    with pytest.raises(InvalidInput, match="manifest|parts"):
        manifest_of(raw)


def test_keys_that_cannot_be_read_are_named() -> None:
    with pytest.raises(InvalidInput, match="no public key"):
        sealing.recipients_of(["age1nonsense"])
    with pytest.raises(InvalidInput, match="1 to 64"):
        sealing.recipients_of([])
    with pytest.raises(InvalidInput, match="no secret key"):
        identities_of("# created: today\n")
    assert len(identities_of(f"# created: today\n{OFFICER}\n")) == 1
