"""Whose word makes a checkpoint count (C2SP tlog-policy): logs, witnesses, groups of them, and the quorum.

1. A line is `log VKEY [URL]`, `witness NAME VKEY [URL]`, `group NAME all|any|K MEMBER ...` or `quorum NAME|none`; blanks are spaces and
tabs; lines that start with # are remarks. 2. Names are octets, defined once and before they are used; `none` is no member.
3. Each name is in one group at most, so that nobody counts twice. 4. The same public key is not two logs, nor two witnesses.
5. There is exactly one quorum.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import Checkpoint, parse_checkpoint, verify
from commonwatch.core.merkle.notes import COSIGNATURE, ML_DSA_44, Note, VerifierKey, parse_vkey, verified

MAX_BYTES = 1024 * 1024
NONE = "none"
_FORBIDDEN = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")
_NUMBER = re.compile(r"[1-9][0-9]{0,3}", re.ASCII)


@dataclass(frozen=True)
class Group:
    """Some witnesses or groups, of which so many have to have cosigned."""

    threshold: int
    members: tuple[str, ...]


@dataclass(frozen=True)
class Policy:
    """A policy file, read. Addresses are by vkey."""

    logs: tuple[VerifierKey, ...]
    witnesses: Mapping[str, VerifierKey]
    groups: Mapping[str, Group]
    quorum: str
    addresses: Mapping[str, str] = field(default_factory=dict)

    def is_met(self, cosigned: Collection[str]) -> bool:
        """Whether these witnesses, by name, are enough."""
        met = set(cosigned) | {NONE}
        for name, group in self.groups.items():  # members always stand before their group
            if sum(member in met for member in group.members) >= group.threshold:
                met.add(name)
        return self.quorum in met

    def judge(self, note: Note) -> Judged | Broken:
        """Whether a checkpoint counts: signed by a log of the policy under its own name, cosigned by a quorum."""
        signed = verified(note, self.logs, verify)
        if isinstance(signed, Broken):
            return signed
        try:
            checkpoint = parse_checkpoint(note.text)
        except InvalidInput as error:
            return Broken(error.code, error.sentence)
        if not any(one.name == checkpoint.origin for one in signed):
            return Broken("other-log", f"No key of a log called {checkpoint.origin} signed it.")
        cosigned = self._cosigned(note)
        if isinstance(cosigned, Broken):
            return cosigned
        if not self.is_met(cosigned):
            names = ", ".join(cosigned) or "nobody"
            return Broken("no-quorum", f"The quorum {self.quorum} is not met: {names} cosigned.")
        return Judged(checkpoint, cosigned)

    def _cosigned(self, note: Note) -> tuple[str, ...] | Broken:
        found = verified(note, tuple(self.witnesses.values()), verify)
        if isinstance(found, Broken):
            return () if found.code == "not-signed" else found
        have = {(one.name, one.key_id) for one in found}
        return tuple(name for name, key in self.witnesses.items() if (key.name, key.key_id) in have)


@dataclass(frozen=True)
class Judged:
    """A checkpoint that counts, and the witnesses that cosigned it, by their names in the policy."""

    checkpoint: Checkpoint
    cosigned: tuple[str, ...]


def parse_policy(raw: bytes) -> Policy:
    """The policy of a file; raises InvalidInput with the line that is wrong."""
    if len(raw) > MAX_BYTES:
        raise _wrong(0, f"it is larger than {MAX_BYTES:,} bytes")
    text = raw.decode("latin-1")  # octets, as the format asks for
    reading = _Reading()
    for number, line in enumerate(text.split("\n"), 1):
        if _FORBIDDEN.search(line):
            raise _wrong(number, "it holds a control character")
        words = re.split("[ \t]+", line.strip(" \t"))
        if words[0] and not words[0].startswith("#"):
            reading.line(number, words)
    if not reading.quorum:
        raise _wrong(0, "it names no quorum")
    return Policy(tuple(reading.logs), reading.witnesses, reading.groups, reading.quorum, reading.addresses)


class _Reading:
    """What was read so far."""

    def __init__(self) -> None:
        self.logs: list[VerifierKey] = []
        self.witnesses: dict[str, VerifierKey] = {}
        self.groups: dict[str, Group] = {}
        self.quorum = ""
        self.addresses: dict[str, str] = {}
        self._used: set[str] = set()

    def line(self, number: int, words: list[str]) -> None:
        match words:
            case ["log", vkey, *address] if len(address) < 2:
                self.logs.append(self._key(number, vkey, address, self.logs, is_witness=False))
            case ["witness", name, vkey, *address] if len(address) < 2:
                self._define(number, name)
                known = list(self.witnesses.values())
                self.witnesses[name] = self._key(number, vkey, address, known, is_witness=True)
            case ["group", name, count, first, *more]:
                self._define(number, name)
                self.groups[name] = self._group(number, count, (first, *more))
            case ["quorum", name]:
                if self.quorum or not (name == NONE or self._is_defined(name)):
                    raise _wrong(number, "a second quorum, or one that is not defined above")
                self.quorum = name
            case _:
                raise _wrong(number, "it is no log, witness, group or quorum")

    def _is_defined(self, name: str) -> bool:
        return name in self.witnesses or name in self.groups

    def _define(self, number: int, name: str) -> None:
        if name == NONE or self._is_defined(name):
            raise _wrong(number, f"the name {name} is taken")

    def _key(
        self, number: int, vkey: str, address: list[str], known: list[VerifierKey], *, is_witness: bool
    ) -> VerifierKey:
        try:
            key = parse_vkey(vkey.encode("latin-1").decode("utf-8"))
        except (InvalidInput, UnicodeDecodeError) as error:
            raise _wrong(number, f"the key cannot be read: {error}") from None
        if (key.kind in (COSIGNATURE, ML_DSA_44)) is not is_witness:
            raise _wrong(number, "the key is of a kind for another role")
        if any(one.raw == key.raw for one in known):
            raise _wrong(number, "the key stands there twice")
        for one in address:
            self.addresses[key.text] = one
        return key

    def _group(self, number: int, count: str, members: tuple[str, ...]) -> Group:
        for member in members:
            if member in self._used or not self._is_defined(member):
                raise _wrong(number, f"{member} is not defined above, or counts already")
            self._used.add(member)
        if count in ("all", "any"):
            return Group(len(members) if count == "all" else 1, members)
        if not _NUMBER.fullmatch(count) or int(count) > len(members):
            raise _wrong(number, f"{count} is not all, any, or 1 to {len(members)}")
        return Group(int(count), members)


def _wrong(number: int, what: str) -> InvalidInput:
    where = f"Line {number} of the policy" if number else "The policy"
    return InvalidInput(
        "policy-malformed", f"{where}: {what}.", "See docs/transparency.md.", data={"place": f"line {number}"}
    )
