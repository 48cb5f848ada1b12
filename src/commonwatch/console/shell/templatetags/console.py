"""The tags that pages are built of. Loaded in every template; docs/ui-principles.md shows each."""

from __future__ import annotations

from typing import Any

from django import template
from django.forms import BoundField, CheckboxInput
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.html import format_html
from django.utils.http import urlencode
from django.utils.safestring import SafeString, mark_safe

from commonwatch.console.shell import assets, cells, told
from commonwatch.console.shell.figures import Chart, WorldMap
from commonwatch.console.shell.icons import ICONS
from commonwatch.console.shell.tables import Listing

register = template.Library()

for show in (
    cells.text,
    cells.number,
    cells.status,
    cells.marking,
    cells.indicator,
    cells.code,
    cells.moment,
    cells.both_moments,
):
    register.simple_tag(show, name={"text": "foreign"}.get(show.__name__, show.__name__))
register.simple_tag(told.sentence, name="told")
register.filter("word", cells.word)
register.simple_tag(assets.address, name="asset")


@register.simple_tag
def icon(name: str) -> SafeString:
    """A small drawing beside a word; it says nothing by itself."""
    return mark_safe(  # noqa: S308 - our own drawing
        '<svg class="icon" viewBox="0 0 24 24" aria-hidden="true" focusable="false">' + ICONS[name] + "</svg>"
    )


@register.inclusion_tag("console/shell/listing.html", takes_context=True)
def listing(context: dict[str, Any], shown: Listing, name: str = "listing") -> dict[str, Any]:
    """A list with its filter, facets, table and pages; several on a page need names."""
    address = context["request"].path + shown.address().removesuffix("?")
    own = context.get("own_views", {}).get(address)
    return {"listing": shown, "name": name, "csrf_token": context.get("csrf_token"), "address": address, "own": own}


@register.simple_tag(takes_context=True)
def presence(context: dict[str, Any]) -> SafeString:
    """The place where a page says who else is on it. For pages about one thing that several people work on."""
    address = f"{reverse('presence')}?{urlencode({'page': context['request'].path})}"
    return format_html('<div hx-get="{}" hx-trigger="load, every 30s"></div>', address)


@register.simple_tag
def figure(shown: Chart | WorldMap) -> str:
    """A chart or a map, with its sentence and its table."""
    return render_to_string(shown.template, {"figure": shown})


@register.inclusion_tag("console/shell/field.html")
def field(shown: BoundField) -> dict[str, Any]:
    """A form's field with its label, help and error, tied together for who cannot see them."""
    described = " ".join(
        part
        for part in (
            f"{shown.auto_id}_help" if shown.help_text else "",
            f"{shown.auto_id}_error" if shown.errors else "",
        )
        if part
    )
    more: dict[str, str | bool] = {"aria-describedby": described} if described else {}
    if shown.errors:
        more["aria-invalid"] = "true"
    is_tick = isinstance(shown.field.widget, CheckboxInput)
    return {"field": shown, "widget": shown.as_widget(attrs=more), "is_tick": is_tick}
