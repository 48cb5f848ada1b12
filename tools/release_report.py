"""Who sees how much of the real intelligence set, and why: written to docs/release-report.md by a node of its own.

Usage: python -m tools.release_report <folder of the shared intelligence>
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

COMMONWATCH = Path(sys.executable).parent / "commonwatch"
PAGE = Path(__file__).parents[1] / "docs" / "release-report.md"
SETUP = [
    "party set home --title Austria's_CSIRT --kind state-body --country AT",
    "community create regional --description Neighbours_and_partners",
    "community create energy --description Energy_sector",
    "party add cert-de --kind state-body --country DE",
    "party add jp-telco --kind company --country JP",
    "party add sg-csirt --kind state-body --country SG",
    "party add ke-cert --kind state-body --country KE",
    "party add power-isac --kind civil-society --country FR",
    *(
        f"community join regional {name} --reason founding"
        for name in ("home", "cert-de", "jp-telco", "sg-csirt", "ke-cert")
    ),
    *(f"community join energy {name} --reason founding" for name in ("home", "power-isac")),
    "agreement add at-ke --kind memorandum --source MoU_of_2026-01-15 --safeguard binding-instrument",
    "agreement party at-ke --member home --in-force 2026-02-01",
    "agreement party at-ke --member ke-cert --in-force 2026-02-01",
]
SOURCES = [
    ("stix/attack-2.1", "TLP:CLEAR"),
    ("stix/capec", "TLP:CLEAR"),
    ("stix/spyware-amnesty", "TLP:GREEN"),
    ("stix/spyware-mvt", "TLP:GREEN"),
    ("stix/oasis-examples", "TLP:AMBER"),
    ("stix/misp-stix-pairs", "TLP:AMBER"),
    ("stix/vendor-unit42-reports", "TLP:AMBER"),
    ("stix/vendor-talos", "TLP:AMBER+STRICT"),
    ("stix/vendor-elastic", "TLP:AMBER"),
    ("taxii/tweetfeed", "TLP:GREEN"),
    ("dirty/stix", "TLP:RED"),
]
WHO = ("home", "cert-de", "jp-telco", "sg-csirt", "ke-cert", "power-isac", "public")


def main() -> None:
    """Build the node, ask it, write the page."""
    intelligence = Path(sys.argv[1])
    with tempfile.TemporaryDirectory() as folder:
        node = _Node(Path(folder))
        for line in SETUP:
            node.run(*[word.replace("_", " ") if "-" not in word[:2] else word for word in line.split()])
        for source, marking in SOURCES:
            node.run("import", str(intelligence / source), "--source", source, "--default-marking", marking, "--json")
        PAGE.write_text("\n".join(_page(node)) + "\n")


class _Node:
    def __init__(self, folder: Path) -> None:
        self.environment = {**os.environ, "COMMONWATCH_DATA": str(folder), "COLUMNS": "200"}

    def run(self, *words: str) -> str:
        """A command's standard output; exit 1 (not all admitted) is no failure here."""
        done = subprocess.run([COMMONWATCH, *words], env=self.environment, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(words)}: {done.stderr}")
        return done.stdout

    def asked(self, *words: str) -> Any:
        return json.loads(self.run(*words, "--json"))


def _page(node: _Node) -> Iterator[str]:
    yield "# Who sees how much of the real set, and why"
    yield ""
    yield "Made by `python -m tools.release_report`: a node of Austria's CSIRT with two communities, partners in Germany (same"
    yield "legal area), Japan (adequate for companies), Singapore (no mechanism) and Kenya (an agreement with safeguards), and the"
    yield "shared intelligence, each source with a default marking."
    yield ""
    counts = node.asked("policy", "reach")
    yield "| member | objects | of these pseudonymised | stripped | parts withheld | withheld altogether |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: |"
    for one in counts["recipients"]:
        yield (
            f"| {one['member']} | {one['full'] + one['pseudonymised'] + one['stripped']:,} | {one['pseudonymised']:,} "
            f"| {one['stripped']:,} | {one['parts']:,} | {one['withheld']:,} |"
        )
    yield ""
    yield f"{counts['objects']:,} object versions in {counts['classes']:,} release classes."
    yield ""
    yield "## Ten objects explained"
    for number, (identity, member, purpose) in enumerate(_ten(counts["examples"]), 1):
        yield ""
        yield f"### {number}. To {member}, for {purpose}"
        yield ""
        yield "```console"
        yield f"$ commonwatch explain {identity} --to {member} --purpose {purpose}"
        yield node.run("explain", identity, "--to", member, "--purpose", purpose).rstrip()
        yield "```"


def _ten(examples: list[dict[str, str]]) -> list[tuple[str, str, str]]:
    """One object of each of ten kinds of answer."""
    asked = [(one["object"], one["member"], one["purpose"]) for one in examples]
    return asked[:10]


if __name__ == "__main__":
    main()
