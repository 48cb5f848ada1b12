"""Lists: a table made on the server, whose whole state stands in the address.

A view declares a `Table` once, asks it what the address wants (`wanted`), gets rows from a query, and hands both to `listing`, which
the template shows with `{% listing %}`. The address knows: `sort`, `columns`, `limit`, `cursor`, and the fields of the filter.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from django import forms
from django.http import HttpRequest, QueryDict
from django.utils.safestring import SafeString

from commonwatch.base.edge import Asked, Following, opened, sealed
from commonwatch.base.jobs.many import MOST
from commonwatch.console.shell import cells
from commonwatch.console.shell.several import Several

T = TypeVar("T")
SIZES = (25, 50, 100, 200)
DEFAULT_SIZE = 50
Row = Mapping[str, Any]
Pages = Callable[
    [Any, int], tuple[Sequence[Row], Any]
]  # the rows after a key, up to so many; the key to go on from, or None


@dataclass(frozen=True)
class Column:
    """One column: the row's key, its heading, how its values are shown (`cells`), and whether the query can sort by it.

    A column with `link` leads to the row's `url`. One that is not `chosen` is shown when the reader asks for it.
    """

    name: str
    label: Any
    show: Callable[[Any], SafeString] = cells.text
    sortable: bool = False
    chosen: bool = True
    link: bool = False

    @property
    def is_number(self) -> bool:
        """Whether its values stand under one another by their last digit."""
        return self.show is cells.number


@dataclass(frozen=True)
class Wanted:
    """What an address asks of a list."""

    columns: tuple[str, ...]
    sort: str  # a column, `-` before it for the last first; empty: the query's own order
    limit: int
    cursor: str

    @property
    def page(self) -> Asked:
        """For `base.edge.page` and its like."""
        return Asked(limit=self.limit, cursor=self.cursor)


@dataclass(frozen=True)
class Option:
    """One value that a facet can have, how many rows have it, and where choosing it leads."""

    value: str
    label: Any
    count: int
    chosen: bool = False
    address: str = ""


@dataclass(frozen=True)
class Facet:
    """A field of the filter with the values there are.

    Where the field is `Several`, a further value widens: counts are then of all that fits the rest of the filter, so that each
    says what choosing it would show.
    """

    name: str
    label: Any
    options: Sequence[tuple[str, Any, int]]  # value, label, count


@dataclass(frozen=True)
class Act:
    """What can be done with the rows that are ticked. Its view reads `meant(request)` and `reason_given(request)`."""

    label: Any
    address: str
    danger: bool = False


@dataclass(frozen=True)
class Empty:
    """What an empty list says: why, and the next step."""

    title: Any
    text: Any
    label: Any = ""
    address: str = ""


@dataclass(frozen=True)
class Said:
    """One value of a filter, as it stands in the address and in words; without words the label says it all."""

    name: str
    label: str
    value: str
    words: str


class Filter(forms.Form):
    """A form whose values stand in the address. Declare fields as of any form; none is required."""

    use_required_attribute = False

    def __init__(self, request: HttpRequest) -> None:
        # An act on all that match is posted with the filter that the list was shown with (`meant`).
        super().__init__(QueryDict(request.POST.get("matching", "")) if request.method == "POST" else request.GET)
        for one in self.fields.values():
            one.required = False
        self.is_valid()

    def wanted(self, name: str) -> Any:
        """A field's value; empty where the address has none, or one that makes no sense."""
        return self.cleaned_data.get(name) or ""

    def holds_several(self, name: str) -> bool:
        """Whether a field takes several values at once."""
        return isinstance(self.fields.get(name), Several)

    @property
    def said(self) -> list[Said]:
        """Every value that is set."""
        found = []
        for name, one in self.fields.items():
            value = self.cleaned_data.get(name)
            if value in (None, "", [], (), False):
                continue
            label = str(one.label or name)
            if isinstance(one, Several):
                found += [Said(name, label, each, str(one.words.get(each, each))) for each in value]
                continue
            choices: Any = one.choices if isinstance(one, forms.ChoiceField) else ()
            words = dict(choices).get(value, value)
            found.append(Said(name, label, str(value), "" if value is True else str(words)))
        return found


