"""A passkey is added and signs in by itself, with the browser's own pretended device."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page

from tests.browser.conftest import PASSWORD, Node, lead

DEVICE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


def test_a_passkey_is_added_and_signs_in_by_itself(chromium: Browser, node_running: Node) -> None:
    link = _invited(node_running)
    home = node_running.address.replace("127.0.0.1", "localhost")  # passkeys are bound to names, never to addresses
    context = chromium.new_context(base_url=home)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    device = context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    device.send("WebAuthn.addVirtualAuthenticator", {"options": DEVICE})

    page.goto(f"/setup/{link}/")
    for field in ("password", "again"):
        page.fill(f"[name={field}]", PASSWORD)
    page.click("main button[type=submit]")
    page.click("main a.button")
    page.fill("[name=login]", "Grace")
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")
    page.wait_for_url("**/overview/")
    page.goto("/account/security/webauthn/add/")
    page.check("[name=passwordless]")
    page.click("main button.main")
    page.wait_for_url("**/recovery-codes/")
    _signed_out(page)
    page.goto("/account/sign-in/")
    page.click("form[data-passkey] button")
    page.wait_for_url("**/overview/")
    assert page.locator(".me").inner_text().startswith("Grace")
    context.close()
    assert said == []


def _signed_out(page: Page) -> None:
    page.goto("/overview/")
    lead(page.locator(".foot button"))


def _invited(node: Node) -> str:
    """The secret of an invitation, made on the node's machine."""
    program = [str(Path(sys.executable).parent / "commonwatch"), "--data", str(node.data), "--json"]
    environment = {**os.environ, "COMMONWATCH_DATA": str(node.data)}
    command = [*program, "account", "invite", "Grace", "--role", "reader"]
    said = subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout
    return str(json.loads(said)["link"]).rstrip("/").rpartition("/")[2]
