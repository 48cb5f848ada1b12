"""Everything by keyboard: the search box, the keys, the way through a page."""

from __future__ import annotations

from playwright.sync_api import Page, expect


def test_slash_searches_and_enter_opens(page: Page) -> None:
    page.goto("/keys/")
    page.keyboard.press("/")
    box = page.locator("#palette input")
    expect(box).to_be_focused()
    box.press_sequentially("overview" if page.locator("html").get_attribute("lang") == "en" else "نظرة")
    expect(page.locator("#found a").first).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**/overview/")


def test_escape_closes_the_search_box_and_keys_stay_quiet_while_typing(page: Page) -> None:
    page.goto("/keys/")
    page.keyboard.press("Control+k")
    page.keyboard.type("go")
    page.keyboard.press("Escape")
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert page.url.endswith("/keys/")


def test_g_and_a_letter_go_to_a_page_and_question_mark_lists_the_keys(page: Page) -> None:
    page.goto("/account/")
    page.keyboard.press("g")
    page.keyboard.press("o")
    page.wait_for_url("**/overview/")
    page.keyboard.press("?")
    page.wait_for_url("**/keys/")


def test_the_first_tab_offers_to_skip_the_navigation(page: Page) -> None:
    page.goto("/overview/")
    page.keyboard.press("Tab")
    expect(page.locator(".skip")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#main")).to_be_focused()


def test_what_was_typed_comes_back_until_the_form_is_taken(page: Page) -> None:
    page.goto("/overview/first-start/source/")
    page.locator("[name=name]").press_sequentially("half a name")
    page.goto("/keys/")
    page.goto("/overview/first-start/source/")
    expect(page.locator("[name=name]")).to_have_value("half a name")
    page.click("form .notice button")
    expect(page.locator("[name=name]")).to_have_value("")
