"""What members write of evidence and of legal requests. None of it holds content: that travels sealed, and apart.

Evidence: the root is an `evidence-item`. A `custody-transfer` offers it, a `custody-receipt` takes or refuses it, a `custody-note`
says what its holder did with it; each names the SHA-256 of the act before, so that they are a chain. An `evidence-stamp` carries what
a time-stamping authority said of one of them.

Legal requests: the root is a `preservation-request` or a `legal-request`; a `legal-answer` and a `legal-step` say what became of it.

All of these are written once: who was wrong writes a further one. A later version may be for further members, and says the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypeAlias, TypeVar

import msgspec

ITEM, TRANSFER, RECEIPT, NOTE, STAMP = (
    "evidence-item",
    "custody-transfer",
    "custody-receipt",
    "custody-note",
    "evidence-stamp",
)
PRESERVATION, LEGAL, ANSWER, STEP = "preservation-request", "legal-request", "legal-answer", "legal-step"
ROOTS: frozenset[str] = frozenset({ITEM, PRESERVATION, LEGAL})
ROOT_PROPERTIES: Mapping[str, str] = {
    TRANSFER: "item_ref",
    RECEIPT: "item_ref",
    NOTE: "item_ref",
    STAMP: "item_ref",
    ANSWER: "request_ref",
    STEP: "request_ref",
}

_Id = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9-]{1,64}--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_Identity = Annotated[str, msgspec.Meta(pattern=r"^identity--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_Sha256 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{64}$")]
_Sha512 = Annotated[str, msgspec.Meta(pattern=r"^[0-9a-f]{128}$")]
_Line = Annotated[str, msgspec.Meta(max_length=500)]
_Text = Annotated[str, msgspec.Meta(max_length=20_000)]
_Time = Annotated[str, msgspec.Meta(max_length=40)]  # STIX timestamp
_Day = Annotated[str, msgspec.Meta(pattern=r"^(\d{4}-\d{2}-\d{2})?$")]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
_Country = Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2})?$")]
_Key = Annotated[str, msgspec.Meta(max_length=2_000)]

NoteKind: TypeAlias = Literal["examined", "copied", "moved", "resealed", "withdrawn", "returned", "destroyed"]
NOTE_KINDS: tuple[NoteKind, ...] = ("examined", "copied", "moved", "resealed", "withdrawn", "returned", "destroyed")
Seen: TypeAlias = Literal["none", "sealed", "content"]  # what a receiver compared before it answered
LegalAnswer: TypeAlias = Literal["received", "preserved", "granted", "partly", "postponed", "executed", "refused"]
ANSWERS: tuple[LegalAnswer, ...] = ("received", "preserved", "granted", "partly", "postponed", "executed", "refused")


class Hashes(msgspec.Struct, frozen=True, rename={"sha256": "SHA-256", "sha512": "SHA-512"}):
    """Both sums of content, under STIX's names."""

    sha256: _Sha256
    sha512: _Sha512


class SealedContent(msgspec.Struct, frozen=True):
    """Where content lies sealed: the manifest's SHA-256, in how many parts, how large, and for which public keys."""

    manifest: _Sha256
    parts: Annotated[int, msgspec.Meta(ge=0, le=10_000_000)]
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    recipients: Annotated[tuple[_Key, ...], msgspec.Meta(min_length=1, max_length=64)]


