"""An author's signature on a STIX object, carried inside it: it survives plain TAXII servers, files and USB sticks.

1. It stands in the signature extension (STIX 2.1, section 7.3; `core.stix.extensions`), in STIX 2.0 in one custom property.
2. Covered is the whole object with everything in the extension but the property `signature`: that one is taken out, nothing
   else. So key id and time are covered; order and spelling of the JSON are not, because the canonical form is signed.
3. Signed is `commonwatch/object/v1`, a newline, and the RFC 8785 form: a signature for one use is none for another.
4. Only the author signs: the key must be one of the member in `created_by_ref` (of an identity without one, of itself).
   Objects without an author, such as observables, cannot be signed and come as what they are.
5. The key must have been in use at the time that the signature names, and that time must not lie ahead of the verifier's.
6. Under a revoked key only what the verifier, or a log, knows to have existed before the revocation counts: `known_us`.

A verdict is a value. What to do about it is decided at intake.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.canonical import canonical
from commonwatch.core.signing.history import KeyRing, Validity
from commonwatch.core.signing.keys import SIGNATURE_LENGTH, SigningKey, base64url, unbase64url
from commonwatch.core.stix.extensions import SIGNATURE_ID, SIGNATURE_PROPERTY, SignatureExtension
from commonwatch.core.stix.times import format_time, parse_time

CONTEXT = b"commonwatch/object/v1\n"
_PLACES = (SIGNATURE_ID.encode(), SIGNATURE_PROPERTY.encode())
SKEW_US = 300 * 1_000_000  # clocks of members differ

Kind: TypeAlias = Literal["unsigned", "signed", "unknown-key", "wrong"]


@dataclass(frozen=True)
class Verdict:
    """What the signature says. `signed`: of its author, holds. `unknown-key`: by a key that no member on record has.

    `wrong`: it does not hold, or may not be believed; `code` and `sentence` say why.
    """

    kind: Kind
    code: str
    sentence: str
    author: str = ""
    key_id: str = ""
    signed_us: int | None = None


@dataclass(frozen=True)
class Standing:
    """How an object came: who says that it is the author's, and whether who brought it is the author."""

    verdict: Verdict
    relayed: bool  # brought by another member than its author
    sentence: str

    @property
    def is_authors_word(self) -> bool:
        """Whether it is proven, or came from the author itself over its own channel."""
        return self.verdict.kind == "signed" or (self.verdict.kind == "unsigned" and not self.relayed)


def author_of(value: Mapping[str, Any]) -> str:
    """The member who alone may write this object; empty where it names none."""
    given = value.get("created_by_ref") or (value.get("id") if value.get("type") == "identity" else "")
    return given if isinstance(given, str) else ""


def may_be_signed(raw: bytes) -> bool:
    """Whether these bytes name the place of a signature: quick, for what is mostly not signed. No means unsigned.

    Who spells the place with escapes gets an unsigned object.
    """
    return _PLACES[0] in raw or _PLACES[1] in raw


def key_id_of(value: Mapping[str, Any]) -> str:
    """The id of the key that its signature names, whether that holds or not; empty without one."""
    found = _found(value).get(_place(value))
    named = found.get("key_id") if isinstance(found, Mapping) else ""
    return named if isinstance(named, str) else ""


def sign_object(value: Mapping[str, Any], key: SigningKey, at_us: int) -> dict[str, Any]:
    """The object with its author's signature, in place of one that it had; raises InvalidInput for one without an author.

    That the key is the author's is the caller's to know.
    """
    if not author_of(value):
        raise InvalidInput(
            "no-author", "An object without an author cannot be signed.", "Give it created_by_ref, or send it unsigned."
        )
    if not isinstance(value.get("extensions", {}), Mapping):
        raise InvalidInput("extensions-malformed", "Its extensions are no object.", "Correct them, then sign.")
    extension = SignatureExtension(key_id=key.public.id, signed=format_time(at_us, 6), signature="")
    made = _with(without_signature(value), msgspec.to_builtins(extension))
    signature = base64url(key.sign(_message(made)))
    return _with(made, msgspec.to_builtins(msgspec.structs.replace(extension, signature=signature)))


def without_signature(value: Mapping[str, Any]) -> dict[str, Any]:
    """The object without its signature; who changes an object for a recipient takes it out first."""
    made = {name: part for name, part in value.items() if name not in ("extensions", SIGNATURE_PROPERTY)}
    extensions = value.get("extensions")
    if not isinstance(extensions, Mapping):
        return made if extensions is None else {**made, "extensions": extensions}
    kept = {name: part for name, part in extensions.items() if name != SIGNATURE_ID}
    return {**made, "extensions": kept} if kept or not extensions else made


