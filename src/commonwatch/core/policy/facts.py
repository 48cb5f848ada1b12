"""What policies speak about: recipients, classes of objects, and the question that is asked. Values of one day.

Names of members and communities are the handles of `base.parties`. Every value is hashable, so that a decision can be
made once for all pairs that look alike to a policy.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

Variant: TypeAlias = Literal["full", "pseudonymised", "stripped"]
VARIANTS: tuple[Variant, ...] = ("full", "pseudonymised", "stripped")  # in the order in which they are tried
PURPOSES = (
    "network-defence",
    "incident-response",
    "law-enforcement",
    "research",
    "training",
    "exercise",
    "vital-interests",
    "public-interest",
)
DEFAULT_PURPOSE = PURPOSES[0]
ANY = "*"
CLEARANCES = ("none", "restricted", "confidential", "secret", "top-secret")
NEVER, ALWAYS = 9_999_999, -9_999_999  # days since 1970-01-01 beyond every date


class Assurance(msgspec.Struct, frozen=True, order=True):
    """An agreement in force between an owner and a recipient that satisfies a transfer regime. `ANY` where not limited."""

    owner: str
    regime: str
    category: str = ANY
    purpose: str = ANY


class Entrusted(msgspec.Struct, frozen=True, order=True):
    """A kind of secret that an owner may tell a recipient, by agreement."""

    owner: str
    kind: str


class Recipient(msgspec.Struct, frozen=True):
    """Who is to receive. The empty name is the public: nobody in particular, of whom nothing is known."""

    name: str
    kind: str = ""
    country: str = ""
    groups: frozenset[str] = frozenset()
    communities: frozenset[str] = frozenset()
    clearance: int = 0  # index into CLEARANCES
    consents: frozenset[str] = frozenset()  # owners who let it have what they control as originators
    lawful: frozenset[str] = frozenset()  # transfer regimes of which it satisfies a mechanism by itself
    assured: frozenset[Assurance] = frozenset()
    entrusted: frozenset[Entrusted] = frozenset()
    expelled: bool = False


PUBLIC = Recipient("")


class ClassFacts(msgspec.Struct, frozen=True):
    """A release class with everything resolved: its owner is a member, its markings are handling, its law is known."""

    owner: str
    category: str
    tlp: int = 0  # CLEAR, GREEN, AMBER, AMBER+STRICT, RED
    pap: int = 0  # CLEAR, GREEN, AMBER, RED
    classification: int = 0  # index into CLEARANCES
    orcon: bool = False
    named: frozenset[str] = frozenset()  # members named one by one
    releasable: frozenset[str] = frozenset()
    audience: frozenset[str] = frozenset()  # as the marking names it, else every community of the owner
    audience_named: bool = False
    shared: frozenset[str] = frozenset()  # the communities of the audience that the owner is in
    purposes: frozenset[str] = frozenset()
    not_before: int = ALWAYS
    not_after: int = NEVER
    retention_days: int = 0  # 0: no limit
    duties: frozenset[str] = frozenset()
    personal: frozenset[str] = frozenset()
    secrecy: frozenset[str] = frozenset()
    regimes: frozenset[str] = frozenset()  # transfer regimes that bind the owner
    jurisdiction_known: bool = True
    variant: Variant = "full"


class Question(msgspec.Struct, frozen=True):
    """For what, and on which day (days since 1970-01-01)."""

    purpose: str
    today: int
