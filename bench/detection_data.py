"""Synthetic telemetry and indicators for `bench.detection`: seeded, in the proportions of a network's Zeek logs.

Half connections, a quarter each DNS and HTTP. Values repeat as real ones do (Zipf's law, exponent 1.1), with a long tail of
values that occur once; some thousandths of the events meet an indicator. Nothing here is or was malicious.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa

FORMATS = ("ndjson", "tsv", "parquet")
SEED = 20_261_124
ZEEK_TYPES = {pl.String: "string", pl.Float64: "double", pl.Int64: "count", pl.Boolean: "bool"}


@dataclass(frozen=True)
class Pools:
    """Values that records draw from; the first of each are frequent."""

    inside: pl.Series
    outside: pl.Series
    hosts: pl.Series
    urls: pl.Series  # without scheme


def addresses(random: np.random.Generator, count: int) -> pl.Series:
    parts = [
        pl.Series(random.integers(1 if place == 0 else 0, 224 if place == 0 else 256, count)) for place in range(4)
    ]
    return (
        pl.DataFrame({str(place): part for place, part in enumerate(parts)})
        .select(pl.concat_str([pl.col(str(place)) for place in range(4)], separator="."))
        .to_series()
    )


def names(random: np.random.Generator, count: int, suffix: str) -> pl.Series:
    numbers = pl.DataFrame(
        {"a": random.integers(0, 1 << 40, count), "b": random.integers(0, max(1, count // 8), count)}
    )
    return numbers.select(
        pl.concat_str(
            [pl.lit("h"), pl.col("a").cast(pl.String), pl.lit(".d"), pl.col("b").cast(pl.String), pl.lit(suffix)]
        )
    ).to_series()


def pools(random: np.random.Generator, records: int) -> Pools:
    hosts = names(random, max(1000, records // 20), ".example.org")
    paths = pl.DataFrame({"n": random.integers(0, 1 << 45, max(1000, records // 8))})
    picked = hosts.gather(zipf(random, len(hosts), len(paths)))
    urls = (
        pl.DataFrame({"host": picked, "n": paths["n"]})
        .select(
            pl.concat_str(
                [
                    "host",
                    pl.lit("/static/content/"),
                    pl.col("n").cast(pl.String),
                    pl.lit("/index.php?session="),
                    pl.col("n").reverse().cast(pl.String),
                ]
            )
        )
        .to_series()
    )
    inside = pl.Series([f"10.{a}.{b}.{c}" for a in range(2) for b in range(10) for c in range(1, 255)])
    return Pools(inside, addresses(random, max(1000, records // 20)), hosts, urls)


def zipf(random: np.random.Generator, size: int, count: int) -> np.ndarray:
    """Places in a pool, early ones often."""
    weights = 1 / np.arange(1, size + 1) ** 1.1
    return np.searchsorted(np.cumsum(weights) / weights.sum(), random.random(count)).clip(0, size - 1)


def logs(random: np.random.Generator, pool: Pools, records: int) -> dict[str, pl.DataFrame]:
    """The three logs as Zeek would write them."""
    half, quarter = records // 2, records // 4
    dns = _common(random, pool, quarter).with_columns(
        pl.lit("udp").alias("proto"),
        _draw(random, pool.hosts, quarter, "query"),
        pl.lit("C_INTERNET").alias("qclass_name"),
        pl.lit("A").alias("qtype_name"),
        pl.lit("NOERROR").alias("rcode_name"),
        _draw(random, pool.outside, quarter, "answers").reshape((quarter, 1)).arr.to_list(),
        pl.lit(False).alias("rejected"),
    )
    uri = pl.col("url").str.splitn("/", 2).struct
    http = (
        _common(random, pool, quarter)
        .with_columns(_draw(random, pool.urls, quarter, "url"))
        .with_columns(
            pl.Series("id.resp_p", random.choice(np.array([80, 80, 80, 8080]), quarter)),
            pl.lit("GET").alias("method"),
            uri.field("field_0").alias("host"),
            (pl.lit("/") + uri.field("field_1")).alias("uri"),
            pl.when(pl.int_range(quarter) % 2 == 0)
            .then(pl.lit("http://") + _draw(random, pool.hosts, quarter, "r") + "/")
            .alias("referrer"),
            pl.lit("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36").alias("user_agent"),
            pl.lit(0).alias("request_body_len"),
            pl.Series("response_body_len", random.integers(0, 1 << 20, quarter)),
            pl.lit(200).alias("status_code"),
            pl.lit("OK").alias("status_msg"),
        )
        .drop("url")
    )
    conn = _common(random, pool, half).with_columns(
        pl.lit("tcp").alias("proto"),
        pl.lit("ssl").alias("service"),
        pl.Series("duration", random.random(half) * 60),
        pl.Series("orig_bytes", random.integers(0, 1 << 20, half)),
        pl.Series("resp_bytes", random.integers(0, 1 << 20, half)),
        pl.lit("SF").alias("conn_state"),
        pl.lit(True).alias("local_orig"),
        pl.lit(False).alias("local_resp"),
        pl.lit("ShADadFf").alias("history"),
        pl.Series("orig_pkts", random.integers(0, 1 << 10, half)),
        pl.Series("resp_pkts", random.integers(0, 1 << 10, half)),
    )
    return {"conn": conn, "dns": dns, "http": http}


def _draw(random: np.random.Generator, pool: pl.Series, count: int, name: str) -> pl.Series:
    return pool.gather(zipf(random, len(pool), count)).alias(name)


def _common(random: np.random.Generator, pool: Pools, count: int) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "ts": 1_541_117_142.0 + np.arange(count) / 100,
            "uid": pl.Series(random.integers(1 << 50, 1 << 60, count)).cast(pl.String),
            "id.orig_h": _draw(random, pool.inside, count, "o"),
            "id.orig_p": random.integers(1024, 65536, count),
            "id.resp_h": _draw(random, pool.outside, count, "r"),
            "id.resp_p": random.choice(np.array([443, 80, 53, 8080]), count),
        }
    )


def write(folder: Path, log: str, frame: pl.DataFrame, form: str) -> Path:
    """One log in one format."""
    path = folder / f"{log}.{form}"
    if form == "ndjson":
        frame.write_ndjson(path)
    elif form == "parquet":
        frame.write_parquet(path, compression="zstd", row_group_size=250_000)
    else:
        plain = frame.with_columns(
            pl.col(pl.List(pl.String)).list.join(","),
            pl.col(pl.Boolean).replace_strict({True: "T", False: "F"}, return_dtype=pl.String),
        )
        types = [ZEEK_TYPES.get(type(dtype), "vector[string]") for dtype in frame.dtypes]
        head = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", f"#path\t{log}"]
        head += ["\t".join(["#fields", *frame.columns]), "\t".join(["#types", *types])]
        with path.open("wb") as file:
            file.write("\n".join(head).encode() + b"\n")
            plain.write_csv(file, include_header=False, separator="\t", quote_style="never", null_value="-")
    return path


def indicators(random: np.random.Generator, pool: Pools, count: int) -> list[pa.RecordBatch]:
    """Of every kind that the table names, a few of them values that occur in the records."""
    part = {"address": 0.35, "network": 0.002, "domain": 0.30, "url": 0.20, "sha256": 0.147, "endpoint": 0.001}
    many = {kind: max(10, int(share * count)) for kind, share in part.items()}
    octets = addresses(random, many["network"])
    texts = {
        "address": pl.concat([addresses(random, many["address"]), _tail(random, pool.outside)]),
        "network": octets.str.replace(r"\.\d+$", ".0/24"),
        "domain": pl.concat([names(random, many["domain"], ".bad.example"), _tail(random, pool.hosts)]),
        "url": pl.concat(
            ["http://" + names(random, many["url"], ".bad.example/gate.php"), "http://" + _tail(random, pool.urls)]
        ),
        "sha256": _digests(random, many["sha256"]),
        "endpoint": addresses(random, many["endpoint"]) + ":443",
    }
    entry = 0
    batches = []
    for kind, values in texts.items():
        frame = pl.DataFrame(
            {"entry": pl.int_range(entry, entry + len(values), eager=True), "text": values}
        ).with_columns(pl.lit(kind).alias("kind"))
        entry += len(values)
        batches += (
            frame.select("entry", "kind", "text")
            .to_arrow(compat_level=pl.CompatLevel.oldest())
            .combine_chunks()
            .to_batches()
        )
    return batches


def _digests(random: np.random.Generator, count: int) -> pl.Series:
    raw = np.frombuffer(random.bytes(32 * count), np.uint8).reshape(count, 32)
    digits = np.frombuffer(b"0123456789abcdef", np.uint8)
    text = np.empty((count, 64), np.uint8)
    text[:, ::2], text[:, 1::2] = digits[raw >> 4], digits[raw & 15]
    places = np.arange(0, 64 * (count + 1), 64, dtype=np.int64)
    return pl.Series(pa.LargeStringArray.from_buffers(count, pa.py_buffer(places), pa.py_buffer(text)))


def _tail(random: np.random.Generator, pool: pl.Series) -> pl.Series:
    """Rare values of a pool: what a bad value is in real telemetry."""
    rare = pool[len(pool) // 10 :]
    return rare.gather(random.integers(0, len(rare), max(5, len(rare) // 100))).unique()
