"""The one hash of the index: XXH3, 64 bits, over UTF-8. The same number from columns and from a single text.

Stored segments depend on it, so it is the published function and not an engine's own, which may change between versions.
It is no protection: what a filter or a bucket lets through is compared as text.
"""

from __future__ import annotations

import functools

import numpy as np
import numpy.typing as npt
import polars as pl
import polars_hash
import xxhash

Hashes = npt.NDArray[np.uint64]


def hash_one(text: str, seed: int = 0) -> int:
    """Of one text."""
    return xxhash.xxh3_64_intdigest(text.encode("utf-8", "surrogatepass"), seed)


def hash_column(texts: pl.Series, seed: int = 0) -> Hashes:
    """Of a column; 0 for a null."""
    hashed: Hashes = pl.DataFrame([texts.alias("text")]).select_seq(_hashed(seed)).to_series().to_numpy()
    return hashed


@functools.lru_cache(maxsize=64)
def _hashed(seed: int) -> pl.Expr:
    return polars_hash.col("text").nchash.xxh3_64(seed=seed).fill_null(0)
