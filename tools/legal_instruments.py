"""Rewrites the compiled treaties and forms into the node's own list of ways to ask for electronic evidence.

.venv/bin/python -m tools.legal_instruments ../shared/data/frameworks > src/commonwatch/capabilities/evidence/data/legal_instruments.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import yaml

from tools.legal_tables import (
    ARTICLES,
    BUDAPEST,
    COUNTERPARTS,
    FACTS,
    FORM_SOURCES,
    GENERIC_FORM,
    GROUNDS,
    PROTOCOL,
    PURPOSES,
    SOURCES,
    UNITED_NATIONS,
)


def main() -> None:
    """Write the list to standard output."""
    folder = Path(sys.argv[1])
    budapest = yaml.safe_load((folder / "budapest_convention.yaml").read_text())
    nations = yaml.safe_load((folder / "un_cybercrime_convention.yaml").read_text())
    coordination = yaml.safe_load((folder / "incident_coordination.yaml").read_text())
    titles = {item["id"]: item for item in [*budapest["items"], *nations["items"]]}
    answer = {
        "as_of": budapest["compiled"],
        "sources": SOURCES,
        "purposes": PURPOSES,
        "instruments": [
            {**BUDAPEST, "articles": _articles(titles, "BUD:"), "parties": _parties(budapest)},
            {
                **PROTOCOL,
                "articles": _articles(titles, "BUDSAP:"),
                "parties": _signers(budapest["second_protocol_signatories"]),
            },
            {**UNITED_NATIONS, "articles": _articles(titles, "UNCC:"), "parties": _signers(nations["signatories"])},
        ],
        "offences": [
            _offence(titles, item) for item in budapest["items"] if item.get("group") == "substantive_offence"
        ],
        "grounds": GROUNDS,
        "forms": [*(_form(one) for one in coordination["forms"] if one["id"] in FORM_SOURCES), GENERIC_FORM],
    }
    written = json.dumps(answer, ensure_ascii=False, separators=(",", ":"))
    print(written.replace('{"id"', '\n{"id"').replace('{"place"', '\n{"place"'))


def _articles(titles: dict[str, Any], prefix: str) -> list[dict[str, Any]]:
    found = []
    for key, more in ARTICLES.items():
        if key.startswith(prefix):
            item = titles[key]
            ref = item["ref"].removeprefix("Second Protocol ")
            found.append({"id": key.lower().replace(":", "-"), "ref": ref, "title": item["title"], **more})
    return found


def _parties(budapest: dict[str, Any]) -> list[dict[str, Any]]:
    found = []
    for item in budapest["parties"]:
        party = {"place": item["iso2"], "in_force": item["entry_into_force"]}
        confidence = item["date_confidence"].replace("_", " ")
        party |= {"dates": confidence} if confidence != "checked" else {}
        found.append(party | ({"note": item["note"]} if "note" in item else {}))
    for item in budapest["signatories_not_ratified"]:
        found.append(
            {"place": item["iso2"], "signed": item["signed"]} | ({"note": item["note"]} if "note" in item else {})
        )
    return sorted(found, key=lambda one: one["place"])


def _signers(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for item in items:
        if item["iso2"] == "EU":  # no country; it has no requests of its own to make
            continue
        party = {"place": item["iso2"], "signed": item["signed"]}
        party |= {"ratified": item["ratified"]} if "ratified" in item else {}
        unsure = item.get("uncertain") or item.get("verified") is False
        found.append(party | ({"dates": "general knowledge"} if unsure else {}))
    return sorted(found, key=lambda one: one["place"])


def _offence(titles: dict[str, Any], item: dict[str, Any]) -> dict[str, str]:
    other = COUNTERPARTS.get(item["id"])
    source = f"Budapest Convention {item['ref']}" + (f"; UN Convention {titles[other]['ref']}" if other else "")
    return {"id": item["id"].lower().replace(":", "-"), "title": item["title"], "source": source}


def _form(form: dict[str, Any]) -> dict[str, Any]:
    fields = []
    for item in form["fields"]:
        field = {"id": item["field"], "text": item["text"] or item["field"].replace("_", " ")}
        field |= {"required": True} if item["required"] else {}
        fields.append(field | ({"fact": FACTS[item["field"]]} if item["field"] in FACTS else {}))
    name, source = FORM_SOURCES[form["id"]]
    made = {"id": name, "title": form["title"], "source": source, "verified": form["verified"], "fields": fields}
    return made | ({"note": form["notes"]} if "notes" in form else {})


if __name__ == "__main__":
    main()
