"""What a node with its console costs: memory while nothing happens, and how long a browser waits on a bad line.

    .venv/bin/python -m bench.console_node

A node of its own in a temporary folder, with the sample of the demo, as `serve` starts it, with as many processes as it takes by itself.
Memory is the proportional set size of all its processes: after the start, and after one look at each page. Then Chromium opens two pages
with an empty cache over a line of 256 kbit/s with 150 ms there and back, which its own tools slow down.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.meter import family, memory_mb

KIBIT = 1024 / 8  # bytes a second
LATENCY_MS = 150
SETTLES_SECONDS = 8.0
LINE_PAGES = ("/overview/", "/intelligence/")


def main() -> None:
    """Start it, look, weigh, and open pages slowly."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kbit", type=int, default=256)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"COMMONWATCH_DATA": folder, "DJANGO_SETTINGS_MODULE": "commonwatch.site.settings"}
        import django

        django.setup()
        with _serving(Path(folder)) as (address, pid):
            cookie = _signed_in()
            time.sleep(SETTLES_SECONDS)
            print(f"| memory, MB | |\n| --- | ---: |\n| after the start | {memory_mb(family(pid)):.0f} |")
            pages = _looked(address, cookie)
            time.sleep(SETTLES_SECONDS)
            print(f"| after {pages} pages | {memory_mb(family(pid)):.0f} |")
            _over_a_line(address, cookie, given.kbit)


@contextmanager
def _serving(folder: Path) -> Iterator[tuple[str, int]]:
    from commonwatch.cli.demo.sample import bundle

    run = [sys.executable, "-m", "commonwatch", "--data", str(folder)]
    subprocess.run([*run, "import", "-"], input=bundle(), check=True, stdout=subprocess.DEVNULL)
    serving = subprocess.Popen([*run, "--json", "serve", "--port", "0"], stdout=subprocess.PIPE)
    assert serving.stdout is not None
    try:
        yield json.loads(serving.stdout.readline())["address"].rstrip("/"), serving.pid
    finally:
        serving.send_signal(signal.SIGINT)
        serving.wait(30)


def _signed_in() -> str:
    """The session of an administrator, made in the database: how people sign in is not what is weighed."""
    from allauth.mfa.totp.internal.auth import TOTP
    from django.conf import settings
    from django.test import Client

    from commonwatch.base.accounts.actions import ensure_setup_link, use_setup_link
    from commonwatch.base.accounts.models import SetupLink
    from commonwatch.base.clock import now_us

    SetupLink.objects.all().delete()  # whose secret `serve` has printed
    link = ensure_setup_link(now_us())
    assert link is not None
    account = use_setup_link(link, "Ada", "quiet rivers carry far", address="", now_us=now_us())
    TOTP.activate(account, "JBSWY3DPEHPK3PXP")
    browser = Client()
    browser.force_login(account)
    return str(browser.cookies[settings.SESSION_COOKIE_NAME].value)


def _looked(address: str, cookie: str) -> int:
    """One look at each page; how many."""
    import httpx2

    from commonwatch.console.areas import AREAS

    entries = [entry for area in AREAS for entry in area.entries]
    with httpx2.Client(base_url=address, cookies={"sessionid": cookie}) as browser:
        for entry in entries:
            assert browser.get(entry.address).status_code == 200, entry
    return len(entries)


def _over_a_line(address: str, cookie: str, kbit: int) -> None:
    from playwright.sync_api import sync_playwright

    print(f"\n| page at {kbit} kbit/s | first paint s | all there s | KB |\n| --- | ---: | ---: | ---: |")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        for page in LINE_PAGES:
            context = browser.new_context(base_url=address)
            context.add_cookies([{"name": "sessionid", "value": cookie, "url": address}])
            first, loaded, size = _opened(context, page, kbit)
            print(f"| {page} | {first / 1e3:.1f} | {loaded / 1e3:.1f} | {size / 1e3:.0f} |")
            first, loaded, size = _opened(context, page, kbit)
            print(f"| {page}, again | {first / 1e3:.1f} | {loaded / 1e3:.1f} | {size / 1e3:.0f} |")
            context.close()


def _opened(context: Any, path: str, kbit: int) -> tuple[float, float, float]:
    """Milliseconds to the first paint of content and until everything is there, and bytes as they came over the line."""
    page = context.new_page()
    line = context.new_cdp_session(page)
    sizes: list[float] = []
    line.send("Network.enable")
    rate = kbit * KIBIT
    throttled = {"offline": False, "latency": LATENCY_MS, "downloadThroughput": rate, "uploadThroughput": rate}
    line.send("Network.emulateNetworkConditions", throttled)
    line.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(path, wait_until="networkidle", timeout=180_000)
    first = page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime")
    loaded = page.evaluate(
        "Math.max(...performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource')).map(one => one.responseEnd))"
    )
    page.close()
    return float(first), float(loaded), sum(sizes)


if __name__ == "__main__":
    main()
