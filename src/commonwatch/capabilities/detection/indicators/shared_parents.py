"""Names below which anybody can have a name of their own: our list, and private entries of the public suffix list."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from publicsuffixlist import PublicSuffixList


@cache
def shared_parents() -> frozenset[str]:
    """Every name of the list."""
    text = files("commonwatch.capabilities.detection.indicators").joinpath("data/shared_parents.txt").read_text()
    return frozenset(line.strip() for line in text.splitlines() if line and not line.startswith("#"))


def below_private_suffix(name: str) -> bool:
    """Whether a company lets others register names above this one, as it told the public suffix list."""
    every, official = _suffixes()
    suffix = every.publicsuffix(name)
    return suffix is not None and suffix != name and suffix != official.publicsuffix(name)


@cache
def _suffixes() -> tuple[PublicSuffixList, PublicSuffixList]:
    return PublicSuffixList(accept_unknown=False), PublicSuffixList(accept_unknown=False, only_icann=True)
