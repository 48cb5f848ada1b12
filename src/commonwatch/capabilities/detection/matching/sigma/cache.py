"""Rules that were read before, kept beside the journal, so that thousands of rules do not cost seconds at every start.

1. The key is the digest of the text, of the node's placeholder values, and of what read them: this format's version and
   pySigma's. Whatever changes gives another key; nothing is ever out of date.
2. What is kept is JSON of our own values. A file that cannot be read (cut short, of an older form) is read anew.
3. Only on a miss is pySigma imported.
"""

from __future__ import annotations

import os
import tempfile
from functools import cache
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path

import msgspec

from commonwatch.core.patterns.sigma.rules import Reading

# Raise it whenever reading, translating or the tree changes what a text means.
FORM = 1


class Readings:
    """A folder of readings."""

    def __init__(self, folder: Path, placeholders: dict[str, list[str]] | None = None) -> None:
        self.folder = folder
        self.placeholders = placeholders or {}

    def read(self, text: str) -> Reading:
        """The reading of a text, from the folder or made now."""
        path = self._path(text)
        try:
            return msgspec.json.decode(path.read_bytes(), type=Reading)
        except (OSError, msgspec.DecodeError):
            pass
        from commonwatch.core.patterns.sigma.reading import read

        reading = read(text, self.placeholders)
        self._keep(path, reading)
        return reading

    def _path(self, text: str) -> Path:
        what = msgspec.json.encode([FORM, _reader(), sorted(self.placeholders.items()), text])
        name = sha256(what).hexdigest()
        return self.folder / name[:2] / f"{name[2:]}.json"

    def _keep(self, path: Path, reading: Reading) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(msgspec.json.encode(reading))
        Path(name).replace(path)


@cache
def _reader() -> str:
    return version("pysigma")
