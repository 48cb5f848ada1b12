"""Everything that is in force, ready to match: the index of plain values and the matchers of patterns and rules.

1. `catch_up` takes what changed since it was called last: cheap where nothing did, so call it before every batch.
2. The index lies in the data folder and is shared: whichever process finds it behind brings it up to date. How far it is
   stands beside it, written after the change is in force; taking a change twice alters nothing.
3. Where the rows were made anew (`made`), their numbers are others: the index is built again from all of them.
4. A rule that no matcher can read is marked so in its row, with the reason, and costs no other rule anything.

Loads the heavy libraries: import it where telemetry is really matched.
"""

from __future__ import annotations

import fcntl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec
from django.conf import settings
from django.db.models import QuerySet

from commonwatch.capabilities.detection.indicators.rules import Rules
from commonwatch.capabilities.detection.indicators.terms import index_row
from commonwatch.capabilities.detection.matching.drivers.parallel import VALUES, Work
from commonwatch.capabilities.detection.matching.index.index import IndicatorIndex
from commonwatch.capabilities.detection.matching.kernel import IndexMatcher
from commonwatch.capabilities.detection.matching.matcher import Matcher, Remembering, hits_schema
from commonwatch.capabilities.detection.models import Index, Indicator, IndicatorValue, State
from commonwatch.core.parts import parts
from commonwatch.core.patterns.values import Kind, Value

if TYPE_CHECKING:
    import pyarrow as pa

    from commonwatch.capabilities.detection.telemetry.batch import Batch

_AT_ONCE = 2_000  # changed rows taken in one step
_BUILD_FROM = 20_000  # more changed rows than this: the base is written anew instead
_BUILD_ROWS = 100_000


class _Cursor(msgspec.Struct):
    """How far the index on disk has come."""

    change: int = 0
    made: str = ""


def index_folder() -> Path:
    """Where the index lies."""
    folder: Path = settings.COMMONWATCH.data / "detection" / "index"
    return folder


class Engine:
    """One process's matchers."""

    def __init__(self, folder: Path | None = None, only: Sequence[int] = ()) -> None:
        """`only`: numbers of indicators to match with instead of all that are in force, in an index of their own."""
        self._folder = folder or index_folder()
        self._only = tuple(only)
        self._cursor = self._folder / "cursor.json"
        self._folder.mkdir(parents=True, exist_ok=True)
        self._seen: tuple[int, str] = (-1, "")
        self.index = IndicatorIndex.open(self._folder)
        self._values = IndexMatcher(self.index)
        self._rules = Rules(self._only)
        self.catch_up()

    @property
    def generation(self) -> int:
        """The journal entry up to which it knows what is in force."""
        return max(self.index.generation, self._rules.generation)

    @property
    def change(self) -> int:
        """The change up to which it knows."""
        return self._seen[0]

    @property
    def made(self) -> str:
        """By which numbering of the rows: entries of another one are other entries."""
        return self._seen[1]

    def remembering(self) -> Iterator[tuple[str, Remembering, Mapping[int, str]]]:
        """Matchers whose patterns remember events: family, matcher, and whose each entry is."""
        for family, matcher, rules in self._rules.families():
            if isinstance(matcher, Remembering):
                yield family, matcher, {entry: rule.identity for entry, rule in rules.items()}

    def matchers(self) -> list[Matcher]:
        """Every matcher, for drivers that run them elsewhere."""
        return [self._values, *self._rules.matchers()]

    def work(self) -> Work:
        """Everything as other processes need it to match the same."""
        rules = {family: dict(rules) for family, _, rules in self._rules.families()}
        return Work(self._folder, rules, self.generation)

    def families(self) -> dict[str, Matcher]:
        """Every matcher by its family; plain values are `values`."""
        return {VALUES: self._values, **{family: matcher for family, matcher, _ in self._rules.families()}}

    def match(self, batch: Batch) -> pa.Table:
        """The hits of all matchers, each matcher's in its own order."""
        import pyarrow as pa

        found = [matcher.match(batch) for matcher in self.matchers()]
        return pa.Table.from_batches(found, hits_schema())

    def catch_up(self) -> bool:
        """Rule 1: whether anything had changed."""
        row = index_row()
        if (row.change, row.made) == self._seen:
            return False
        with self._alone():
            self._bring_up(row)
        self.index.refresh()
        if self.index.merge_due:
            self.index.merge()
        self._rules.catch_up(row.change, row.generation, row.made)
        self._seen = (row.change, row.made)
        return True

    def _bring_up(self, row: Index) -> None:
        cursor = self._read()
        if cursor.made == row.made and cursor.change >= row.change:
            return
        changed = self._rows().filter(change__gt=cursor.change, change__lte=row.change)
        if cursor.made != row.made or changed.count() > _BUILD_FROM:
            self.index = IndicatorIndex.build(self._folder, self._batches(), max(row.generation, self.index.generation))
            self._values = IndexMatcher(self.index)
        else:
            self._apply([(pk, state) for pk, state in changed.order_by("change").values_list("pk", "state")], row)
        self._write(_Cursor(row.change, row.made))

    def _apply(self, changed: list[tuple[int, str]], row: Index) -> None:
        for some in parts(changed, _AT_ONCE):
            numbers = [pk for pk, _ in some]
            alive = [pk for pk, state in some if state == State.IN_FORCE]
            values = IndicatorValue.objects.filter(indicator__in=alive).values_list("indicator_id", "kind", "text")
            added = [(pk, Value(Kind(kind), text)) for pk, kind, text in values]
            self.index.apply(added, numbers, max(row.generation, self.index.generation))

    def _batches(self) -> Iterator[pa.RecordBatch]:
        """Every value in force."""
        import pyarrow as pa

        schema = pa.schema([("entry", pa.int64()), ("kind", pa.string()), ("text", pa.string())])
        found = IndicatorValue.objects.filter(indicator__state=State.IN_FORCE)
        if self._only:
            found = found.filter(indicator__in=self._only)
        rows: list[tuple[int, str, str]] = []
        for one in found.values_list("indicator_id", "kind", "text").iterator(chunk_size=10_000):
            rows.append(one)
            if len(rows) == _BUILD_ROWS:
                yield pa.RecordBatch.from_arrays(list(map(pa.array, zip(*rows, strict=True))), schema=schema)
                rows = []
        if rows:
            yield pa.RecordBatch.from_arrays(list(map(pa.array, zip(*rows, strict=True))), schema=schema)

    def _rows(self) -> QuerySet[Indicator]:
        return Indicator.objects.filter(pk__in=self._only) if self._only else Indicator.objects.all()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """One process brings the index up to date at a time."""
        with (self._folder / "follow.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> _Cursor:
        try:
            return msgspec.json.decode(self._cursor.read_bytes(), type=_Cursor)
        except (OSError, msgspec.DecodeError):
            return _Cursor()

    def _write(self, cursor: _Cursor) -> None:
        fresh = self._cursor.with_suffix(".new")
        fresh.write_bytes(msgspec.json.encode(cursor))
        fresh.replace(self._cursor)
