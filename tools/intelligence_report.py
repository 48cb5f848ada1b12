"""Writes docs/intelligence-report.md: what becomes of the real intelligence in the shared folder, source by source.

.venv/bin/python tools/intelligence_report.py ../shared/data/intel > docs/intelligence-report.md

Each folder is imported by the command that users have, in this order, into one fresh node.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDERS = ("stix", "taxii", "dirty")
COLUMNS = ("objects", "admitted", "with_findings", "duplicate", "quarantined", "refused", "documents_refused")
INTRODUCTION = """# What became of real intelligence

Every folder of `stix`, `taxii` and `dirty` in the shared intelligence, imported in this order into one fresh node. Made by
`tools/intelligence_report.py`; a test makes it again and compares. *Admitted* counts new object versions, *with findings*
those of them that carry notes for a person, *duplicate* what was held already with the same content (also from an earlier
folder), *quarantined* what waits for a person to mend or drop it, *refused* what cannot be identified as an object at all,
*not read* documents that are no STIX.
"""
CLOSING = """
## Is anything refused that a careful analyst would want?

Held objects are not lost: `commonwatch quarantine show` has their bytes, every finding with its place and remedy, and
`quarantine retry --with` takes the mended object. What is held is what others could not tell apart or rely on: an id that
is no id, another content under the same version, a date that does not exist. Wrong vocabulary, custom properties, custom
types, unusual hash names, missing optional properties and patterns that cannot be executed are admitted with a note.
Refused are JSON texts without id and type, and documents in another format (STIX 1.x, tool configuration), each named as
what it is.
"""


def main() -> int:
    """Import, and write the report to standard output."""
    root = Path(sys.argv[1]).resolve()
    with tempfile.TemporaryDirectory(prefix="commonwatch-report-") as data:
        found = {name: _import(root, path, Path(data)) for name, path in _sources(root)}
    print(INTRODUCTION)
    print("| source | objects | admitted | with findings | duplicate | quarantined | refused | not read |")
    print("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for name, answer in found.items():
        print(f"| {name} | " + " | ".join(f"{answer[column]:,}" for column in COLUMNS) + " |")
    totals = [sum(answer[column] for answer in found.values()) for column in COLUMNS]
    print("| **in all** | " + " | ".join(f"{total:,}" for total in totals) + " |")
    print("\n## Why\n\nEach line: how many, what happened, the code, and one example with its place.")
    for name, answer in found.items():
        if answer["findings"]:
            print(f"\n### {name}\n")
            print("\n".join(_lines(root, answer["findings"])))
    print(CLOSING.rstrip())
    return 0


def _sources(root: Path) -> Iterator[tuple[str, Path]]:
    for folder in FOLDERS:
        for path in sorted((root / folder).iterdir()):
            yield f"{folder}/{path.name}", path


def _import(root: Path, path: Path, data: Path) -> dict[str, Any]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COMMONWATCH_")}
    environment.pop("DJANGO_SETTINGS_MODULE", None)
    words = ["import", str(path), "--source", str(path.relative_to(root)), "--json", "--data", str(data)]
    done = subprocess.run(
        [sys.executable, "-m", "commonwatch", *words], capture_output=True, env=environment, check=False
    )
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def _lines(root: Path, findings: dict[str, Any]) -> Iterator[str]:
    effect = {"note": "noted", "hold": "held", "refuse": "refused"}
    ordered = sorted(
        findings.items(), key=lambda item: (list(effect).index(item[1]["severity"]), -item[1]["count"], item[0])
    )
    for code, one in ordered:
        example = one["example"].replace(f"{root}/", "")
        place = f" at `{one['place']}`" if one["place"] else ""
        sentence = " ".join(one["sentence"].split()).replace("|", "\\|").replace("<", "&lt;")
        yield f"- {one['count']:,} {effect[one['severity']]}, `{code}`: {sentence} E.g. {example}{place}."


if __name__ == "__main__":
    sys.exit(main())
