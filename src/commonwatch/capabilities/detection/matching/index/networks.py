"""Which networks an address may lie in: a bit for every IPv4 /24, and the prefix lengths that occur.

A network is an exact key of its family (`192.0.2.0/24`). An address is looked up as the network of each length in use; the
bits keep nearly every address from that. They say "perhaps": for networks longer than /24 and for removed ones, too.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from commonwatch.capabilities.detection.matching.writing import numbers

_SLASH_24 = 24


class Networks:
    """Grows with additions, and is made anew with every base."""

    def __init__(self) -> None:
        self._bits = np.zeros(1 << 21, np.uint8)
        self._lengths: dict[int, set[int]] = {4: set(), 6: set()}

    def add(self, network: str) -> None:
        """Remember a canonical network."""
        text, _, length = network.partition("/")
        size = int(length)
        if ":" in text:
            self._lengths[6].add(size)
            return
        self._lengths[4].add(size)
        first = int(ipaddress.IPv4Address(text)) >> 8
        last = first + max(1, 1 << max(0, _SLASH_24 - size))
        if last - first >= 8:  # whole octets, as prefixes are aligned
            self._bits[first >> 3 : last >> 3] = 0xFF
        else:
            for place in range(first, last):
                self._bits[place >> 3] |= 1 << (place & 7)

    def extend(self, networks: pl.Series) -> None:
        """Remember many: those of which a bit stands for one or several at once, the few larger ones by themselves."""
        bases, sizes = networks.str.extract("^([^/]+)"), networks.str.extract("/([0-9]+)$").cast(pl.Int64)
        small = (sizes >= _SLASH_24) & ~bases.str.contains(":", literal=True)
        self._lengths[4].update(sizes.filter(small).unique())
        places = numbers(bases.filter(small)) >> np.uint32(8)
        np.bitwise_or.at(self._bits, places >> np.uint32(3), np.uint8(1) << (places & np.uint32(7)).astype(np.uint8))
        for network in networks.filter(~small):
            self.add(network)

    def __bool__(self) -> bool:
        return bool(self._lengths[4] or self._lengths[6])

    @property
    def has_ipv4(self) -> bool:
        """Whether any IPv4 network is there."""
        return bool(self._lengths[4])

    @property
    def has_ipv6(self) -> bool:
        """Whether any IPv6 network is there."""
        return bool(self._lengths[6])

    def perhaps(self, addresses: npt.NDArray[np.uint32]) -> npt.NDArray[np.bool_]:
        """For each IPv4 address as a number, whether a network may hold it."""
        places = addresses >> np.uint32(8)
        found: npt.NDArray[np.bool_] = (self._bits[places >> np.uint32(3)] >> (places & np.uint32(7)) & 1).astype(
            np.bool_
        )
        return found

    def around(self, address: str) -> Iterator[str]:
        """The networks of the lengths in use that this canonical address lies in."""
        number = ipaddress.ip_address(address)
        if number.version == 4 and not self.perhaps(np.array([int(number)], np.uint32))[0]:
            return
        for length in sorted(self._lengths[number.version]):
            shift = number.max_prefixlen - length
            yield f"{type(number)(int(number) >> shift << shift)}/{length}"
