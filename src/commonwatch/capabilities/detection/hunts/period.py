"""The period of a hunt. Knows no tables: the processes of a hunt keep to it too."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`. Events without a time are in every period."""

    since_us: int | None = None
    until_us: int | None = None

    def __bool__(self) -> bool:
        return self.since_us is not None or self.until_us is not None

    def kept(self, times: pa.Array) -> pa.Array:
        """The rows of the period, whose times are in microseconds."""
        import pyarrow as pa
        import pyarrow.compute as pc

        inside = pa.repeat(True, len(times))
        if self.since_us is not None:
            inside = pc.and_(inside, pc.greater_equal(times, self.since_us))
        if self.until_us is not None:
            inside = pc.and_(inside, pc.less(times, self.until_us))
        return pc.indices_nonzero(pc.fill_null(inside, True))


WHOLE = Period()
