"""What can be asked for and offered: skills of people, tools, capacity, funds. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cached_property

import msgspec

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.assistance import Kind


class Skill(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One thing, its kind, what it is counted in, and the number of the service in its source."""

    id: str
    kind: Kind
    title: str
    unit: str
    ref: str = ""


class Skills(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """Everything of which there is a word, and from what the list was made."""

    as_of: date
    source: str
    date: str
    verified: bool
    skills: tuple[Skill, ...]

    @cached_property
    def by_id(self) -> Mapping[str, Skill]:
        """By its word."""
        return {skill.id: skill for skill in self.skills}

    def named(self, word: str) -> Skill:
        """The one with this word; raises InvalidInput."""
        found = self.by_id.get(word)
        if found is None:
            raise InvalidInput(
                "skill-unknown", f"There is no skill {word}.", "See `commonwatch assist catalogue skills`."
            )
        return found


def parse_skills(raw: bytes) -> Skills:
    """Read the list; raises InvalidInput."""
    try:
        return msgspec.json.decode(raw, type=Skills)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise InvalidInput(
            "skills-unreadable",
            f"The list of skills cannot be read: {error}.",
            "Compare it with the one that is shipped.",
        ) from None