def verify_object(value: Mapping[str, Any], ring: KeyRing, *, known_us: int, now_us: int) -> Verdict:
    """What its signature says. `known_us` is when it is first known to have existed; both in microseconds since 1970."""
    author = author_of(value)
    found = _found(value)
    if not found:
        return Verdict("unsigned", "unsigned", "It carries no signature: who wrote it is a claim.", author)
    read = _read(value, found)
    if isinstance(read, str):
        return Verdict("wrong", "signature-malformed", read, author)
    extension, signed_us, signature = read
    key_id = extension.key_id
    validity = ring.by_id.get(key_id)
    if validity is None:
        return Verdict("unknown-key", "key-unknown", "No member on record has the key.", author, key_id, signed_us)
    code, sentence = _believed(validity, author, signed_us, known_us, now_us)
    if not code and not _holds(value, validity, signature):
        code, sentence = "altered", "The object was changed after it was signed, or the signature is another object's."
    if code:
        return Verdict("wrong", code, sentence, author, key_id, signed_us)
    return Verdict("signed", "signed", "Its author signed it.", author, key_id, signed_us)


def standing(verdict: Verdict, brought_by: str) -> Standing:
    """How an object came that the member `brought_by` (its identity) handed over."""
    relayed = brought_by != verdict.author or not verdict.author
    if verdict.kind == "signed":
        said = "Relayed, and signed by its author." if relayed else "Signed by its author, who brought it."
    elif verdict.kind == "unsigned":
        said = (
            "Relayed without its author's signature." if relayed else "Not signed; its author's own channel brought it."
        )
    else:
        said = verdict.sentence
    return Standing(verdict, relayed, said)


def _found(value: Mapping[str, Any]) -> dict[str, Any]:
    """What stands where a signature may stand, by place."""
    extensions = value.get("extensions")
    found = {}
    if isinstance(extensions, Mapping) and SIGNATURE_ID in extensions:
        found[SIGNATURE_ID] = extensions[SIGNATURE_ID]
    if SIGNATURE_PROPERTY in value:
        found[SIGNATURE_PROPERTY] = value[SIGNATURE_PROPERTY]
    return found


def _place(value: Mapping[str, Any]) -> str:
    """Where its specification has a signature stand: STIX 2.0 objects name none and know no extensions."""
    return SIGNATURE_ID if "spec_version" in value else SIGNATURE_PROPERTY


def _read(value: Mapping[str, Any], found: Mapping[str, Any]) -> tuple[SignatureExtension, int, bytes] | str:
    """The parts of the one signature, or what is wrong with it."""
    if list(found) != [_place(value)]:
        return "It carries two signatures, or one where its specification has no place for it."
    try:
        extension = msgspec.convert(found[_place(value)], SignatureExtension)
        signature = unbase64url(extension.signature)
    except (msgspec.ValidationError, InvalidInput) as error:
        return f"Its signature cannot be read: {error}."
    time = parse_time(extension.signed)
    if time is None or len(signature) != SIGNATURE_LENGTH:
        return "Its signature has no readable time or is not 64 bytes."
    return extension, time[0], signature


def _believed(validity: Validity, author: str, signed_us: int, known_us: int, now_us: int) -> tuple[str, str]:
    """Code and sentence of why this key's word does not count here; empty where it does."""
    if not author or validity.member != author:
        return "not-the-author", "The key belongs to another member than the author."
    if signed_us > now_us + SKEW_US:
        return "from-the-future", "It says that it will be signed later than now."
    if not validity.covers(signed_us):
        return "key-not-in-use", "The key was not in use at the time of the signature."
    if validity.revoked_since_us is not None and known_us >= validity.revoked_since_us:
        return "key-revoked", "The key was revoked, and nothing shows that the object existed before."
    return "", ""


def _holds(value: Mapping[str, Any], validity: Validity, signature: bytes) -> bool:
    try:
        return validity.key.holds(signature, _message(value))
    except InvalidInput:
        return False  # has no canonical form: nobody can have signed it


def _message(value: Mapping[str, Any]) -> bytes:
    """What is signed: the object without the one property `signature`."""
    extension = {name: part for name, part in _found(value)[_place(value)].items() if name != "signature"}
    return CONTEXT + canonical(_with(without_signature(value), extension))


def _with(value: Mapping[str, Any], extension: Mapping[str, Any]) -> dict[str, Any]:
    """The object with this as its signature extension, where its specification has a place for it."""
    if _place(value) == SIGNATURE_PROPERTY:
        return {**value, SIGNATURE_PROPERTY: extension}
    return {**value, "extensions": {**value.get("extensions", {}), SIGNATURE_ID: extension}}
