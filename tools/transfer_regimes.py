"""Rewrites the compiled transfer rules into the node's own list of dated regimes.

.venv/bin/python -m tools.transfer_regimes ../shared/data/frameworks > src/commonwatch/base/parties/data/transfer_regimes.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.transfer_tables import BRIDGE, DECISIONS, ENDS, NEEDS, NOT_FOR, REGIMES, adequate

# How the framework file begins its words for whom a decision covers.
SCOPES = {
    "full": "full",
    "private sector": "private-sector",
    "partial: commercial organisations": "commercial",
    "partial: organisations certified": "certified",
    "international organisation": "entity",
}
SOURCES = [
    "The laws and decisions that each entry names; wording of our own. Facts for decisions, not legal advice.",
    "European Commission, decisions under GDPR Art. 45 and Directive (EU) 2016/680 Art. 36",
    "What was read again in November 2026, and what is general knowledge, stands in tools/transfer_tables.py.",
    "UK Data Protection Act 2018 Schedule 21, SI 2022/1213, SI 2023/1028; Swiss Data Protection Ordinance Annex 1",
]


def main() -> None:
    """Write the list to standard output."""
    compiled = yaml.safe_load((Path(sys.argv[1]) / "data_transfer_regimes.yaml").read_text())
    items = {item["id"]: item for item in compiled["items"]}
    regimes = []
    for entry in REGIMES:
        head = {"id": entry["id"], "title": entry["title"], "instrument": items[entry["item"]]["instrument"]}
        regime = {**head, **{key: value for key, value in entry.items() if key != "item"}}
        if regime["id"] == "eu":
            since, until, source = BRIDGE
            bridge = adequate("GB", since, source, until=until)
            regime["adequacy"] = [*(_decision(item) for item in compiled["adequacy"]), bridge]
        regimes.append(regime)
    answer = {"as_of": compiled["date"], "sources": SOURCES, "regimes": regimes}
    written = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    print(written.replace('{"id"', '\n{"id"').replace('{"place"', '\n{"place"'))


def _decision(item: dict[str, Any]) -> dict[str, Any]:
    key = item.get("iso2", "EPO")
    more: dict[str, Any] = {}
    for name, table in (("until", ENDS), ("needs", NEEDS), ("not_for", NOT_FOR)):
        if key in table:
            more[name] = table[key]
    scope = next(word for start, word in SCOPES.items() if item["scope"].startswith(start))
    if item["scope"] not in SCOPES:
        more["note"] = item["scope"]
    place = "" if key == "EPO" else key
    return adequate(place, item["adopted"], f"European Commission, {DECISIONS[key]}", scope, **more)


if __name__ == "__main__":
    main()
