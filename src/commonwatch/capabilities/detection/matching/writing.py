"""Canonical text for columns: what is in its final form already is recognised by one expression, the rest by the core.

Expressions only ever recognise; `core.patterns.canonical` alone says what the form is. A text that no expression knows is
"odd" and is left to it, one at a time: rare in every log, and remembered by the matcher once it was seen clean.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

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


def last_parts(paths: pl.Series) -> pl.Series:
    """File names at the end of canonical paths."""
    return paths.str.extract(r"([^/\\]*)$").str.strip_chars()


def parents(names: pl.Series) -> pl.Series:
    """Names without their first label; null where none is left."""
    return names.str.splitn(".", 2).struct.field("field_1")


def numbers(addresses: pl.Series) -> pl.Series:
    """Canonical IPv4 addresses as numbers."""
    parts = addresses.str.split_exact(".", 3).struct.unnest().select(pl.all().cast(pl.UInt32))
    shifted = [pl.col(f"field_{place}") * (1 << 8 * (3 - place)) for place in range(4)]
    return parts.select(pl.sum_horizontal(shifted).cast(pl.UInt32).alias("number"))["number"]
