"""Personal data and secrets in one STIX object: what, whose, and where exactly.

1. Properties that a type defines for such values (`personal_objects`). 2. The strings of a pattern (`personal_pattern`).
3. Every other string as text (`personal_text`). Only the one object is seen, so whose a value is can be told from its type
and from the words around it, and is else unknown; what is unknown is protected. Credits of a published source are not
looked for: external references name who published what, and licences ask for that.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from commonwatch.core.law.personal_marks import NONE, Flags, Marks, flags_of
from commonwatch.core.law.personal_objects import OWN, hinted, typed
from commonwatch.core.law.personal_pattern import pattern_findings
from commonwatch.core.law.personal_secrecy import secrets_in
from commonwatch.core.law.personal_text import text_findings
from commonwatch.core.law.personal_values import PersonalFinding, Role, words
from commonwatch.core.signing.objects import without_signature

__all__ = [
    "PersonalFinding",
    "findings",
    "may_hold_personal",
    "personal_classes",
    "personal_findings",
    "secrecy_findings",
]

_ATTACKERS = words("indicator malware malware-analysis threat-actor infrastructure campaign intrusion-set")
# Types with text and patterns only; what is not named here is read in full.
_TEXT_ONLY = (_ATTACKERS - {"threat-actor"}) | words(
    "attack-pattern course-of-action extension-definition grouping incident marking-definition relationship report tool "
    "vulnerability"
)
# Never text: identifiers, times, words of vocabularies, and the credits of published sources.
_NO_TEXT = words(
    "id type spec_version created modified created_by_ref object_marking_refs granular_markings revoked lang confidence "
    "pattern_type pattern_version valid_from valid_until first_seen last_seen first_observed last_observed "
    "kill_chain_phases hashes object_refs source_ref target_ref relationship_type indicator_types malware_types tool_types "
    "report_types message_id x_misp_message_id published external_references x_mitre_contributors mime_type definition_type resource_level "
    "identity_class sectors extension_type tlp"
)
_TYPE = re.compile(rb'"type"\s*:\s*"([a-z0-9-]+)"')
# What the attacker works with protects nobody.
_INFRASTRUCTURE = frozenset({"ip-address", "e-mail", "credential"})
_SECRETS = {"payment": "bank", "credential": "credential"}


class _String(NamedTuple):
    text: str
    place: str
    role: Role
    name: str  # of the property that holds it, where that may say what it is: in custom properties and extensions


class _Read(NamedTuple):
    """A part of an object, read once for both questions."""

    part: Mapping[str, Any]
    place: str
    role: Role
    strings: list[_String]
    flags: Flags


def _read(value: Mapping[str, Any]) -> list[_Read]:
    found = []
    for part, place, role in _parts(without_signature(value)):  # an author's signature is no text of anybody's
        strings = list(_strings(part, place, role))
        flags = flags_of("\n".join([one.text for one in strings])) if strings else NONE
        found.append(_Read(part, place, role, strings, flags))
    return found


def personal_findings(value: Mapping[str, Any]) -> tuple[PersonalFinding, ...]:
    """Every personal value in an object, in the order of places and offsets."""
    return _personal(value, _read(value))


def secrecy_findings(value: Mapping[str, Any]) -> tuple[PersonalFinding, ...]:
    """What bank, telecommunication or state secrecy covers, and credentials; not what is the attacker's own."""
    return findings(value)[1]


def findings(value: Mapping[str, Any]) -> tuple[tuple[PersonalFinding, ...], tuple[PersonalFinding, ...]]:
    """Personal data and secrets, for who wants both."""
    read = _read(value)
    personal = _personal(value, read)
    return personal, _secret(read, personal)


def _personal(value: Mapping[str, Any], read: Iterable[_Read]) -> tuple[PersonalFinding, ...]:
    found: list[PersonalFinding] = []
    for part, place, role, strings, flags in read:
        found += typed(part, _kind(part), place, role)
        for one in strings:
            if one.name and (category := hinted(one.name, one.text)) is not None:
                found.append(PersonalFinding(category, one.role, one.place, 0, 0, one.text))
            elif one.place == "/pattern" and value.get("pattern_type", "stix") == "stix":
                found += pattern_findings(one.text, one.place, flags)
            elif any(flags):
                found += text_findings(one.text, one.place, one.role, flags)
    return _sorted(found)


