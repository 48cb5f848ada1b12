"""An export for one reader of one collection, in one format: read through `base.release`, and nothing else.

1. The collection is streamed twice: its marking definitions first, which PAP needs, then its indicators. Objects that release gives to the
   reader in another form count in that form.
2. Values that are protected (`benign`) go only with a person's word (`overrides`); what is left out is listed with its reason.
3. The same objects at the same time give the same bytes. `changed_us` is when the answer last became another by what can be seen from it:
   an object added, an indicator that began or ceased to be valid. It is in the file as the zone's serial and in HTTP as Last-Modified.
   What a reader loses by a change of grants shows in the ETag alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import msgspec

from commonwatch.base.release.collections import CollectionView
from commonwatch.base.release.reader import Reader
from commonwatch.base.release.stream import stream
from commonwatch.capabilities.detection.exports import bundles
from commonwatch.capabilities.detection.exports.benign import Protected, protected
from commonwatch.capabilities.detection.exports.entries import Asked, Entry, LeftOut, Sign, entries, is_id, shown, sign
from commonwatch.capabilities.detection.exports.overrides import Override, overrides
from commonwatch.capabilities.detection.exports.writing import WRITERS, Head, Written
from commonwatch.core.policy.scales import PAP_NAMES
from commonwatch.core.stix.times import parse_time
from commonwatch.core.taxii.filters import ObjectFilter

_dicts = msgspec.json.Decoder(list[dict[str, Any]])


@dataclass(frozen=True)
class Export:
    """Files by name; the first is the main one. `values` counts values or rules."""

    files: Mapping[str, bytes]
    left_out: tuple[LeftOut, ...]
    allowed: tuple[str, ...]
    values: int
    changed_us: int
    notes: tuple[str, ...]

    def report(self) -> dict[str, object]:
        """As JSON for programs and people."""
        return {
            "values": self.values,
            "files": {
                name: {"bytes": len(body), "sha256": sha256(body).hexdigest()} for name, body in self.files.items()
            },
            "left_out": [msgspec.to_builtins(one) for one in self.left_out],
            "allowed_by_word": list(self.allowed),
            "notes": list(self.notes),
        }


def export(reader: Reader, view: CollectionView, asked: Asked, folder: Path) -> Export:
    """Make an export; raises NotAllowed where the reader may not read the collection."""
    definitions = {one["id"]: one for one in _objects(reader, view, "marking-definition")[0]}
    found, added_us = _objects(reader, view, "indicator")
    signs: list[Sign] = []
    left: list[LeftOut] = []
    for value in sorted(found, key=lambda one: str(one.get("id"))):
        one = sign(value, definitions, asked)
        if isinstance(one, Sign) and not is_id(one.indicator):
            one = LeftOut(shown(one.indicator), "", "malformed", "its id is none")
        (signs if isinstance(one, Sign) else left).append(one)  # type: ignore[arg-type]
    changed_us = max([added_us, *_instants(found, asked.now_us)])
    guard = protected(folder)
    notes = () if guard.suffixes else ("There is no list of public suffixes: only top-level names are known as such.",)
    head = _head(asked, view, max((one.pap for one in signs), default=0), changed_us, notes)
    if asked.form.pattern:
        return _bundle(signs, left, asked, Export({}, (), (), 0, changed_us, notes), head)
    values, unusable = entries(signs, asked)
    kept, kept_out, allowed = _guarded(values, guard, overrides(folder))
    written = WRITERS[asked.form.name](kept, head, asked.form.file)
    return _whole(
        written, [*left, *unusable, *kept_out], len(kept), Export({}, (), allowed, 0, changed_us, notes), asked
    )


def _bundle(signs: list[Sign], left: list[LeftOut], asked: Asked, empty: Export, head: Head) -> Export:
    own = [one for one in signs if one.pattern_type == asked.form.pattern]
    left += [
        LeftOut(one.indicator, "", "no-rule", f"it is no {asked.form.pattern} rule")
        for one in signs
        if one.pattern_type != asked.form.pattern
    ]
    written = (bundles.sigma if asked.form.pattern == "sigma" else bundles.yara)(own, head, asked.form.file)
    return _whole(written, left, len(own), empty, asked)


def _whole(written: Written, left: Iterable[LeftOut], offered: int, empty: Export, asked: Asked) -> Export:
    main = asked.form.file
    files = {main: written.files[main], **{name: written.files[name] for name in sorted(written.files) if name != main}}
    every = tuple(sorted({*left, *written.left_out}))
    return Export(files, every, empty.allowed, offered - len(written.left_out), empty.changed_us, empty.notes)


def _guarded(
    values: Iterable[Entry], guard: Protected, words: Mapping[str, Override]
) -> tuple[list[Entry], list[LeftOut], tuple[str, ...]]:
    kept, left, allowed = [], [], []
    for one in values:
        reason = guard.reason(one.value)
        if reason is not None and reason[0] != "too-wide" and one.value.text in words:
            allowed.append(one.value.text)
            reason = None
        if reason is None:
            kept.append(one)
        else:
            left += [LeftOut(indicator, one.value.text, *reason) for indicator in one.indicators]
    return kept, left, tuple(allowed)


def _head(asked: Asked, view: CollectionView, pap: int, changed_us: int, notes: Iterable[str]) -> Head:
    said = [
        f"Commonwatch: {asked.form.title}, collection {view.uuid}",
        f"Strictest marking in it: {PAP_NAMES[pap]}. Not to be passed on beyond its markings; what was left out is in the report.",
        *notes,
    ]
    return Head(tuple(said), changed_us // 1_000_000)


def _objects(reader: Reader, view: CollectionView, kind: str) -> tuple[list[dict[str, Any]], int]:
    """The last versions of all objects of a type that the reader has, and when the last of them was added."""
    found, added_us = [], 0
    for page in stream(reader, view, ObjectFilter(types=(kind,), last=True)):
        found += _dicts.decode(b"[" + page.body + b"]")
        added_us = max(added_us, page.last_added)
    return [one for one in found if one.get("type") == kind], added_us


def _instants(found: Iterable[Mapping[str, Any]], now_us: int) -> Iterable[int]:
    """When indicators began or ceased to be valid, as far as that is past."""
    for one in found:
        for part in ("valid_from", "valid_until"):
            read = parse_time(str(one.get(part, "")))
            if read is not None and 0 < read[0] <= now_us:
                yield read[0]


def report_bytes(made: Export) -> bytes:
    """The report as a file, the same for the same export."""
    return msgspec.json.format(msgspec.json.encode(made.report(), order="sorted"), indent=1)
