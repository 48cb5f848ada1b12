"""Steps 6 to 8: effective handling, personal data and secrets, and the release class computed from these alone."""

from __future__ import annotations

from functools import lru_cache

from commonwatch.base.journal.values import ReleaseClass
from commonwatch.core.policy.classes import ClassAttributes, encode_class
from commonwatch.core.policy.classifying import attributes_of
from commonwatch.core.stix.values import Head

_CLASSES_REMEMBERED = 100_000  # about 60 MB at most; a class is a few hundred bytes


def release_class(head: Head, raw: bytes, default_marking: str, voucher: str) -> ReleaseClass:
    """The release class of an object version; `voucher` is the identity of the member that brought it."""
    return _class(attributes_of(head, raw, default_marking, voucher))


@lru_cache(maxsize=_CLASSES_REMEMBERED)
def _class(attributes: ClassAttributes) -> ReleaseClass:
    return ReleaseClass(*encode_class(attributes))
