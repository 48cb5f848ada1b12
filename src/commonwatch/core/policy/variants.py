"""Carrying out a decision on one object: with pseudonyms, without personal data, without parts that are withheld.

1. What counts as personal, and what is secret, is replaced where it was found, then everywhere else in the object. 2. What
is left is looked at again, until nothing is found but what stands for something: a change may uncover what another value
covered. 3. Parts with granular markings that the recipient may not have are left out. 4. The result is an object of its own,
under an id that only this recipient knows it by, and says that it is derived.

Banners of classified documents stay: without them the text would pass for an open one.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
import orjson

from commonwatch.core.law.personal import PersonalFinding, personal_classes, personal_findings, secrecy_findings
from commonwatch.core.policy.facts import Variant
from commonwatch.core.policy.granular import Granular
from commonwatch.core.policy.parts import GONE, KEPT, Rebuilt, holder_of, pointed
from commonwatch.core.policy.placeholders import IN_TEXT, NETWORKS, URL, in_text
from commonwatch.core.policy.pseudonyms import MAIL_DOMAIN, TOKEN, pseudonym
from commonwatch.core.policy.sweeping import Hit, Sweep, apart, spliced
from commonwatch.core.policy.uids import derived_uid, original_uid
from commonwatch.core.signing.objects import without_signature
from commonwatch.core.stix.extensions import DERIVATION_ID, DERIVATION_PROPERTY, DerivationExtension
from commonwatch.core.stix.ids import format_id, is_id, parse_id
from commonwatch.core.stix.tables import OBSERVABLES, PROPERTIES

__all__ = ["Derivation", "derive", "derived_uid", "original_uid"]

_NAME_BASED = (3, 5)  # versions of UUIDs that follow from a content
_BANNER = "classified-banner"
_OURS = re.compile(rf"{TOKEN.pattern}|withheld|{re.escape(MAIL_DOMAIN)}|Person")
_HEAD = KEPT | {"created_by_ref"}
_HASH = re.compile("|".join(f"[0-9A-Fa-f]{{{digits}}}" for digits in (32, 40, 56, 64, 96, 128)), re.ASCII)
_WORD = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}", re.ASCII)
# Properties that hold a word of a vocabulary; a word in them is left as it is.
_VOCABULARY = frozenset(
    {
        *("type", "spec_version", "pattern_type", "pattern_version", "relationship_type", "identity_class", "lang"),
        *("extension_type", "definition_type", "kill_chain_name", "phase_name"),
    }
)
# Names of properties by the standard; all others may be somebody's name.
_NAMES = frozenset(name for table in PROPERTIES.values() for name in table) | frozenset(
    {
        *("type", "id", "spec_version", "source_name", "external_id", "kill_chain_name", "phase_name", "selectors"),
        *("marking_ref", "extension_type", "content_type", "content_disposition", "body_raw_ref", "data", "data_type"),
    }
)


class Derivation(msgspec.Struct, frozen=True):
    """What was decided for one recipient."""

    variant: Variant
    withheld: frozenset[str]  # markings of granular markings whose parts this recipient may not have
    key: bytes  # 32 secret bytes, of this recipient alone
    derived: frozenset[str] = frozenset()  # ids of other objects that it gets derived: references to them follow


def derive(raw: bytes, how: Derivation) -> bytes:
    """The JSON of the object that this recipient gets; the bytes as they are where nothing in them has to change.

    `raw` is an object that intake admitted.
    """
    if how.variant == "full" and not how.withheld and not how.derived:
        return raw
    # The author's signature covers what is withheld: it would not hold, and would let a reader test guesses at it.
    work = _Work(without_signature(orjson.loads(raw)), how)
    return orjson.dumps(work.result()) if work.concerned() else raw


class _Work:
    """One object on its way."""

    def __init__(self, value: dict[str, Any], how: Derivation) -> None:
        self._value = value
        self._how = how
        self._granular = Granular(value, how.withheld)
        self._sweep = Sweep()
        self._made: set[str] = set(NETWORKS)
        self._id: str = value["id"]
        self._kind, _, digits = self._id.rpartition("--")
        uid = uuid.UUID(digits)
        self._new_id = format_id(self._kind, derived_uid(uid.bytes, how.key))
        # The id of an observable, and every id that follows from a content, would let a reader test guesses at it.
        self._betrays = self._kind in OBSERVABLES or uid.bytes[6] >> 4 in _NAME_BASED

    def concerned(self) -> bool:
        """Whether anything has to change."""
        if self._how.variant != "full" or self._granular.found:
            return True
        return any(isinstance(leaf, str) and leaf in self._how.derived for _, _, _, leaf in _leaves(self._value))

    def result(self) -> dict[str, Any]:
        """The derived object."""
        if self._betrays:
            self._sweep.add(self._id, self._new_id)
        if self._how.variant != "full":
            self._replace(_counted(self._value))
            self._withhold_attachments()
        self._granular.withhold(self._value)
        self._refer()
        self._clean()
        if self._how.variant != "full":
            self._settle()
        rebuilt = Rebuilt(self._value, self._name)
        made = rebuilt.value
        made["id"] = self._new_id
        if self._granular.given:
            made["granular_markings"] = self._granular.remaining(rebuilt)
            if not made["granular_markings"]:
                del made["granular_markings"]
        self._say(made)
        return made

    def _say(self, made: dict[str, Any]) -> None:
        said = DerivationExtension(
            variant=self._how.variant,
            derived_from="" if self._betrays else self._id,
            parts_withheld=self._granular.found,
        )
        content = {**msgspec.to_builtins(said), "extension_type": said.extension_type}
        version, given = made.get("spec_version"), made.get("extensions", {})
        if isinstance(given, dict) and (version == "2.1" or (version is None and self._kind in OBSERVABLES)):
            made["extensions"] = {**given, DERIVATION_ID: content}
        else:
            made[DERIVATION_PROPERTY] = content

    def _settle(self) -> None:
        """Look again until only our own words are found. Each time less of the author's is left, so there is an end."""
        while found := [one for one in _counted(self._value) if not self._is_ours(one.value)]:
            self._replace(found)
            self._clean()

    def _is_ours(self, value: str) -> bool:
        return value in self._made or not any(map(str.isalnum, _OURS.sub("", value)))

    def _replace(self, found: Iterable[PersonalFinding]) -> None:
        """Replace findings where they stand, and remember the values."""
        by_place: dict[str, list[PersonalFinding]] = {}
        for one in found:
            by_place.setdefault(one.place, []).append(one)
            self._sweep.add(one.value, self._instead(one.category, one.value))
        for place, ones in by_place.items():
            path = pointed(place)
            holder, key = holder_of(self._value, path)
            whole = next((one for one in ones if one.start == one.end), None)
            if whole is not None:
                said = self._instead(whole.category, whole.value)
                holder[key] = f"Person {said}" if said and whole.category == "name" else said or GONE
            else:
                name = next((word for word in reversed(path) if not str(word).isdigit()), "")
                holder[key] = self._spans(holder[key], ones, place == "/pattern", in_text(str(name)))

    def _spans(self, text: str, ones: list[PersonalFinding], is_pattern: bool, placeholder: str) -> str:
        """The text with every finding replaced, and every value of which only a part was found here."""
        hits = [Hit(one.start, one.end, self._instead(one.category, one.value)) for one in ones]
        if is_pattern:
            hits = [Hit(*_whole_escapes(text, hit.start, hit.end), hit.instead) for hit in hits]
        else:
            hits += self._sweep.hits(text)
        hits = apart(hits)
        for hit in hits:
            self._sweep.add(text[hit.start : hit.end], hit.instead)
        return spliced(text, hits, placeholder)

    def _instead(self, category: str, value: str) -> str:
        """The pseudonym of a value; nothing where it has to go."""
        made = pseudonym(category, value, self._how.key) if self._how.variant == "pseudonymised" else None
        if made is not None:
            self._made.add(made)
        return made or ""

    def _withhold_attachments(self) -> None:
        """Payloads, and where they can be had; their hashes stay. An artifact has to have one of the two."""
        objects = self._value.get("objects")
        for part in (self._value, *(objects.values() if isinstance(objects, dict) else ())):
            if not isinstance(part, dict) or part.get("type") != "artifact":
                continue
            if isinstance(part.get("url"), str):
                self._sweep.add(part["url"], "")
            held = {"url", "payload_bin"} & part.keys()
            part.update(dict.fromkeys(held, GONE))
            if held and part.get("hashes"):
                part["url"] = URL

    def _clean(self) -> None:
        """Take the removed values out of every string and number."""
        is_stix = self._kind == "indicator" and self._value.get("pattern_type", "stix") == "stix"
        for holder, key, name, leaf in list(_leaves(self._value)):
            if isinstance(leaf, str):
                word = name in _VOCABULARY and _WORD.fullmatch(leaf)
                if not word and not is_id(leaf) and _HASH.fullmatch(leaf) is None:
                    in_pattern = is_stix and holder is self._value and key == "pattern" and leaf[:1] in ("[", "(")
                    swept = self._sweep.swept_pattern if in_pattern else self._sweep.swept
                    holder[key] = swept(leaf, in_text(name))
            elif self._sweep.swept(text := str(leaf), IN_TEXT) != text:
                holder[key] = GONE

    def _refer(self) -> None:
        """Let references follow the objects that this recipient knows by another id."""
        for holder, key, _, leaf in list(_leaves(self._value)):
            if isinstance(leaf, str):
                holder[key] = self._reference(leaf)

    def _reference(self, identity: str) -> str:
        """What this recipient knows an object by; any other text as it is."""
        named = parse_id(identity)
        if named is None:
            return identity
        kind, uid = named
        # Who knows an observable's id can test guesses at its value; this recipient gets it under its derived id.
        tells = self._how.variant != "full" and kind in OBSERVABLES and uid[6] >> 4 in _NAME_BASED
        if identity == self._id or tells or identity in self._how.derived:
            return format_id(kind, derived_uid(uid, self._how.key))
        return identity

    def _name(self, name: str) -> str:
        if name in _NAMES or name.endswith("-ext"):
            return name
        if is_id(name):
            return self._reference(name)
        # In the name of a custom property a short word is hardly a person's.
        hits = [hit for hit in self._sweep.hits(name) if hit.end - hit.start > 4 or not name.startswith("x_")]
        return spliced(name, hits, IN_TEXT)


