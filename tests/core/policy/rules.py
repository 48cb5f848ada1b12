"""Policies written in a line, and books of them."""

from __future__ import annotations

from collections.abc import Mapping

from commonwatch.core.policy.book import PolicyBook, parse_book
from commonwatch.core.policy.facts import ClassFacts, Question, Recipient
from commonwatch.core.policy.masks import Deciding
from tests.core.policy.worlds import SCHEMA, shipped_files

NOTES = {"title": "A rule", "law": "House rules", "date": "2026-01-01", "explain": "So we wish."}
MEMBERS = 'principal is Member, action == Action::"share", resource'
QUESTION = Question("network-defence", 20_000)


def rule(
    body: str = "",
    *,
    name: str = "member/a/rule",
    effect: str = "forbid",
    scope: str = MEMBERS,
    notes: Mapping[str, str] = NOTES,
) -> str:
    """One policy; `body` is its clauses."""
    written = "".join(f'@{word}("{text}")\n' for word, text in {"id": name, **notes}.items() if word != "id" or text)
    return f"{written}{effect} ({scope}) {body};\n"


def shipped_and(*texts: str) -> PolicyBook:
    """The shipped rules and some more."""
    return parse_book({**shipped_files(), "more.cedar": "\n".join(texts)}, SCHEMA)


def only(*texts: str) -> PolicyBook:
    """A book in which the policy gate is these rules alone, and the other two let everything through."""
    through = [
        rule(name=f"{layer}/open", effect="permit", scope='principal, action == Action::"share", resource')
        for layer in ("handling", "law")
    ]
    return parse_book({"through.cedar": "".join(through), "more.cedar": "\n".join(texts)}, SCHEMA)


def full_for(book: PolicyBook, recipients: list[Recipient], facts: ClassFacts) -> list[str]:
    """The names of those who get a class in full, by the masks."""
    mask = Deciding(book, recipients, QUESTION).masks(facts)[0]
    return [one.name for number, one in enumerate(recipients) if mask >> number & 1]
