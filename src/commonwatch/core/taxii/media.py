"""Media types and their negotiation (TAXII 2.1, section 1.6.8; RFC 9110, section 12.5.1)."""

from __future__ import annotations

from typing import NamedTuple

TAXII_21 = "application/taxii+json;version=2.1"
STIX_20 = "application/stix+json;version=2.0"
STIX_21 = "application/stix+json;version=2.1"
_TAXII = "application/taxii+json"


class MediaRange(NamedTuple):
    """One entry of an Accept header."""

    kind: str  # lower case, without parameters
    version: str | None
    quality: float


def accepts_taxii(accept: str | None) -> bool:
    """Whether TAXII 2.1 may be the answer. No header, and a range without a version, accept it."""
    if accept is None or not accept.strip():
        return True
    best: tuple[int, float] = (-1, 0.0)  # the most specific range that fits decides
    for entry in map(parse, accept.split(",")):
        rank = {"*/*": 0, "application/*": 1, _TAXII: 2}.get(entry.kind)
        if rank is None or (entry.version is not None and entry.version != "2.1"):
            continue
        if entry.version is not None:
            rank += 1
        if rank >= best[0]:
            best = (rank, max(entry.quality, best[1]) if rank == best[0] else entry.quality)
    return best[1] > 0


def is_taxii(content_type: str | None) -> bool:
    """Whether a request body is declared as TAXII 2.1; a missing version means the newest this server has."""
    if content_type is None:
        return False
    declared = parse(content_type)
    return declared.kind == _TAXII and declared.version in (None, "2.1")


def parse(text: str) -> MediaRange:
    """One media range; what cannot be read as a quality counts as 0."""
    kind, *parameters = text.split(";")
    version, quality = None, 1.0
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        name, value = name.strip().lower(), value.strip().strip('"')
        if name == "version":
            version = value
        elif name == "q":
            try:
                quality = min(max(float(value), 0.0), 1.0)
            except ValueError:
                quality = 0.0
    return MediaRange(kind.strip().lower(), version, quality)