def _counted(value: Mapping[str, Any]) -> list[PersonalFinding]:
    """What has to go: personal data of someone to protect, then secrets."""
    found = [one for one in personal_findings(value) if personal_classes((one,))]
    return found + [one for one in secrecy_findings(value) if one.category != _BANNER]


def _leaves(value: dict[str, Any]) -> Iterator[tuple[Any, Any, str, str | int | float]]:
    """Every string and number outside the head: what holds it, its key there, and the property that it belongs to."""
    waiting: list[tuple[Any, Any, str, Any]] = [
        (value, name, name, part) for name, part in value.items() if name not in _HEAD
    ]
    while waiting:
        holder, key, name, part = waiting.pop()
        if isinstance(part, dict):
            waiting += [(part, inner, inner, below) for inner, below in part.items()]
        elif isinstance(part, list):
            waiting += [(part, place, name, below) for place, below in enumerate(part)]
        elif isinstance(part, str | int | float) and not isinstance(part, bool):
            yield holder, key, name, part


def _whole_escapes(pattern: str, start: int, end: int) -> tuple[int, int]:
    """A span of a pattern that cuts no escape in two: half of one would open or close a string."""
    return start - _odd_strokes(pattern, start), end + _odd_strokes(pattern, end)


def _odd_strokes(text: str, end: int) -> int:
    start = end
    while text[start - 1 : start] == "\\":
        start -= 1
    return (end - start) % 2
