"""Policies made from data: one for each agreement in force, one for each transfer regime. As readable as those by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

import msgspec

_SECRECY = "secrecy:"


class AgreementTerms(msgspec.Struct, frozen=True):
    """An agreement as it stands on one day: the members it binds, and what it lets them send one another."""

    name: str
    title: str
    source: str
    bound: frozenset[str]
    since: date | None
    categories: frozenset[str] = frozenset()  # empty: every category
    purposes: frozenset[str] = frozenset()  # empty: every purpose

    @property
    def secrets(self) -> frozenset[str]:
        """The kinds of secrets that it entrusts: categories such as `secrecy:bank`."""
        return frozenset(one.removeprefix(_SECRECY) for one in self.categories if one.startswith(_SECRECY))


class RegimeTerms(msgspec.Struct, frozen=True):
    """A transfer regime as policies need it."""

    id: str
    title: str
    instrument: str
    since: date | None
    derogations: frozenset[str] = frozenset()  # purposes that lift it
    purposes: frozenset[str] = frozenset()  # the only ones it governs; empty: every purpose


def agreement_policy(terms: AgreementTerms) -> str:
    """What an agreement permits between those it binds."""
    conditions = [f"{_members(terms.bound)}.contains(principal)", f"{_members(terms.bound)}.contains(resource.owner)"]
    if terms.categories:
        conditions.append(f"{_strings(terms.categories)}.contains(resource.category)")
    if terms.purposes:
        conditions.append(f"{_strings(terms.purposes)}.contains(context.purpose)")
    what = ", ".join(sorted(terms.categories)) or "everything"
    why = ", ".join(sorted(terms.purposes)) or "every purpose"
    return (
        f"@id({_string('agreement/' + terms.name)})\n"
        f"@title({_string(terms.title)})\n"
        f"@law({_string(terms.source)})\n"
        f"@date({_string(str(terms.since or 'without date'))})\n"
        f"@explain({_string(f'It binds owner and recipient, and covers {what} for {why}.')})\n"
        f'permit (principal is Member, action == Action::"share", resource)\n'
        f"when {{\n  {joined(conditions)}\n}};\n"
    )


def transfer_policy(terms: RegimeTerms) -> str:
    """What a transfer regime forbids: personal data to where none of its mechanisms reaches."""
    governed = [f"{_strings(terms.purposes)}.contains(context.purpose)"] if terms.purposes else []
    conditions = [
        f"resource.regimes.contains({_string(terms.id)})",
        "!resource.personal.isEmpty()",
        'resource.variant == "full"',
        *governed,
    ]
    lifted = ["context.own", f"principal.lawful.contains({_string(terms.id)})"]
    if terms.derogations:
        lifted.append(f"{_strings(terms.derogations)}.contains(context.purpose)")
    for category in ("resource.category", '"*"'):
        for purpose in ("context.purpose", '"*"'):
            assurance = f"owner: resource.owner, regime: {_string(terms.id)}, category: {category}, purpose: {purpose}"
            lifted.append(f"principal.assured.contains({{{assurance}}})")
    explain = (
        "It holds personal data, its owner is bound by this regime, and neither adequacy, a safeguard, an agreement nor a "
        "derogation covers the recipient."
    )
    return (
        f"@id({_string('law/transfer-' + terms.id)})\n"
        f"@title({_string(terms.title)})\n"
        f"@law({_string(terms.instrument)})\n"
        f"@date({_string(str(terms.since or 'without date'))})\n"
        f"@explain({_string(explain)})\n"
        f"@remedy({_string('if the personal data were pseudonymised')})\n"
        f'forbid (principal is Member, action == Action::"share", resource)\n'
        f"when {{\n  {joined(conditions)}\n}}\n"
        f"unless {{\n  {joined(lifted, '||')}\n}};\n"
    )


def joined(conditions: Iterable[str], operator: str = "&&") -> str:
    """Conditions, one a line."""
    return f" {operator}\n  ".join(conditions)


def _strings(words: Iterable[str]) -> str:
    return "[" + ", ".join(map(_string, sorted(words))) + "]"


def _members(names: Iterable[str]) -> str:
    return "[" + ", ".join(f"Member::{_string(name)}" for name in sorted(names)) + "]"


def _string(text: str) -> str:
    """A Cedar string literal: what comes from outside cannot end it."""
    whole = text.encode(errors="replace").decode()  # half a surrogate pair is no character
    plain = whole.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(letter if letter.isprintable() else f"\\u{{{ord(letter):x}}}" for letter in plain) + '"'
