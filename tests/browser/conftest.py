"""A real node with data in a real browser, in which an administrator is signed in.

Whatever page a test opens, the test fails on an error or warning of the browser's console (where violations of the policy are
reported too), on a script that breaks, and on a request to anywhere else.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from playwright.sync_api import Browser, BrowserContext, Locator, Page, StorageState, expect, sync_playwright

from tests.browser.sample import bundle, dns_log

SHOTS = Path(__file__).parents[2] / "build" / "screenshots"
NAME, PASSWORD = "Ada Lovelace", "quiet rivers carry far"
expect.set_options(timeout=30_000)  # as long as everything else is waited for: a busy machine is no defect of a page
WAYS = {"english": "en-GB", "arabic": "ar"}  # and the locale that the browser asks for


@dataclass(frozen=True)
class Node:
    """A node that runs, and the link for its first administrator."""

    address: str
    setup: str
    data: Path


@pytest.fixture(scope="session")
def node_running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    """`commonwatch serve` on a port of its own, with a few objects and alerts."""
    folder = tmp_path_factory.mktemp("node")
    environment = {**os.environ, "COMMONWATCH_DATA": str(folder / "data"), "COMMONWATCH_WEB_PROCESSES": "1"}
    program = [str(Path(sys.executable).parent / "commonwatch"), "--data", str(folder / "data")]
    (folder / "sample.json").write_bytes(bundle())
    (folder / "dns.log").write_text(dns_log())
    for words in (
        ["import", folder / "sample.json"],
        ["telemetry", "add", "border", folder / "dns.log", "--no-live"],
        ["hunt", "border"],
    ):
        subprocess.run([*program, *map(str, words)], env=environment, check=True, capture_output=True)
    serving = subprocess.Popen([*program, "--json", "serve", "--port", "0"], env=environment, stdout=subprocess.PIPE)
    try:
        assert serving.stdout is not None
        said = json.loads(serving.stdout.readline())
        for _ in range(60):  # until the worker's index has come to the sample
            asked = subprocess.run(
                [*program, "--json", "search", "heron"], env=environment, check=True, capture_output=True
            )
            if json.loads(asked.stdout)["objects"]:
                break
        yield Node(said["address"].rstrip("/"), said["setup"], folder / "data")
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(30)


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """Debian's browser, without a window."""
    program = shutil.which("chromium")
    if program is None:
        assert not os.environ.get("CI"), "CI must have Chromium: see .ci/run"
        pytest.skip("Chromium is not installed: apt-get install chromium.")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=["--no-sandbox"] if os.getuid() == 0 else [])
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def administrator(chromium: Browser, node_running: Node) -> StorageState:
    """What a browser keeps after the first administrator has set up everything."""
    return set_up(chromium, node_running)


def lead(there: Locator) -> None:
    """Press what leads to a page, and be there: the driver by itself goes on while the browser still shows the page before."""
    with there.page.expect_navigation():
        there.click()


def set_up(chromium: Browser, node: Node) -> StorageState:
    """Be a node's first administrator: link, password, second factor."""
    context = chromium.new_context(base_url=node.address)
    page = context.new_page()
    page.goto(node.setup)
    page.fill("[name=name]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.fill("[name=again]", PASSWORD)
    page.click("main button[type=submit]")
    page.click("main a.button")
    page.fill("[name=login]", NAME)
    page.fill("[name=password]", PASSWORD)
    page.click("main button.main")
    page.click("a[href$='/totp/activate/']")
    secret = page.locator(".narrow code").inner_text()
    for _ in range(3):  # a code may run out while it is on its way
        page.fill("[name=code]", format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time())))))
        lead(page.locator("main button.main"))
        if not page.locator("[name=code]").count():
            break
    page.click("main a.button.main")
    page.wait_for_url("**/overview/")
    state = context.storage_state()
    context.close()
    return state


class Watched:
    """A page, and what the browser had to say of it."""

    def __init__(self, page: Page, home: str) -> None:
        self.page = page
        self.said: list[str] = []
        page.on("console", lambda message: self._note(message.type, message.text))
        page.on("pageerror", lambda error: self._note("error", str(error)))
        page.on("request", lambda request: self._request(request.url, home))

    def _note(self, kind: str, text: str) -> None:
        if kind in ("error", "warning"):
            self.said.append(f"{kind}: {text}")

    def _request(self, url: str, home: str) -> None:
        if urlsplit(url).scheme in ("http", "https") and not url.startswith(home + "/"):
            self.said.append(f"request to {url}")


@pytest.fixture(scope="session", params=list(WAYS))
def way(request: pytest.FixtureRequest) -> str:
    """How it is looked at."""
    return str(request.param)


@pytest.fixture(scope="session")
def looking(chromium: Browser, node_running: Node, administrator: StorageState, way: str) -> Iterator[BrowserContext]:
    """A browser of the administrator's that looks this way."""
    context = chromium.new_context(
        base_url=node_running.address,
        storage_state=administrator,
        viewport={"width": 1280, "height": 800},
        reduced_motion="reduce",
        color_scheme="light",
        locale=WAYS[way],
    )
    yield context
    context.close()


@pytest.fixture(scope="session")
def addresses(looking: BrowserContext) -> dict[str, str]:
    """Where the navigation leads to each page, by its name."""
    page = looking.new_page()
    page.goto("/keys/")
    found = {
        str(link.get_attribute("data-page")): str(link.get_attribute("href"))
        for link in page.locator("#navigation a[data-page]").all()
    }
    page.close()
    return found


@pytest.fixture
def page(looking: BrowserContext, node_running: Node) -> Iterator[Page]:
    """A page that must give no cause for complaint."""
    watched = Watched(looking.new_page(), node_running.address)
    yield watched.page
    watched.page.close()
    assert watched.said == []
