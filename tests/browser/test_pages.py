"""Every page of the navigation in a browser: light, dark and from right to left; accessible, quiet, kept as a picture."""

from __future__ import annotations

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from commonwatch.console.areas import AREAS
from tests.browser.conftest import SHOTS

PAGES = {entry.url: f"/{area.name}/" for area in AREAS for entry in area.entries}
BESIDE = {"search": "/search/?q=a", "keys": "/keys/", "preferences": "/account/", "security": "/account/security/"}
BESIDE |= {"sessions": "/account/sessions/", "password": "/account/password/"}
BESIDE |= {
    "notices": "/desk/notices/",
    "first-member": "/overview/first-start/member/",
    "first-peer": "/overview/first-start/peer/",
    "invite": "/administration/people/invite/",
    "token-new": "/administration/tokens/new/",
    "source-new": "/administration/sources/new/",
    "account": "/administration/people/1/",
}
BESIDE |= {
    "member": "/partnership/members/one/home/",
    "node-invite": "/partnership/joining/invite/",
    "record": "/partnership/proofs/record/",
    "record-entry": "/partnership/proofs/record/0/",
    "proofs-audit": "/partnership/proofs/audit/",
}
BESIDE |= {
    "help-forms": "/response/help/new/",
    "help-ask": "/response/help/new/csirt/",
    "capability-new": "/response/catalogue/new/",
    "contact-new": "/response/contacts/new/",
    "team": "/response/contacts/profile/home/",
    "team-write": "/response/contacts/profile/write/",
}
RULES = {
    "runOnly": {"type": "tag", "values": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]}
}
FIRST_PAGE_BYTES = 150_000


def accessible(page: Page) -> None:
    """No finding of axe at WCAG 2.2 A and AA, nor of its good practice, once everything that comes after the page has come."""
    page.wait_for_load_state("networkidle")
    expect(page.locator(".htmx-request")).to_have_count(0)
    found = Axe().run(page, options=RULES)
    assert found.violations_count == 0, found.generate_report()


def kept(page: Page, name: str, way: str) -> None:
    """As a picture for people to look at."""
    SHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SHOTS / f"{name}-{way}.png", full_page=True)


@pytest.mark.parametrize("name", [*PAGES, *BESIDE])
def test_a_page_is_accessible_and_quiet(page: Page, way: str, addresses: dict[str, str], name: str) -> None:
    page.goto(BESIDE.get(name) or addresses[name])
    page.wait_for_load_state("networkidle")
    assert page.locator("html").get_attribute("dir") == ("rtl" if way == "arabic" else "ltr")
    width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert width <= 0, "it is wider than the screen"
    kept(page, name, way)
    accessible(page)
    if way == "english":
        page.emulate_media(color_scheme="dark")
        kept(page, name, "dark")
        accessible(page)


@pytest.mark.parametrize("name", ["overview", "preferences"])
def test_a_page_fits_a_telephone_and_its_navigation_opens(
    page: Page, way: str, addresses: dict[str, str], name: str
) -> None:
    page.set_viewport_size({"width": 360, "height": 700})
    page.goto(BESIDE.get(name) or addresses[name])
    assert page.evaluate("document.documentElement.scrollWidth") <= 360
    page.click("[popovertarget=navigation]")
    assert page.locator("#navigation .tasks").is_visible()
    kept(page, f"{name}-small", way)
    accessible(page)


def test_the_first_page_is_light(page: Page) -> None:
    """Compressed, with everything that it loads, which are no charts there."""
    sizes: list[int] = []
    page.on("requestfinished", lambda request: sizes.append(request.sizes()["responseBodySize"]))
    page.goto("/keys/")
    page.wait_for_load_state("networkidle")
    assert sizes and sum(sizes) < FIRST_PAGE_BYTES
