"""What the live models have learned, as bytes and on disk, so that a restart does not begin at nothing.

1. A file is `CWANOM1\\n`, the SHA-256 of the rest, and msgpack. It is written beside its place and moved there.
2. What is read is bounded and typed before it is used; whatever does not fit raises InvalidInput, and the caller begins afresh.
3. Events that waited for `take` are not in it: take first.
"""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec

from commonwatch.capabilities.detection.anomalies.counting import Counting
from commonwatch.capabilities.detection.anomalies.live import LiveAnomalies, LogModel
from commonwatch.capabilities.detection.anomalies.online import FEATURES, OnlineModel, Usual
from commonwatch.capabilities.detection.anomalies.thresholds import STEPS, ScoreCounts
from commonwatch.core.errors import InvalidInput

MAGIC = b"CWANOM1\n"
MOST_BYTES = 256 << 20
_DIGEST = 8  # bytes of a remembered value
_Count = Annotated[int, msgspec.Meta(ge=0, lt=1 << 62)]
_Finite = Annotated[float, msgspec.Meta(ge=-1e18, le=1e18)]


class _Log(msgspec.Struct, array_like=True):
    newest: _Count
    late: _Count
    open: dict[str, list[int | float | str | list[int] | None]]
    usual: list[tuple[str, dict[str, tuple[_Count, _Finite, _Finite]]]]
    counts: dict[Annotated[int, msgspec.Meta(ge=0, le=STEPS)], Annotated[float, msgspec.Meta(ge=0, le=1e18)]]
    total: Annotated[float, msgspec.Meta(ge=0, le=1e18)]
    since_halving: _Count


class _Kept(msgspec.Struct, array_like=True):
    logs: dict[str, _Log]
    key: bytes
    pairs: bytes
    values: bytes
    havers: list[_Count]
    seen: list[tuple[str, str, _Count]]
    forgot: _Count
    untold: _Count


def packed(models: LiveAnomalies) -> bytes:
    """Everything learned."""
    first = models.first
    kept = _Kept(
        {log: _packed_log(model) for log, model in models.logs.items()},
        first.key,
        b"".join(first.pairs),
        b"".join(first.havers),
        list(first.havers.values()),
        [(kind, entity, count) for (kind, entity), count in first.seen.items()],
        first.forgot,
        models.untold,
    )
    content = msgspec.msgpack.encode(kept)
    return MAGIC + sha256(content).digest() + content


def unpack(data: bytes, models: LiveAnomalies) -> None:
    """Go on with what was learned; raises InvalidInput where it does not fit, and then the models are not to be used."""
    head = len(MAGIC) + 32
    if not data.startswith(MAGIC) or len(data) > MOST_BYTES:
        raise _unfit("it is of another kind or version")
    if sha256(data[head:]).digest() != data[len(MAGIC) : head]:
        raise _unfit("its digest is another one")
    try:
        kept = msgspec.msgpack.decode(data[head:], type=_Kept)
        models.logs = {log: _log(log, one) for log, one in kept.logs.items()}
    except (msgspec.MsgspecError, ValueError) as error:
        raise _unfit(str(error)) from error
    pairs, values = _pieces(kept.pairs), _pieces(kept.values)
    settings = models.first.settings
    if len(values) != len(kept.havers) or len(kept.key) > 64:
        raise _unfit("its parts are of different lengths")
    first = models.first
    first.key, first.forgot, models.untold = kept.key, kept.forgot, kept.untold
    first.pairs.update(dict.fromkeys(pairs[-settings.pairs :]))
    first.havers.update(list(zip(values, kept.havers, strict=True))[-settings.pairs :])
    for kind, entity, count in kept.seen[-settings.entities :]:
        first.counted(kind, entity, count)


def save(models: LiveAnomalies, path: Path) -> None:
    """Write what was learned."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(".new")
    with fresh.open("wb") as file:
        file.write(packed(models))
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)


def load(path: Path, models: LiveAnomalies) -> None:
    """Read it, where there is anything; raises InvalidInput where it is unfit."""
    try:
        if path.stat().st_size > MOST_BYTES:
            raise _unfit(f"it is larger than {MOST_BYTES:,} bytes")
        data = path.read_bytes()
    except FileNotFoundError:
        return
    unpack(data, models)


def _packed_log(model: LogModel) -> _Log:
    scores = model.online.scores
    return _Log(
        model.counting.newest,
        model.counting.late,
        model.counting.open(),  # type: ignore[arg-type]  # plain values
        [
            (entity, {name: (one.count, one.mean, one.spread) for name, one in known.items()})
            for entity, known in model.online.usual.items()
        ],
        {step: count for step, count in enumerate(scores.counts) if count},
        scores.total,
        scores.since_halving,
    )


def _log(log: str, kept: _Log) -> LogModel:
    counting = Counting(log)
    counting.restore(kept.newest, kept.open)  # type: ignore[arg-type]  # plain values
    counting.late = kept.late
    model = LogModel(counting)
    online: OnlineModel = model.online
    for entity, known in kept.usual[-online.settings.entities :]:
        online.usual[entity] = {name: Usual(*one) for name, one in list(known.items())[:FEATURES]}
    scores = ScoreCounts(total=kept.total, since_halving=kept.since_halving, highest=max(kept.counts, default=0))
    for step, count in kept.counts.items():
        scores.counts[step] = count
    online.scores = scores
    return model


def _pieces(data: bytes) -> list[bytes]:
    if len(data) % _DIGEST:
        raise _unfit("a part of it is broken off")
    return [data[start : start + _DIGEST] for start in range(0, len(data), _DIGEST)]


def _unfit(why: str) -> InvalidInput:
    return InvalidInput("anomaly-state-unfit", f"What was learned cannot be used: {why}.", "It is learned anew.")
