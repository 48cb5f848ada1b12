"""Lists: what the address asks for, what the page says of it, and where its links lead."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django import forms
from django.http import HttpRequest
from django.template import engines
from django.test import RequestFactory
from django.utils import timezone, translation

from commonwatch.console.shell import cells
from commonwatch.console.shell.several import Several
from commonwatch.console.shell.tables import Act, Column, Empty, Facet, Filter, Table
from tests.console.test_every_page import Well

ALERTS = Table(
    "Alerts",
    (
        Column("value", "Value", cells.indicator, link=True),
        Column("name", "Name", sortable=True),
        Column("last", "Last seen", cells.moment, sortable=True),
        Column("count", "Hits", cells.number, sortable=True),
        Column("marking", "Marking", cells.marking, chosen=False),
    ),
    sort="-last",
)
ROW: dict[str, Any] = {
    "id": 7,
    "url": "/detection/alerts/7/",
    "value": "http://evil.example/a",
    "name": "<b>اسم</b>",
    "last": 1_795_000_000_000_000,
    "count": 12_345,
    "marking": "TLP:AMBER+STRICT",
}


class AlertFilter(Filter):
    severity = forms.ChoiceField(label="Severity", choices=[("", "Any"), ("high", "High")])
    source = forms.CharField(label="Source")
    tag = Several(label="Tag", choices=[("a", "First"), ("b", "Second"), ("c", "Third")])


def get(query: str = "") -> HttpRequest:
    return RequestFactory().get(f"/detection/alerts/?{query}")


def shown(query: str = "", rows: list[dict[str, Any]] | None = None, **more: Any) -> str:
    request = get(query)
    listing = ALERTS.listing(request, [ROW] if rows is None else rows, filter=AlertFilter(request), **more)
    text = engines["django"].from_string("{% listing listing %}").render({"listing": listing}, request)
    page = Well()
    page.feed(text)
    assert not page.wrong and not page.open
    return text


@pytest.mark.parametrize(
    ("query", "sort", "limit", "columns"),
    [
        ("", "-last", 50, ("value", "name", "last", "count")),
        ("sort=name&limit=25&columns=name&columns=marking", "name", 25, ("name", "marking")),
        ("sort=value&limit=7&columns=nothing", "-last", 50, ("value", "name", "last", "count")),
        ("sort=-name&limit=100000", "-name", 50, ("value", "name", "last", "count")),
    ],
)
def test_the_address_says_what_is_wanted_and_nonsense_counts_for_nothing(
    query: str, sort: str, limit: int, columns: tuple[str, ...]
) -> None:
    wanted = ALERTS.wanted(get(query))
    assert (wanted.sort, wanted.limit, wanted.columns) == (sort, limit, columns)


def test_values_of_others_are_inert_and_keep_their_direction() -> None:
    text = shown()
    assert "<bdi dir=auto>&lt;b&gt;اسم&lt;/b&gt;</bdi>" in text
    assert "hxxp://evil[.]example/a" in text and 'data-copy="http://evil.example/a"' in text
    assert 'href="http' not in text and "12,345" in text


def test_a_sentence_says_what_is_shown_and_each_part_can_be_taken_away() -> None:
    text = " ".join(re.sub(r"<[^>]+>", "", shown("severity=high&source=dns&sort=name", total=40)).split())
    assert "1 of 40 rows where Severity is High and Source is dns" in text
    links = html.unescape(shown("severity=high&source=dns&sort=name"))
    assert 'href="?source=dns&sort=name"' in links and 'href="?severity=high&sort=name"' in links


def test_sorting_and_filtering_begin_at_the_first_page() -> None:
    text = html.unescape(shown("cursor=abc&sort=name"))
    assert 'href="?sort=-name"' in text and 'aria-sort="ascending"' in text
    assert "cursor=abc" not in text and "From the beginning" in text


def test_facets_choose_and_drop_a_value() -> None:
    facets = [Facet("severity", "Severity", [("high", "High", 3), ("low", "Low", 0)])]
    assert 'href="?severity=high"' in shown(facets=facets)
    assert re.search(r'href="\?" aria-current="true"', shown("severity=high", facets=facets))


def test_a_facet_of_several_values_widens_and_each_value_goes_by_itself() -> None:
    facets = [Facet("tag", "Tag", [("a", "First", 3), ("b", "Second", 2), ("c", "Third", 1)])]
    text = html.unescape(shown("tag=a&tag=b&severity=high&columns=name&columns=last", facets=facets))
    kept = "severity=high&columns=name&columns=last"
    assert f'href="?tag=a&tag=b&tag=c&{kept}"' in text, "a third value is added"
    assert text.count(f'href="?tag=b&{kept}"') == 2, "the facet and the chip drop the first"
    assert text.count(f'href="?tag=a&tag=b&{kept.removeprefix("severity=high&")}"') == 1
    assert "where Severity is High and Tag is First or Second" in " ".join(re.sub(r"<[^>]+>", "", text).split())
    assert '<input type="hidden" name="tag" value="b">' in text and 'name="columns" value="last"' in text
    assert re.search(r'<select name="tag"[^>]*>\s*<option value="" selected>Add another', text)
    assert "Tag" not in re.sub(r"<form.*?</form>", "", shown("tag=nonsense"), flags=re.DOTALL)


def test_an_empty_list_says_what_to_do() -> None:
    empty = Empty("No alerts", "Nothing has matched yet.", "Watch a source", "/detection/watch/")
    assert "Watch a source" in shown(rows=[], empty=empty)
    assert "Without filter" in shown("severity=high", rows=[], empty=empty)


def test_rows_are_ticked_for_one_act_with_one_reason() -> None:
    text = shown(acts=[Act("Close", "/detection/alerts/close/")])
    assert 'name="chosen" value="7"' in text and 'formaction="/detection/alerts/close/"' in text
    assert re.search(r'<input name="reason" required', text)


def test_moments_are_in_the_readers_zone_and_in_utc() -> None:
    with timezone.override("Asia/Tokyo"):
        text = cells.both_moments("2026-11-28T23:30:05.000Z")
        assert "2026-11-29 08:30:05" in text and "JST" in text and "2026-11-28 23:30:05 UTC" in text
        assert "JST" in cells.moment(1_795_000_000_000_000)
    assert cells.moment(None) == cells.NOTHING == cells.moment("not a time")


@pytest.mark.parametrize(
    ("value", "said"),
    [("192.0.2.1", "192.0.2[.]1"), ("d41d8cd98f", "d41d8cd98f"), ("https://a.example", "hxxps://a[.]example")],
)
def test_indicators_are_written_so_that_nothing_links_them(value: str, said: str) -> None:
    assert cells.defanged(value) == said


def test_counts_follow_the_plurals_of_each_language() -> None:
    with translation.override("ru"):
        assert "1 строка" in shown()
    with translation.override("ar"):
        assert "صفان" in shown(rows=[ROW, ROW])
