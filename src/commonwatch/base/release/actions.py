"""Making collections and saying which communities may read or write them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from uuid import uuid4

from django.db import transaction
from django.db.models import Max

from commonwatch.base.audit.record import record
from commonwatch.base.journal.schema import MAX_SLOT
from commonwatch.base.parties.models import Community
from commonwatch.base.release.models import Collection, CollectionAccess
from commonwatch.core.errors import Conflict, InvalidInput

_ALIAS = re.compile(r"[a-z0-9][a-z0-9._-]{0,99}", re.ASCII)


def create_collection(
    title: str,
    *,
    alias: str | None,
    description: str,
    readers: Iterable[Community],
    writers: Iterable[Community],
    for_all: bool = False,
    actor: str,
    now_us: int,
) -> Collection:
    """Make a collection; a community that may write may read as well."""
    if alias is not None and _ALIAS.fullmatch(alias) is None:
        raise InvalidInput(
            "alias-invalid", f"{alias!r} cannot be an alias.", "Use lower-case letters, digits, . _ and -."
        )
    with transaction.atomic():
        if alias is not None and Collection.objects.filter(alias=alias).exists():
            raise Conflict("alias-taken", f"Another collection has the alias {alias}.", "Choose another.")
        slot = (Collection.objects.aggregate(last=Max("slot"))["last"] or 0) + 1
        if slot > MAX_SLOT:
            raise Conflict("collections-full", f"A node has at most {MAX_SLOT} collections.", "Use those there are.")
        made = Collection.objects.create(
            slot=slot,
            uuid=uuid4(),
            alias=alias,
            title=title,
            description=description,
            for_all=for_all,
            created_us=now_us,
        )
        writing = {community.pk for community in writers}
        for community in {*readers, *writers}:
            CollectionAccess.objects.create(collection=made, community=community, can_write=community.pk in writing)
        record(actor, "collection.create", title, "done", {"uuid": str(made.uuid)}, now_us=now_us)
    return made
