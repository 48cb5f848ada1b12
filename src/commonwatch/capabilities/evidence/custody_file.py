"""The chain of custody as one file, and its verification without any network, database or node.

The file is JSON: every object as the very bytes that were signed and logged, the key statements of each author, and the log's
proofs. Verifying: 1. each author's keys follow from its statements; 2. each object is signed by its author with a key that was in use;
3. the acts form a chain (`rules`); 4. time stamps are about these acts, by authorities under the given roots; 5. proofs hold, under
the given policy; 6. content that is at hand has the item's sums. Whatever does not hold is named with its place; what could not be
judged, because nobody said whom to trust, is named as well.

Whose a first key is nobody but people can say: the file's own word for it counts only if its id is among those given.
"""

from __future__ import annotations

import binascii
import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal, TypeAlias

import msgspec
from cryptography.x509 import Certificate

from commonwatch.capabilities.evidence.rules import Break, Chain, fold, form_of
from commonwatch.capabilities.evidence.sealing import Digests
from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle import leaves
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint
from commonwatch.core.merkle.hashing import leaf_hash
from commonwatch.core.merkle.notes import decode_base64
from commonwatch.core.merkle.offline import parse_proof
from commonwatch.core.merkle.policies import Policy
from commonwatch.core.merkle.proofs import verify_inclusion
from commonwatch.core.signing import stamps
from commonwatch.core.signing.canonical import admitted, canonical, digest
from commonwatch.core.signing.history import History, KeyRing, Refused, Validity
from commonwatch.core.signing.keys import public_key_of
from commonwatch.core.signing.objects import author_of, verify_object
from commonwatch.core.signing.statements import SignedStatement, Vouched
from commonwatch.core.stix.times import format_time

FORMAT = "commonwatch-custody/1"
MAX_BYTES = 64 * 2**20
MOST_OBJECTS = 10_000
ENOUGH_STAMPS = 2  # authorities
State: TypeAlias = Literal["holds", "not-judged", "broken"]


