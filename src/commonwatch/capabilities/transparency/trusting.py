"""The policy by which this node believes checkpoints, its own first: whose logs, whose cosignatures, how many of whom."""

from __future__ import annotations

from hashlib import sha256

from commonwatch.base.audit.record import record as put_on_record
from commonwatch.capabilities.transparency import record
from commonwatch.capabilities.transparency.models import LogKey, TrustPolicy
from commonwatch.core.merkle.policies import Policy, parse_policy


def set_policy(text: bytes, actor: str, now_us: int) -> Policy:
    """Believe checkpoints by this policy file from now on; raises InvalidInput with the line at fault."""
    policy = parse_policy(text)
    TrustPolicy.objects.create(text=text.decode("latin-1"), set_us=now_us, actor=actor)
    put_on_record(actor, "log.policy", "", "done", {"sha256": sha256(text).hexdigest()}, now_us=now_us)
    return policy


def policy() -> Policy:
    """The policy in force; before one was set: our own log, without witnesses."""
    return parse_policy(policy_file())


def policy_file() -> bytes:
    """Its file as it was given, or the one that stands for none."""
    latest = TrustPolicy.objects.order_by("-pk").first()
    return latest.text.encode("latin-1") if latest is not None else own_policy()


def own_policy() -> bytes:
    """A policy file that believes this node's log by its own word alone."""
    record.ensure_log()
    lines = [f"log {vkey}" for vkey in LogKey.objects.order_by("pk").values_list("vkey", flat=True)]
    return ("\n".join([*lines, "quorum none"]) + "\n").encode()
