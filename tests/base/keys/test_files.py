"""Key files: made once, whole, for their owner only; rotated in two steps; sealed where they leave the node."""

from __future__ import annotations

import stat
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.conf import settings

from commonwatch.base.keys.files import (
    adopt,
    has_key,
    member_key_file,
    new_sealed_key,
    prepare,
    private_key,
    sealed_key,
    signing_key,
)
from commonwatch.core.errors import Conflict, InvalidInput, NodeUnable, NotFound

NAME = member_key_file("home")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    before = settings.COMMONWATCH
    settings.COMMONWATCH = before.model_copy(update={"data": tmp_path})
    yield tmp_path
    settings.COMMONWATCH = before


def test_a_key_is_made_once_for_its_owner_alone(folder: Path) -> None:
    assert not has_key(NAME)
    first = signing_key(NAME)
    assert has_key(NAME) and signing_key(NAME).public == first.public
    assert stat.S_IMODE((folder / NAME).stat().st_mode) == 0o600
    assert private_key(NAME).public_key().public_bytes_raw() == first.public.raw
    assert [path.name for path in folder.iterdir()] == [NAME], "nothing is left of making it"


def test_threads_that_need_a_key_at_once_get_the_same(folder: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        for number in range(20):
            keys = pool.map(signing_key, [f"{number}.key"] * 8)
            assert len({key.public for key in keys}) == 1


def test_a_file_that_cannot_be_a_key_is_refused_and_kept(folder: Path) -> None:
    signing_key(NAME)
    (folder / NAME).write_text("nonsense")
    with pytest.raises(NodeUnable, match="holds no key"):
        signing_key(NAME)
    assert (folder / NAME).read_text() == "nonsense"


def test_a_key_that_others_may_read_is_refused(folder: Path) -> None:
    signing_key(NAME)
    (folder / NAME).chmod(0o640)
    with pytest.raises(NodeUnable, match="chmod 600"):
        signing_key(NAME)


def test_a_rotation_that_broke_off_goes_on_with_the_same_key(folder: Path) -> None:
    old = signing_key(NAME)
    following = prepare(NAME)
    assert prepare(NAME).public == following.public != old.public
    assert signing_key(NAME).public == old.public, "until it is adopted, the old one signs"
    assert adopt(NAME).public == following.public == signing_key(NAME).public
    assert prepare(NAME).public != following.public


def test_a_sealed_key_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    file = tmp_path / "root.pem"
    made = new_sealed_key(file, "correct horse battery")
    assert sealed_key(file, "correct horse battery").public == made.public
    assert b"ENCRYPTED" in file.read_bytes()
    for wrong in ("correct horse", ""):
        with pytest.raises(InvalidInput, match="does not open"):
            sealed_key(file, wrong)
    with pytest.raises(Conflict, match="there already"):
        new_sealed_key(file, "correct horse battery")
    with pytest.raises(InvalidInput, match="at least 8"):
        new_sealed_key(tmp_path / "other.pem", "short")
    with pytest.raises(NotFound):
        sealed_key(tmp_path / "other.pem", "correct horse battery")