class Logged(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """That an object was logged: the leaf and the proof (C2SP tlog-proof) with its opening."""

    object: Annotated[str, msgspec.Meta(max_length=320)]
    leaf: Annotated[str, msgspec.Meta(max_length=100_000)]  # base64
    proof: Annotated[str, msgspec.Meta(max_length=400_000)]


class CustodyFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the file holds. `objects` are texts, because their bytes were logged."""

    format: str
    made: str
    made_by: str  # identity
    names: dict[str, str]  # by identity, as its maker calls them
    objects: Annotated[tuple[str, ...], msgspec.Meta(max_length=MOST_OBJECTS)]
    keys: dict[str, tuple[SignedStatement, ...]]  # by identity
    proofs: Annotated[tuple[Logged, ...], msgspec.Meta(max_length=2 * MOST_OBJECTS)] = ()

    def encode(self) -> bytes:
        """The file."""
        return msgspec.json.format(msgspec.json.encode(self), indent=1)


@dataclass(frozen=True)
class Trust:
    """Whom whoever verifies trusts: ids of members' keys, roots of authorities, the policy for logs. Nothing trusts nobody."""

    keys: frozenset[str] = frozenset()
    roots: tuple[Certificate, ...] = ()
    policy: Policy | None = None


@dataclass(frozen=True)
class Checked:
    """One thing that was looked at, at one place."""

    place: str
    what: str
    state: State
    sentence: str


@dataclass
class Verified:
    """What came of it."""

    chain: Chain | None = None
    names: Mapping[str, str] = field(default_factory=dict)
    checked: list[Checked] = field(default_factory=list)

    @property
    def breaks(self) -> list[Checked]:
        """What does not hold."""
        return [one for one in self.checked if one.state == "broken"]

    @property
    def not_judged(self) -> list[Checked]:
        """What nobody could judge."""
        return [one for one in self.checked if one.state == "not-judged"]

    def say(self, place: str, what: str, state: State, sentence: str) -> None:
        """Note one thing."""
        self.checked.append(Checked(place, what, state, sentence))


def parse(raw: bytes) -> CustodyFile:
    """The file; raises InvalidInput."""
    if len(raw) > MAX_BYTES:
        raise InvalidInput("custody-file", f"It is larger than {MAX_BYTES:,} bytes.", "Export one item at a time.")
    try:
        found = msgspec.json.decode(raw, type=CustodyFile)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput("custody-file", f"It is no chain of custody: {error}.", "Ask for the file again.") from None
    if found.format != FORMAT:
        raise InvalidInput("custody-file", f"It is of the format {found.format[:60]}.", "Use a newer program.")
    return found


def verify(raw: bytes, trust: Trust, now_us: int, content: Digests | None = None) -> Verified:
    """Everything that can be said of such a file; raises InvalidInput for what is none."""
    given, found = parse(raw), Verified()
    found.names = given.names
    values = _values(given, found)
    ring = _ring(given, trust, found)
    logged = _proofs(given, trust, found)
    for value in values:
        _signature(value, ring, logged, now_us, found)
    folded = fold(values)
    if isinstance(folded, Break):
        found.say(folded.place, "order", "broken", folded.sentence)
        return found
    found.chain = folded
    for one in folded.breaks:
        found.say(one.place, "order", "broken", one.sentence)
    if not folded.breaks:
        found.say(folded.item.id, "order", "holds", f"{len(folded.every)} acts follow one another.")
    _stamps(folded, values, trust, found)
    _content(folded, content, found)
    return found


def _values(given: CustodyFile, found: Verified) -> list[dict[str, Any]]:
    values: dict[str, dict[str, Any]] = {}
    for number, text in enumerate(given.objects, 1):
        try:
            value = admitted(text.encode())
        except InvalidInput as error:
            found.say(f"objects[{number}]", "format", "broken", error.sentence)
            continue
        identity = str(value.get("id", "")) if isinstance(value, dict) else ""
        if not identity or identity in values:
            found.say(f"objects[{number}]", "format", "broken", "It is no object, or stands there twice.")
            continue
        values[identity] = value
    return list(values.values())


def _ring(given: CustodyFile, trust: Trust, found: Verified) -> KeyRing:
    """Every key with its time, by the statements of the file."""
    keys: list[Validity] = []
    for identity, statements in sorted(given.keys.items()):
        # What introduces a key is believed here, and reported below unless its id is one that was compared.
        vouched = Vouched(frozenset(one.statement.digest() for one in statements))
        history = History(identity)
        for signed in statements:
            taken = history.taking(signed, vouched)
            if isinstance(taken, Refused):
                place = f"{identity} key statement {signed.statement.number}"
                found.say(place, "keys", "broken", f"It does not follow: {taken.sentence}")
                break
            history = taken
            if signed.statement.act == "introduce":
                _introduced(signed, identity, trust, found)
        keys += history.keys.values()
    return KeyRing.of(keys)


def _introduced(signed: SignedStatement, identity: str, trust: Trust, found: Verified) -> None:
    name = public_key_of(signed.statement.key).id
    if name in trust.keys:
        found.say(identity, "keys", "holds", f"Its first key {name} is one that you named.")
    elif trust.keys:
        found.say(identity, "keys", "broken", f"Its first key {name} is none of those that you named.")
    else:
        sentence = (
            f"Compare its first key {name} with what the member itself says: nothing in this file shows whose it is."
        )
        found.say(identity, "keys", "not-judged", sentence)


def _signature(
    value: Mapping[str, Any], ring: KeyRing, logged: Mapping[str, int], now_us: int, found: Verified
) -> None:
    identity = str(value["id"])
    verdict = verify_object(value, ring, known_us=logged.get(identity, now_us), now_us=now_us)
    author = found.names.get(author_of(value), author_of(value))
    if verdict.kind == "signed":
        at = format_time(verdict.signed_us or 0, 0)
        found.say(identity, "signature", "holds", f"{author} signed it at {at}.")
    else:
        found.say(identity, "signature", "broken", verdict.sentence)


def _proofs(given: CustodyFile, trust: Trust, found: Verified) -> dict[str, int]:
    """When each object was logged, by id, where a proof holds under the policy."""
    logged: dict[str, int] = {}
    bodies = {_named(text): hashlib.sha256(text.encode()).hexdigest() for text in given.objects}
    for one in given.proofs:
        if one.object not in bodies:
            found.say(one.object, "log", "broken", "A proof is there for an object that is not.")
            continue
        try:
            told = _proven(one, bodies[one.object], trust)
        except (InvalidInput, binascii.Error) as error:
            told = Broken("unreadable", str(error))
        if isinstance(told, Broken):
            found.say(one.object, "log", "broken", told.sentence)
            continue
        origin, at, cosigned, trusted = told
        when = format_time(at * 1_000_000, 0)
        if trusted:
            logged[one.object] = at * 1_000_000
            found.say(
                one.object,
                "log",
                "holds",
                f"{origin} logged it at {when}, cosigned by {', '.join(cosigned) or 'nobody'}.",
            )
        else:
            found.say(
                one.object,
                "log",
                "not-judged",
                f"{origin} says that it logged it at {when}: give a policy to judge that.",
            )
    for identity in sorted(set(bodies) - {one.object for one in given.proofs}):
        found.say(identity, "log", "not-judged", "No proof of a log is there.")
    return logged


def _proven(one: Logged, sha256: str, trust: Trust) -> tuple[str, int, tuple[str, ...], bool] | Broken:
    proof, entry = parse_proof(one.proof.encode()), decode_base64(one.leaf)
    head = parse_checkpoint(proof.note.text)
    cosigned: tuple[str, ...] = ()
    if trust.policy is not None:
        judged = proof.verify(entry, trust.policy)
        if isinstance(judged, Broken):
            return judged
        cosigned = judged.cosigned
    elif broken := verify_inclusion(leaf_hash(entry), proof.index, head.size, proof.path, head.root):
        return broken
    opening = leaves.decode_opening(proof.extra)
    if broken := opening.opens(entry):
        return broken
    if (opening.body.get("object"), opening.body.get("sha256")) != (one.object, sha256):
        return Broken("other-object", "What was logged is another object, or other bytes.")
    return head.origin, leaves.decode_leaf(entry).at, cosigned, trust.policy is not None


def _stamps(chain: Chain, values: Iterable[Mapping[str, Any]], trust: Trust, found: Verified) -> None:
    by_id = {str(value["id"]): value for value in values}
    authorities: dict[str, set[str]] = {act.id: set() for act in chain.every}
    for one in chain.stamps:
        subject = by_id.get(one.content.subject_ref)
        if subject is None or one.content.subject_ref not in authorities:
            found.say(one.id, "stamp", "broken", "What it stamps is not there.")
            continue
        form = form_of(subject)
        if digest(form) != one.content.subject_sha256:
            found.say(one.id, "stamp", "broken", "It says that it stamps other bytes than this act's.")
            continue
        told = stamps.judge(stamps.decoded(one.content.response), canonical(form), trust.roots)
        if isinstance(told, stamps.NoTime):
            found.say(one.id, "stamp", "broken", f"{one.content.authority}: {told.sentence}")
            continue
        when, signer = format_time(told.at_us, 0), told.signer or "an unnamed signer"
        if told.trusted:
            authorities[one.content.subject_ref].add(told.signer)
            found.say(one.id, "stamp", "holds", f"{signer} says that {one.content.subject_ref} existed at {when}.")
        else:
            sentence = f"{signer} says that {one.content.subject_ref} existed at {when}: give its root to judge that."
            found.say(one.id, "stamp", "not-judged", sentence)
    for identity, signers in authorities.items():
        if len(signers) < ENOUGH_STAMPS:
            found.say(
                identity, "stamp", "not-judged", f"{len(signers)} of {ENOUGH_STAMPS} trusted authorities stamped it."
            )


def _content(chain: Chain, content: Digests | None, found: Verified) -> None:
    about = chain.about
    if content is None:
        found.say(chain.item.id, "content", "not-judged", "No content was given to be compared.")
        return
    said = (about.size, about.hashes.sha256, about.hashes.sha512)
    if (content.size, content.sha256, content.sha512) == said:
        found.say(chain.item.id, "content", "holds", f"All {content.size:,} bytes have the item's SHA-256 and SHA-512.")
    else:
        found.say(
            chain.item.id,
            "content",
            "broken",
            f"It is other content: {content.size:,} bytes, SHA-256 {content.sha256}.",
        )


def _named(text: str) -> str:
    try:
        value = msgspec.json.decode(text)
    except msgspec.DecodeError:
        return ""
    return str(value.get("id", "")) if isinstance(value, dict) else ""
