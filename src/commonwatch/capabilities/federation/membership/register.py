"""The partnership's register: who is a member, and for which statements about its keys the partnership vouches."""

from __future__ import annotations

from typing import Annotated

import msgspec

from commonwatch.base.parties.models import MemberKind
from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.canonical import canonical
from commonwatch.core.signing.statements import Vouched

FORMAT = "commonwatch-register/1"
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]


class Entry(msgspec.Struct, frozen=True):
    """One member. `name` is how the approver who let it in calls it; other nodes may call it otherwise."""

    identity: Annotated[str, msgspec.Meta(pattern=r"^identity--[0-9a-f-]{36}$")]
    name: str
    title: str
    kind: MemberKind
    country: str
    vouched: tuple[_Sha256, ...] = ()

    def vouches(self) -> Vouched:
        """For these statements the partnership speaks."""
        return Vouched(frozenset(self.vouched))


class Register(msgspec.Struct, frozen=True):
    """Every member of the partnership."""

    name: str
    members: tuple[Entry, ...]
    format: str = FORMAT

    def of(self, identity: str) -> Entry | None:
        """The member with this identity."""
        return next((one for one in self.members if one.identity == identity), None)

    def with_member(self, entry: Entry) -> Register:
        """With this member, in place of what it said of it before."""
        others = tuple(one for one in self.members if one.identity != entry.identity)
        return msgspec.structs.replace(self, members=(*others, entry))

    def without(self, identity: str) -> Register:
        """Without it."""
        return msgspec.structs.replace(self, members=tuple(one for one in self.members if one.identity != identity))


_register = msgspec.json.Decoder(Register)


def read_register(text: str) -> Register:
    """A register from its text; raises InvalidInput."""
    try:
        found = _register.decode(text)
    except msgspec.MsgspecError as error:
        raise InvalidInput("register-unreadable", f"This is no register: {error}.", "Have it sent again.") from None
    if found.format != FORMAT:
        raise InvalidInput("register-unknown", f"It is {found.format}, not {FORMAT}.", "Update the program.")
    return found


def write_register(register: Register) -> str:
    """Its text: the canonical form, because it is signed for by its digest."""
    return canonical(msgspec.to_builtins(register)).decode()
