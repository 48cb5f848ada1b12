"""What an area of the console declares about itself: its name, its pages in the navigation, what the search box finds in it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import resolve, reverse

from commonwatch.base.accounts.identify import Identity
from commonwatch.base.accounts.models import Role
from commonwatch.base.jobs.models import Job


@dataclass(frozen=True)
class Hit:
    """Something that was found."""

    title: str
    url: str
    about: str = ""  # a word or two: its kind, its state
    foreign: bool = True  # whether the title was written by others, in whatever language


@dataclass(frozen=True)
class Notice:
    """Something that waits for a person, with the page where it is dealt with."""

    sentence: str
    url: str
    tone: str = "warn"  # bad, warn, info
    detail: str = ""
    count: int = 1  # how many things it speaks of


@dataclass(frozen=True)
class NoticeKind:
    """Notices of one kind: people of a role have them unless they mute the kind. `find` answers in some milliseconds."""

    name: str
    label: Any
    role: Role
    find: Callable[[Identity], Sequence[Notice]]


@dataclass(frozen=True)
class WorkKind:
    """Long work that pages start as a job of this kind, and what the page that waits for it says."""

    job: str
    label: Any
    back: str  # name of the address where it began
    said: Callable[[Job], str]  # what was done, once it is
    undo: Callable[[Job], str] = lambda job: ""  # where it is taken back, if that can be


Finder = Callable[[Identity, str], Sequence[Hit]]  # at most a handful, in some milliseconds


@dataclass(frozen=True)
class Entry:
    """A page in the navigation, by the name of its address; `key` is pressed after `g`."""

    url: str
    label: Any  # a lazy translation
    key: str = ""

    @property
    def address(self) -> str:
        """Where it is."""
        return reverse(self.url)

    @property
    def role(self) -> Role:
        """Whom its view is shown to."""
        role: Role = resolve(self.address).func.role  # type: ignore[attr-defined]
        return role

    def shown_to(self, who: Identity) -> bool:
        """Whether its view would show itself."""
        at_home: bool = resolve(self.address).func.at_home  # type: ignore[attr-defined]
        return who.may(self.role) and (not at_home or who.is_at_home)


@dataclass(frozen=True)
class Area:
    """A task's part of the console. `urls` is the module with its addresses, which all begin with its name."""

    name: str
    label: Any
    icon: str
    urls: str
    entries: tuple[Entry, ...]
    finders: tuple[Finder, ...] = ()
    notices: tuple[NoticeKind, ...] = ()
    works: tuple[WorkKind, ...] = ()

    def shown_to(self, who: Identity) -> list[Entry]:
        """The entries that somebody may open."""
        return [entry for entry in self.entries if entry.shown_to(who)]
