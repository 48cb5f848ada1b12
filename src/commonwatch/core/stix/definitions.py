"""The extension-definition objects of every extension of ours (STIX 2.1, section 7.3), for programs of others: id, version, schema."""

from __future__ import annotations

import uuid
from typing import Any, NamedTuple

import msgspec

from commonwatch.core.stix import extensions
from commonwatch.core.stix.extensions import NAMESPACE
from commonwatch.core.stix.response import assistance, contacts, evidence, incidents
from commonwatch.core.stix.shared import PART_ID, extension_id

VERSION = "1.0.0"
_CREATED = "2026-11-29T00:00:00.000Z"


class _Kind(NamedTuple):
    content: type[msgspec.Struct]
    description: str


_KINDS: dict[str, _Kind] = {
    "case-statement": _Kind(
        incidents.Statement, description="What a member says of one field of a case or of a task in it."
    ),
    "case-decision": _Kind(
        incidents.Decision, description="A decision in a case: what was decided, by whom, on which ground."
    ),
    "situation-report": _Kind(
        incidents.SituationReport, "A case at a moment, as facts that each reader's program words."
    ),
    assistance.REQUEST: _Kind(assistance.Request, description="A request for help, on a form, with needs and times."),
    assistance.OFFER: _Kind(
        assistance.Offer, description="What a member would do about a request, and on which terms."
    ),
    assistance.ANSWER: _Kind(assistance.Answer, description="A further act about a request or an offer."),
    assistance.CAPABILITY: _Kind(
        assistance.Capability, description="What a member can give: so much of something, at a time."
    ),
    assistance.RESERVATION: _Kind(
        assistance.Reservation, description="That some of a capability is held, given back or allotted."
    ),
    evidence.ITEM: _Kind(
        evidence.Item, description="An item of evidence: who collected it, when, on which basis, with its sums."
    ),
    evidence.TRANSFER: _Kind(evidence.Transfer, description="The offer of an item to another member."),
    evidence.RECEIPT: _Kind(evidence.Receipt, description="The answer to such an offer: taken over, or refused."),
    evidence.NOTE: _Kind(evidence.Note, description="What its holder did with an item."),
    evidence.STAMP: _Kind(evidence.Stamp, description="A time stamp (RFC 3161) on an act of custody."),
    evidence.PRESERVATION: _Kind(evidence.Preservation, description="A request that data be kept, by a treaty."),
    evidence.LEGAL: _Kind(evidence.Legal, description="A request for evidence or help, by a treaty."),
    evidence.ANSWER: _Kind(evidence.Answer, description="An answer to such a request."),
    evidence.STEP: _Kind(evidence.Step, description="That such a request is extended or withdrawn."),
    contacts.CONTACT: _Kind(contacts.Contact, description="Who is reached in which matter, when, in which languages."),
    contacts.PING: _Kind(contacts.Ping, description="A question whether anybody is there."),
    contacts.PONG: _Kind(contacts.Pong, description="The answer: by a person, or by a node by itself."),
    contacts.PROFILE: _Kind(contacts.Profile, description="What a team says of itself, by the sections of RFC 2350."),
}
KINDS = tuple(_KINDS)


def definitions() -> list[dict[str, Any]]:
    """Every one of them; the same each time."""
    return [
        extensions.definition(),
        extensions.derivation_definition(),
        extensions.signature_definition(),
        _definition(
            incidents.CASE,
            "case",
            incidents.CaseRoot,
            "property-extension",
            description="What makes an incident a joint case: track, participants, class, severities, times.",
        ),
        _definition(
            PART_ID,
            "thread part",
            incidents.PartSaid,
            "property-extension",
            description="That an object of a standard type belongs to a case, and what is said of it there.",
        ),
        *(
            _definition(extension_id(name), name, one.content, "new-sdo", description=one.description)
            for name, one in _KINDS.items()
        ),
    ]


def bundle() -> bytes:
    """All of them as a STIX bundle."""
    identity = f"bundle--{uuid.uuid5(NAMESPACE, f'definitions {VERSION}')}"
    return msgspec.json.encode({"type": "bundle", "id": identity, "objects": definitions()})


def _definition(
    identity: str, name: str, content: type[msgspec.Struct], kind: str, *, description: str
) -> dict[str, Any]:
    return {
        "type": "extension-definition",
        "spec_version": "2.1",
        "id": identity,
        "created_by_ref": extensions.AUTHOR_ID,
        "created": _CREATED,
        "modified": _CREATED,
        "name": f"Commonwatch {name}",
        "description": description,
        "schema": msgspec.json.encode(msgspec.json.schema(content), order="sorted").decode(),
        "version": VERSION,
        "extension_types": [kind],
    }
