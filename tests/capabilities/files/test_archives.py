"""Archives that mean harm, and those that do not: abuse classes 24, 44 and 45 of the threat model."""

from __future__ import annotations

import gzip
import io
import struct
import tarfile
import zipfile
from collections.abc import Mapping

import pytest

from commonwatch.capabilities.exchange.files import archives
from commonwatch.capabilities.exchange.files.archives import Budget, Refused, archive_kind, members
from commonwatch.core.stix.values import Finding

PLENTY = 1 << 30


def zipped(files: Mapping[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return out.getvalue()


def tarred(infos: list[tuple[tarfile.TarInfo, bytes]], mode: str = "w") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for info, content in infos:
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def entry(name: str, kind: bytes = tarfile.REGTYPE, link: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = link
    return info


def read(name: str, content: bytes, most: int = PLENTY) -> dict[str, bytes | str]:
    """Content by name, or the code of why a member was refused."""
    stream = io.BytesIO(content)
    kind = archive_kind(name, stream)
    assert kind is not None
    return {
        inner: found.code if isinstance(found, Finding) else found
        for inner, found in members(name, kind, stream, Budget(most))
    }


def refused(name: str, content: bytes, most: int = PLENTY) -> str:
    with pytest.raises(Refused) as caught:
        read(name, content, most)
    return caught.value.finding.code


@pytest.mark.parametrize("name", ["a.tar", "a.tar.gz", "a.tar.bz2", "a.tar.xz", "a.tgz"])
def test_tar_in_every_packing_is_read(name: str) -> None:
    packing = {"a.tar": "w", "a.tar.gz": "w:gz", "a.tgz": "w:gz", "a.tar.bz2": "w:bz2", "a.tar.xz": "w:xz"}[name]
    content = tarred([(entry("in/one.json"), b"{}"), (entry("two.json"), b"[]")], packing)
    assert read(name, content) == {f"{name}!in/one.json": b"{}", f"{name}!two.json": b"[]"}


def test_zip_and_gzip_are_read_and_told_by_content_not_by_name() -> None:
    assert read("x.bin", zipped({"a.json": b"{}", "folder/": b""})) == {"x.bin!a.json": b"{}"}
    assert read("feed.json.gz", gzip.compress(b"{}")) == {"feed.json.gz": b"{}"}
    assert archive_kind("a.zip", io.BytesIO(b'{"type": "bundle"}')) is None
    assert archive_kind("empty", io.BytesIO(b"")) is None


def test_archives_in_archives_are_read_two_deep() -> None:
    inner = zipped({"a.json": b"{}"})
    assert read("o.zip", zipped({"i.zip": inner})) == {"o.zip!i.zip!a.json": b"{}"}
    deeper = zipped({"o.zip": zipped({"i.zip": inner})})
    assert read("d.zip", deeper) == {"d.zip!o.zip!i.zip": "archive-nested"}


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "/etc/passwd", "a/../../b", "C:\\windows\\x", "..\\..\\x", "\\\\host\\share"]
)
def test_a_name_that_points_outside_is_refused_and_the_rest_is_read(name: str) -> None:
    for made in (
        zipped({name: b"{}", "good.json": b"[]"}),
        tarred([(entry(name), b"{}"), (entry("good.json"), b"[]")]),
    ):
        found = read("a", made)
        assert found["a!good.json"] == b"[]" and list(found.values()).count("archive-path") == 1


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.BLKTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_in_tar_are_refused(kind: bytes) -> None:
    made = tarred([(entry("x", kind, "/etc/shadow"), b""), (entry("good.json"), b"{}")])
    assert read("a.tar", made) == {"a.tar!x": "archive-link", "a.tar!good.json": b"{}"}


def test_a_symbolic_link_in_zip_is_refused() -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        info = zipfile.ZipInfo("x")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, "/etc/shadow")
    assert list(read("a.zip", out.getvalue()).values()) == ["archive-link"]


def test_what_unpacks_to_more_than_the_budget_is_refused() -> None:
    content = bytes(2_000_000)
    assert refused("a.zip", zipped({"a": content}), 1_000_000) == "archive-too-large"
    assert refused("a.gz", gzip.compress(content), 1_000_000) == "archive-too-large"
    assert refused("a.tar.gz", tarred([(entry("a"), content)], "w:gz"), 1_000_000) == "archive-too-large"


def test_the_budget_is_shared_by_everything_inside() -> None:
    inner = zipped({"a": bytes(400_000), "b": bytes(400_000)})
    assert refused("o.zip", zipped({"1.zip": inner, "2.zip": inner}), 1_200_000) == "archive-too-large"


def test_passing_over_a_refused_member_costs_its_bytes_too() -> None:
    """A tar is a stream: a huge member with a bad name is unpacked to get past it."""
    made = tarred([(entry("../x"), bytes(2_000_000))], "w:gz")
    assert refused("a.tar.gz", made, 1_000_000) == "archive-too-large"


def test_a_bomb_is_known_by_its_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "RATIO_COUNTS_ABOVE", 1 << 20)
    assert refused("a.zip", zipped({"a": bytes(5 << 20)})) == "archive-ratio"
    assert refused("a.gz", gzip.compress(bytes(5 << 20))) == "archive-ratio"


def test_too_many_members_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_MEMBERS", 3)
    assert refused("a.zip", zipped({str(n): b"" for n in range(4)})) == "archive-members"
    assert refused("a.tar", tarred([(entry(str(n)), b"") for n in range(4)])) == "archive-members"


def test_members_that_share_bytes_are_refused() -> None:
    """Fifield 2019: the second directory entry points at the first one's data."""
    made = bytearray(zipped({"a": b"x" * 1000, "b": b"y" * 1000}, zipfile.ZIP_STORED))
    second = made.rfind(b"PK\x01\x02")
    struct.pack_into("<L", made, second + 42, 0)
    assert refused("a.zip", bytes(made)) == "archive-overlap"


def test_encrypted_members_are_named() -> None:
    made = bytearray(zipped({"a": b"{}"}))
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        made[made.find(signature) + offset] |= 1
    assert list(read("a.zip", bytes(made)).values()) == ["archive-encrypted"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("a.zip", zipped({"a": b"{}" * 500})[:-30]),
        ("a.gz", gzip.compress(b"{}" * 500)[:-9]),
        ("a.tar.gz", tarred([(entry("a"), b"{}" * 5000)], "w:gz")[:-40]),
        ("a.gz", b"\x1f\x8b" + b"junk" * 20),
        ("a.tar.bz2", b"BZh9junkjunk"),
        ("a.tar.xz", b"\xfd7zXZ\0junkjunk"),
        ("a.zip", b"PK\x03\x04junkjunk"),
    ],
    ids=["cut zip", "cut gzip", "cut tar", "no gzip", "no bzip2", "no xz", "no zip"],
)
def test_a_broken_archive_is_said_to_be_broken(name: str, content: bytes) -> None:
    assert refused(name, content) == "archive-broken"


def test_a_wrong_checksum_is_noticed() -> None:
    made = bytearray(zipped({"a": b"x" * 100}, zipfile.ZIP_STORED))
    made[made.find(b"xxxx")] = ord("y")
    assert refused("a.zip", bytes(made)) == "archive-broken"
