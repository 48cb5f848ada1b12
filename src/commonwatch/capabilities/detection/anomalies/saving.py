"""Models on disk: a folder of JSON, NumPy arrays without pickle and LightGBM's text; nothing in it can run.

1. `model.json` says the kind and version of the format, what data made the model and when, and the SHA-256 of every other file.
2. A folder is written beside its place and moved there, so that nobody reads half a model.
3. Reading checks kind, version, sizes and digests before anything is parsed; what differs is refused with the place.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from commonwatch.core.errors import InvalidInput, NotFound

if TYPE_CHECKING:
    import numpy as np

HEAD = "model.json"
ARRAYS = "arrays.npz"
VERSION = 1
MAX_BYTES = 500_000_000  # of all files of a model


class Origin(msgspec.Struct, frozen=True):
    """By what data a model was made: a sentence with names and licences, how many rows, and when it was done."""

    data: str
    rows: int
    made_at: str
    seed: int


class Head(msgspec.Struct, frozen=True):
    """What stands in `model.json`."""

    kind: str
    version: int
    origin: Origin
    settings: dict[str, Any]
    digests: dict[str, str]


@dataclass(frozen=True)
class Stored:
    """A model as it lies on disk. `texts` are named without their ending."""

    kind: str
    origin: Origin
    settings: Mapping[str, Any]
    arrays: Mapping[str, np.ndarray[Any, Any]]
    texts: Mapping[str, str]


def save(model: Stored, folder: Path) -> None:
    """Write a model; one that is there already is replaced."""
    import numpy as np

    packed = BytesIO()
    np.savez_compressed(packed, allow_pickle=False, **dict(model.arrays))
    files = {ARRAYS: packed.getvalue(), **{f"{name}.txt": text.encode() for name, text in model.texts.items()}}
    digests = {name: sha256(content).hexdigest() for name, content in files.items()}
    head = Head(model.kind, VERSION, model.origin, dict(model.settings), digests)
    files[HEAD] = msgspec.json.format(msgspec.json.encode(head), indent=1)
    folder.parent.mkdir(parents=True, exist_ok=True)
    made = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    for name, content in files.items():
        with (made / name).open("xb") as file:
            file.write(content)
            os.fsync(file.fileno())
    if folder.exists():
        shutil.rmtree(folder)
    made.replace(folder)


def load(folder: Path, kind: str) -> Stored:
    """Read a model of this kind; raises NotFound or InvalidInput."""
    import numpy as np

    head = _head(folder, kind)
    files = {name: _checked(folder / name, digest) for name, digest in head.digests.items()}
    if ARRAYS not in files:
        raise _broken(folder / ARRAYS, "it is not listed")
    try:
        with np.load(BytesIO(files.pop(ARRAYS)), allow_pickle=False) as packed:
            arrays = {name: packed[name] for name in packed.files}
        texts = {Path(name).stem: content.decode() for name, content in files.items()}
    except (ValueError, OSError, EOFError) as problem:
        raise _broken(folder, str(problem)) from problem
    return Stored(kind, head.origin, head.settings, arrays, texts)


def _head(folder: Path, kind: str) -> Head:
    try:
        head = msgspec.json.decode((folder / HEAD).read_bytes(), type=Head)
    except FileNotFoundError as problem:
        raise NotFound("model-absent", f"There is no model in {folder}.", "Train one first.") from problem
    except (msgspec.MsgspecError, UnicodeDecodeError) as problem:
        raise _broken(folder / HEAD, str(problem)) from problem
    if head.kind != kind or head.version != VERSION:
        raise InvalidInput(
            "model-of-other-kind",
            f"{folder} holds a model of kind {head.kind!r}, version {head.version}; wanted is {kind!r}, version {VERSION}.",
            "Give another folder, or train it again.",
        )
    names = [*head.digests]
    if any(Path(name).name != name or name == HEAD for name in names):
        raise _broken(folder / HEAD, "it names a file elsewhere")
    if sum((folder / name).stat().st_size for name in names if (folder / name).is_file()) > MAX_BYTES:
        raise _broken(folder, f"it is larger than {MAX_BYTES:,} bytes")
    return head


def _checked(path: Path, digest: str) -> bytes:
    try:
        content = path.read_bytes()
    except OSError as problem:
        raise _broken(path, "it cannot be read") from problem
    if sha256(content).hexdigest() != digest:
        raise _broken(path, "its digest is not the one that was written down")
    return content


def _broken(path: Path, why: str) -> InvalidInput:
    return InvalidInput("model-broken", f"{path}: {why}.", "Train it again, or fetch it from a backup.")
