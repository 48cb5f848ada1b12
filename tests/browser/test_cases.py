"""A case in a browser: begun from an alert, worked on by forms, each page of it accessible, also from right to left."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.conftest import lead
from tests.browser.test_pages import accessible, kept
from tests.capabilities.incidents.test_variables import asking


def sure(page: Page) -> None:
    """Look at whom it reaches, and say that it is meant."""
    page.locator("main form button.main").click()
    expect(page.locator("[name=sure]")).to_have_count(1)
    accessible(page)
    page.locator("main form button.main, main form button.danger").first.click()
    expect(page.locator("[name=sure]")).to_have_count(0)


def test_a_person_works_on_a_case_from_an_alert_to_its_close(page: Page, way: str) -> None:
    page.goto("/detection/")
    lead(page.locator("main table a").first)
    page.locator("summary", has=page.locator("xpath=..//a[contains(@href,'/response/cases/new/')]")).click()
    lead(page.locator("a[href^='/response/cases/new/']"))
    expect(page.locator("[name=objects]")).not_to_be_empty()
    page.fill("[name=name]", f"Heron at the border ({way})")
    page.select_option("[name=severity]", "high")
    kept(page, "case-new-filled", way)
    accessible(page)
    sure(page)
    expect(page.locator("h1")).to_contain_text(f"Heron at the border ({way})")
    case = page.url
    kept(page, "case", way)
    accessible(page)

    page.goto(f"{case}write/entry/")
    page.fill("[name=name]", "First beacon مُحمِّل")
    page.fill("[name=at]", "2026-11-20 08:10")
    accessible(page)
    sure(page)
    page.goto(f"{case}write/task/")
    page.fill("[name=name]", "Block the addresses")
    page.fill("[name=due]", "2026-11-21")
    sure(page)
    page.goto(f"{case}write/report/")
    page.fill("[name=assessment]", "Under control")
    sure(page)
    lead(page.locator("main a[href*='/report/situation-report']").first)
    kept(page, "case-report", way)
    accessible(page)
    for name in ("timeline", "record", "people"):
        page.goto(f"{case}{name}/")
        kept(page, f"case-{name}", way)
        accessible(page)
    expect(page.locator("main")).to_contain_text("Evidence collection")

    page.goto("/response/playbooks/new/")
    page.fill("[name=playbook]", json.dumps(asking() | {"name": f"Ransomware ({way})"}))
    lead(page.locator("main form button.main"))
    kept(page, "playbook", way)
    accessible(page)
    page.goto(f"{case}runs/new/")
    lead(page.locator("main form button.main"))
    accessible(page)
    page.fill("[name='variable __address__']", "198.51.100.7")
    page.locator("details form button").click()
    expect(page.locator("mark", has_text="198.51.100.7").first).to_be_visible()
    page.locator("button[name=ok][value=yes]").click()
    expect(page.locator("select[name=branch]")).to_be_visible()
    kept(page, "case-run", way)
    accessible(page)

    page.goto(f"{case}say/close/")
    page.fill("[name=root_cause]", "No second factor")
    page.locator("main form button.main").click()
    expect(page.locator("main")).to_contain_text("No second factor")
    kept(page, "case-closed", way)
    accessible(page)
