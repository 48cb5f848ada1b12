"""What rooms on threads share: the own member's view, checked objects, whom they are for; and views as values for machines."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import msgspec

from commonwatch.base.intake.own import Audience, audience_of
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.models import HOME
from commonwatch.base.parties.queries import own_member
from commonwatch.base.release.reader import Reader, for_member
from commonwatch.base.threads.queries import Part, thread
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.policy.facts import DEFAULT_PURPOSE
from commonwatch.core.stix.shared import new_object
from commonwatch.core.stix.times import format_time

Values = list[dict[str, Any]]


def as_own(by: By) -> Reader:
    """Who acts reads as the member for which they act: what it may not have, it cannot answer."""
    return for_member(HOME, DEFAULT_PURPOSE, by.actor)


def parts_of(root: str, by: By) -> tuple[Part, ...]:
    """A thread as the own member has it; raises NotFound."""
    found = thread(as_own(by), root)
    if not found:
        raise NotFound(
            "thread-unknown", f"There is no {root} here.", "It may not be for your member, or not have come yet."
        )
    return found


def made(kind: str, content: msgspec.Struct, by: By) -> dict[str, Any]:
    """A new object of the own member, whole but for its markings; raises InvalidInput where its content cannot be so."""
    at = format_time(by.now_us, 3)
    return new_object(
        kind, checked(content), identity=f"{kind}--{uuid4()}", author=own_member().identity, made=at, at=at
    )


def checked(content: msgspec.Struct) -> dict[str, Any]:
    """The content as it is written, if others can read it."""
    plain: dict[str, Any] = msgspec.to_builtins(content)
    try:
        msgspec.convert(plain, type(content))
    except msgspec.ValidationError as error:
        said = str(error)
        raise InvalidInput(
            "content-invalid",
            f"It cannot be sent so: {said}.",
            "Correct it.",
            data={"place": said.rpartition("`")[0]},
        ) from None
    return plain


def answering(root: Part, *more: str) -> Audience:
    """Whom an answer is for: who got what it answers, and who wrote that."""
    said = audience_of(root.markings)
    if said.communities and not said.named:
        return said
    own = own_member().identity
    named = {*said.named, *(one for one in (root.author, *more) if one != own)}
    return Audience(said.tlp, tuple(sorted(named)), said.communities, said.pap, said.altered)


def plain(value: Any) -> Any:
    """With every `..._us` as a STIX timestamp under its name without that ending."""
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, dict):
        return dict(_named(name, one) for name, one in value.items())
    return value


def _named(name: str, value: Any) -> tuple[str, Any]:
    if name.endswith("_us"):
        return name.removesuffix("_us"), format_time(value, 3) if isinstance(value, int) else ""
    return name, plain(value)
