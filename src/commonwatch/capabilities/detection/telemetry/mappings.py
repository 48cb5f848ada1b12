"""Mappings: data files that say which field of a log is what. Ours are shipped in `data/`, a user's stand in a folder.

1. A mapping is one TOML file; its `name` is how everything else calls it. A user's mapping replaces ours of the same name.
2. `extends` takes over the columns, time fields and format of another mapping; what the file says itself comes last and wins.
3. A mapping that cannot be right is refused with file, key and remedy; none is repaired in silence.
"""

from __future__ import annotations

import functools
import tomllib
from collections.abc import Iterable
from collections.abc import Mapping as AbstractMapping
from importlib import resources
from pathlib import Path
from typing import Any

from commonwatch.capabilities.detection.telemetry.batch import RECORD, TIME, Column, Mapping, Signs
from commonwatch.capabilities.detection.telemetry.taking import TAKEN
from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.values import Kind

FORMATS = ("zeek", "json", "windows", "csv", "syslog", "parquet")
TYPES = ("text", "integer", "number", "boolean", "time", "texts")
LOGSOURCE = ("product", "category", "service")
KEYS = frozenset({"name", "title", "format", "extends", "open", "time", "delimiter", "logsource", "signs", "columns"})
COLUMN_KEYS = frozenset({"source", "kind", "port", "stix", "type", "take", "of"})
LARGEST = 1_000_000  # bytes of one file: a mapping is written by hand

Raw = dict[str, Any]


def mappings(folder: Path | None = None) -> dict[str, Mapping]:
    """Every mapping there is by its name: ours, then those of `folder`, which may replace ours."""
    files = dict(_shipped())
    if folder is not None and folder.is_dir():
        for path in sorted(folder.glob("*.toml")):
            raw = _parse(_bytes(path), str(path))
            files[raw["name"]] = (str(path), raw)
    return {name: _mapping(name, files, ()) for name in files}


def load(path: Path, folder: Path | None = None) -> Mapping:
    """One mapping from its file; what it extends is looked for in `folder` and among ours."""
    raw = _parse(_bytes(path), str(path))
    files = dict(_shipped())
    if folder is not None and folder.is_dir():
        for other in sorted(folder.glob("*.toml")):
            theirs = _parse(_bytes(other), str(other))
            files[theirs["name"]] = (str(other), theirs)
    files[raw["name"]] = (str(path), raw)
    return _mapping(raw["name"], files, ())


@functools.cache
def _shipped() -> dict[str, tuple[str, Raw]]:
    data = resources.files(__package__) / "data"
    found = {}
    for file in sorted(data.iterdir(), key=lambda entry: entry.name):
        if file.name.endswith(".toml"):
            raw = _parse(file.read_bytes(), file.name)
            found[raw["name"]] = (file.name, raw)
    return found


def _bytes(path: Path) -> bytes:
    if path.stat().st_size > LARGEST:
        raise _refused(str(path), "", f"is larger than {LARGEST:,} bytes", "Split it: one mapping a file.")
    return path.read_bytes()


def _parse(data: bytes, file: str) -> Raw:
    try:
        raw = tomllib.loads(data.decode())
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise _refused(file, "", f"is not TOML: {error}", "Correct the line that it names.") from None
    name = raw.get("name")
    if not isinstance(name, str) or not name.replace("-", "").replace("_", "").isalnum():
        raise _refused(file, "name", "has to be a word of letters, digits and hyphens", 'Add: name = "my-log"')
    _only(raw, KEYS, file, "")
    return raw


def _only(raw: AbstractMapping[str, object], allowed: Iterable[str], file: str, place: str) -> None:
    for key in raw:
        if key not in allowed:
            where = f"{place}.{key}" if place else key
            raise _refused(file, where, "is not a key of a mapping", f"Use one of: {', '.join(sorted(allowed))}.")


def _mapping(name: str, files: AbstractMapping[str, tuple[str, Raw]], seen: tuple[str, ...]) -> Mapping:
    file, raw = files[name]
    parent = raw.get("extends")
    base: Mapping | None = None
    if parent is not None:
        if parent in (*seen, name) or parent not in files:
            raise _refused(
                file, "extends", f"names {parent!r}, which is not there or extends this one", "Name another."
            )
        base = _mapping(parent, files, (*seen, name))
    columns = {column.name: column for column in base.columns} if base else {}
    columns |= _columns(raw.get("columns", {}), file)
    mapping = Mapping(
        name=name,
        title=_text(raw, "title", file) or name,
        columns=tuple(columns.values()),
        logsource=_logsource(raw.get("logsource", {}), file),
        open=_flag(raw, "open", file),
        format=_one_of(raw.get("format", base.format if base else "json"), FORMATS, file, "format"),
        time=_texts(raw["time"], file, "time") if "time" in raw else (base.time if base else ()),
        signs=_signs(raw.get("signs", {}), file),
        delimiter=_text(raw, "delimiter", file) or (base.delimiter if base else ""),
    )
    _check(mapping, file)
    return mapping


