"""What one marking-definition says, in whichever of the ways that occur.

TLP and PAP: by well-known id, by name, as `definition_type`, in an extension, in a statement, in OpenCTI's own properties,
as MISP tags. IEP: as `definition_type`, in an extension, as a bare policy. Handling: our extension. A definition of which
anything cannot be read is read as TLP:RED with nobody named, because it may forbid anything.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

from commonwatch.core.policy import iep
from commonwatch.core.policy.readings import Problem, Reading, together
from commonwatch.core.policy.scales import WELL_KNOWN, Scale, level, marks_in
from commonwatch.core.policy.tags import tag_says
from commonwatch.core.stix.extensions import CLASSIFICATIONS, HANDLING_ID, read_handling
from commonwatch.core.stix.tables import PROPERTIES

# Extensions of OpenCTI and MITRE that hold record keeping (when it was stored, its colour) and say nothing of handling.
_SAY_NOTHING = frozenset(
    {
        "extension-definition--ea279b3e-5c71-4632-ac08-831c66a786ba",
        "extension-definition--322b8f77-262a-4cb8-a915-1e441e00329b",
    }
)
# Properties of every marking-definition: what else stands beside `iep_version` is a statement of the policy.
_COMMON = PROPERTIES["marking-definition"].keys() | {"type", "spec_version", "id"}
_PLACEHOLDER = "custom"  # what OpenCTI puts into a statement that says elsewhere what it is

Part: TypeAlias = Reading | str  # what it says, or what of it cannot be read


def read_marking(marking: str, definition: Mapping[str, Any] | None) -> Reading:
    """What a marking says, by its id and its definition; None where no definition is held."""
    known = [_mark(*WELL_KNOWN[marking])] if marking in WELL_KNOWN else []
    if definition is None:
        if known:
            return together(known)
        return _unread(
            Problem(
                "marking-dangling",
                marking,
                f"It is marked with {marking}, which is not known here: read as TLP:RED with nobody named.",
                "Ask the author for the marking-definition and import it, or mark with one that is held.",
            )
        )
    parts = [*known, *_parts(definition)]
    lost = [part for part in parts if isinstance(part, str)]
    read = [part for part in parts if isinstance(part, Reading)]
    if not parts:
        lost = ["anything it says"]
    wrong = [
        Problem(
            "marking-unreadable",
            marking,
            f"Of the marking {marking} this cannot be read: {what}. It is read as TLP:RED with nobody named.",
            "Write it in a usual way (TLP 2.0, PAP, IEP 2.0, the handling extension), or take the marking away.",
        )
        for what in lost
    ]
    return together([*read, *map(_unread, wrong)])


def _unread(problem: Problem) -> Reading:
    return Reading(problems=frozenset({problem}), unread=True)


def _parts(definition: Mapping[str, Any]) -> list[Part]:
    parts: list[Part] = []
    name = definition.get("name")
    if isinstance(name, str):
        parts += text_says(name)
    if "x_opencti_definition" in definition or "x_opencti_definition_type" in definition:
        parts += _typed(definition.get("x_opencti_definition_type"), definition.get("x_opencti_definition"), False)
    extensions = definition.get("extensions")
    if isinstance(extensions, Mapping):
        for extension, content in extensions.items():
            parts += _extension(extension, content)
    elif extensions is not None:
        parts.append("its extensions")
    if iep.is_policy(definition):
        common = _COMMON if "type" in definition else frozenset[str]()
        parts.append(iep.read_policy({key: part for key, part in definition.items() if key not in common}))
    if "definition_type" in definition or "definition" in definition:
        parts += _typed(definition.get("definition_type"), definition.get("definition"), bool(parts))
    return parts


def _typed(kind: Any, inner: Any, said: bool) -> Iterator[Part]:
    """What `definition_type` and `definition` say; `said` where the marking says something besides."""
    word = "".join(letter for letter in str(kind).lower() if letter.isalpha())
    if word.startswith(("tlp", "pap")):
        scale: Scale = "TLP" if word.startswith("tlp") else "PAP"
        value = _inner(inner, scale.lower())
        if value is not None:
            yield _level(scale, value)
        elif not said:
            yield f"a {scale} marking without a level"
    elif word.startswith("iep"):
        policy = inner.get("iep", inner) if isinstance(inner, Mapping) else None
        yield iep.read_policy(policy) if isinstance(policy, Mapping) else "an IEP marking without a policy"
    elif word in ("statement", "copyright"):
        text = _inner(inner, word)
        if isinstance(text, str) and text.strip().lower() != _PLACEHOLDER:
            yield from text_says(text)
            yield Reading()
        elif not said:
            yield "a statement without a text of its own"
    else:
        yield f"the definition type {kind!r:.80}"


def _inner(inner: Any, key: str) -> Any:
    """The value of a definition: `{"tlp": "red"}`, `{"TLP": "TLP:RED"}` and plain `"TLP:RED"` all occur."""
    if isinstance(inner, Mapping):
        return next((part for name, part in inner.items() if name.lower() == key), None)
    return inner


def _extension(extension: str, content: Any) -> Iterator[Part]:
    if not isinstance(content, Mapping):
        yield f"the extension {extension:.80}"
    elif extension == HANDLING_ID:
        yield _handling(content)
    elif "tlp_2_0" in content:  # whatever its id: vendors make their own
        yield _level("TLP", content["tlp_2_0"])
    elif extension == iep.EXTENSION_ID or iep.is_policy(content):
        yield iep.read_policy(content)
    elif "pap" in content:
        yield _level("PAP", content["pap"])
    elif extension not in _SAY_NOTHING:
        yield f"the extension {extension:.80}"


def text_says(text: str) -> Iterator[Part]:
    """What a name, a statement or a label says: marks, or a MISP tag; other words restrict nothing."""
    tag = tag_says(text.strip())
    if tag is not None:
        yield tag
        return
    for scale, step in marks_in(text):
        yield _level(scale, text) if step is None else _mark(scale, step)


def _level(scale: Scale, value: Any) -> Part:
    step = level(scale, value) if isinstance(value, str) else None
    return f"the {scale} level {value!r:.80}" if step is None else _mark(scale, step)


def _mark(scale: Scale, step: int) -> Reading:
    return Reading(tlps=frozenset({step})) if scale == "TLP" else Reading(paps=frozenset({step}))


def _handling(content: Mapping[str, Any]) -> Part:
    said = read_handling(content)
    if isinstance(said, str):
        return f"the handling extension ({said})"
    pap = None if said.pap is None else level("PAP", said.pap)
    return Reading(
        paps=frozenset() if pap is None else frozenset({pap}),
        classification=CLASSIFICATIONS.index(said.classification),
        orcon=said.orcon,
        named=_list(said.named),
        releasable=_list(said.releasable_to),
        audience=_list(said.audience),
        purposes=_list(said.purposes),
        retention_days=said.retention_days,
    )


def _list(words: tuple[str, ...]) -> frozenset[str] | None:
    return frozenset(words) or None
