"""The period of a hunt. Knows no tables: the processes of a hunt keep to it too."""

from __future__ import annotations

from dataclasses import dataclass

from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch


@dataclass(frozen=True)
class Period:
    """From `since` on and before `until`. Events without a time are in every period."""

    since_us: int | None = None
    until_us: int | None = None

    def __bool__(self) -> bool:
        return self.since_us is not None or self.until_us is not None

    def kept(self, batch: Batch) -> Batch:
        """The events of the period."""
        if not self:
            return batch
        import pyarrow.compute as pc

        times = batch.events[TIME]
        inside = [
            *([pc.greater_equal(times, self.since_us)] if self.since_us is not None else []),
            *([pc.less(times, self.until_us)] if self.until_us is not None else []),
        ]
        both = inside[0] if len(inside) == 1 else pc.and_(*inside)
        return Batch(batch.events.filter(pc.or_kleene(pc.is_null(times), both)), batch.mapping, batch.place)


WHOLE = Period()
