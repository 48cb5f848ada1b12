"""The release class of an object version as intake computed it from bytes alone: no name in it has been resolved yet."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

import msgspec
import orjson

from commonwatch.core.stix.ids import parse_id


class ClassAttributes(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The attributes on which release depends. `every`: instead of them, other classes that must all let through."""

    author: str = ""  # created_by_ref: identity id
    voucher: str = ""  # identity id of the member that brought it
    category: str = "context"
    default: str = ""  # the source's default marking, where no marking says a TLP level
    granular: tuple[str, ...] = ()  # ids of markings that apply to parts of the object only
    markings: tuple[str, ...] = ()
    personal: tuple[str, ...] = ()
    secrecy: tuple[str, ...] = ()
    every: tuple[ClassAttributes, ...] = ()

    def parts(self) -> tuple[ClassAttributes, ...]:
        """The classes that must all let through: mostly itself alone."""
        return self.every or (self,)

    def marking_ids(self) -> frozenset[str]:
        """Every marking on which the class depends."""
        return frozenset((*self.markings, *self.granular)).union(*(part.marking_ids() for part in self.every))


def encode_class(attributes: ClassAttributes) -> tuple[bytes, str]:
    """The class's identity (SHA-256) and its JSON with sorted keys; what is empty is left out."""
    text = orjson.dumps(_written(attributes), option=orjson.OPT_SORT_KEYS)
    return sha256(text).digest(), text.decode()


def decode_class(text: str) -> ClassAttributes:
    """A class from its JSON."""
    return msgspec.json.decode(text, type=ClassAttributes)


def together(classes: Iterable[ClassAttributes]) -> ClassAttributes:
    """The class that lets through what all of these let through."""
    parts = {encode_class(part)[0]: part for one in classes for part in one.parts()}
    if len(parts) == 1:
        return next(iter(parts.values()))
    return ClassAttributes(every=tuple(parts[digest] for digest in sorted(parts)))


def marking_uids(attributes: Iterable[ClassAttributes]) -> set[bytes]:
    """The UUIDs of all markings on which classes depend; ids that are none are left out."""
    named = [parse_id(marking) for one in attributes for marking in one.marking_ids()]
    return {name[1] for name in named if name is not None and name[0] == "marking-definition"}


def _written(attributes: ClassAttributes) -> dict[str, object]:
    found = {name: value for name, value in msgspec.structs.asdict(attributes).items() if value}
    if attributes.every:
        found["every"] = [_written(part) for part in attributes.every]
    return found
