"""Making communities."""

from __future__ import annotations

import re
from collections.abc import Sequence

from commonwatch.base.parties.models import Community
from commonwatch.core.errors import Conflict, InvalidInput, NotFound

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


def create_community(name: str, description: str, *, now_us: int) -> Community:
    """Make a community."""
    if _NAME.fullmatch(name) is None:
        raise InvalidInput(
            "name-invalid", f"{name!r} cannot name a community.", "Use lower-case letters, digits, . _ and -."
        )
    community, made = Community.objects.get_or_create(
        name=name, defaults={"description": description, "created_us": now_us}
    )
    if not made:
        raise Conflict("community-taken", f"There is a community {name} already.", "See `commonwatch community list`.")
    return community


def communities_named(names: Sequence[str]) -> list[Community]:
    """The communities with these names; raises NotFound naming the first that does not exist."""
    found = {community.name: community for community in Community.objects.filter(name__in=names)}
    for name in names:
        if name not in found:
            raise NotFound(
                "community-unknown", f"There is no community {name}.", f"commonwatch community create {name}"
            )
    return [found[name] for name in dict.fromkeys(names)]
