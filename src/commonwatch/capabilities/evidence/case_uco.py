"""An item with its chain in CASE/UCO (JSON-LD), for forensic tools: CASE 1.4, UCO 1.4 (caseontology.org).

Content is an `ObservableObject` with its sums; each act an `InvestigativeAction` informed by the one before, with who did it, with
what, and the `ProvenanceRecord` that it made. Ids are UUIDs of the objects that they stand for.
"""

from __future__ import annotations

import uuid
from typing import Any

from commonwatch.capabilities.evidence.queries import ActView, Whole
from commonwatch.core.stix.times import format_time, parse_time

_CONTEXT = {
    "kb": "urn:uuid:",
    "case-investigation": "https://ontology.caseontology.org/case/investigation/",
    "uco-action": "https://ontology.unifiedcyberontology.org/uco/action/",
    "uco-core": "https://ontology.unifiedcyberontology.org/uco/core/",
    "uco-identity": "https://ontology.unifiedcyberontology.org/uco/identity/",
    "uco-observable": "https://ontology.unifiedcyberontology.org/uco/observable/",
    "uco-tool": "https://ontology.unifiedcyberontology.org/uco/tool/",
    "uco-types": "https://ontology.unifiedcyberontology.org/uco/types/",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}


def case_uco(whole: Whole) -> dict[str, Any]:
    """The graph of one item."""
    about, item = whole.about, whole.item
    content = {
        "@id": _id(item.id, "content"),
        "@type": "uco-observable:ObservableObject",
        "uco-core:name": about.name,
        **({"uco-core:description": about.description} if about.description else {}),
        "uco-core:hasFacet": [
            {
                "@id": _id(item.id, "facet"),
                "@type": "uco-observable:ContentDataFacet",
                "uco-observable:sizeInBytes": {"@type": "xsd:integer", "@value": str(about.size)},
                "uco-observable:hash": [
                    _hash(item.id, "SHA256", about.hashes.sha256),
                    _hash(item.id, "SHA512", about.hashes.sha512),
                ],
            }
        ],
    }
    graph: list[dict[str, Any]] = [content, _authorization(whole)]
    graph += [_organization(name) for name in sorted({act.by for act in whole.acts})]
    before: ActView | None = None
    for act in whole.acts:
        graph += _action(whole, act, before)
        before = act
    return {"@context": _CONTEXT, "@graph": graph}


def _action(whole: Whole, act: ActView, before: ActView | None) -> list[dict[str, Any]]:
    about, first = whole.about, before is None
    at = about.collected_at if first else act.detail.get("done at", act.at)
    performer, tool = _id(act.by, "organization"), about.tool if first else act.detail.get("with", "")
    record = {
        "@id": _id(act.id, "record"),
        "@type": "case-investigation:ProvenanceRecord",
        "uco-core:description": f"{act.what}; SHA-256 of the signed act: {act.sha256}",
        "uco-core:object": [{"@id": _id(whole.item.id, "content")}],
        **({"case-investigation:exhibitNumber": whole.item.id} if first else {}),
    }
    says = "; ".join(f"{name}: {text}" for name, text in act.detail.items())
    action: dict[str, Any] = {
        "@id": _id(act.id, "action"),
        "@type": "case-investigation:InvestigativeAction",
        "uco-core:name": act.what,
        **({"uco-core:description": says} if says else {}),
        "uco-action:startTime": {"@type": "xsd:dateTime", "@value": _time(at)},
        "uco-action:performer": {"@id": performer},
        "uco-action:object": [{"@id": _id(whole.item.id, "content")}],
        "uco-action:result": [{"@id": record["@id"]}],
    }
    if before is not None:
        action["case-investigation:wasInformedBy"] = [{"@id": _id(before.id, "action")}]
    found = [action, record]
    if tool:
        named = {"@id": _id(act.id, "tool"), "@type": "uco-tool:Tool", "uco-core:name": tool}
        action["uco-action:instrument"] = [{"@id": named["@id"]}]
        found.append(named)
    return found


def _authorization(whole: Whole) -> dict[str, Any]:
    return {
        "@id": _id(whole.item.id, "authorization"),
        "@type": "case-investigation:Authorization",
        "uco-core:name": whole.about.basis,
        "case-investigation:authorizationType": "legal basis",
        "case-investigation:authorizationIdentifier": [whole.about.basis],
    }


def _organization(name: str) -> dict[str, Any]:
    return {"@id": _id(name, "organization"), "@type": "uco-identity:Organization", "uco-core:name": name}


def _hash(identity: str, method: str, value: str) -> dict[str, Any]:
    return {
        "@id": _id(identity, method),
        "@type": "uco-types:Hash",
        "uco-types:hashMethod": method,
        "uco-types:hashValue": {"@type": "xsd:hexBinary", "@value": value},
    }


def _id(named: str, what: str) -> str:
    """Stable: the same export twice is the same graph."""
    kind = {"organization": "organization", "content": "content"}.get(what, what.lower())
    return f"kb:{kind}-{uuid.uuid5(uuid.NAMESPACE_URL, f'{named} {what}')}"


def _time(text: str) -> str:
    read = parse_time(text)
    return format_time(read[0], 0) if read else text
