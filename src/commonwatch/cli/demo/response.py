"""What happens in the demo once something fired: one case of three, help, evidence that changes hands, clocks, a report on paper."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from commonwatch.cli.demo.nodes import DemoNode
from commonwatch.core.errors import NodeUnable

PATIENCE_SECONDS = 90.0
LANGUAGES = ("en", "ar")
_CONTENT = b"Image of a disk, as far as this demo goes.\n" * 1_000

Say = Callable[[str], None]


def respond(at: DemoNode, sg: DemoNode, jp: DemoNode, alerts: list[dict[str, Any]], say: Say) -> None:
    """The case from its first report to its closing."""
    say(
        "10. An alert at cert-sg becomes one case of three. Each writes its own part of it, and all have the same case."
    )
    case = _case(at, sg, jp, alerts, say)
    say("11. cert-sg asks for help by name. One refuses and says why, one offers, delivers, and is confirmed.")
    _help(at, sg, jp, case, say)
    say(
        "12. Evidence changes hands: sealed for its recipient, signed by both sides, verified by a third without a node."
    )
    _evidence(at, sg, jp, case, say)
    say("13. cert-at works for a hospital: who must be told, by when, and by which law. A person confirms; clocks run.")
    _clocks(at, case, say)
    say("14. A situation report, written once and read in two languages, on paper too.")
    _report(at, sg, case, say)
    say("15. The case is closed with its cause, and what was learned becomes a task.")
    _close(sg, jp, case, say)


def _case(at: DemoNode, sg: DemoNode, jp: DemoNode, alerts: list[dict[str, Any]], say: Say) -> str:
    words = ["--class", "malicious-code.infected-system", "--severity", "high"]
    for member in (at, jp):
        words += ["--with", member.name]
    for one in alerts:
        words += ["--object", one["object"], "--detected", one["first"], "--source", f"alert {one['alert']}"]
    case = str(sg.run("case", "report", "Beacons from a hospital network", *words)["case"])
    for node in (at, jp):
        _wait(f"{node.name} has the case", lambda node=node: _shown(node, case))  # type: ignore[misc]
        node.run("case", "acknowledge", case)
    seen = ("--at", "2026-01-05T22:00:00Z", "--source", "flow records")
    jp.run("case", "timeline", case, "--add", "The same beacon in our backbone", *seen)
    at.run("case", "task", case, "Block the addresses in the backbone", "--owner", jp.name, "--due", "+1d")
    sg.run("case", "state", case, "responding")
    _wait("all three have all of it", lambda: len({_said(node, case) for node in (at, sg, jp)}) == 1)
    found = _shown(at, case)
    lines = found["timeline"]
    say(f"   {case}: {found['state']}, severity {found['severity']}, {len(found['participants'])} members")
    say(
        f"   {len(lines)} lines in its timeline, by {len({one['by']['identity'] for one in lines})} members, the same on all nodes"
    )
    return case


def _help(at: DemoNode, sg: DemoNode, jp: DemoNode, case: str, say: Say) -> None:
    answers = ("situation=Beacons from a hospital network", "what_we_ask=Analysis of one sample within two days")
    words = [word for answer in answers for word in ("--answer", answer)]
    words += ["--need", "artifact-analysis=1,en", "--to", at.name, "--to", jp.name, "--case", case]
    request = str(
        sg.run("assist", "request", "generic", "Analysis of a beacon", "--contact", "Duty desk", *words)["id"]
    )
    for node in (at, jp):
        _wait(f"{node.name} has the request", lambda node=node: _request(node, request))  # type: ignore[misc]
    jp.run("assist", "refuse", request, "--reason", "Our analysts are all in another case")
    terms = ("--part", "n1=1", "--terms", "Within two days, at no cost", "--language", "en")
    offer = str(at.run("assist", "offer", request, "--contact", "Laboratory", *terms)["id"])
    _wait("cert-sg has the offer", lambda: (_request(sg, request) or {}).get("offers"))
    sg.run("assist", "accept", request, offer)
    _wait("cert-at has the acceptance", lambda: (_request(at, request) or {}).get("state") == "accepted")
    at.run("assist", "deliver", request, offer)
    _wait("cert-sg has what was delivered", lambda: (_request(sg, request) or {}).get("state") == "fulfilled")
    sg.run("assist", "confirm", request, offer)
    found = sg.run("assist", "show", request)
    for one in found["history"]:
        say(f"   {found['names'][one['author']]}: {one['act']}{': ' + one['reason'] if one['reason'] else ''}")


def _evidence(at: DemoNode, sg: DemoNode, jp: DemoNode, case: str, say: Say) -> None:
    from pyrage import x25519

    key = x25519.Identity.generate()
    (at.folder / "laboratory.age").write_text(str(key))
    disk = sg.folder / "disk.img"
    disk.write_bytes(_CONTENT)
    why = (
        "--basis",
        "Consent of the hospital",
        "--tool",
        "dd 9.1",
        "--case",
        case,
        "--recipient",
        str(key.to_public()),
    )
    whom = ("--for", at.name, "--for", jp.name)
    added = sg.run("evidence", "add", str(disk), "--name", "Disk of the mail server", *why, *whom)
    item = str(added["item"]["id"])
    sg.run("evidence", "hand-over", item, at.name, "--purpose", "Analysis of a beacon")
    carried = at.folder / "disk.carried"
    sg.run("evidence", "pack", item, str(carried))
    _wait("cert-at has the offer of the item", lambda: _item(at, item).get("offered_to"))
    at.run("evidence", "take", str(carried))
    at.run("evidence", "accept", item)
    chain = jp.folder / "disk.custody.json"
    at.run("evidence", "export", item, str(chain))
    found = jp.run("evidence", "verify", str(chain))
    states = [one["state"] for one in found["checked"]]
    holds = "holds" if found["holds"] else "does not hold"
    say(f"   telco-jp: the chain of {item} {holds}")
    say(
        f"   {states.count('holds')} things hold; not judged: time stamps, because no authority is set, and whose keys they are"
    )


def _clocks(at: DemoNode, case: str, say: Say) -> None:
    facts = ("--place", "AT", "--role", "nis2-entity", "--sector", "health", "--severity", "high")
    known = ("--fact", "personal_data=yes", "--time", "aware=now", "--case", case, "--keep")
    found = at.run("duties", "assess", "Beacons from a hospital network", *facts, *known)
    wanted = {"RO:EU-NIS2-23", "RO:EU-GDPR-33"}
    for duty in at.run("duties", "list"):
        if duty["regime"] in wanted:
            at.run("duties", "confirm", str(duty["duty"]), "--reason", "The legal office says so")
    say(f"   {len(found['assessed'])} instruments may require notice; two are confirmed")
    for duty in at.run("duties", "list"):
        if duty["regime"] in wanted:
            say(f"   {duty['instrument']}: to the {duty['recipient']} by {duty['next_due']}")


def _report(at: DemoNode, sg: DemoNode, case: str, say: Say) -> None:
    sg.run("case", "sitrep", case, "--write", "--outlook", "stable", "--next", "+12h")
    _wait("cert-at has the report", lambda: at.run("case", "sitrep", case)["report"])
    for language in LANGUAGES:
        file = at.folder / f"report-{language}.pdf"
        made = at.run("case", "sitrep", case, "--language", language, "--pdf", str(file), fine=(0, 3))
        if "error" in made:
            say(f"   {made['error']['sentence']} {made['error']['advice']}")
        else:
            say(f"   {file}   {made['lines'][0]}")


def _close(sg: DemoNode, jp: DemoNode, case: str, say: Say) -> None:
    task = str(_shown(jp, case)["tasks"][0]["id"])
    jp.run("case", "task", case, "--change", task, "--outcome", "successful", "--result", "Blocked on both lines")
    sg.run("case", "task", case, "Ask all hospitals for their update servers", "--due", "+30d", "--lesson")
    sg.run("case", "close", case, "--root-cause", "An update server that nobody watched")
    _wait("telco-jp has the end", lambda: _shown(jp, case)["state"] == "closed")
    for span in jp.run("case", "metrics")["spans"]:
        if span["done"] and span["name"] in ("time to acknowledge", "time to close"):
            say(f"   {span['name']}: {span['median_seconds']:,.0f} s")


def _shown(node: DemoNode, case: str) -> Any:
    answer = node.run("case", "show", case, fine=(0, 1, 2))
    return answer if isinstance(answer, dict) and "error" not in answer else None


def _said(node: DemoNode, case: str) -> str:
    """All that a member sees of a case, but for what each calls the others."""
    found = _shown(node, case) or {}
    return str((found.get("state"), [(one["at"], one["kind"]) for one in found.get("timeline", [])]))


def _item(node: DemoNode, item: str) -> dict[str, Any]:
    found: dict[str, Any] = node.run("evidence", "show", item, fine=(0, 1, 2)).get("item", {})
    return found


def _request(node: DemoNode, request: str) -> Any:
    answer = node.run("assist", "show", request, fine=(0, 1, 2))
    return answer if isinstance(answer, dict) and "error" not in answer else None


def _wait(what: str, done: Callable[[], Any]) -> None:
    until = time.monotonic() + PATIENCE_SECONDS
    while not done():
        if time.monotonic() > until:
            raise NodeUnable("demo-waits", f"Waited in vain until {what}.", "See demo.log in the nodes' folders.")
        time.sleep(0.3)
