"""Why somebody may have an object, or may not: the decision as it is made for serving, with everything it rests on."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import msgspec
import orjson
from django.db import connection

from commonwatch.base.clock import now_us
from commonwatch.base.journal import schema
from commonwatch.base.journal.driver import fetch
from commonwatch.base.parties.queries import member_named
from commonwatch.base.release.authorship import Authorship, authorship
from commonwatch.base.release.deciding import Definitions, definitions_of
from commonwatch.base.release.models import Recipient
from commonwatch.base.release.schema import GRANULAR_SHIFT, VARIANT
from commonwatch.base.release.worlds import day_of, world
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.law.personal import PersonalFinding, personal_findings, secrecy_findings
from commonwatch.core.policy.changes import Change, changes
from commonwatch.core.policy.classes import ClassAttributes, decode_class
from commonwatch.core.policy.decision import Decision, decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.facts import DEFAULT_PURPOSE, PURPOSES, ClassFacts
from commonwatch.core.policy.handling import Handling, Problem, handling
from commonwatch.core.policy.world import World, dormant, resolved, same_law
from commonwatch.core.stix.ids import format_id, parse_id
from commonwatch.core.stix.times import format_time

PUBLIC = "public"  # how commands call nobody in particular


class Held(msgspec.Struct, frozen=True):
    """An object version as the journal has it."""

    id: str
    version: str
    seq: int
    attributes: ClassAttributes
    raw: bytes
    marks: int


class Part(msgspec.Struct, frozen=True):
    """Parts of the object under a granular marking: whether the recipient may have them."""

    marking: str
    allowed: bool
    decision: Decision


class Explanation(msgspec.Struct, frozen=True):
    """A decision with what it rests on. For an older version, all later ones must let it through as well: `later`."""

    object: str
    version: str
    recipient: str
    purpose: str
    on: str
    owner: str
    authorship: Authorship
    facts: ClassFacts
    decision: Decision
    changes: tuple[Change, ...]
    bases: tuple[str, ...]  # transfer law: by what the recipient is covered
    problems: tuple[Problem, ...]
    findings: tuple[PersonalFinding, ...]
    parts: tuple[Part, ...]
    later: tuple[Decision, ...]
    policy: str  # digest of the policies

    @property
    def outcome(self) -> str:
        """What comes of all of it."""
        return "refuse" if any(one.outcome == "refuse" for one in self.later) else self.decision.outcome


class Asking:
    """Ready to explain: the world of today for one purpose."""

    def __init__(self, purpose: str = DEFAULT_PURPOSE) -> None:
        if purpose not in PURPOSES:
            raise InvalidInput(
                "purpose-unknown", f"There is no purpose {purpose}.", f"Use one of {', '.join(PURPOSES)}."
            )
        self.world: World = world(day_of(now_us()), purpose)
        self.engine = Engine(self.world.book)

    def explain(self, held: Held, to: str) -> Explanation:
        """The decision for a member (or the public), and why."""
        name = "" if to == PUBLIC else member_named(to).name
        definitions = definitions_of([held.attributes])
        own, *later = held.attributes.parts()
        facts, said = self._facts(own, definitions)
        recipient = self.world.recipient(name)
        decision = decide(self.engine, recipient, facts, self.world.question)
        asleep = dormant(self.world, facts.owner, name) if name else []
        alike = same_law(self.world, facts.owner, name)
        found = (
            changes(self.engine, recipient, facts, self.world.question, decision, asleep, comparable=alike)
            if decision.variant != "full"
            else ()
        )
        value = orjson.loads(held.raw) if held.raw else {}
        return Explanation(
            object=held.id,
            version=held.version,
            recipient=to,
            purpose=self.world.question.purpose,
            on=str(self.world.on),
            owner=facts.owner,
            authorship=authorship(value, marks=held.marks, brought_by=own.voucher, seq=held.seq, now_us=now_us()),
            facts=facts,
            decision=decision,
            changes=found,
            bases=self._bases(facts, name),
            problems=said.problems,
            findings=(*personal_findings(value), *secrecy_findings(value)),
            parts=tuple(self._part(own, marking, name, definitions) for marking in own.granular),
            later=tuple(
                decide(self.engine, recipient, self._facts(part, definitions)[0], self.world.question) for part in later
            ),
            policy=self.world.book.digest,
        )

    def outcomes(self, attributes: ClassAttributes, definitions: Definitions) -> list[tuple[str, Decision]]:
        """The decision for every recipient: members by name, the public first."""
        facts, _ = self._facts(attributes, definitions)
        return [
            (recipient.name or PUBLIC, decide(self.engine, recipient, facts, self.world.question))
            for recipient in self.world.recipients
        ]

    def _facts(self, attributes: ClassAttributes, definitions: Definitions) -> tuple[ClassFacts, Handling]:
        said = handling(attributes.markings, definitions, attributes.default)
        return resolved(self.world, attributes, said), said

    def _part(self, own: ClassAttributes, marking: str, name: str, definitions: Definitions) -> Part:
        stricter = msgspec.structs.replace(own, markings=tuple(sorted({*own.markings, marking})))
        facts, _ = self._facts(stricter, definitions)
        decision = decide(self.engine, self.world.recipient(name), facts, self.world.question)
        return Part(marking, decision.variant is not None, decision)

    def _bases(self, facts: ClassFacts, name: str) -> tuple[str, ...]:
        found = []
        for regime in sorted(facts.regimes):
            basis = self.world.bases.get((name, regime))
            found.append(
                f"{basis.reason} ({basis.source})" if basis else f"{regime}: no mechanism of the recipient's own"
            )
        return tuple(found) if facts.personal else ()


def held_object(identity: str, version: str = "") -> Held:
    """An object version by id: the latest, or the one its author dated so; raises NotFound."""
    named = parse_id(identity)
    if named is None:
        raise InvalidInput("id-malformed", f"{identity} is no STIX id.", "Give type--UUID.")
    kind, uid = named
    key = uid if connection.vendor == "sqlite" else UUID(bytes=uid)
    for held in _held("v.uid = %s AND t.name = %s ORDER BY v.version DESC, v.spec DESC", [key, kind], identity):
        if version in ("", held.version):
            return held
    raise no_object(identity, version)


def held_entry(seq: int, identity: str) -> Held:
    """The object version at an entry, under the id by which it was asked for; raises NotFound."""
    for held in _held("v.seq = %s", [seq], identity):
        return held
    raise no_object(identity)


def no_object(identity: str, version: str = "") -> NotFound:
    """The answer for what is not held, or is not to be known of."""
    return NotFound(
        "object-unknown", f"The journal holds no {identity}{f' of {version}' if version else ''}.", "See `export`."
    )


def _held(condition: str, values: Sequence[object], identity: str) -> list[Held]:
    rows = fetch(
        "SELECT v.seq, v.version, v.marks, v.raw, c.attributes FROM journal_version v "
        f"JOIN journal_type t ON t.id = v.type JOIN journal_class c ON c.id = v.class WHERE {condition}",
        values,
    )
    return [
        Held(
            identity,
            format_time(at, min(marks & schema.DIGITS, 6)) if at else "",
            seq,
            decode_class(attributes),
            bytes(raw),
            marks,
        )
        for seq, at, marks, raw, attributes in rows
    ]


def summary(decision: Decision) -> str:
    """The decision in a few words: what decided it."""
    if decision.variant is None:
        shut = [gate for gate in decision.gates if not gate.passed]
        why = "; ".join(f"{gate.gate}: {_deciding(gate.reasons, gate.errors)}" for gate in shut)
        return f"refused ({why})"
    permits = [reason.policy for gate in decision.gates for reason in gate.reasons if reason.effect == "permit"]
    shown = [name for name in dict.fromkeys(permits) if name != "law/no-objection"]
    variant = "" if decision.variant == "full" else f", {decision.variant}"
    return f"permitted{variant} ({', '.join(shown)})"


def _deciding(reasons: Sequence[Any], errors: Sequence[str]) -> str:
    if errors:
        return "the engine failed"
    forbids = [reason.policy for reason in reasons if reason.effect == "forbid"]
    return ", ".join(forbids) or "nothing permits it"


def as_data(found: Explanation) -> Mapping[str, Any]:
    """For machines."""
    answer: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(found))
    return {**answer, "outcome": found.outcome}


class Reach(msgspec.Struct, frozen=True):
    """How much one member gets of what there is, in object versions."""

    member: str
    full: int
    pseudonymised: int
    stripped: int
    parts: int  # of these, with parts withheld
    withheld: int
    purpose: str = DEFAULT_PURPOSE


class Example(msgspec.Struct, frozen=True):
    """An object whose answer for a member differs from those before."""

    object: str
    member: str
    purpose: str


def reach() -> tuple[list[Reach], list[Example], int, int]:
    """For every recipient how much it gets; examples of each kind of answer; objects and classes in all."""
    per_class = dict(fetch("SELECT class, count(*) FROM journal_version GROUP BY class", []))
    names = {one.pk: one for one in Recipient.objects.select_related("member").order_by("member__name", "purpose")}
    grants: dict[int, dict[int, int]] = {number: {} for number in names}
    for recipient, klass, code in fetch("SELECT recipient, class, code FROM release_grant", []):
        grants[recipient][klass] = code
    total = sum(per_class.values())
    found = []
    for number, one in names.items():
        sums = [0, 0, 0]
        parts = 0
        for klass, code in grants[number].items():
            sums[code & VARIANT] += per_class.get(klass, 0)
            parts += per_class.get(klass, 0) if code >> GRANULAR_SHIFT else 0
        name = one.member.name if one.member is not None else PUBLIC
        found.append(Reach(name, sums[0], sums[1], sums[2], parts, total - sum(sums), one.purpose))
    return found, _examples(names.values(), grants, per_class), total, len(per_class)


def _examples(
    recipients: Iterable[Recipient], grants: Mapping[int, Mapping[int, int]], per_class: Mapping[int, int]
) -> list[Example]:
    """Objects for which recipients get different kinds of answers, different ones first."""
    seen: set[tuple[object, ...]] = set()
    used: set[str] = set()
    found: list[Example] = []
    for number, text in fetch("SELECT id, attributes FROM journal_class ORDER BY id", []):
        attributes = decode_class(text)
        objects = _some_of(number) if number in per_class else []
        for one in recipients:
            code = grants[one.pk].get(number)
            name = one.member.name if one.member is not None else PUBLIC
            kind = (attributes.default, bool(attributes.personal), bool(attributes.secrecy), code, name)
            fresh = next((identity for identity in objects if identity not in used), "")
            if code == 0 or kind in seen or not fresh:
                continue
            seen.add(kind)
            used.add(fresh)
            found.append(Example(fresh, name, one.purpose))
    return sorted(found, key=lambda one: [other.member for other in found[: found.index(one)]].count(one.member))


def _some_of(klass: int) -> list[str]:
    """Ids of a few objects of a class."""
    query = (
        "SELECT t.name, v.uid FROM journal_version v JOIN journal_type t ON t.id = v.type WHERE v.class = %s "
        "ORDER BY v.seq LIMIT 20"
    )
    return [format_id(kind, getattr(uid, "bytes", uid)) for kind, uid in fetch(query, [klass])]
