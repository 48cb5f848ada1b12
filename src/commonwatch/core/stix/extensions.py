"""The STIX extensions that Commonwatch defines (STIX 2.1, section 7.3). This is the only place that names their ids.

Handling: what TLP, PAP and IEP markings cannot say, as a property extension of marking-definition. TLP stays a marking of
its own, so that a reader who knows nothing of this extension still sees it.

Signature: its author's, as a property extension of every type with an author; `core.signing.objects` makes and reads it.

Derivation: that an object was made from another for one recipient, as a property extension of every type.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import msgspec

from commonwatch.core.stix.ids import canonical
from commonwatch.core.stix.markings import TLP2

# UUIDv5 of "urn:commonwatch:stix" among URLs; the ids below are UUIDv5 of "handling", "derivation"
# and "author" in it. None ever changes.
NAMESPACE = uuid.UUID("b60b44d1-5920-5b8e-affc-4ea5a432e2b0")
HANDLING_ID = "extension-definition--8cd57789-d514-51c7-8eea-e6ec56966d84"
RECALL_ID = f"extension-definition--{uuid.uuid5(NAMESPACE, 'recall')}"
RECEIPT_ID = f"extension-definition--{uuid.uuid5(NAMESPACE, 'receipt')}"
EVIDENCE_ID = f"extension-definition--{uuid.uuid5(NAMESPACE, 'log-evidence')}"
SIGNATURE_ID = f"extension-definition--{uuid.uuid5(NAMESPACE, 'signature')}"
SIGNATURE_PROPERTY = "x_commonwatch_signature"  # holds the same where STIX 2.0 knows no extensions
DERIVATION_ID = "extension-definition--194ada7a-42cb-5c5d-9072-796c6cc68f61"
DERIVATION_PROPERTY = "x_commonwatch_derived"  # holds the same where STIX 2.0 knows no extensions
AUTHOR_ID = "identity--a3b9dcbf-3025-56e8-85f3-04647ee2f9ff"
_CREATED = "2026-11-23T00:00:00.000Z"

Classification: TypeAlias = Literal["none", "restricted", "confidential", "secret", "top-secret"]
CLASSIFICATIONS: tuple[Classification, ...] = ("none", "restricted", "confidential", "secret", "top-secret")
PapColour: TypeAlias = Literal["clear", "green", "amber", "red"]

# A list that is given has entries: an empty one would leave open whether it means nobody or everybody.
_Given = msgspec.Meta(min_length=1)
_IdentityId = Annotated[str, msgspec.Meta(pattern=r"^identity--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
_CountryOrGroup = Annotated[str, msgspec.Meta(pattern=r"^([A-Z]{2}|[a-z][a-z0-9-]*)$")]
_Name = Annotated[str, msgspec.Meta(min_length=1)]
_Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z][a-z0-9-]*$")]


class HandlingExtension(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the handling extension of a marking-definition holds. A property left out says nothing.

    A property that is not known is refused: it may forbid something.
    """

    classification: Classification = "none"
    orcon: bool = False  # originator control
    named: Annotated[tuple[_IdentityId, ...], _Given] = ()  # recipients one by one
    releasable_to: Annotated[tuple[_CountryOrGroup, ...], _Given] = ()  # country codes such as FR, groups such as nato
    audience: Annotated[tuple[_Name, ...], _Given] = ()  # communities
    purposes: Annotated[tuple[_Word, ...], _Given] = ()  # the only purposes
    retention_days: Annotated[int, msgspec.Meta(ge=0, le=36_500)] | None = None
    pap: PapColour | None = None
    extension_type: Literal["property-extension"] = "property-extension"


class DerivationExtension(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What the derivation extension of an object holds."""

    variant: Literal["full", "pseudonymised", "stripped"]
    # Left out where the original id follows from the content: who has it could test guesses at what is withheld.
    derived_from: Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9_-]+--[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")] = ""
    parts_withheld: bool = False  # parts with a granular marking are missing
    extension_type: Literal["property-extension"] = "property-extension"


class SignatureExtension(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What the signature extension of an object holds. Everything but `signature` is covered by it."""

    key_id: Annotated[str, msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{43}$")]  # JWK thumbprint (RFC 7638)
    signed: Annotated[str, msgspec.Meta(max_length=40)]  # STIX timestamp
    signature: Annotated[str, msgspec.Meta(max_length=90)]  # Ed25519, base64url
    algorithm: Literal["Ed25519"] = "Ed25519"
    extension_type: Literal["property-extension"] = "property-extension"


def definition() -> dict[str, Any]:
    """The extension-definition object of the handling extension, to be published beside the first marking that uses it."""
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": HANDLING_ID,
        "created_by_ref": AUTHOR_ID,
        "created": _CREATED,
        "modified": _CREATED,
        "name": "Commonwatch handling",
        "description": "Classification, originator control, named recipients, release list, audience, purposes, "
        "retention and PAP, as a property extension of marking-definition.",
        "schema": msgspec.json.encode(msgspec.json.schema(HandlingExtension), order="sorted").decode(),
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }


def handling_marking(content: HandlingExtension, name: str = "") -> dict[str, Any]:
    """The marking-definition that says this; the same content always gives the same object.

    The order of lists says nothing and is not kept. `name` is for people and part of the content.
    """
    extension: dict[str, Any] = {
        key: sorted(set(part)) if isinstance(part, (list, tuple)) else part
        for key, part in msgspec.to_builtins(content).items()
    }
    extension["extension_type"] = "property-extension"
    said: dict[str, Any] = {"extensions": {HANDLING_ID: extension}} | ({"name": name} if name else {})
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": f"marking-definition--{uuid.uuid5(NAMESPACE, canonical(said).decode())}",
        "created": _CREATED,
        **said,
    }