@dataclass(frozen=True)
class Listing:
    """Everything that the template shows of a list."""

    table: Table
    wanted: Wanted
    rows: Sequence[Row]
    query: QueryDict
    total: int | None = None  # None: not known without counting everything
    next_cursor: str | None = None
    filter: Filter | None = None
    facets: Sequence[Facet] = ()
    counts_at: str = ""  # where facets and total are had, if counting takes longer than a page may: fetched after it
    uncounted: bool = False  # they are too many to be counted there, too
    acts: Sequence[Act] = ()
    newest: int | None = None  # the number of the newest row: acts may be on all that match, up to it (`meant`)
    empty: Empty | None = None
    pages: Pages | None = None  # how further rows are had
    takes: Sequence[tuple[str, str]] = ()  # forms in which what is shown can be taken along (`taking`), and where
    bare: bool = False  # a short table inside a page: nothing of it stands in the address

    @property
    def columns(self) -> list[Column]:
        """Those that are shown."""
        return [one for one in self.table.columns if one.name in self.wanted.columns]

    @property
    def is_filtered(self) -> bool:
        """Whether it is empty only because of the filter."""
        return bool(self.filter and self.filter.said)

    @property
    def says_empty(self) -> bool:
        """Whether there is nothing to choose from, to count or to keep: the empty page speaks for itself."""
        return not self.rows and not self.is_filtered and self.empty is not None

    @property
    def offers_all(self) -> bool:
        """Whether more match than this page shows, and an act can be on all of them."""
        return self.newest is not None and (self.total or 0) > len(self.rows)

    @property
    def most(self) -> int:
        """On how many rows one act can be."""
        return MOST

    @property
    def fits_one_act(self) -> bool:
        """Whether they are not too many for one."""
        return (self.total or 0) <= MOST

    @property
    def matching(self) -> str:
        """The filter as it stands in the address."""
        return self.query.urlencode()

    def heads(self) -> list[tuple[Column, str, str]]:
        """Each column with where its heading leads and how it is sorted now (`ascending`, `descending` or nothing)."""
        found = []
        for one in self.columns:
            now = {one.name: "ascending", f"-{one.name}": "descending"}.get(self.wanted.sort, "")
            turned = f"-{one.name}" if now == "ascending" else one.name
            found.append((one, self.address(sort=turned) if one.sortable else "", now))
        return found

    def lines(self) -> list[tuple[Row, list[tuple[Column, SafeString]]]]:
        """Each row with its cells."""
        columns = self.columns
        return [(row, [(one, one.show(row.get(one.name))) for one in columns]) for row in self.rows]

    def choices(self) -> list[tuple[Facet, list[Option], bool]]:
        """Each facet with its values, where choosing or dropping them leads, and whether several can be chosen."""
        found = []
        for facet in self.facets:
            several = bool(self.filter and self.filter.holds_several(facet.name))
            found.append((facet, [self._option(facet.name, *one, several=several) for one in facet.options], several))
        return found

    def _option(self, name: str, value: str, label: Any, count: int, *, several: bool) -> Option:
        now = self.query.getlist(name)
        others = [one for one in now if one != value] if several else []
        following = others if value in now else [*others, value]
        return Option(value, label, count, value in now, self.address(**{name: following}))

    def chips(self) -> list[tuple[str, str, str]]:
        """What the filter holds: label, value, and the address without it."""
        return [(one.label, one.words, self._without(one)) for one in (self.filter.said if self.filter else [])]

    def _without(self, one: Said) -> str:
        several = self.filter and self.filter.holds_several(one.name)
        others = [value for value in self.query.getlist(one.name) if value.strip() != one.value] if several else []
        return self.address(**{one.name: others})

    def parts(self) -> list[tuple[str, list[str]]]:
        """The same as parts of a sentence: each label with the values of which any may hold."""
        found: dict[tuple[str, str], list[str]] = {}
        for one in self.filter.said if self.filter else ():
            found.setdefault((one.name, one.label), []).extend([one.words] if one.words else [])
        return [(label, words) for (_, label), words in found.items()]

    def sizes(self) -> list[tuple[int, str, bool]]:
        """How many rows a page may have; nothing where all fit the smallest."""
        if len(self.rows) <= SIZES[0] and not self.next_cursor and not self.wanted.cursor:
            return []
        return [(size, self.address(limit=str(size)), size == self.wanted.limit) for size in SIZES]

    @property
    def first_page(self) -> str:
        """From the beginning; empty where this is it."""
        return self.address() if self.wanted.cursor else ""

    @property
    def next_page(self) -> str:
        """What follows; empty where this is the last page."""
        return self.address(cursor=self.next_cursor) if self.next_cursor else ""

    def kept(self) -> list[tuple[str, str]]:
        """What the form of the filter passes on, apart from its own fields."""
        return self._besides("cursor", *(self.filter.fields if self.filter else ()))

    def kept_with_columns(self) -> list[tuple[str, str]]:
        """What the form that chooses columns passes on."""
        return self._besides("cursor", "columns")

    def _besides(self, *names: str) -> list[tuple[str, str]]:
        return [(name, value) for name, values in self.query.lists() if name not in names for value in values]

    def address(self, **changes: str | Sequence[str]) -> str:
        """This list's address with some changes; always from the first page, unless a cursor is given."""
        changed = self.query.copy()
        changed.pop("cursor", None)
        for name, value in changes.items():
            if value:
                changed.setlist(name, [value] if isinstance(value, str) else list(value))
            else:
                changed.pop(name, None)
        return "?" + changed.urlencode()


