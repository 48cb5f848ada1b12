"""The API of the partnership itself: who is in it, who decides, what waits, whose keys count."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Field, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import ADMINISTRATOR, OPERATOR
from commonwatch.base.parties.answering import Changed, Preview, by
from commonwatch.capabilities.federation.membership import approving, partnership, rotation
from commonwatch.capabilities.federation.membership.metadata import signed
from commonwatch.capabilities.federation.membership.standing import approver_key, standing, waiting
from commonwatch.core.errors import InvalidInput
from commonwatch.core.signing.keys import public_key_of

membership = Router(tags=["partnership"])
TIME = "Since when the old key may be in other hands, e.g. 2026-11-23T08:00:00Z."


class Approval(Schema):
    """What is approved: exactly one of these."""

    name: str = Field("", max_length=2000, description="What waits, by the name under which it is listed.")
    recovery: str = Field("", max_length=200_000, description="What a member's `federation recover` wrote.")
    renew: bool = Field(False, description="Sign the register for a further time.")


class Expulsion(Schema):
    """Who is to leave."""

    name: str = Field(min_length=1, max_length=100, description="As the partnership's register names it.")
    reason: str = Field(min_length=1, max_length=2000, description="Why, and by whose decision.")


class NewKey(Schema):
    """Why there is a new key."""

    reason: str = Field("", max_length=2000)


class NewMemberKey(NewKey):
    """And whether the old one was stolen."""

    stolen_since: str = Field("", max_length=40, description=TIME)


class Recovery(Schema):
    """What happened."""

    since: str = Field(min_length=1, max_length=40, description=TIME)
    reason: str = Field(min_length=1, max_length=2000)


class RootDraft(Schema):
    """A root to be signed by its holders. Keys are public, as base64url."""

    what: Literal["create", "root", "approvers"] = Field(
        description="Begin a partnership; change the root's keys, or its time; choose who approves."
    )
    keys: list[str] = Field([], max_length=100, description="create: the root's keys; root: further ones.")
    drop: list[str] = Field([], max_length=100, description="root: ids of keys that count no longer.")
    approvers: list[str] = Field([], max_length=100, description="approvers: members whose nodes are to be.")
    threshold: int | None = Field(
        None, ge=1, le=100, description="How many must sign together; default: 1, or as it is."
    )


class SignedRoot(Schema):
    """A root with its holders' signatures."""

    root: str = Field(min_length=1, max_length=200_000, description="The draft, signed by `federation sign-root`.")
    name: str = Field("", max_length=100, description="What the partnership that begins is called.")


class InForce(Schema):
    """What was done, and whether it is in force or waits for others."""

    what: str
    in_force: bool


@membership.get("/federation", response=dict[str, Any], auth=OPERATOR)
def show_partnership(request: HttpRequest) -> Any:
    """The partnership as it stands here: members, who signs what until when, what waits, what to renew; null without one."""
    return {"partnership": msgspec.to_builtins(standing(now_us()))}


@membership.get("/federation/waiting", response=list[dict[str, Any]], auth=OPERATOR)
def list_waiting(request: HttpRequest) -> Any:
    """What waits for approval, with the keys to compare first."""
    return msgspec.to_builtins(waiting())


@membership.post("/federation/approvals", response=InForce, auth=ADMINISTRATOR)
def approve(request: HttpRequest, given: Approval) -> dict[str, Any]:
    """Approve what waits, a member's new start, or the register for a further time. Compare the keys by telephone first."""
    if bool(given.name) + bool(given.recovery) + given.renew != 1:
        raise InvalidInput("approval-one", "Exactly one thing is approved at a time.", "Give name, recovery or renew.")
    if given.recovery:
        entry, done = rotation.propose_recovery(rotation.read_recovery(given.recovery.encode()), by(request))
        return {"what": f"{entry.title} starts anew", "in_force": done}
    if given.renew:
        return {"what": "The register is signed for anew", "in_force": approving.sign_anew(by(request))}
    return {"what": given.name, "in_force": approving.approve(given.name, by(request))}


@membership.post("/federation/expulsions", response=Changed, auth=ADMINISTRATOR)
def expel(request: HttpRequest, given: Expulsion, look: Preview) -> dict[str, Any]:
    """Propose that a member leaves the partnership; in force, every node stops the exchange with it and recalls what it had."""
    report = approving.expulsion_report(given.name, given.reason, by(request))
    result = None
    if not look.preview:
        done = approving.expel(given.name, given.reason, by(request))
        result = {"what": f"{given.name} is expelled", "in_force": done}
    return {"preview": look.preview, "report": report.data(), "result": result}


@membership.post("/federation/keys/node", response=dict[str, str], auth=ADMINISTRATOR)
def rotate_node(request: HttpRequest, given: NewKey) -> dict[str, str]:
    """Put a new key in place of the node's; peers hear of it with the next exchange."""
    return {"key": rotation.rotate_node(given.reason, by(request))}


@membership.post("/federation/keys/member", response=dict[str, str], auth=ADMINISTRATOR)
def rotate_member(request: HttpRequest, given: NewMemberKey) -> dict[str, str]:
    """Put a new key in place of the member's; with `stolen_since`, the old one is not believed from then on."""
    since = rotation.since_us(given.stolen_since) if given.stolen_since else None
    return {"key": rotation.rotate_member(since, given.reason, by(request)).id}


@membership.post("/federation/recovery", response=dict[str, str], auth=ADMINISTRATOR)
def recover(request: HttpRequest, given: Recovery) -> dict[str, str]:
    """Start anew after this node's keys were lost or stolen. The answer is for the approvers; it holds no secret."""
    return {"recovery": rotation.recover(rotation.since_us(given.since), given.reason, by(request))}


@membership.post("/federation/root/drafts", response=dict[str, str], auth=ADMINISTRATOR)
def draft_root(request: HttpRequest, given: RootDraft) -> dict[str, str]:
    """Draft a root for its holders to sign where their keys are. Nothing is changed."""
    keys = [public_key_of(one) for one in given.keys]
    if given.what == "create":
        root = partnership.first_root(keys, given.threshold or 1, by(request))
    elif given.what == "root":
        root = partnership.root_with(keys, given.drop, given.threshold, by(request))
    else:
        approvers = [approver_key(one) for one in given.approvers]
        root = partnership.root_for(approvers, given.threshold or 1, by(request))
    return {"root": signed(root, ())}


@membership.post("/federation/root", response=InForce, auth=ADMINISTRATOR)
def take_root(request: HttpRequest, given: SignedRoot) -> dict[str, Any]:
    """Put a root that enough of its holders have signed in force: a partnership begins, its root or its approvers change."""
    done = partnership.take_signed(given.root, given.name, by(request))
    return {"what": "The root is signed", "in_force": done}


routers = (membership,)
