"""Which of a member's keys was valid when: the statements of one member, applied in order, with nothing forgotten.

1. A statement that is out of number, names another predecessor, lies before the one before, or lacks a signature that
   `core.signing.statements` asks for is refused with its reason; the history stays as it was.
2. A different statement under a number that is taken is a fork: the refusal carries both, which prove it to anybody.
3. A key counts from when it was brought until it ended. What it signed in between stays valid after it ended, unless it was
   revoked: then only what is known to have existed before `since` counts, because who took the key can write any date.
4. A key that was ever part of the history is never brought again.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from types import MappingProxyType
from typing import TypeAlias

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.keys import PublicKey, public_key_of
from commonwatch.core.signing.statements import BRINGS, SignedStatement, Statement, Vouched


@dataclass(frozen=True)
class Refused:
    """Why a statement was not taken. `other` is the one that stands under its number, where that is the reason."""

    code: str
    sentence: str
    statement: SignedStatement
    other: SignedStatement | None = None


@dataclass(frozen=True)
class Validity:
    """One key's time. Times are microseconds since 1970; `until_us` and `revoked_since_us` None while it goes on."""

    member: str
    key: PublicKey
    from_us: int
    until_us: int | None = None
    revoked_since_us: int | None = None
    reason: str = ""  # of the revocation

    def is_current(self) -> bool:
        """Whether it may sign further statements and objects."""
        return self.until_us is None and self.revoked_since_us is None

    def covers(self, at_us: int) -> bool:
        """Whether it was in use at that moment, revoked or not."""
        return self.from_us <= at_us and (self.until_us is None or at_us < self.until_us)


@dataclass(frozen=True)
class History:
    """The statements of one member, as far as they were taken."""

    member: str
    statements: tuple[SignedStatement, ...] = ()
    keys: Mapping[str, Validity] = field(default_factory=lambda: MappingProxyType({}))  # by key id

    @cached_property
    def current(self) -> Mapping[str, PublicKey]:
        """The keys that may sign now."""
        return {name: one.key for name, one in self.keys.items() if one.is_current()}

    def taking(self, signed: SignedStatement, vouched: Vouched) -> TakenOrRefused:
        """The history with this statement, or why it was refused."""
        if refused := self._out_of_place(signed):
            return refused
        statement = signed.statement
        if statement.act in BRINGS:
            return self._bringing(signed, vouched)
        return self._ending(signed, vouched, statement)

    def _out_of_place(self, signed: SignedStatement) -> Refused | None:
        statement, count = signed.statement, len(self.statements)
        if statement.member != self.member:
            return Refused("other-member", "It speaks of another member.", signed)
        if statement.number <= count:
            stands = self.statements[statement.number - 1]
            if stands.statement == statement:
                return Refused("known", "It is known.", signed, stands)
            return Refused("fork", f"Two different statements claim number {statement.number}.", signed, stands)
        if statement.number != count + 1:
            return Refused("gap", f"Statement {count + 1} is missing.", signed)
        last = self.statements[-1].statement if self.statements else None
        if statement.previous != (last.digest() if last else ""):
            return Refused("other-past", "It follows a statement that is not the one before it here.", signed)
        if last and statement.at_us < last.at_us:
            return Refused("before-last", "It is dated before the statement before it.", signed)
        return None

    def _bringing(self, signed: SignedStatement, vouched: Vouched) -> TakenOrRefused:
        statement = signed.statement
        try:
            key = public_key_of(statement.key)
        except InvalidInput as error:
            return Refused(error.code, error.sentence, signed)
        if key.id in self.keys:
            return Refused("key-known", "That key has been part of the history already.", signed)
        if not signed.signed_by({key.id: key}):
            return Refused("no-possession", "The new key did not sign: nobody has shown to hold it.", signed)
        if reason := self._unauthorised(signed, vouched):
            return Refused(*reason, signed)
        kept = dict(self.keys)
        if statement.act == "rotate":
            kept[statement.ends] = replace(kept[statement.ends], until_us=statement.at_us)
        kept[key.id] = Validity(self.member, key, statement.at_us)
        return self._with(signed, kept)

    def _unauthorised(self, signed: SignedStatement, vouched: Vouched) -> tuple[str, str] | None:
        """Why a statement that brings a key does not count, None where it does."""
        act, ends = signed.statement.act, signed.statement.ends
        if act == "introduce":
            if self.current:
                return "key-valid", "A key is valid: it must sign `add` or `rotate`."
            return None if vouched.vouches(signed) else ("not-vouched", "Nobody vouches that the key is the member's.")
        if act == "rotate":
            if ends not in self.current:
                return "ends-unknown", "The key that it ends is not valid."
            return (
                None
                if signed.signed_by({ends: self.current[ends]})
                else ("unsigned", "The key that ends did not sign.")
            )
        return None if signed.signed_by(self.current) else ("unsigned", "No valid key of the member signed.")

    def _ending(self, signed: SignedStatement, vouched: Vouched, statement: Statement) -> TakenOrRefused:
        ends = self.keys.get(statement.ends)
        if ends is None or (statement.act == "retire" and not ends.is_current()):
            return Refused("ends-unknown", "The key that it ends is not valid.", signed)
        if statement.act == "retire":
            if not signed.signed_by(self.current):
                return Refused("unsigned", "No valid key of the member signed.", signed)
            return self._with(signed, {**self.keys, statement.ends: replace(ends, until_us=statement.at_us)})
        by_member = signed.signed_by({**self.current, statement.ends: ends.key})
        if not by_member and not vouched.vouches(signed):
            return Refused(
                "unsigned", "No key of the member signed, and the partnership does not vouch for it.", signed
            )
        since = statement.at_us if statement.since_us is None else statement.since_us
        # A second revocation may only reach further back: the holder of one key cannot clear another's name.
        earliest = since if ends.revoked_since_us is None else min(since, ends.revoked_since_us)
        until = statement.at_us if ends.until_us is None else ends.until_us
        revoked = replace(ends, until_us=until, revoked_since_us=earliest, reason=statement.reason)
        return self._with(signed, {**self.keys, statement.ends: revoked})

    def _with(self, signed: SignedStatement, keys: Mapping[str, Validity]) -> History:
        return History(self.member, (*self.statements, signed), MappingProxyType(dict(keys)))


TakenOrRefused: TypeAlias = "History | Refused"


@dataclass(frozen=True)
class KeyRing:
    """Keys of all members, to look one up by its id."""

    by_id: Mapping[str, Validity]

    @classmethod
    def of(cls, keys: Iterable[Validity]) -> KeyRing:
        """The ring of these keys."""
        return cls({one.key.id: one for one in keys})
