"""Steps 6 to 8: effective handling, personal data, and the release class computed from these alone.

Personal data is found here by the kinds of observable that carry it, wherever they stand in the object's bytes; roles,
names and precision belong to the policy work that follows.
"""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

import orjson

from commonwatch.base.journal.values import ReleaseClass
from commonwatch.core.stix.values import Head

# Observable types by which people are named, and the category they belong to.
_PERSONAL = ((b"email-addr", "e-mail"), (b"user-account", "account"), (b"email-message", "e-mail"))
_CLASSES_REMEMBERED = 100_000  # about 60 MB at most; a class is a few hundred bytes


def release_class(head: Head, raw: bytes, default_marking: str) -> ReleaseClass:
    """The release class of an object version. An object without any marking takes `default_marking`, never none."""
    default = "" if head.markings else default_marking
    personal = tuple(category for word, category in _PERSONAL if word in raw)
    return _class(head.author or "", head.markings, head.granular, default, personal)


@lru_cache(maxsize=_CLASSES_REMEMBERED)
def _class(
    author: str, markings: tuple[str, ...], granular: bool, default: str, personal: tuple[str, ...]
) -> ReleaseClass:
    attributes = {
        "author": author,
        "default": default,
        "granular": granular,
        "markings": sorted(set(markings)),
        "personal": sorted(set(personal)),
    }
    text = orjson.dumps(attributes, option=orjson.OPT_SORT_KEYS)
    return ReleaseClass(sha256(text).digest(), text.decode())
