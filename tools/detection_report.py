"""The page `docs/detection-report.md`: what this node finds in the open telemetry with the open indicators, live and by hunt.

`python -m tools.detection_report FOLDER_OF_SHARED_DATA > docs/detection-report.md`. A node is made in a temporary folder and fed
through its own commands, nothing else; it takes some minutes.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

SCANNING = ("ipsum", "mass_scanner")
INTRODUCTION = """# Detection on open data

Made by `tools/detection_report.py` from the real data beside the project: indicators as published, telemetry as recorded, the
verified joins and traps of `telemetry/expected-open.json`. Names and addresses are those of the published lists.
"""


class ListOf(NamedTuple):
    """A published list and how it is taken in."""

    path: str
    source: str
    confidence: int
    options: tuple[str, ...] = ()


LISTS = (
    ListOf("ipsum/ipsum.txt", "ipsum", 30),
    ListOf("maltrail-trails", "maltrail", 50),
    ListOf("threatfox-ips/ips.txt", "threatfox", 60),
    ListOf("c2-tracker", "c2-tracker", 60),
    ListOf("tor", "tor", 20),
    ListOf("signature-base/hash-iocs.txt", "signature-base", 60),
    ListOf("signature-base/c2-iocs.txt", "signature-base", 60),
    ListOf("phishing-database", "phishing-database", 50),
    ListOf("dga", "dga", 50),
    ListOf("log4shell-ncsc-nl", "log4shell", 50),
    *(
        ListOf("loldrivers/drivers.csv", "loldrivers", 60, ("--column", f"KnownVulnerableSamples_{name}"))
        for name in ("MD5", "SHA1", "SHA256")
    ),
    ListOf("phishing-jpcert", "jpcert", 50, ("--column", "URL")),
    ListOf("tweetfeed-csv", "tweetfeed", 40, ("--column", "3")),
)
TELEMETRY = (
    "zeek-trickbot-2018",
    "suricata-eve-ctu",
    "windows-evtx-json",
    "eve-from-pcap",
    "zeek-slips",
    "zeek-wrccdc-2018",
)
PAIRS = {
    "pair1_trickbot": "Trickbot endpoints in Zeek connections",
    "pair2_scanners": "scanners in Suricata events",
    "pair3_endpoint": "drivers and a download in Windows events",
    "pair5_agenttesla": "an AgentTesla server in a sandbox run",
}

# What a person found, looking at the events: unwanted, but what the lists say.
REVIEWED = {
    "178.62.15.78": "a web site's address inside a cloud network that is listed for its scanners: false",
    "138.197.145.156": "the same",
    "138.68.46.177": "the same",
    "198.199.95.203": "the same",
    "193.11.114.43": "a time server of the NTP pool that is also a Tor relay: harmless here, rightly low",
    "188.40.99.69": "a time server of the NTP pool, on one block list: false, rightly low",
    "204.79.197.200": "www.bing.com, listed as an endpoint of BazarLoader's connectivity check: false",
    "204.42.254.5": "a scanner for open resolvers asking this network: true",
    "freegeoip.net": "a host that asks for its own place: suspicious, as the list says",
    "mydomain.com": "a registrar's name used as a placeholder: false",
}


class Node:
    """A node in a folder, spoken to by its commands."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def run(self, *words: str) -> Any:
        """The JSON that a command answers with."""
        command = [sys.executable, "-m", "commonwatch", *words, "--data", str(self.folder), "--json"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise SystemExit(f"{' '.join(words)}: {done.stderr}")
        return json.loads(done.stdout.strip().splitlines()[-1])


def fed(node: Node, data: Path) -> list[str]:
    """Take every open indicator in; lines of the report."""
    values = 0
    for one in LISTS:
        path = str(data / "intel" / "indicators" / one.path)
        answer = node.run(
            *("indicators", "import", path, "--marking", "TLP:GREEN", "--source", one.source),
            *("--confidence", str(one.confidence), *one.options),
        )
        values += sum(file["values"] for file in answer.values())
    objects = node.run("import", str(data / "intel" / "stix"), "--source", "stix", "--default-marking", "TLP:GREEN")
    lists = node.run("benign", "add", str(data / "intel" / "misp" / "warninglists"))
    return [
        f"* {values:,} values out of plain lists became indicators; {objects['admitted']:,} STIX objects came beside them.",
        (
            f"* {len(lists['added'])} benign lists with {sum(one['entries'] for one in lists['added']):,} entries; "
            f"{len(lists['refused'])} lists of regular expressions were refused."
        ),
    ]


def all_alerts(node: Node) -> list[dict[str, Any]]:
    """Every alert, suppressed or not."""
    found: list[dict[str, Any]] = []
    for which in ((), ("--suppressed",)):
        found += node.run("alerts", "list", "--verdict", "any", "--limit", "100000", *which)["alerts"]
    return found


def pairs(expected: dict[str, Any], alerts: list[dict[str, Any]]) -> list[str]:
    """How many of the verified joins an alert exists for that is not suppressed."""
    seen = {one["value"] for one in alerts if not one["suppressed"]}
    names = {one["name"].partition(" (")[0] for one in alerts if not one["suppressed"]}
    lines = []
    for pair, title in PAIRS.items():
        wanted = [hit["indicator"] for hit in expected[pair]["hits"]]
        found = [one for one in wanted if one in seen or one in names]
        missing = [one for one in wanted if one not in found]
        lines.append(f"| {title} | {len(wanted)} | {len(found)} | {', '.join(missing) or '-'} |")
    return lines


def traps(expected: dict[str, Any], alerts: list[dict[str, Any]]) -> list[str]:
    """The traps among the alerts: suppressed, and those that alert by themselves."""
    named = {trap["indicator"] for trap in expected["false_positive_traps"]["domains"]}
    named |= {hit["indicator"] for hit in expected["false_positive_traps"]["imphash"]["hits"]}
    on_them = [one for one in alerts if one["value"] in named or one["name"].partition(" (")[0] in named]
    loud = sorted({one["value"] for one in on_them if not one["suppressed"]})
    quiet = {one["value"] for one in on_them if one["suppressed"]}
    return [
        f"* {len(named)} traps are known; {len(quiet)} of them matched an indicator and were suppressed, with the reason.",
        f"* Alerting by themselves: {', '.join(loud) or 'none'}.",
    ]


def volume(meter: dict[str, Any], alerts: list[dict[str, Any]]) -> list[str]:
    """Alerts per million events on the competition's traffic, and what they are."""
    ours = [one for one in alerts if "zeek-wrccdc-2018" in one["source"]]
    loud = [one for one in ours if not one["suppressed"]]
    by_value = Counter(one["value"] or one["name"] for one in loud)
    by_severity = Counter(one["severity"] for one in loud)
    million = meter["events"] / 1_000_000
    lines = [
        (
            f"* {meter['events']:,} events, {meter['hits']:,} hits, {len(loud):,} alerts "
            f"({len(loud) / million:,.0f} per million events; {', '.join(f'{n} {s}' for s, n in by_severity.most_common())}), "
            f"{len(ours) - len(loud):,} suppressed."
        ),
        f"* {len(by_value)} different values. The most frequent, with the number of their alerts and what says so:",
        "",
        "| value | alerts | severity | object | reviewed |",
        "|---|---|---|---|---|",
    ]
    for value, number in by_value.most_common(25):
        one = next(one for one in loud if (one["value"] or one["name"]) == value)
        lines.append(
            f"| {value} | {number} | {one['severity']} | {one['name'][:60].replace('|', '/')} "
            f"| {REVIEWED.get(value, 'not yet')} |"
        )
    return lines


def _beyond(reasons: Counter[str]) -> str:
    if not reasons:
        return "* No indicator among them is beyond what can be executed (`commonwatch detection unexecutable`)."
    counts = ", ".join(f"{count:,} {kind}" for kind, count in reasons.most_common())
    return f"* Beyond what can be executed: {counts}; each has its reason in `commonwatch detection unexecutable`."


def report(data: Path, folder: Path) -> str:
    """The whole page."""
    expected = json.loads((data / "telemetry" / "expected-open.json").read_text())
    hunting = Node(folder / "hunting")
    intake = fed(hunting, data)
    meters = {name: hunting.run("hunt", str(data / "telemetry" / name)) for name in TELEMETRY}
    found = all_alerts(hunting)
    unread = hunting.run("detection", "unexecutable", "--limit", "100000")
    reasons = Counter(row["type"] for row in unread)
    parts = [
        INTRODUCTION,
        "## What goes in",
        "",
        *intake,
        _beyond(reasons),
        "",
        "## True hits",
        "",
        "Distinct indicators of the verified joins, and those for which a hunt raised an alert that is not suppressed.",
        "That the live watch finds the same is a test: `tests/capabilities/detection/test_truth.py`.",
        "",
        "| pair | indicators | found | missing |",
        "|---|---|---|---|",
        *pairs(expected, found),
        "",
        "## Traps",
        "",
        *traps(expected, found),
        "",
        "## Volume: a competition's traffic",
        "",
        *volume(meters["zeek-wrccdc-2018"], found),
        "",
        "## All telemetry",
        "",
        "| folder | events | hits | new alerts | suppressed | unreadable |",
        "|---|---|---|---|---|---|",
        *(
            f"| {name} | {m['events']:,} | {m['hits']:,} | {m['raised']:,} | {m['suppressed']:,} | {m['dirty']:,} |"
            for name, m in meters.items()
        ),
        "",
    ]
    return "\n".join(parts)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory(prefix="commonwatch-report-") as temporary:
        sys.stdout.write(report(Path(sys.argv[1]), Path(temporary)))
