"""Rewrites the compiled country and transfer facts into the node's own list of dated facts.

.venv/bin/python tools/country_facts.py ../shared/data/frameworks > src/commonwatch/base/parties/data/countries.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

TREATIES = {
    "budapest_convention": ("budapest-convention", "CETS 185, Council of Europe treaty office"),
    "budapest_second_protocol": ("budapest-second-protocol", "CETS 224, Council of Europe treaty office"),
    "un_cybercrime_convention": ("un-cybercrime-convention", "UN Treaty Collection, signatures"),
}
SOURCES = [
    "ISO 3166-1 codes and names as republished in lukes/ISO-3166-Countries-with-Regional-Codes (CC BY-SA 4.0)",
    "membership lists of the organisations named",
    "Council of Europe treaty office; UN Treaty Collection; decisions of the European Commission under GDPR Art. 45",
]


def main() -> None:
    """Write the list to standard output."""
    root = Path(sys.argv[1])
    compiled = json.loads((root / "countries.json").read_text())
    groups = {group["group"]: group for group in compiled["groups"]}
    countries = [
        {"code": item["iso2"], "name": item["name"], "facts": _facts(item, groups)}
        for item in sorted(compiled["items"], key=lambda item: str(item["iso2"]))
    ]
    answer = {"as_of": compiled["as_of"], "sources": SOURCES, "countries": countries}
    print(json.dumps(answer, ensure_ascii=False, indent=None, separators=(",", ":")).replace('{"code"', '\n{"code"'))


def _facts(item: dict[str, Any], groups: dict[str, Any]) -> list[dict[str, str]]:
    found: list[dict[str, str]] = []
    for name in item["memberships"]:
        group = groups[name]
        as_of = f", as of {group['as_of']}" if group["as_of"] else ""
        found.append(
            {"kind": "group", "value": name.replace("_", "-"), "source": f"{group['title']}, list of members{as_of}"}
        )
    for key, (value, source) in TREATIES.items():
        status = item.get(key, {})
        since = status.get("entry_into_force")
        if since:
            found.append({"kind": "treaty", "value": value, "source": source, "since": since})
        elif status.get("signed"):
            found.append({"kind": "signature", "value": value, "source": source, "since": status["signed"]})
    if adequacy := item.get("eu_adequacy"):
        source = "European Commission, adequacy decision (GDPR Art. 45)"
        found.append(
            {
                "kind": "adequacy",
                "value": "eu",
                "source": source,
                "since": adequacy["adopted"],
                "scope": adequacy["scope"],
            }
        )
    return found


if __name__ == "__main__":
    main()
