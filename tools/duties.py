"""Rewrites the compiled reporting obligations into the node's own list of duties.

.venv/bin/python -m tools.duties ../shared/data/frameworks > src/commonwatch/capabilities/duties/data/duties.json
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.duty_tables import BINDS, COUNTINGS, FACTS, GENERAL, STAGES, STARTS

SOURCES = [
    "The instruments that each entry names; wording of our own. Facts for decisions, not legal advice.",
    "What was read again in November 2026, and what is general knowledge, stands in tools/duty_tables.py.",
]
_WHOLE_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


def main() -> None:
    """Write the list to standard output."""
    compiled = yaml.safe_load((Path(sys.argv[1]) / "reporting_obligations.yaml").read_text(encoding="utf-8"))
    answer = {
        "as_of": compiled["as_of"],
        "sources": SOURCES,
        "starts": [
            {"id": name, "means": means, "from_times": times, "counts": counts}
            for name, (means, times, counts) in STARTS.items()
        ],
        "countings": COUNTINGS,
        "regimes": [_regime(item, compiled["as_of"]) for item in compiled["items"]],
    }
    written = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    print(written.replace('{"id"', '\n{"id"'))


def _regime(item: dict[str, Any], as_of: str) -> dict[str, Any]:
    kept = ("jurisdiction", "instrument", "status", "who", "trigger", "recipient", "confidence", "verified")
    since = _WHOLE_DAY.match(str(item["effective"]))
    notes = [item[name] for name in ("thresholds_note", "weekend_rule", "authority_escalation") if name in item]
    more: dict[str, Any] = {
        name: item[name] for name in ("verified_against", "uncertain", "also_inform") if name in item
    }
    return {
        "id": item["id"],
        **{name: item[name] for name in kept},
        "effective": str(item["effective"]),
        **({"since": since[0]} if since else {}),
        "source": item["instrument"],
        "as_of": as_of,
        **more,
        **({"note": "; ".join(notes)} if notes else {}),
        **{name: True for name in ("voluntary", "personal_data", "public") if item.get(name)},
        **BINDS[item["id"]],
        "stages": [_stage(one) for one in item["stages"]],
    }


def _stage(item: dict[str, Any]) -> dict[str, Any]:
    content = [(text, FACTS[text]) for text in item.get("content", ())] or list(GENERAL)
    return {
        "id": item["id"],
        "stage": item["stage"],
        "deadline": item["deadline"],
        "clock_start": item["clock_start"],
        "text": item["text"],
        "content": [{"text": text, "facts": facts} for text, facts in content],
        **({} if item.get("content") else {"general_content": True}),
        **STAGES.get(item["id"], {}),
    }


if __name__ == "__main__":
    main()
