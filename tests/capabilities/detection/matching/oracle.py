"""What the kernel has to find, by the plainest loop over dictionaries: every row, every column, every value by itself."""

from __future__ import annotations

import ipaddress
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import chain, repeat

import pyarrow as pa

from commonwatch.capabilities.detection.telemetry.batch import Batch, Column, Mapping
from commonwatch.core.patterns.canonical import observed, without_scheme
from commonwatch.core.patterns.values import Kind, Value

Hit = tuple[int, int, str]


class Oracle:
    """Indicators in dictionaries."""

    def __init__(self, rows: Iterable[tuple[int, Value]]) -> None:
        self._exact: dict[Value, set[int]] = defaultdict(set)
        self._urls: dict[str, set[tuple[str, int]]] = defaultdict(set)
        self._networks: dict[int, dict[tuple[int, int], set[int]]] = {4: defaultdict(set), 6: defaultdict(set)}
        for entry, value in rows:
            self._exact[value].add(entry)
            if value.kind is Kind.URL:
                scheme, rest = without_scheme(value.text)
                self._urls[rest].add((scheme, entry))
            if value.kind is Kind.NETWORK:
                network = ipaddress.ip_network(value.text)
                key = network.prefixlen, int(network.network_address)
                self._networks[network.version][key].add(entry)
        self._lengths = {version: {length for length, _ in of} for version, of in self._networks.items()}

    def hits(self, batch: Batch) -> list[Hit]:
        """By row, then entry, then column."""
        found: set[Hit] = set()
        for column in batch.mapping.columns:
            if column.kind is None:
                continue
            texts = batch.events[column.name].to_pylist()
            ports = batch.events[column.port].to_pylist() if column.port else repeat(None)
            for row, (held, port) in enumerate(zip(texts, ports, strict=False)):
                for text in held if isinstance(held, list) else [held]:
                    value = None if text is None else observed(column.kind, text)
                    if value is not None:
                        found.update((row, entry, column.name) for entry in self._entries(value, port))
        return sorted(found)

    def _entries(self, value: Value, port: int | None) -> Iterator[int]:
        kind, text = value
        yield from self._exact.get(value, ())
        if kind is Kind.ADDRESS:
            yield from self._of_address(text, port)
        elif kind is Kind.HOST:
            labels = text.split(".")
            for first in range(len(labels)):
                yield from self._exact.get(Value(Kind.DOMAIN, ".".join(labels[first:])), ())
        elif kind is Kind.FILE_PATH:
            name = text.replace("\\", "/").rpartition("/")[2].strip()
            yield from self._exact.get(Value(Kind.FILE_NAME, name), ())
        elif kind is Kind.URL:
            scheme, rest = without_scheme(text)
            for wanted, entry in self._urls.get(rest, ()):
                if not scheme or not wanted or scheme == wanted:
                    yield entry

    def _of_address(self, text: str, port: int | None) -> Iterator[int]:
        if port is not None:
            endpoint = f"[{text}]:{port}" if ":" in text else f"{text}:{port}"
            yield from self._exact.get(Value(Kind.ENDPOINT, endpoint), ())
        number = ipaddress.ip_address(text)
        for length in self._lengths[number.version]:
            shift = number.max_prefixlen - length
            yield from self._networks[number.version].get((length, int(number) >> shift << shift), ())


def batch_of(columns: dict[str, tuple[Kind, list[object]]], ports: dict[str, tuple[str, list[int | None]]]) -> Batch:
    """Events by column; `ports` gives an address column the name and the values of its port column."""
    arrays = {
        name: pa.array(texts, pa.list_(pa.string()) if any(isinstance(each, list) for each in texts) else pa.string())
        for name, (_, texts) in columns.items()
    }
    arrays |= {name: pa.array(numbers, pa.int64()) for name, numbers in ports.values()}
    length = max(map(len, arrays.values()))
    arrays["record"] = pa.array(range(1, length + 1), pa.int64())
    mapping = Mapping(
        "test",
        "Test",
        tuple(Column(name, name, kind, ports[name][0] if name in ports else "") for name, (kind, _) in columns.items()),
    )
    return Batch(pa.RecordBatch.from_pydict(arrays), mapping)


def triples(hits: pa.RecordBatch) -> list[Hit]:
    """The kernel's answer in the oracle's form."""
    return list(zip(*(hits[name].to_pylist() for name in ("row", "entry", "column")), strict=True))


def repeated(items: Iterable[object], times: int) -> list[object]:
    """The same values again and again, as telemetry has them."""
    return list(chain.from_iterable(repeat(list(items), times)))