@dataclass(frozen=True)
class Table:
    """The columns of a list, and the order it has unless the address says another. `caption` names it for who cannot see it."""

    caption: Any
    columns: Sequence[Column]
    sort: str = ""
    key: str = "id"  # of a row, where rows can be ticked
    by_name: Mapping[str, Column] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "by_name", {one.name: one for one in self.columns})

    def wanted(self, request: HttpRequest) -> Wanted:
        """What the address asks for; what makes no sense in it counts as not asked."""
        given = request.GET
        named = [name for name in given.getlist("columns") if name in self.by_name]
        shown = tuple(named) or tuple(one.name for one in self.columns if one.chosen)
        sort = given.get("sort", "")
        known = self.by_name.get(sort.removeprefix("-"))
        size = given.get("limit", "")
        return Wanted(
            shown,
            sort if known is not None and known.sortable else self.sort,
            int(size) if size in map(str, SIZES) else DEFAULT_SIZE,
            given.get("cursor", ""),
        )

    def listing(self, request: HttpRequest, rows: Sequence[Row], **more: Any) -> Listing:
        """The list that the template shows; `more` as of `Listing`."""
        return Listing(self, self.wanted(request), rows, request.GET, **more)

    def paged(self, request: HttpRequest, pages: Pages, **more: Any) -> Listing:
        """The same of what comes page by page: that which the address asks for."""
        wanted = self.wanted(request)
        rows, following = pages(opened(request, wanted.cursor), wanted.limit)
        next_cursor = None if following is None else sealed(request, following)
        return Listing(self, wanted, rows, request.GET, next_cursor=next_cursor, pages=pages, **more)


COUNT = "count"  # in the address: take the time that counting takes


def counts_after(listing: Listing, request: HttpRequest, *, is_counted: bool) -> Listing:
    """A listing whose facets and total take longer than a page may: they are fetched after it, unless that was done already."""
    query = request.GET.copy()
    query.pop(COUNT, None)
    listing = replace(listing, query=query, uncounted=not is_counted)
    later = not is_counted and not request.GET.get(COUNT)
    return replace(listing, counts_at=listing.address(**{COUNT: "yes"}) if later else "")


def by_key(following: Following[T], key: Callable[[T], Any], shown: Callable[[T], Row]) -> Pages:
    """Pages of what `following` gives, ordered by `key`: `base.edge.rows`, `among` and their like."""

    return together(following, key, lambda found: [shown(one) for one in found])


def together(following: Following[T], key: Callable[[T], Any], shown: Callable[[Sequence[T]], Sequence[Row]]) -> Pages:
    """The same, where the rows of a page are made together."""

    def pages(after: Any, count: int) -> tuple[Sequence[Row], Any]:
        found = following(after, count + 1)
        items = found[:count]
        return shown(items), key(items[-1]) if len(found) > count else None

    return pages