def _secret(read: Iterable[_Read], personal: Iterable[PersonalFinding]) -> tuple[PersonalFinding, ...]:
    found = [
        PersonalFinding(_SECRETS[one.category], one.role, one.place, one.start, one.end, one.value)
        for one in personal
        if one.category in _SECRETS and (one.category, one.role) != ("credential", "attacker")
    ]
    for one in read:
        if one.flags.announced or one.flags.banner:
            for string in one.strings:
                found += secrets_in(string.text, string.place, string.role, one.flags)
    return _sorted(found)


def personal_classes(findings: Iterable[PersonalFinding]) -> tuple[str, ...]:
    """The categories found that are personal data of someone to protect."""
    return tuple(
        sorted({one.category for one in findings if one.role != "attacker" or one.category not in _INFRASTRUCTURE})
    )


def may_hold_personal(raw: bytes, kind: str = "") -> bool:
    """Whether an object's bytes may hold what `personal_classes` or `secrecy_findings` name. No is certain, yes is not.

    `raw` is a JSON object as the gate of intake lets it in; `kind` is its type, where the caller has read it.
    """
    # Escapes could hide what is looked for; other scripts have other words.
    if not raw.isascii() or (b"\\" in raw and (b"\\u" in raw or b"\\/" in raw)):
        return True
    kind = kind or _certain_type(raw)
    if kind not in _TEXT_ONLY:
        return True
    marks = Marks(raw)
    if b"extensions" in marks.words or (b"x" in marks.words and b'"x_' in raw):
        return True
    if marks.mail() or marks.announced() or marks.numbers() or marks.banner():
        return True
    return (kind not in _ATTACKERS or marks.victims()) and marks.addresses()


def _certain_type(raw: bytes) -> str:
    """The object's own type, where it cannot be that of another object inside; else nothing."""
    found = _TYPE.search(raw)
    if found is None or (raw.count(b"{", 0, found.start()) != 1 and raw.count(b"}", found.end()) != 1):
        return ""
    return found[1].decode()


def _kind(value: Mapping[str, Any]) -> str:
    kind = value.get("type")
    return kind if isinstance(kind, str) else ""


def _parts(value: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], str, Role]]:
    """The object, and those that a STIX 2.0 observed-data carries, with whose their values are."""
    kind = _kind(value)
    yield value, "", _role(value, kind)
    objects = value.get("objects") if kind == "observed-data" else None
    if not isinstance(objects, dict):
        return
    targets = _targets(objects)
    for name, part in objects.items():
        if isinstance(part, dict):
            yield part, f"/objects/{_escaped(name)}", "victim" if name in targets else "unknown"


def _role(value: Mapping[str, Any], kind: str) -> Role:
    source = value.get("source_ref") if kind == "relationship" else None
    if kind in _ATTACKERS or (isinstance(source, str) and source.partition("--")[0] in _ATTACKERS):
        return "attacker"
    if kind == "sighting" or (kind == "identity" and value.get("identity_class") == "individual"):
        return "victim"
    return "unknown"


def _targets(objects: Mapping[str, Any]) -> set[str]:
    """Whom messages were sent to, and where traffic went."""
    named: set[str] = set()
    for part in objects.values():
        if isinstance(part, dict):
            for name in ("to_refs", "cc_refs", "bcc_refs"):
                refs = part.get(name)
                named.update(ref for ref in (refs if isinstance(refs, list) else ()) if isinstance(ref, str))
            if isinstance(part.get("dst_ref"), str):
                named.add(part["dst_ref"])
    return named


def _strings(value: Mapping[str, Any], place: str, role: Role) -> Iterator[_String]:
    """Every string that is read as text. No recursion: the depth of an object is its author's choice."""
    own = OWN.get(_kind(value), frozenset())
    waiting: list[tuple[str, Any, str, bool]] = []
    for name, part in value.items():
        if name not in _NO_TEXT and name not in own and not (place == "" and name == "objects"):
            waiting.append((name, part, place + "/" + _escaped(name), name == "extensions" or name.startswith("x_")))
    while waiting:
        name, part, where, custom = waiting.pop()
        if isinstance(part, str):
            yield _String(part, where, role, name if custom else "")
        elif isinstance(part, dict):
            waiting += [
                (inner, below, f"{where}/{_escaped(inner)}", custom)
                for inner, below in part.items()
                if inner not in _NO_TEXT
            ]
        elif isinstance(part, list):
            waiting += [(name, below, f"{where}/{position}", custom) for position, below in enumerate(part)]


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1") if "~" in name or "/" in name else name


def _sorted(found: Iterable[PersonalFinding]) -> tuple[PersonalFinding, ...]:
    """In a stable order, whatever the way they were found."""
    return tuple(sorted(found, key=lambda one: (one.place, one.start, one.end, one.category, one.value)))
