"""CASE/UCO: the terms that forensic tools look for are there, and every reference leads somewhere."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import Any

from commonwatch.base.release.reader import operator
from commonwatch.capabilities.evidence import actions, queries
from commonwatch.capabilities.evidence.case_uco import case_uco
from tests.base.release.nodes import by
from tests.capabilities.evidence.services import installed


def _references(value: Any) -> set[str]:
    if isinstance(value, dict):
        named = {str(value["@id"])} if set(value) == {"@id"} else set()
        return named.union(*(_references(part) for part in value.values())) if value else named
    return set().union(*map(_references, value)) if isinstance(value, list) and value else set()


def _nodes(value: Any) -> dict[str, str]:
    if isinstance(value, dict):
        found = {value["@id"]: value["@type"]} if "@type" in value and "@id" in value else {}
        for part in value.values():
            found |= _nodes(part)
        return found
    if isinstance(value, list):
        return {name: kind for part in value for name, kind in _nodes(part).items()}
    return {}


def test_the_graph_has_content_acts_and_who_did_them(collected: str, tmp_path: Path) -> None:
    actions.note(collected, "examined", "A. Officer", "2026-11-21T08:00:00Z", by(), "Timeline", "plaso 20260101")
    actions.hand_over(collected, "cert-no", "analysis", by())
    made = case_uco(queries.item(operator("test"), collected))
    nodes = _nodes(made["@graph"])
    kinds = sorted(kind.partition(":")[2] for kind in nodes.values())
    assert kinds == sorted(
        ["ObservableObject", "ContentDataFacet", "Hash", "Hash", "Authorization", "Organization", "Tool", "Tool"]
        + ["InvestigativeAction", "ProvenanceRecord"] * 3
    )
    assert _references(made["@graph"]) <= set(nodes)
    prefixes = set(made["@context"])
    assert {kind.partition(":")[0] for kind in nodes.values()} <= prefixes
    (content,) = [one for one in made["@graph"] if one["@type"] == "uco-observable:ObservableObject"]
    hashes = content["uco-core:hasFacet"][0]["uco-observable:hash"]
    assert {one["uco-types:hashMethod"] for one in hashes} == {"SHA256", "SHA512"}
    acts = [one for one in made["@graph"] if one["@type"] == "case-investigation:InvestigativeAction"]
    assert [one["uco-core:name"] for one in acts] == ["collected", "examined", "offered"]
    informed = [one.get("case-investigation:wasInformedBy", [{}])[0].get("@id") for one in acts]
    assert informed == [None, acts[0]["@id"], acts[1]["@id"]]
    assert acts[0]["uco-action:startTime"]["@value"] == "2026-11-20T08:00:00Z"
    assert case_uco(queries.item(operator("test"), collected)) == made  # the same graph each time


def test_the_ontologys_own_program_finds_nothing_wrong(collected: str, tmp_path: Path) -> None:
    actions.note(collected, "examined", "A. Officer", "2026-11-21T08:00:00Z", by(), "Timeline", "plaso 20260101")
    (tmp_path / "item.jsonld").write_text(json.dumps(case_uco(queries.item(operator("test"), collected))))
    program = installed("case-utils==0.18.0") / "case_validate"
    done = subprocess.run(
        [program, "--built-version", "case-1.4.0", tmp_path / "item.jsonld"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, "Conforms: True" in done.stdout) == (0, True), done.stdout + done.stderr