def _columns(raw: object, file: str) -> dict[str, Column]:
    if not isinstance(raw, dict):
        raise _refused(file, "columns", "has to be a table", "Write [columns] and a line for each column.")
    return {name: _column(name, value, file) for name, value in raw.items()}


def _column(name: str, raw: object, file: str) -> Column:
    place = f"columns.{name}"
    if isinstance(raw, str):
        raw = {"source": raw}
    if not isinstance(raw, dict):
        raise _refused(file, place, "has to be a table or the source field", f'Write: {name} = {{ source = "..." }}')
    _only(raw, COLUMN_KEYS, file, place)
    if "." in name or name in (TIME, RECORD) or not name:
        raise _refused(file, place, "is no name for a column", "Leave out full stops; `time` and `record` are taken.")
    take = _one_of(raw.get("take", ""), ("", *TAKEN), file, f"{place}.take")
    source = "" if take else _text(raw, "source", file, place) or name
    kind = raw.get("kind")
    return Column(
        name=name,
        source=source,
        kind=None if kind is None else Kind(_one_of(kind, tuple(Kind), file, f"{place}.kind")),
        port=_text(raw, "port", file, place),
        stix=_texts(raw.get("stix", ()), file, f"{place}.stix"),
        type=_one_of(raw.get("type", TAKEN.get(take, "text")), TYPES, file, f"{place}.type"),
        take=take,
        of=_texts(raw.get("of", ()), file, f"{place}.of"),
    )


def _check(mapping: Mapping, file: str) -> None:
    """Names inside a mapping lead somewhere: ports to integers, what is taken to columns that are read."""
    if not mapping.columns and not mapping.open:
        raise _refused(file, "columns", "is empty", "Name the fields that matter, or set open = true.")
    for column in mapping.columns:
        port = mapping.named(column.port) if column.port else None
        if column.port and (port is None or port.type != "integer"):
            raise _refused(file, f"columns.{column.name}.port", f"names no integer column: {column.port!r}", "Add it.")
        if bool(column.take) != bool(column.of):
            raise _refused(file, f"columns.{column.name}", "needs both `take` and `of`", "Give both or neither.")
        for name in column.of:
            other = mapping.named(name)
            if name != "*" and (other is None or other.take):
                raise _refused(file, f"columns.{column.name}.of", f"names no column that is read: {name!r}", "Add it.")
    if mapping.format == "csv" and len(mapping.delimiter) > 1:
        raise _refused(file, "delimiter", "has to be one character", 'Write: delimiter = ";"')


def _signs(raw: object, file: str) -> Signs:
    if not isinstance(raw, dict):
        raise _refused(file, "signs", "has to be a table", "Write [signs] with paths, keys or header.")
    _only(raw, ("paths", "keys", "header"), file, "signs")
    return Signs(**{key: _texts(value, file, f"signs.{key}") for key, value in raw.items()})


def _logsource(raw: object, file: str) -> dict[str, str]:
    if not isinstance(raw, dict) or not all(isinstance(value, str) for value in raw.values()):
        raise _refused(file, "logsource", "has to be a table of texts", 'Write: logsource = { product = "zeek" }')
    _only(raw, LOGSOURCE, file, "logsource")
    return dict(raw)


def _text(raw: Raw, key: str, file: str, place: str = "") -> str:
    value = raw.get(key, "")
    if not isinstance(value, str):
        raise _refused(file, f"{place}.{key}" if place else key, "has to be text", f'Write: {key} = "..."')
    return value


def _flag(raw: Raw, key: str, file: str) -> bool:
    value = raw.get(key, False)
    if not isinstance(value, bool):
        raise _refused(file, key, "has to be true or false", f"Write: {key} = true")
    return value


def _texts(value: object, file: str, place: str) -> tuple[str, ...]:
    values = [value] if isinstance(value, str) else value
    if not isinstance(values, (list, tuple)) or not all(isinstance(entry, str) for entry in values):
        raise _refused(file, place, "has to be a text or a list of texts", 'Write: ["...", "..."]')
    return tuple(values)


def _one_of(value: object, allowed: tuple[str, ...], file: str, place: str) -> str:
    if value not in allowed:
        raise _refused(file, place, f"is {value!r}", f"Use one of: {', '.join(filter(None, allowed))}.")
    return str(value)


def _refused(file: str, key: str, what: str, advice: str) -> InvalidInput:
    place = f"{file}: {key}" if key else file
    return InvalidInput("mapping-refused", f"{place} {what}.", advice, data={"file": file, "key": key})
