"""Parts of a case, made by hand: who says what when."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import Any

import msgspec

from commonwatch.core.stix.response.incidents import (
    CASE,
    EVENT,
    IMPACT,
    INCIDENT_CORE,
    NEW_SDO,
    TASK,
    CaseRoot,
    Participant,
    content_of,
    core_of,
)
from commonwatch.core.stix.shared import new_object, part_of
from commonwatch.core.stix.times import format_time

SECOND = 1_000_000
HOUR = 3_600 * SECOND
DAY = 24 * HOUR
START = 1_795_000_000 * SECOND  # 2026-11-18


class Part(msgspec.Struct, frozen=True):
    """As `base.threads` gives one."""

    id: str
    type: str
    value: dict[str, Any]
    author: str
    created_us: int
    modified_us: int
    revoked: bool = False
    marking: str = "TLP:AMBER"


def who(name: str) -> str:
    """The identity of somebody."""
    return f"identity--{uuid.uuid5(uuid.NAMESPACE_URL, name)}"


LEAD, OSLO, BERN, POLICE, STRANGER = map(who, ("vienna", "oslo", "bern", "police", "stranger"))


@dataclass
class Made:
    """A case in the making: each call adds a part and gives it."""

    parts: list[Part] = field(default_factory=list)
    number: int = 0

    def id(self, kind: str) -> str:
        self.number += 1
        return f"{kind}--{uuid.UUID(int=self.number, version=4)}"

    def part(self, value: dict[str, Any], author: str, at: int) -> Part:
        stamp = format_time(at, 3)
        whole = {"spec_version": "2.1", "created_by_ref": author, "created": stamp, "modified": stamp, **value}
        made = Part(whole["id"], whole["type"], whole, author, at, at)
        self.parts.append(made)
        return made

    def root(self, at: int = START, **more: Any) -> Part:
        author = more.pop("author", LEAD)
        taking = more.pop(
            "participants",
            (Participant(OSLO), Participant(BERN), Participant(POLICE, "police")),
        )
        case = CaseRoot(participants=taking, **more)
        value = {
            "type": "incident",
            "id": self.id("incident"),
            "name": "Wiper at two ports",
            "extensions": {
                INCIDENT_CORE: core_of("suspected", "reported", None, ()),
                CASE: content_of(case) | {"extension_type": "property-extension"},
            },
        }
        return self.part(value, author, at)

    @property
    def case(self) -> str:
        return self.parts[0].id

    def say(self, author: str, field: str, value: Any, at: int, **more: Any) -> Part:
        content = {"case_ref": self.case, "field": field, "value": value, **more}
        made = new_object(
            "case-statement",
            content,
            identity=self.id("case-statement"),
            author=author,
            made=format_time(at, 3),
            at=format_time(at, 3),
        )
        return self.part(made, author, at)

    def task(self, author: str, name: str, at: int, owner: str = "", **more: Any) -> Part:
        said = {"owner_ref": owner, **more.pop("said", {})}
        value = {
            "type": "task",
            "id": self.id("task"),
            "name": name,
            "outcome": "pending",
            **more,
            "extensions": {TASK: NEW_SDO, **part_of(self.case, said)},
        }
        return self.part(value, author, at)

    def event(self, author: str, name: str, at: int, happened: int, **said: Any) -> Part:
        value = {
            "type": "event",
            "id": self.id("event"),
            "status": "occurred",
            "name": name,
            "start_time": format_time(happened, 0),
            "start_time_fidelity": "hour",
            "extensions": {EVENT: NEW_SDO, **part_of(self.case, said)},
        }
        return self.part(value, author, at)

    def note(self, author: str, text: str, at: int, **said: Any) -> Part:
        value = {
            "type": "note",
            "id": self.id("note"),
            "content": text,
            "object_refs": [self.case],
            "extensions": part_of(self.case, said),
        }
        return self.part(value, author, at)

    def impact(self, author: str, category: str, at: int, extension: dict[str, Any]) -> Part:
        value = {
            "type": "impact",
            "id": self.id("impact"),
            "impact_category": category,
            "extensions": {IMPACT: NEW_SDO, f"{category}-ext": extension, **part_of(self.case, {})},
        }
        return self.part(value, author, at)
