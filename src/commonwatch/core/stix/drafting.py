"""Objects on their way to being published: what an author may leave out is filled in, and what only an author may do is checked.

1. `spec_version`, `id`, `created`, `modified` and `created_by_ref` may be left out of a draft (STIX 2.1, section 3.2).
2. A draft that says another author is not ours to publish: only the author makes versions (section 3.6).
3. A revocation is the last version with `revoked` and a later `modified` (section 3.6.1); nothing follows it.

Cyber-observable objects have no author and no versions: only their deterministic id (section 2.9) is filled in.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from commonwatch.core.errors import Conflict, InvalidInput
from commonwatch.core.stix.ids import deterministic_id
from commonwatch.core.stix.tables import CONTRIBUTING
from commonwatch.core.stix.times import format_time, parse_time

MILLISECOND_US = 1_000


def completed(draft: Mapping[str, Any], author: str, now_us: int, nonce: uuid.UUID) -> dict[str, Any]:
    """The draft as a whole object of `author`; raises InvalidInput where it is not the author's to publish.

    `nonce` becomes the id of a draft without one. What is there already is kept as it is, whether right or wrong.
    """
    kind = draft.get("type")
    if not isinstance(kind, str) or not kind:
        raise InvalidInput("draft-type", "A draft has no type.", 'Give it one: "type": "indicator".')
    if kind in CONTRIBUTING:
        return {"type": kind, "spec_version": "2.1", "id": deterministic_id(draft) or f"{kind}--{nonce}", **draft}
    written_by = draft.get("created_by_ref", author)
    if written_by != author:
        raise InvalidInput(
            "draft-author",
            f"{draft.get('id', f'The {kind}')} says that {written_by} wrote it.",
            "Publish what you wrote; bring what others wrote with `import`, which keeps their name on it.",
        )
    created = draft.get("created", format_time(now_us, 3))
    filled = {
        "type": kind,
        "spec_version": "2.1",
        "id": f"{kind}--{nonce}",
        "created_by_ref": author,
        "created": created,
        "modified": created if "created" not in draft else format_time(now_us, 3),
    }
    return {**filled, **draft}


def revoked(value: Mapping[str, Any], author: str, now_us: int) -> dict[str, Any]:
    """The version that revokes an object; raises InvalidInput or Conflict where that cannot be."""
    if value.get("created_by_ref") != author:
        raise InvalidInput(
            "draft-author",
            f"{value.get('id')} was written by {value.get('created_by_ref', 'somebody who does not say so')}.",
            "Only its author can revoke it. Say that you disagree with an `opinion` object, or erase your copy.",
        )
    if value.get("revoked") is True:
        raise Conflict("already-revoked", f"{value.get('id')} is revoked already.", "Nothing is left to do.")
    before = parse_time(str(value.get("modified", "")))
    after = max(now_us, before[0] + MILLISECOND_US if before else 0)
    return {**value, "revoked": True, "modified": format_time(after, 3)}
