"""The API of the public record: its state, whose word counts, proofs made and judged, extracts compared."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import asdict
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import MICROSECONDS, now_us
from commonwatch.base.edge import ADMINISTRATOR, OPERATOR, READER, Asked, Paged, caller, page, rows
from commonwatch.base.parties.queries import member_named
from commonwatch.capabilities.transparency import (
    extracting,
    handing,
    pairing,
    queries,
    record,
    stamps,
    trusting,
    witnessing,
)
from commonwatch.capabilities.transparency.judging import Stamps, judge_evidence, judge_proof, own_trust
from commonwatch.capabilities.transparency.models import Opening
from commonwatch.core.errors import InvalidInput
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.evidence import is_evidence
from commonwatch.core.merkle.extracts import parse_extract
from commonwatch.core.merkle.policies import Policy, parse_policy
from commonwatch.core.signing.stamps import roots_of

public_record = Router(tags=["public record"])
LONGEST = 2_000_000  # characters of a file in a request
Number = Annotated[int, Path(ge=0, le=2**53, description="Number of the entry, from the list.")]
Evidence = Annotated[int, Path(ge=1, le=2**31 - 1, description="From the list of evidence.")]


class EntryFilter(Asked):
    """Which entries."""

    kind: str = Field("", max_length=20, description="receipt, share, policy, recall ...")
    object: str = Field("", max_length=300, description="Only about this object.")


class PolicyIn(Schema):
    """Whose records and whose cosignatures count."""

    policy: str = Field(min_length=1, max_length=100_000, description="Lines as of C2SP tlog-policy.")


class WatchIn(Schema):
    """A partner's record."""

    vkey: str = Field(min_length=1, max_length=3000, description="Its key, `name+id+key`.")
    url: str = Field(
        "", max_length=2000, description="Where it is served: then what it shows others is looked at, too."
    )


class Origin(Schema):
    """Which record."""

    origin: str = Field(min_length=1, max_length=1000)


class ProofIn(Schema):
    """What is to be verified; nothing of it is kept."""

    proof: str = Field(min_length=1, max_length=LONGEST, description="A file .tlog-proof or .tlog-evidence.")
    leaf: str = Field("", max_length=LONGEST, description="The file .leaf beside a proof.")
    stamps: str = Field("", max_length=LONGEST, description="The file .stamps beside a proof, if there is one.")
    roots: str = Field("", max_length=100_000, description="Roots (PEM) of time-stamping authorities, to judge stamps.")
    policy: str = Field("", max_length=100_000, description="Whom you believe; default: whom this node does.")


class Since(Schema):
    """Since when."""

    since: date | None = None


class AuditIn(Schema):
    """Two sides' extracts."""

    ours: str = Field(min_length=1, max_length=LONGEST)
    theirs: str = Field(min_length=1, max_length=LONGEST)
    policy: str = Field("", max_length=100_000, description="Whom you believe; default: whom this node does.")


@public_record.get("/record", response=dict[str, Any], auth=OPERATOR)
def show_record(request: HttpRequest) -> dict[str, Any]:
    """The record's checkpoint and keys, the quorum, each witness, each record that is witnessed here, time stamps, and evidence."""
    return {
        "checkpoint": record.checkpoint().decode(),
        "keys": [asdict(one) for one in queries.own_log_keys()],
        "witness_key": witnessing.witness_key().text,
        "quorum": asdict(queries.quorum_state()),
        "witnesses": [asdict(one) for one in queries.witness_states()],
        "logs": [asdict(one) for one in queries.log_states()],
        "stamps": [asdict(one) for one in stamps.states()],
        "evidence": [asdict(one) for one in queries.evidence()],
    }


@public_record.post("/record/keys", response=dict[str, str], auth=ADMINISTRATOR)
def rotate_key(request: HttpRequest) -> dict[str, str]:
    """Make a new key for the record; partners need it: the next checkpoint is signed by it alone."""
    return {"vkey": record.rotate_key()}


@public_record.get("/record/policy", response=dict[str, str], auth=OPERATOR)
def show_policy(request: HttpRequest) -> dict[str, str]:
    """Whose records and whose cosignatures this node believes."""
    return {"policy": trusting.policy_file().decode("latin-1")}


