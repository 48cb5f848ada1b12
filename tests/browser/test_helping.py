"""Help in a browser: a request with an offer, the board with its reasons, a contested capability, a contact with a ping."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from tests.browser.conftest import Node, lead
from tests.browser.test_pages import accessible, kept

ANSWERS = ("--answer", "situation=<b>A wiper</b> at two ports", "--answer", "what_we_ask=Two analysts")


@pytest.fixture(scope="session")  # once for each node, however tests are shuffled
def told(node_running: Node) -> dict[str, str]:
    """What the pages are about, made by commands on the node's machine while it runs."""
    command = Command(node_running.data)
    command("party", "set", "home", "--title", "CERT.at", "--kind", "state-body", "--country", "AT")
    command("party", "add", "cert-no", "--title", "CERT Norge", "--kind", "state-body", "--country", "NO")
    command("community", "join", "home", "cert-no", "--reason", "test")
    command("agreement", "add", "pact", "--title", "The pact", "--kind", "treaty", "--source", "BGBl.")
    for member in ("home", "cert-no"):
        command("agreement", "party", "pact", "--member", member, "--in-force", "2026-01-01")
    asked = ("--contact", "Ana", "--need", "incident-analysis=2,en", "--to", "cert-no", *ANSWERS)
    request = command("assist", "request", "generic", "Wiper at two ports", *asked)["id"]
    own = command("assist", "catalogue", "add", "Two analysts", "incident-analysis", "--to", "cert-no")["id"]
    contact = command("contact", "add", "Duty officer", "--role", "technical", "--channel", "x", "--to", "cert-no")[
        "id"
    ]
    command("assist", "catalogue", "reserve", own)
    identity = command("party", "show", "cert-no")["identity"]
    offer = {"request_ref": request, "contact": {"name": "Vakt"}, "parts": [{"need": "n1", "quantity": 2}]}
    theirs = [
        written(identity, "assistance-offer", 1, {**offer, "terms": "من يوم الاثنين", "languages": ["en"]}),
        written(identity, "assistance-reservation", 2, {"capability_ref": own, "act": "reserve"}),
        written(identity, "contact-ping", 3, {"contact_ref": contact, "text": "هل أنتم هناك؟"}),
    ]
    file = node_running.data.parent / "theirs.json"
    bundle = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000077", "objects": theirs}
    file.write_text(json.dumps(bundle))
    command("import", str(file), "--source", "cert-no", "--member", "cert-no", "--default-marking", "TLP:GREEN")
    return {"request": request, "capability": own, "contact": contact}


class Command:
    """The command line, and what it says."""

    def __init__(self, data: Path) -> None:
        self._program = [str(Path(sys.executable).parent / "commonwatch"), "--data", str(data), "--json"]
        self._environment = {**os.environ, "COMMONWATCH_DATA": str(data)}

    def __call__(self, *words: str) -> Any:
        done = subprocess.run([*self._program, *words], env=self._environment, check=True, capture_output=True)
        return json.loads(done.stdout)


def written(author: str, kind: str, number: int, content: dict[str, Any]) -> dict[str, Any]:
    at = "2026-11-29T08:00:00.000Z"
    identity = f"{kind}--00000000-0000-4000-8000-{number:012d}"
    head = {"type": kind, "spec_version": "2.1", "id": identity, "created_by_ref": author}
    return {**head, "created": at, "modified": at, **content}


def opened(page: Page, address: str, name: str, way: str) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    assert page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    kept(page, name, way)
    accessible(page)


def test_pages_about_help_and_contacts_are_accessible(page: Page, way: str, told: dict[str, str]) -> None:
    opened(page, f"/response/help/one/{told['request']}/", "help-request", way)
    opened(page, "/response/allocation/", "allocation-board", way)
    opened(page, f"/response/catalogue/one/{told['capability']}/", "capability", way)
    opened(page, f"/response/contacts/one/{told['contact']}/", "contact", way)
    opened(page, "/response/contacts/pings/", "contact-pings-full", way)
    opened(page, "/response/ledger/", "help-ledger-full", way)


def test_an_offer_is_accepted_by_pointing_at_it(page: Page, way: str, told: dict[str, str]) -> None:
    page.goto(f"/response/help/one/{told['request']}/")
    accept = page.locator("details.act", has=page.locator("input[name=act][value=accept]"))
    if accept.count():  # the second way of looking finds it accepted
        accept.locator("summary").click()
        lead(accept.locator("button[type=submit]"))
    opened(page, f"/response/help/one/{told['request']}/", "help-request-accepted", way)
    assert page.locator("h1 .badge[data-tone=good]").count() == 1
