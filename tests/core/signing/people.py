"""Keys and key histories for tests: every key follows from a number."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from commonwatch.core.signing.history import History, KeyRing, Refused
from commonwatch.core.signing.keys import SigningKey
from commonwatch.core.signing.statements import Act, SignedStatement, Statement, Vouched, sign_statement

DAY = 86_400_000_000
T0 = 1_767_225_600_000_000  # 2026-01-01
ALICE = "identity--00000000-0000-4000-8000-00000000000a"
BOB = "identity--00000000-0000-4000-8000-00000000000b"
NOBODY = Vouched()


def key(number: int) -> SigningKey:
    return SigningKey(bytes([number]) * 32)


def statement(history: History, act: Act, at_us: int, signers: Sequence[SigningKey], **more: Any) -> SignedStatement:
    """The next statement of a history, signed by these."""
    last = history.statements[-1].statement.digest() if history.statements else ""
    number = len(history.statements) + 1
    made = Statement(member=history.member, number=number, previous=last, act=act, at_us=at_us, **more)
    return sign_statement(made, signers)


def vouched(*signed: SignedStatement) -> Vouched:
    return Vouched(frozenset(one.statement.digest() for one in signed))


def taken(history: History, signed: SignedStatement, vouched: Vouched = NOBODY) -> History:
    result = history.taking(signed, vouched)
    assert isinstance(result, History), result
    return result


def refused(history: History, signed: SignedStatement, vouched: Vouched = NOBODY) -> str:
    result = history.taking(signed, vouched)
    assert isinstance(result, Refused)
    assert result.sentence and result.statement == signed
    return result.code


def introduced(member: str = ALICE, number: int = 1, at_us: int = T0) -> History:
    """A member with one key."""
    empty = History(member)
    first = statement(empty, "introduce", at_us, [key(number)], key=key(number).public.text)
    return taken(empty, first, vouched(first))


def ring(*histories: History) -> KeyRing:
    return KeyRing.of(one for history in histories for one in history.keys.values())