def recall_object(
    identity: str,
    *,
    author: str,
    recipient: str,
    object_refs: Sequence[str],
    reason: str,
    marking: str,
    made: str,
    at: str,
) -> dict[str, Any]:
    """A recall: `author` asks `recipient` to drop these objects, with every copy and whatever was made of them.

    A reminder is a later version of it, `made` when it was first sent.
    """
    return {
        "type": "recall",
        "spec_version": "2.1",
        "id": identity,
        "created_by_ref": author,
        "created": made,
        "modified": at,
        "object_marking_refs": sorted([TLP2["TLP:RED"], marking]),
        "recipient_ref": recipient,
        "object_refs": list(object_refs),
        "reason": reason,
        "extensions": {RECALL_ID: {"extension_type": "new-sdo"}},
    }


def receipt_object(
    identity: str,
    *,
    author: str,
    recipient: str,
    recall: str,
    answer: str,
    kept_refs: Sequence[str] = (),
    marking: str,
    at: str,
) -> dict[str, Any]:
    """A receipt: `author` says to `recipient` what it did about a recall (complied, partly, refused), and what it still holds."""
    return {
        "type": "receipt",
        "spec_version": "2.1",
        "id": identity,
        "created_by_ref": author,
        "created": at,
        "modified": at,
        "object_marking_refs": sorted([TLP2["TLP:RED"], marking]),
        "recipient_ref": recipient,
        "recall_ref": recall,
        "answer": answer,
        **({"kept_refs": list(kept_refs)} if kept_refs else {}),
        "extensions": {RECEIPT_ID: {"extension_type": "new-sdo"}},
    }


def evidence_object(identity: str, *, author: str, log: str, evidence: str, marking: str, at: str) -> dict[str, Any]:
    """Evidence against a partner's log, as `author` saw it: the signed note of `core.merkle.evidence`."""
    return {
        "type": "log-evidence",
        "spec_version": "2.1",
        "id": identity,
        "created_by_ref": author,
        "created": at,
        "modified": at,
        "object_marking_refs": [marking],
        "log": log,
        "evidence": evidence,
        "extensions": {EVIDENCE_ID: {"extension_type": "new-sdo"}},
    }


def read_handling(extension: Mapping[str, Any]) -> HandlingExtension | str:
    """The content of a handling extension, or what cannot be read in it."""
    try:
        return msgspec.convert(extension, HandlingExtension)
    except msgspec.ValidationError as error:
        return str(error)


def derivation_definition() -> dict[str, Any]:
    """The extension-definition object of the derivation extension."""
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": DERIVATION_ID,
        "created_by_ref": AUTHOR_ID,
        "created": _CREATED,
        "modified": _CREATED,
        "name": "Commonwatch derivation",
        "description": "Says of an object that it was made from another for one recipient: with pseudonyms, without "
        "personal data, or without the parts that a granular marking keeps from that recipient.",
        "schema": msgspec.json.encode(msgspec.json.schema(DerivationExtension), order="sorted").decode(),
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }


def signature_definition() -> dict[str, Any]:
    """The extension-definition object of the signature extension."""
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": SIGNATURE_ID,
        "created_by_ref": AUTHOR_ID,
        "created": _CREATED,
        "modified": _CREATED,
        "name": "Commonwatch signature",
        "description": "The author's Ed25519 signature over the words commonwatch/object/v1, a newline, and the RFC 8785 "
        "form of the object with everything but the property signature of this extension.",
        "schema": msgspec.json.encode(msgspec.json.schema(SignatureExtension), order="sorted").decode(),
        "version": "1.0.0",
        "extension_types": ["property-extension"],
    }
