"""A field of a filter that holds several values, of which any may hold: each is a name in the address, once for every value.

In the form it is a box that adds one; what is chosen already goes along hidden. Facets add and drop, chips drop. All of it works
without scripts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

MOST = 20  # values of one field; a row of chips that people can still read


class _Box(forms.Widget):
    """The box that adds a value, with those that are chosen beside it, hidden."""

    def __init__(self, choices: Iterable[tuple[str, Any]], attrs: dict[str, Any]) -> None:
        super().__init__(attrs)
        self.choices = list(choices)

    def value_from_datadict(self, data: Any, files: Any, name: str) -> list[str]:
        return data.getlist(name)  # type: ignore[no-any-return]

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = [one for one in value or () if one]
        kept = format_html_join("", '<input type="hidden" name="{}" value="{}">', ((name, one) for one in chosen))
        return kept + self._adding(chosen).render(name, "", self.build_attrs(self.attrs, attrs), renderer)

    def _adding(self, chosen: list[str]) -> forms.Widget:
        if not self.choices:
            return forms.TextInput()
        first = _("Add another") if chosen else _("Any")
        return forms.Select(choices=[("", first), *(pair for pair in self.choices if pair[0] not in chosen)])


class Several(forms.Field):
    """With `choices`, other values count as not asked for. `suggested`: id of a `datalist`."""

    def __init__(
        self, *, label: Any, choices: Iterable[tuple[str, Any]] = (), max_length: int = 300, suggested: str = ""
    ) -> None:
        attrs = {"list": suggested} if suggested else {}
        self.words = dict(choices)
        self.max_length = max_length
        super().__init__(label=label, required=False, widget=_Box(self.words.items(), attrs))

    def to_python(self, value: Any) -> tuple[str, ...]:
        """Each once, in the order in which they were chosen."""
        given = dict.fromkeys(one.strip() for one in value or ())
        fit = [one for one in given if one and len(one) <= self.max_length and (not self.words or one in self.words)]
        return tuple(fit[:MOST])