class Item(msgspec.Struct, frozen=True):
    """A thing that was collected: by whom, when, with what, under which basis (ISO/IEC 27037)."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    collected_by: _Line
    collected_at: _Time
    basis: _Line  # legal basis: the law, order or consent
    size: Annotated[int, msgspec.Meta(ge=0, le=2**53 - 1)]
    hashes: Hashes
    sealed: SealedContent
    tool: _Line = ""  # with what
    method: _Text = ""
    place: _Line = ""  # where, or from which system
    description: _Text = ""
    case_ref: _Id | None = None
    request_ref: _Id | None = None  # the legal request that it answers


class Transfer(msgspec.Struct, frozen=True):
    """Its holder, the author, offers an item to another member."""

    item_ref: _Id
    previous_ref: _Id
    previous_sha256: _Sha256
    receiver_ref: _Identity
    purpose: _Line
    hashes: Hashes
    conditions: _Text = ""


class Receipt(msgspec.Struct, frozen=True):
    """The receiver, the author, takes an item over or refuses it."""

    item_ref: _Id
    previous_ref: _Id  # the transfer
    previous_sha256: _Sha256
    answer: Literal["accepted", "refused"]
    compared: Seen = "none"
    hashes: Hashes | None = None  # as the receiver found them
    manifest: _Sha256 | None = None  # of the sealed content that came whole
    reason: _Text = ""


class Note(msgspec.Struct, frozen=True):
    """What its holder, the author, did with an item."""

    item_ref: _Id
    previous_ref: _Id
    previous_sha256: _Sha256
    kind: NoteKind
    done_by: _Line
    done_at: _Time
    text: _Text = ""
    tool: _Line = ""
    sealed: SealedContent | None = None  # resealed: the same content for others


class Stamp(msgspec.Struct, frozen=True):
    """What a time-stamping authority said (RFC 3161) of the canonical form of an act."""

    item_ref: _Id
    subject_ref: _Id
    subject_sha256: _Sha256
    authority: _Line
    response: Annotated[str, msgspec.Meta(max_length=100_000)]  # TimeStampResp in DER, base64


class Preservation(msgspec.Struct, frozen=True):
    """The author asks another member's country to have data preserved."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    requested_ref: _Identity
    instrument: _Word
    article: _Line
    from_country: _Country
    to_country: _Country
    days: Annotated[int, msgspec.Meta(ge=1, le=3_650)]
    form: _Word
    fields: dict[_Word, _Text]
    offences: Annotated[tuple[_Line, ...], msgspec.Meta(max_length=50)] = ()
    grounds: tuple[_Text, ...] = ()  # why this instrument, as it was found when it was sent
    case_ref: _Id | None = None


class Legal(msgspec.Struct, frozen=True):
    """The author asks another member's country for data or measures."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]
    requested_ref: _Identity
    instrument: _Word
    article: _Line
    purpose: _Word
    from_country: _Country
    to_country: _Country
    form: _Word
    fields: dict[_Word, _Text]
    offences: Annotated[tuple[_Line, ...], msgspec.Meta(max_length=50)] = ()
    grounds: tuple[_Text, ...] = ()
    preservation_ref: _Id | None = None  # of the data that are kept for it
    case_ref: _Id | None = None


class Answer(msgspec.Struct, frozen=True):
    """The member that was asked says what it does."""

    request_ref: _Id
    answer: LegalAnswer
    reference: _Line = ""
    text: _Text = ""
    grounds: Annotated[tuple[_Word, ...], msgspec.Meta(max_length=20)] = ()  # of a refusal or postponement
    preserved_from: _Day = ""
    preserved_until: _Day = ""  # the last day
    step_ref: _Id | None = None  # the extension that it answers
    item_refs: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=1_000)] = ()  # evidence that was handed over


class Step(msgspec.Struct, frozen=True):
    """The member that asked goes on: asks for an extension, or needs it no longer."""

    request_ref: _Id
    step: Literal["extend", "withdraw"]
    until: _Day = ""
    reason: _Text = ""


Content: TypeAlias = Item | Transfer | Receipt | Note | Stamp | Preservation | Legal | Answer | Step
STRUCTS: Mapping[str, type[Content]] = {
    ITEM: Item,
    TRANSFER: Transfer,
    RECEIPT: Receipt,
    NOTE: Note,
    STAMP: Stamp,
    PRESERVATION: Preservation,
    LEGAL: Legal,
    ANSWER: Answer,
    STEP: Step,
}
ContentT = TypeVar("ContentT", bound=Content)


def content(value: Mapping[str, Any], kind: type[ContentT]) -> ContentT | str:
    """What an object holds, or what of it cannot be read. Properties that are not known are passed over."""
    try:
        return msgspec.convert(value, kind)
    except msgspec.ValidationError as error:
        return str(error)


def said(one: Content) -> dict[str, Any]:
    """The same as an object's properties; what is empty is left out, as STIX wants it."""
    given: dict[str, Any] = msgspec.to_builtins(one)
    return {name: part for name, part in given.items() if part not in (None, "", [], {})}
