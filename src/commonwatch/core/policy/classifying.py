"""From an object's bytes to its release class attributes: the same for what is taken in and for what is only simulated."""

from __future__ import annotations

import orjson

from commonwatch.core.law.personal import findings, may_hold_personal, personal_classes
from commonwatch.core.policy.categories import category
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.signing.objects import may_be_signed, without_signature
from commonwatch.core.stix.extensions import HANDLING_ID
from commonwatch.core.stix.markings import strictest
from commonwatch.core.stix.values import Head


def attributes_of(head: Head, raw: bytes, default_marking: str, voucher: str) -> ClassAttributes:
    """The attributes; `voucher` is the identity of the member that brings it.

    Where no marking that everybody knows says a TLP level, the source's default stands ready: a copyright notice opens nothing.
    A marking-definition that names an audience, and is marked with nothing, is for that audience: who gets what it marks has to
    be able to read it, and nobody else has to learn whom it names.
    """
    personal: tuple[str, ...] = ()
    secrecy: tuple[str, ...] = ()
    if may_be_signed(raw):  # what is read is the rest: the signature's letters and digits mean nothing to anybody
        raw = orjson.dumps(without_signature(orjson.loads(raw)))
    if may_hold_personal(raw, head.type):
        found, secrets = findings(orjson.loads(raw))
        personal = personal_classes(found)
        secrecy = tuple(sorted({finding.category for finding in secrets}))
    markings = head.markings
    if head.type == "marking-definition" and not markings and HANDLING_ID.encode() in raw:
        markings, default_marking = (head.id,), _level_of_definition(raw, default_marking)
    return ClassAttributes(
        author=head.author or "",
        voucher=voucher,
        category=category(head.type),
        default=default_marking if strictest(head.markings) is None else "",
        granular=tuple(sorted(set(head.granular))),
        markings=tuple(sorted(set(markings))),
        personal=personal,
        secrecy=secrecy,
    )


def _level_of_definition(raw: bytes, default_marking: str) -> str:
    """Under TLP:RED, as what it marks, where it names persons alone; else communities would not be reached."""
    extensions = orjson.loads(raw).get("extensions")
    said = extensions.get(HANDLING_ID) if isinstance(extensions, dict) else None
    return "TLP:AMBER" if isinstance(said, dict) and said.get("audience") else default_marking
