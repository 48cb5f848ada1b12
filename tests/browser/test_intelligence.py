"""Intelligence in a browser: the graph is drawn and opened, the audience is told while somebody writes, the matrix has its drawing."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from tests.browser.test_pages import accessible, kept

PARTS = ("", "relations/", "versions/", "timeline/", "sightings/", "audience/", "original/")


def an_indicator(page: Page) -> str:
    """The address of one of the sample's objects."""
    page.goto("/intelligence/?type=indicator&text=heron")
    return str(page.locator("tbody td a").first.get_attribute("href"))


def test_every_part_of_an_object_is_accessible_and_quiet(page: Page, way: str) -> None:
    address = an_indicator(page)
    for part in PARTS:
        page.goto(address + part)
        page.wait_for_load_state("networkidle")
        kept(page, f"object-{part.strip('/') or 'summary'}", way)
        width = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert width <= 0, part
        accessible(page)


def test_a_list_is_narrowed_in_its_place_and_quietly(page: Page, way: str) -> None:
    page.goto("/intelligence/")
    page.locator("#objects .facets a", has_text="malware").click()
    expect(page).to_have_url(re.compile("type=malware"))
    expect(page.locator("#objects .chips a")).to_have_count(1)
    accessible(page)


def test_a_graph_is_drawn_opened_and_undone(page: Page, way: str) -> None:
    page.goto(an_indicator(page) + "graph/")
    expect(page.locator("cw-graph canvas").first).to_be_visible()
    assert page.locator("cw-graph tbody tr").count() == 1
    page.locator("a.opens").first.click()
    expect(page.locator("cw-graph tbody tr")).to_have_count(2)
    kept(page, "object-graph", way)
    accessible(page)
    page.locator("a[rel=prev]").click()
    expect(page.locator("cw-graph tbody tr")).to_have_count(1)


def test_who_would_get_a_draft_is_told_while_it_is_written(page: Page, way: str) -> None:
    page.goto("/intelligence/new/indicator/")
    page.fill("[name=name]", "A page that asks for passwords")
    page.fill("[name=pattern]", "login[.]heron.example")
    expect(page.locator("#audience table")).to_be_visible()
    expect(page.locator("#audience input[name=seen]")).to_have_value(re.compile("[0-9a-f]{64}"))
    kept(page, "draft", way)
    accessible(page)


def test_the_matrix_is_drawn(page: Page, way: str) -> None:
    page.goto("/intelligence/matrix/")
    expect(page.locator("cw-chart svg")).to_be_visible()
    kept(page, "matrix", way)
    accessible(page)
