"""Steps 1, 3 and 4 of intake on one object: the gate, the head, the checks.

Refused is what cannot be identified or is dangerous; held is what a person may mend; everything else is admissible,
with notes. The same bytes always get the same judgement, whatever stood beside them.
"""

from __future__ import annotations

from typing import Any

from commonwatch.core.stix.check import findings
from commonwatch.core.stix.ids import parse_id
from commonwatch.core.stix.ijson import gate
from commonwatch.core.stix.recognise import foreign
from commonwatch.core.stix.tables import OBSERVABLES
from commonwatch.core.stix.times import parse_time
from commonwatch.core.stix.values import Admissible, Finding, Head, Judgement, Piece, Rejected

_ORDER = {"refuse": 0, "hold": 1, "note": 2}
_DATELESS = OBSERVABLES | {"marking-definition", "bundle"}


def judge(piece: Piece, now_us: int, max_future_us: int, max_bytes: int) -> Judgement:
    """The judgement on one object. Never raises, whatever the bytes."""
    raw = piece.raw
    if len(raw) > max_bytes:
        return _rejected(
            piece,
            {},
            Finding(
                "object-too-large",
                "refuse",
                "",
                f"The object has {len(raw):,} bytes; at most {max_bytes:,} are taken.",
                "Send large content by reference, or raise max_object_bytes.",
            ),
        )
    value, refusal = gate(raw)
    if refusal is not None:
        return _rejected(piece, {}, refusal)
    if not isinstance(value, dict):
        return _rejected(
            piece,
            {},
            Finding(
                "not-an-object",
                "refuse",
                "",
                "It is JSON, but no object.",
                "A STIX object starts with a curly bracket.",
            ),
        )
    identity = value.get("id")
    named = parse_id(identity) if isinstance(identity, str) else None
    if named is None or named[0] != value.get("type") or named[0] == "bundle":
        return _unidentified(piece, value)
    kind, uid = named
    times = _times(value, kind, now_us, max_future_us)
    if isinstance(times, Finding):
        return _rejected(piece, value, times)
    spec = _spec(value, kind, piece.spec)
    found = findings(value, kind, spec)
    if found:
        if len(found) > 1:
            found = tuple(sorted(found, key=lambda finding: _ORDER[finding.severity]))
        if found[0].severity != "note":
            return _rejected(piece, value, *found)
    return Admissible(_head(value, str(identity), kind, uid, spec, times), raw, piece.place, found)


def _head(
    value: dict[str, Any], identity: str, kind: str, uid: bytes, spec: int, times: tuple[int, int, int | None]
) -> Head:
    get = value.get
    markings = get("object_marking_refs")
    return Head(
        identity,
        kind,
        uid,
        spec,
        times[0],
        times[1],
        times[2],
        get("created_by_ref") or None,
        tuple(markings) if markings else (),
        _granular(value["granular_markings"]) if "granular_markings" in value else (),
        get("revoked") is True,
    )


def _granular(given: Any) -> tuple[str, ...]:
    """The markings referred to. What cannot be read counts as a marking that nobody knows: nobody gets those parts."""
    entries = given if isinstance(given, list) else [given]
    named = [entry.get("marking_ref") for entry in entries if isinstance(entry, dict) and "lang" not in entry]
    unread = [""] if len([entry for entry in entries if isinstance(entry, dict)]) < len(entries) else []
    return tuple([ref if isinstance(ref, str) else "" for ref in named] + unread)


def _times(value: dict[str, Any], kind: str, now_us: int, max_future_us: int) -> tuple[int, int, int | None] | Finding:
    """Version, its digits and `created`; or the finding that keeps the object out."""
    created_text, modified_text = value.get("created"), value.get("modified")
    created = parse_time(created_text) if isinstance(created_text, str) else None
    modified = parse_time(modified_text) if isinstance(modified_text, str) else None
    for name, text, parsed in (("created", created_text, created), ("modified", modified_text, modified)):
        if parsed is None and text is not None:
            return Finding(
                "time-unreadable",
                "hold",
                f"/{name}",
                f"{name} is {_short(text)}, which is no date that exists.",
                "Write it as 2026-11-23T08:00:00.000Z.",
            )
    version = modified or created
    if version is None:
        return (0, 0, None)
    if version[0] > now_us + max_future_us:
        return Finding(
            "version-in-future",
            "hold",
            "/modified" if modified else "/created",
            f"The version {modified_text or created_text} lies in the future: admitted, it would hide every real version "
            "until then.",
            "Correct the date, or try again when it has come.",
        )
    return (version[0], version[1], created[0] if created else None)


def _spec(value: dict[str, Any], kind: str, container: int) -> int:
    """20 or 21: what the object says, else what its container says, else by STIX 2.1 section 3.2: only 2.0 is silent."""
    stated = value.get("spec_version")
    if stated == "2.1":
        return 21
    if stated == "2.0" or container == 20:
        return 20
    return 21 if kind in OBSERVABLES else 20


def _unidentified(piece: Piece, value: dict[str, Any]) -> Rejected:
    kind, identity = value.get("type"), value.get("id")
    if kind == "bundle":
        return _rejected(
            piece,
            value,
            Finding(
                "bundle-in-bundle", "hold", "", "It is a bundle inside another.", "Put its objects into the outer list."
            ),
        )
    if (other := foreign(piece.raw)) is not None:
        return _rejected(piece, value, other)
    if isinstance(identity, str) and isinstance(kind, str):
        return _rejected(piece, value, _id_finding(identity, kind))
    if identity is None and kind is None:
        return _rejected(
            piece,
            value,
            Finding(
                "not-stix",
                "refuse",
                "",
                "It has neither id nor type: it is no STIX object.",
                "Give STIX 2.0 or 2.1 objects.",
            ),
        )
    missing = "id" if not isinstance(identity, str) else "type"
    return _rejected(
        piece,
        value,
        Finding(
            f"{missing}-missing",
            "hold",
            f"/{missing}",
            f"The object has no readable {missing}.",
            f"Add the {missing}; both are needed to tell it from others.",
        ),
    )


def _id_finding(identity: str, kind: str) -> Finding:
    lowered = parse_id(identity.lower())
    if lowered is not None and lowered[0] == kind:
        return Finding(
            "id-upper-case",
            "hold",
            "/id",
            "The id has upper-case letters, so others would not find it equal.",
            f"Write it as {identity.lower()}, here and where it is referred to.",
        )
    named = parse_id(identity)
    if named is not None:
        return Finding(
            "id-type-mismatch",
            "hold",
            "/id",
            f"The id says {named[0]}, the type says {_short(kind)}.",
            "Make the two agree; the id's part before -- is the type.",
        )
    return Finding(
        "id-malformed",
        "hold",
        "/id",
        f"The id {_short(identity)} is not type--UUID.",
        "Give it an id such as indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f.",
    )


def _rejected(piece: Piece, value: dict[str, Any], *found: Finding) -> Rejected:
    identity, kind = value.get("id"), value.get("type")
    version = value.get("modified", value.get("created"))
    return Rejected(
        "refuse" if found[0].severity == "refuse" else "hold",
        piece.raw,
        piece.place,
        found,
        identity[:300] if isinstance(identity, str) else "",
        kind[:250] if isinstance(kind, str) else "",
        version[:40] if isinstance(version, str) else "",
    )


def _short(value: object) -> str:
    text = str(value)
    return text if len(text) <= 80 else text[:77] + "..."
