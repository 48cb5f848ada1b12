"""Canonical text for columns: what is in its final form already is recognised by one expression, the rest by the core.

Expressions only ever recognise; `core.patterns.canonical` alone says what the form is. A text that no expression knows is
"odd" and is left to it, one at a time: rare in every log, and remembered by the matcher once it was seen clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from commonwatch.core.patterns.canonical import LONGEST
from commonwatch.core.patterns.values import Kind

_OCTET = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = rf"{_OCTET}\.{_OCTET}\.{_OCTET}\.{_OCTET}"
_GROUP = "[1-9a-f][0-9a-f]{0,3}"
# Eight groups without a zero one, or one run of zeros in the middle: every other form is odd.
_IPV6 = "|".join(
    [
        rf"{_GROUP}(?::{_GROUP}){{7}}",
        *(rf"(?:{_GROUP}:){{{front}}}(?::{_GROUP}){{1,{6 - front}}}" for front in range(1, 6)),
    ]
)
_NAME = r"(?:[a-z0-9_-]+\.)*[a-z0-9_-]*[a-z_-][a-z0-9_-]*"  # the last label is no number
# Escapes of what is not unreserved, in upper case.
_ESCAPE = "%(?:[01][0-9A-F]|2[0-9A-CF]|3[A-F]|40|5[B-E]|60|7[B-DF]|[89A-F][0-9A-F])"
_CHARACTER = rf"[!$&-,:;=@A-Z\[\]^_`a-z{{|}}~0-9'\"<>-]|{_ESCAPE}"
_SEGMENT = rf"(?:(?:{_CHARACTER})(?:{_CHARACTER}|\.)*)?"  # does not begin with a full stop
_QUERY = rf"(?:{_CHARACTER}|[./?\\])*"
# Ports that are no default, not out of range, and without a zero in front: for HTTPS only the common ones, of four digits up.
_HIGH = "[1-9][0-9]{3}|[1-5][0-9]{4}"
_PORT = f"[1-9]|[1-79][0-9]|8[1-9]|[1-9][0-9]{{2}}|{_HIGH}"
_PLACE = f"(?:http://)?{_NAME}(?::(?:{_PORT}))?|https://{_NAME}(?::(?:{_HIGH}))?"
_URL = rf"(?:{_PLACE})(?:/{_SEGMENT})+(?:\?{_QUERY})?"
_TEXT = "[!-~](?:[ -~]*[!-~])?"
_LOWER = "[!-@\\[-~](?:[ -@\\[-~]*[!-@\\[-~])?"
_MOST_NAME = 253  # characters: no such name has too many labels


class _Form(NamedTuple):
    """How canonical text of a kind looks, and what brings most texts to it without changing their meaning."""

    pattern: str
    lower: bool = False
    longest: int = LONGEST


_FORMS: Mapping[Kind, _Form] = {
    Kind.ADDRESS: _Form(f"{_IPV4}|{_IPV6}"),
    Kind.HOST: _Form(_NAME, lower=True, longest=_MOST_NAME),
    Kind.URL: _Form(_URL),
    Kind.EMAIL: _Form(rf"[!-;=?-@\[-~]*[!-;=?\[-~]@{_NAME}", lower=True, longest=_MOST_NAME),
    Kind.FILE_NAME: _Form(r"[!-.0-@\[\]-~](?:[ -.0-@\[\]-~]*[!-.0-@\[\]-~])?", lower=True),
    Kind.FILE_PATH: _Form(_LOWER, lower=True),
    Kind.USER_AGENT: _Form(_TEXT),
    Kind.MUTEX: _Form(_TEXT),
    Kind.CERTIFICATE: _Form("[0-9a-f]{40}|[0-9a-f]{64}", lower=True),
    Kind.CERTIFICATE_SERIAL: _Form("[1-9a-f][0-9a-f]{0,63}", lower=True),
    **{kind: _Form("[0-9a-f]{32}", lower=True) for kind in (Kind.MD5, Kind.IMPHASH, Kind.JA3, Kind.JA3S)},
    Kind.JA4: _Form("[a-z][0-9a-z]{9}_[0-9a-f]{12}_[0-9a-f]{12}", lower=True),
    Kind.REGISTRY_KEY: _Form(r"hk(?:lm|cu|u|cr|cc)\\[ -@\[-~]*[!-@\[\]-~]", lower=True),
    Kind.SHA1: _Form("[0-9a-f]{40}", lower=True),
    Kind.SHA256: _Form("[0-9a-f]{64}", lower=True),
    Kind.SHA512: _Form("[0-9a-f]{128}", lower=True),
}


def written(kind: Kind, texts: pl.Series) -> tuple[pl.Series, pl.Series]:
    """For a column without nulls: the texts, canonical where the mask that comes with them is true, odd elsewhere."""
    form = _FORMS.get(kind)
    if form is None:
        return texts, pl.Series([False], dtype=pl.Boolean).new_from_index(0, len(texts))
    if form.lower:
        texts = texts.str.to_lowercase()
    if kind is Kind.HOST:
        texts = texts.str.strip_suffix(".")
    plain = texts.str.contains(f"^(?:{form.pattern})$") & (texts.str.len_bytes() <= form.longest)
    return texts, plain


def keys(urls: pl.Series) -> pl.Series:
    """The keys of canonical URLs: without http:// or https://."""
    column = pl.col("url")
    bare = (
        pl.when(column.str.starts_with("http://"))
        .then(column.str.slice(7))
        .when(column.str.starts_with("https://"))
        .then(column.str.slice(8))
        .otherwise(column)
    )
    return pl.DataFrame([urls.alias("url")]).select(bare)["url"]


def schemes(urls: pl.Series) -> pl.Series:
    """The schemes of canonical URLs, empty where they have none."""
    return urls.str.extract("^(https?)://").fill_null("")


def last_parts(paths: pl.Series) -> pl.Series:
    """File names at the end of canonical paths."""
    return paths.str.extract(r"([^/\\]*)$").str.strip_chars()


def parents(names: pl.Series) -> pl.Series:
    """Names without their first label; null where none is left."""
    return names.str.splitn(".", 2).struct.field("field_1")


def numbers(addresses: pl.Series) -> npt.NDArray[np.uint32]:
    """Canonical IPv4 addresses as numbers."""
    texts: Any = addresses.to_arrow(compat_level=pl.CompatLevel.oldest())
    _, offsets, data = texts.buffers()
    ends = np.frombuffer(offsets, np.int64)[texts.offset : texts.offset + len(texts) + 1]
    digits = np.frombuffer(data, np.uint8) if data is not None else np.empty(0, np.uint8)
    digits = digits[ends[0] : ends[-1]]
    ends = ends - ends[0]
    # Octets end at the dots, three in each text, and at its end; their digits are looked up backwards from there.
    stops = np.empty((4, len(texts)), np.int64)
    stops[:3] = np.flatnonzero(digits == ord(".")).reshape(-1, 3).T
    stops[3] = ends[1:]
    starts = np.vstack([ends[:-1], stops[:3] + 1])
    found = np.zeros(len(texts), np.uint32)
    for start, stop in zip(starts, stops, strict=True):
        octet = digits[stop - 1].astype(np.uint32) - ord("0")
        for back, weight in ((2, 10), (3, 100)):
            longer = np.flatnonzero(stop - start >= back)
            octet[longer] += (digits[stop[longer] - back].astype(np.uint32) - ord("0")) * np.uint32(weight)
        found = found << np.uint32(8) | octet
    return found
