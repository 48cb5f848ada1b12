"""Duties in a browser: what follows from the facts stands there as the form is filled in; then a notice is sent and receipted."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.conftest import lead
from tests.browser.test_pages import accessible, kept


def test_a_person_goes_from_the_facts_to_the_receipt(page: Page, way: str) -> None:
    page.goto("/response/duties/assess/")
    page.fill("[name=title]", f"Ransomware at a hospital ({way})")
    page.fill("[name=places]", "DE")
    page.check("[name=roles][value=nis2-entity]")
    page.select_option("[name=severity]", "high")
    page.select_option("[name=flag_personal_data]", "yes")
    answers = page.locator("#answers")
    expect(answers.locator("[name=only][value$='|DE|RO:EU-NIS2-23']")).to_be_checked()
    expect(answers.locator("[name=only][value$='|DE|RO:EU-OMNIBUS']")).not_to_be_checked()
    expect(answers.locator("article", has_text="NIS2, DE").first).to_contain_text(
        re.compile(r"\d{4}-\d\d-\d\d \d\d:\d\d")
    )
    kept(page, "duties-assess-filled", way)
    accessible(page)

    page.click("form.beside button.main")
    expect(page).to_have_url(re.compile(r"/response/duties/\?state=proposed"))
    lead(page.locator("table a", has_text="NIS2").first)
    page.locator("summary.button").first.click()
    page.locator("details[open] textarea").fill("Legal office")
    lead(page.locator("details[open] button"))
    lead(page.locator("table a", has_text=re.compile("early warning|إنذار مبكر")))
    kept(page, "duty-notice", way)
    accessible(page)

    page.fill("[name=how]", "portal")
    lead(page.locator("form[action$='/sent/'] button.main"))
    page.locator("form[action$='/receipt/']").locator("xpath=..").locator("summary").click()
    page.fill("[name=reference]", "NIS2-2026-0815")
    lead(page.locator("form[action$='/receipt/'] button.main"))
    expect(page.locator("article.card")).to_contain_text("NIS2-2026-0815")
    lead(page.locator("nav ol a, .crumbs a").nth(1))
    expect(page.locator("main")).to_contain_text("NIS2-2026-0815")
    kept(page, "duty", way)
    accessible(page)


def test_the_law_page_is_accessible(page: Page, way: str) -> None:
    page.goto("/response/duties/law/RO:EU-DORA-19/")
    kept(page, "duty-instrument", way)
    accessible(page)
