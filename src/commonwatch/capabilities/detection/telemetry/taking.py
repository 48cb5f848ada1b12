"""Columns that are taken out of others: a URL put together, a digest out of Sysmon's list, names that occur in free text.

All of it is Polars expressions over whole columns, with regular expressions of linear time (Rust's). What is found in
free text is everything of that form, a file name too where it looks like a host: only the matcher knows what is sought.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from commonwatch.capabilities.detection.telemetry.batch import Column

if TYPE_CHECKING:
    import polars as pl

LABEL = r"[A-Za-z0-9_](?:[A-Za-z0-9_-]{0,62})"
HOST = rf"(?:{LABEL}\.){{1,10}}(?:[A-Za-z]{{2,24}}|xn--[A-Za-z0-9-]{{2,59}})\b"
URL = r"""\b(?:https?|ftp|hxxps?)://[^\s"'<>|^`{}\\]{3,2000}"""
ADDRESS = r"\b(?:[0-9]{1,3}\.){3}[0-9]{1,3}\b|(?:[0-9A-Fa-f]{1,4}:){2,7}(?::?[0-9A-Fa-f]{1,4}){1,7}|(?:[0-9A-Fa-f]{1,4}:){1,7}:"
EMAIL = rf"[A-Za-z0-9._%+-]{{1,64}}@{HOST}"
URL_HOST = r"^[A-Za-z][A-Za-z0-9+.-]{0,20}://(?:[^/?#@]{0,256}@)?(\[[0-9A-Fa-f:.]+\]|[^/?#:]+)"
FILE_NAME = r"([^\\/]+)$"
DIGITS = {"md5": 32, "sha1": 40, "sha256": 64, "imphash": 32}


def taken(column: Column, of: Sequence[str]) -> pl.Expr:
    """The expression of a column over those it is taken from, under its name."""
    return _TAKES[column.take](of).alias(column.name)


def _url(of: Sequence[str]) -> pl.Expr:
    """Host, path and, if given, port: absolute paths (as proxies log them) stay, a missing host gives nothing."""
    import polars as pl

    host, path = pl.col(of[0]), pl.col(of[1])
    parts = [pl.lit("http://"), host, path]
    if len(of) > 2:
        port = pl.col(of[2])
        plain = port.is_null() | (port == 80) | host.str.contains(":", literal=True)
        parts.insert(2, pl.when(plain).then(pl.lit("")).otherwise(pl.lit(":") + port.cast(pl.String)))
    absolute = pl.when(path.str.contains("://", literal=True)).then(path)
    return pl.when(path.str.starts_with("/")).then(pl.concat_str(parts)).otherwise(absolute)


def _first(pattern: str) -> Callable[[Sequence[str]], pl.Expr]:
    def take(of: Sequence[str]) -> pl.Expr:
        import polars as pl

        return pl.coalesce([pl.col(name).str.extract(pattern, 1) for name in of])

    return take


def _every(pattern: str) -> Callable[[Sequence[str]], pl.Expr]:
    def take(of: Sequence[str]) -> pl.Expr:
        import polars as pl

        found = pl.concat_str([pl.col(name) for name in of], separator="\n", ignore_nulls=True).str.extract_all(pattern)
        return pl.when(found.list.len() > 0).then(found)

    return take


@functools.cache
def _digest(name: str) -> Callable[[Sequence[str]], pl.Expr]:
    return _first(rf"(?i)(?:^|,){name}=([0-9a-f]{{{DIGITS[name]}}})(?:,|$)")


_TAKES: dict[str, Callable[[Sequence[str]], pl.Expr]] = {
    "url": _url,
    "url-host": _first(URL_HOST),
    "file-name": _first(FILE_NAME),
    **{name: _digest(name) for name in DIGITS},
    "urls": _every(URL),
    "hosts": _every(HOST),
    "addresses": _every(ADDRESS),
    "emails": _every(EMAIL),
    "md5s": _every(r"\b[0-9A-Fa-f]{32}\b"),
    "sha1s": _every(r"\b[0-9A-Fa-f]{40}\b"),
    "sha256s": _every(r"\b[0-9A-Fa-f]{64}\b"),
}

# What can be taken, and the type of what comes of it.
TAKEN = {
    name: "texts" if name in ("urls", "hosts", "addresses", "emails", "md5s", "sha1s", "sha256s") else "text"
    for name in _TAKES
}