@public_record.put("/record/policy", response=dict[str, Any], auth=ADMINISTRATOR)
def set_policy(request: HttpRequest, given: PolicyIn) -> dict[str, Any]:
    """Believe the records and witnesses named here from now on, and no others."""
    now = trusting.set_policy(given.policy.encode(), caller(request).name, now_us())
    return {"logs": [key.text for key in now.logs], "witnesses": list(now.witnesses), "quorum": now.quorum}


@public_record.post("/record/logs", response=dict[str, str], auth=ADMINISTRATOR)
def watch(request: HttpRequest, given: WatchIn) -> dict[str, str]:
    """Witness a partner's record."""
    key = witnessing.watch(given.vkey.strip(), caller(request).name, now_us(), given.url)
    return {"origin": key.name}


@public_record.delete("/record/logs", response=dict[str, str], auth=ADMINISTRATOR)
def unwatch(request: HttpRequest, given: Query[Origin]) -> dict[str, str]:
    """Witness a partner's record no longer; what was cosigned of it is remembered."""
    witnessing.unwatch(given.origin, caller(request).name, now_us())
    return {"removed": given.origin}


@public_record.get("/record/evidence/{number}", response=dict[str, str], auth=OPERATOR)
def show_evidence(request: HttpRequest, number: Evidence) -> dict[str, str]:
    """Evidence against a record that contradicts itself, as it is handed over."""
    return {"evidence": queries.evidence_file(number).decode()}


@public_record.get("/record/entries", response=Paged[dict[str, Any]], auth=OPERATOR)
def list_entries(request: HttpRequest, asked: Query[EntryFilter]) -> dict[str, Any]:
    """What was written down and can be proven, newest first."""
    found = rows(queries.openings(asked.kind, asked.object), "-number")
    return page(request, asked, found, lambda one: one.number, _shown_entry)


@public_record.get("/record/entries/{number}", response=dict[str, Any], auth=OPERATOR)
def prove(request: HttpRequest, number: Number) -> dict[str, Any]:
    """One entry opened, with the files that prove it, by their names; each as base64."""
    name = f"entry-{number}.tlog-proof"
    made = handing.handed(number, name)
    files = {f"{name}{suffix}": b64encode(raw).decode() for suffix, raw in made.files.items()}
    opening = {"kind": made.opening.kind, "statement": made.opening.body}
    return {"number": number, **opening, "cosigned": list(made.cosigned), "stamped": list(made.stamped), "files": files}


@public_record.post("/record/verify", response=dict[str, Any], auth=READER)
def verify(request: HttpRequest, given: ProofIn) -> dict[str, Any]:
    """Say what a proof or evidence proves, or why it does not."""
    raw, trusted = given.proof.encode(), _trusted(given.policy)
    if is_evidence(raw):
        return _verdict(judge_evidence(raw, trusted))
    if not given.leaf:
        raise InvalidInput("leaf-needed", "A proof is verified with the entry that it is about.", "Give `leaf`.")
    roots = roots_of(given.roots.encode()) if given.roots else ()
    beside = Stamps(given.stamps.encode(), roots) if given.stamps else None
    return _verdict(judge_proof(raw, given.leaf.encode(), trusted, beside))


@public_record.get("/record/extracts/{partner}", response=dict[str, str], auth=OPERATOR)
def extract(request: HttpRequest, partner: str, asked: Query[Since]) -> dict[str, str]:
    """What this node wrote down of its exchange with a member, to be compared with what that wrote down."""
    day = asked.since
    since_us = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) * MICROSECONDS if day else 0
    return {"extract": extracting.extract(member_named(partner), now_us(), since_us).encode().decode()}


@public_record.post("/record/audit", response=dict[str, Any], auth=READER)
def audit(request: HttpRequest, given: AuditIn) -> dict[str, Any]:
    """Pair two extracts: what one side wrote down that it gave, and the other did not write down that it got."""
    ours, theirs = (parse_extract(text.encode()) for text in (given.ours, given.theirs))
    found = pairing.audit(ours, theirs, _trusted(given.policy))
    if isinstance(found, Broken):
        return _verdict(found)
    return {"holds": True, "pairs": [asdict(one) for one in found]}


def _shown_entry(one: Opening) -> dict[str, Any]:
    return {"number": one.number, "kind": one.kind, "statement": msgspec.json.decode(one.body)}


def _trusted(policy: str) -> Policy:
    return parse_policy(policy.encode()) if policy else own_trust()


def _verdict(found: Any) -> dict[str, Any]:
    """What is proven, or the reason why nothing is."""
    return {"holds": not isinstance(found, Broken), **asdict(found)}


routers = (public_record,)
