"""What happens in the demo, in order. Each step is what a person would type; what it says is what the nodes answered."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from commonwatch.cli.demo import sample
from commonwatch.cli.demo.nodes import DemoNode, free_port
from commonwatch.cli.demo.response import respond
from commonwatch.core.errors import NodeUnable

PATIENCE_SECONDS = 90.0
_REAL = ("intel/stix/spyware-mvt", "intel/stix/oasis-examples")
_GREEN = "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"

Say = Callable[[str], None]


def cast(folder: Path) -> tuple[DemoNode, DemoNode, DemoNode]:
    """The three members. They are made up; the law of their countries is not."""
    members = (
        ("cert-at", "A national CSIRT in Austria", "AT", "state-body"),
        ("cert-sg", "A national CSIRT in Singapore", "SG", "state-body"),
        ("telco-jp", "A telecommunications company in Japan", "JP", "company"),
    )
    nodes = []
    for name, title, country, kind in members:
        (folder / name).mkdir(parents=True, mode=0o700)
        nodes.append(DemoNode(name, title, country, kind, folder / name, free_port()))
    return nodes[0], nodes[1], nodes[2]


def tell(folder: Path, shared: Path | None, say: Say) -> tuple[DemoNode, ...]:
    """The whole story; the nodes are left running."""
    at, sg, jp = nodes = cast(folder)
    say("1. Three members, three nodes, each with its own database and key.")
    for node in nodes:
        node.run("party", "set", "home", "--title", node.title, "--kind", node.kind, "--country", node.country)
        node.start()
        say(f"   {node.name:<9} {node.url}   {node.title}")
    say("2. They join by one code each. Who invites says what the other is: law decides by that.")
    for one, other in ((at, sg), (at, jp), (sg, jp)):
        _join(one, other)
        say(f"   {one.name} and {other.name} know each other's keys")
    say("3. Two agreements at cert-at, and a community.")
    _agreements(at, sg, jp, say)
    say("4. cert-at takes intelligence in.")
    _import(at, shared, say)
    say("5. It goes to each as far as handling, law and agreements allow.")
    _spread(nodes, say)
    say("6. cert-at publishes what it saw itself, and says first who would get it.")
    own = _publish(at, say)
    for node in (sg, jp):
        _wait(f"{node.name} has it", lambda node=node: _holds(node, own))  # type: ignore[misc]
        say(f"   {node.name} has {own}")
    say("7. cert-sg looks for it, and for all the rest, in its own telemetry. The telemetry stays where it is.")
    alerts = _hunt(sg, "before", say)
    say("8. It was a scanner of a university: cert-at takes it back.")
    _recall(at, own, say)
    if alerts:
        alerts = _hunt(sg, "after", say)
    say(
        "9. What was recalled, and what the others answered, is on record. Anybody can verify it without asking cert-at."
    )
    _prove(at, jp, say)
    respond(at, sg, jp, alerts, say)
    say("")
    say("The nodes go on running. Look around:")
    for node in nodes:
        say(f"   commonwatch federation status --data {node.folder}")
    say("To end them: commonwatch demo --stop")
    return nodes


def _join(one: DemoNode, other: DemoNode) -> None:
    invited = one.run("federation", "invite", other.name, "--kind", other.kind, "--country", other.country)
    other.run("federation", "join", invited["code"], one.name, "--kind", one.kind, "--country", one.country)


def _agreements(at: DemoNode, sg: DemoNode, jp: DemoNode, say: Say) -> None:
    terms = (
        ("at-sg", sg, "memorandum", "Memorandum of 2026-02-01 (made up)", ("--category", "indicators")),
        ("at-jp", jp, "non-disclosure", "Agreement of 2026-03-01 (made up)", ()),
    )
    for name, other, kind, source, covers in terms:
        at.run("agreement", "add", name, "--kind", kind, "--source", source, *covers)
        for party in ("home", other.name):
            at.run("agreement", "party", name, "--member", party, "--signed", "2026-02-01", "--in-force", "2026-03-01")
        say(f"   {name}: {kind}, in force since 2026-03-01")
    at.run("community", "create", "early-warning", "--description", "Those who warn each other first")
    for party in ("home", sg.name):
        at.run("community", "join", "early-warning", party, "--reason", "founding member")
    say("   early-warning: cert-at and cert-sg")


def _import(at: DemoNode, shared: Path | None, say: Say) -> None:
    folders = [str(shared / name) for name in _REAL if (shared / name).is_dir()] if shared is not None else []
    if folders:
        say(f"   real intelligence from {shared}")
        done = at.run("import", *folders, "--source", "feeds", "--default-marking", "TLP:GREEN", fine=(0, 1))
    else:
        say("   the sample that comes with the demo (--shared DIR takes real intelligence)")
        done = at.run("import", "-", "--source", "sample", "--default-marking", "TLP:GREEN", given=sample.bundle())
    say(f"   {done['admitted']:,} objects admitted, {done['quarantined']} held, {done['duplicate']} held already")


def _spread(nodes: tuple[DemoNode, ...], say: Say) -> None:
    at = nodes[0]
    began = time.monotonic()
    _wait(
        "everything is sent", lambda: all(not one["behind_seconds"] for one in at.run("federation", "status")["peers"])
    )
    for one in at.run("federation", "status")["peers"]:
        say(f"   {one['name']}: {one['sent']:,} objects sent, {one['skipped']} skipped; last answer {one['heard']}")
    say(f"   all of it within {time.monotonic() - began:.1f} s")


def _publish(at: DemoNode, say: Say) -> str:
    draft = {
        "type": "indicator",
        "name": "Beacon seen at two hospitals",
        "pattern": f"[domain-name:value = '{sample.OWN}']",
        "pattern_type": "stix",
        "valid_from": sample.AT,
        "object_marking_refs": [_GREEN],
    }
    done = at.run("publish", "-", "--reason", "Seen at two hospitals", given=json.dumps(draft).encode())
    for one in done["simulations"][0]["recipients"]:
        if one["member"] != "home":
            say(f"   {one['member']:<9} {'gets it' if one['variant'] else 'does not'}: {one['because']}")
    return str(done["published"][0]["object"])


def _recall(at: DemoNode, own: str, say: Say) -> None:
    at.run("revoke", own, "--reason", "It was a scanner of a university")
    _wait("every recall is answered", lambda: _answered(at))
    for one in at.run("recall", "list")["recalls"]:
        say(f"   {one['member']:<9} answered: {one['answer']}")


def _hunt(node: DemoNode, name: str, say: Say) -> list[dict[str, Any]]:
    """Look through a sample of telemetry; the alerts. None where what that needs is not installed."""
    file = node.folder / f"telemetry-{name}.json"
    file.write_bytes(sample.telemetry(name))
    done = node.run("hunt", str(file), fine=(0, 3))
    if done.get("error", {}).get("code") == "extra-missing":
        say("   left out: ./run install detection")
        return []
    say(f"   {done['events']} events {name} the recall: {len(done['alerts'])} of them bad")
    for one in done["alerts"]:
        say(f"   alert, {one['severity']}: {one['value']}, known from {one['name']}")
    return list(done["alerts"])


def _prove(at: DemoNode, verifier: DemoNode, say: Say) -> None:
    at.run("log", "follow")
    policy = verifier.folder / "trust.policy"
    (key,) = [one["vkey"] for one in at.run("log", "status")["keys"] if one["current"]]
    policy.write_text(f"log {key}\nquorum none\n")
    for kind in ("recall", "answer"):
        leaf = at.run("log", "list", "--kind", kind)[0]["number"]
        file = verifier.folder / f"{kind}-{leaf}.tlog-proof"
        at.run("proof", "make", str(file), "--leaf", str(leaf))
        found = verifier.run("proof", "verify", str(file), "--policy", str(policy))
        say(f"   {verifier.name} verified leaf {found['number']} of cert-at's record: {kind} of {found['at']}")


def _answered(at: DemoNode) -> bool:
    found = at.run("recall", "list")["recalls"]
    return len(found) >= 2 and all(one["answer"] for one in found)


def _holds(node: DemoNode, identity: str) -> bool:
    answer = node.run("explain", identity, "--to", "home", fine=(0, 1, 2))
    return isinstance(answer, dict) and "error" not in answer


def _wait(what: str, done: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise NodeUnable("demo-waits", f"Waited in vain until {what}.", "See demo.log in the nodes' folders.")
        time.sleep(0.3)
