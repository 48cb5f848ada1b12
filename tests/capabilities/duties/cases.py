"""A case and its duties, for the tests of this room."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from commonwatch.base.parties.actions import By
from commonwatch.capabilities.duties import actions
from commonwatch.capabilities.duties.case_facts import Facts, read_facts
from commonwatch.capabilities.duties.models import Duty, Notice
from commonwatch.core.stix.times import EPOCH


def us(text: str) -> int:
    """A moment in microseconds."""
    return (datetime.fromisoformat(text) - EPOCH) // EPOCH.resolution


NOW = us("2026-11-30T10:00:00+00:00")  # a Monday
HOUR = 3_600_000_000


def by(at: int = NOW) -> By:
    """A person who acts at a moment."""
    return By("ana", at)


def hospital(**changes: Any) -> Facts:
    """Ransomware at a German hospital that acts in Austria, too."""
    subject = {"name": "home", "places": ["DE", "AT"], "roles": ["nis2-entity"], "sectors": ["health"]}
    given: dict[str, Any] = {
        "title": "Ransomware at a hospital",
        "case": "grouping--00000000-0000-4000-8000-000000000001",
        "subjects": [subject],
        "severity": "high",
        "flags": {"personal_data": True, "malicious": True},
        "times": {"aware": NOW - HOUR},
        "texts": {"summary": "Files of two wards are encrypted.", "contact": "soc@example.org"},
    }
    return read_facts({**given, **changes})


def duty_of(regime: str, place: str = "DE", **changes: Any) -> Duty:
    """A confirmed duty of the case."""
    facts = hospital(**changes)
    made = actions.propose(facts, by(), [("home", place, regime)])
    return actions.confirm(made[0].pk, "Legal office", by())


def notice_of(duty: Duty, name: str) -> Notice:
    """The notice of a stage, as it is now."""
    return duty.notices.get(name=name)
