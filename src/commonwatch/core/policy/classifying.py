"""From an object's bytes to its release class attributes: the same for what is taken in and for what is only simulated."""

from __future__ import annotations

import orjson

from commonwatch.core.law.personal import findings, may_hold_personal, personal_classes
from commonwatch.core.policy.categories import category
from commonwatch.core.policy.classes import ClassAttributes
from commonwatch.core.stix.markings import strictest
from commonwatch.core.stix.values import Head


def attributes_of(head: Head, raw: bytes, default_marking: str, voucher: str) -> ClassAttributes:
    """The attributes; `voucher` is the identity of the member that brings it.

    Where no marking that everybody knows says a TLP level, the source's default stands ready: a copyright notice opens nothing.
    """
    personal: tuple[str, ...] = ()
    secrecy: tuple[str, ...] = ()
    if may_hold_personal(raw, head.type):
        found, secrets = findings(orjson.loads(raw))
        personal = personal_classes(found)
        secrecy = tuple(sorted({finding.category for finding in secrets}))
    return ClassAttributes(
        author=head.author or "",
        voucher=voucher,
        category=category(head.type),
        default=default_marking if strictest(head.markings) is None else "",
        granular=tuple(sorted(set(head.granular))),
        markings=tuple(sorted(set(head.markings))),
        personal=personal,
        secrecy=secrecy,
    )
