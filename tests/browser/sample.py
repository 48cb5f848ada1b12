"""A few objects as strangers might send them: several scripts, markup, a name that would turn a line round."""

from __future__ import annotations

import json
from typing import Any
from uuid import NAMESPACE_URL, uuid5

AMBER = "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421"
NAMES = (
    "Quiet Heron loader",
    "<script>document.title='taken'</script>",
    "مُحمِّل برمجية خبيثة",
    "恶意软件加载程序",
    "Загрузчик «Цапля»",
    "txt.\u202egnp.exe",
    "an" + "other" * 40,
)


def bundle() -> bytes:
    """As one STIX bundle."""
    objects = [one for number, name in enumerate(NAMES) for one in (*_pair(number, name), *_steps(number))]
    return json.dumps({"type": "bundle", "id": f"bundle--{_uuid('bundle')}", "objects": objects}).encode()


def dns_log() -> str:
    """Questions for those names and others, as Zeek logs them."""
    asked = [f"c{number}.heron.example" for number in (0, 0, 1, 2, 3, 4, 5)] + ["www.example.org"]
    lines = [
        json.dumps(
            {
                "ts": 1_796_000_000.0 + 60 * number,
                "uid": f"C{number}",
                "id.orig_h": f"10.0.0.{number % 3 + 7}",
                "id.orig_p": 50_000 + number,
                "id.resp_h": "10.0.0.1",
                "id.resp_p": 53,
                "proto": "udp",
                "query": name,
                "qtype_name": "A",
            }
        )
        for number, name in enumerate(asked)
    ]
    return "\n".join(lines) + "\n"


def _pair(number: int, name: str) -> list[dict[str, Any]]:
    day = f"2026-11-{number + 1:02}T08:00:00.000Z"
    common = {"spec_version": "2.1", "created": day, "modified": day, "object_marking_refs": [AMBER]}
    value = f"c{number}.heron.example"
    return [
        {**common, "type": "malware", "id": f"malware--{_uuid(f'm{number}')}", "name": name, "is_family": True},
        {
            **common,
            "type": "indicator",
            "id": f"indicator--{_uuid(f'i{number}')}",
            "name": name,
            "description": f"Seen at https://{value}/path & elsewhere",
            "pattern": f"[domain-name:value = '{value}']",
            "pattern_type": "stix",
            "valid_from": day,
            "indicator_types": ["malicious-activity"],
        },
    ]


def _steps(number: int) -> list[dict[str, Any]]:
    """What the indicator means, and a technique that the malware uses."""
    day = f"2026-11-{number + 1:02}T08:00:00.000Z"
    common = {"spec_version": "2.1", "created": day, "modified": day, "object_marking_refs": [AMBER]}
    chain = {"kill_chain_name": "mitre-attack", "phase_name": ("execution", "impact")[number // 2 % 2]}
    technique = f"attack-pattern--{_uuid(f't{number // 2}')}"
    malware = f"malware--{_uuid(f'm{number}')}"
    ends = (("indicates", f"indicator--{_uuid(f'i{number}')}", malware), ("uses", malware, technique))
    way = {
        **common,
        "type": "attack-pattern",
        "id": technique,
        "name": f"Way {number // 2}",
        "kill_chain_phases": [chain],
    }
    return [
        *([way] if number % 2 == 0 else []),
        *(
            {
                **common,
                "type": "relationship",
                "id": f"relationship--{_uuid(f'{kind}{number}')}",
                "relationship_type": kind,
                "source_ref": source,
                "target_ref": target,
            }
            for kind, source, target in ends
        ),
    ]


def _uuid(name: str) -> str:
    return str(uuid5(NAMESPACE_URL, f"https://heron.example/{name}"))
