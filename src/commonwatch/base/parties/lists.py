"""A list of facts that is shipped with the program, and may be replaced by a newer one in the data folder."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Generic, Protocol, TypeVar

from django.conf import settings

from commonwatch.core.errors import Conflict

SHIPPED = Path(__file__).parent / "data"


class Dated(Protocol):
    """A list that says when it was made."""

    @property
    def as_of(self) -> date: ...


ListT = TypeVar("ListT", bound=Dated)


class ReplaceableList(Generic[ListT]):
    """One such list: its file's name, the same in both places, how it is read, and the folder in which it is shipped."""

    def __init__(self, file_name: str, code: str, parse: Callable[[bytes], ListT], shipped: Path = SHIPPED) -> None:
        self.file_name = file_name
        self._shipped = shipped
        self._code = code
        self._parse = parse
        self._read = lru_cache(maxsize=4)(self._read_file)

    def in_use(self) -> ListT:
        """The newer of the two."""
        shipped = self._current(self._shipped / self.file_name)
        own = settings.COMMONWATCH.data / self.file_name
        if not own.exists():
            return shipped
        given = self._current(own)
        return given if given.as_of > shipped.as_of else shipped

    def update(self, raw: bytes) -> ListT:
        """Put a newer list into the data folder; raises InvalidInput or Conflict."""
        given, used = self._parse(raw), self.in_use()
        if given.as_of <= used.as_of:
            raise Conflict(
                self._code,
                f"The list is of {given.as_of}, the one in use of {used.as_of}.",
                "Give a newer one; its as_of says when it was made.",
            )
        target = settings.COMMONWATCH.data / self.file_name
        part = target.with_suffix(".part")
        part.write_bytes(raw)
        part.replace(target)
        return given

    def _current(self, path: Path) -> ListT:
        return self._read(path, path.stat().st_mtime_ns)

    def _read_file(self, path: Path, changed: int) -> ListT:
        return self._parse(path.read_bytes())
