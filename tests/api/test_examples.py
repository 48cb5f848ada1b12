"""Every operation of the API has an example in its document, and the example is what a node answers.

The requests stand here. The answers are those of a node that was asked in this order; `EXAMPLES=write` in the environment writes
them into the document's file, after a route has changed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from allauth.mfa.totp.internal.auth import TOTP
from django.conf import settings

from commonwatch.api.composing import EXAMPLES, api
from commonwatch.base.accounts.models import Account
from commonwatch.base.clock import now_us
from commonwatch.base.intake.sources import ensure_source
from commonwatch.base.journal import followers
from commonwatch.base.journal.backup import make_backup
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import HOME
from commonwatch.base.search.follower import SearchFollower
from commonwatch.capabilities.detection.alerts.sources import add_source
from commonwatch.capabilities.detection.alerts.triage import triage
from commonwatch.capabilities.detection.anomalies.live import Unusual
from commonwatch.capabilities.detection.anomalies.records import keep
from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score
from commonwatch.capabilities.detection.watch.noticing import Choice, Noticing
from commonwatch.capabilities.federation.membership import partnership
from commonwatch.capabilities.federation.membership.metadata import read_root, signed
from commonwatch.capabilities.federation.membership.register import Entry
from commonwatch.capabilities.federation.models import Peer, Skipped
from commonwatch.capabilities.transparency.models import Evidence
from commonwatch.capabilities.transparency.sources import JournalRecord
from commonwatch.core.signing.keys import SigningKey
from tests.api import examples_assistance, examples_contacts, examples_duties, examples_evidence, examples_incidents
from tests.api.conftest import Partner
from tests.base.release.nodes import by, carried, ids, indicator, member, post, take
from tests.capabilities.detection.intel import brought, domain
from tests.capabilities.detection.test_alerts import hit, recorded

ROOT = SigningKey(bytes([7]) * 32)
LONGEST = 200  # characters of a text in an example
OBJECT = str(indicator(1)["id"])
PARTNER = "identity--00000000-0000-4000-8000-0000000000aa"
DRAFT = {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": [indicator(7, "GREEN")]}
POLICY_ID = f"member/{HOME}/no-research"
POLICY = """
@id("ID") @title("No research") @law("Board") @date("2026-01-01") @explain("Not for research.")
forbid (principal == Member::"cert-sg", action == Action::"share", resource) when { resource.owner == Member::"home" };
""".replace("ID", POLICY_ID)
SOURCE = {
    "name": "partner",
    "url": "https://cti.example.org/root/",
    "collection": "c1",
    "every": "15m",
    "secret": "hush",
}
KNOWN = {"name": "cert-ke", "kind": "state-body", "country": "KE", "url": "https://cti.example.at"}
CODE = "cwi1.eyJ1cmwiOiJodHRwczovL2N0aS5leGFtcGxlLm5vIiwia2V5IjoiYWIiLCJzZWNyZXQiOiJzIn0"
MENDED = {"mended": json.dumps(indicator(9, "GREEN"))}
WHY = {"reason": "Decision 12 of the board"}

Seen = dict[str, Any]  # answers so far, by operation
Call = tuple[str, str, Callable[[Seen], dict[str, Any]]]  # method, address, and of the request: path, query, body


def given(**request: Any) -> Callable[[Seen], dict[str, Any]]:
    return lambda _: request


def signed_root(seen: Seen) -> dict[str, Any]:
    root = read_root(seen["POST /federation/root/drafts"]["root"])
    return {"body": {"root": signed(root, [ROOT]), "name": "north-south"}}


def a_second_factor(seen: Seen) -> dict[str, Any]:
    TOTP.activate(Account.objects.get(name="Ada"), "JBSWY3DPEHPK3PXP")
    return {"path": {"name": "Ada"}, "query": WHY}


CALLS: list[Call] = [
    ("GET", "/me", given()),
    ("POST", "/people", given(body={"name": "Ada", "role": "reader"})),
    ("GET", "/accounts", given(query={"limit": "2"})),
    ("PUT", "/accounts/{name}/role", given(path={"name": "Ada"}, body={"role": "operator", **WHY})),
    ("POST", "/accounts/{name}/link", given(path={"name": "Ada"}, body=WHY)),
    ("DELETE", "/accounts/{name}/sessions", given(path={"name": "Ada"}, query=WHY)),
    ("DELETE", "/accounts/{name}/second-factor", a_second_factor),
    ("POST", "/tokens", given(body={"account": "siem", "role": "reader", "expires": "90d"})),
    ("GET", "/tokens", given(query={"limit": "2"})),
    ("PATCH", "/accounts/{name}", given(path={"name": "siem"}, body={"active": True, **WHY})),
    ("PUT", "/accounts/{name}/certificate", given(path={"name": "siem"}, body={"sha256": "ab" * 32})),
    ("DELETE", "/tokens/{number}", lambda seen: {"path": {"number": seen["POST /tokens"]["number"]}, "query": WHY}),
    (
        "POST",
        "/members",
        given(body={"name": "cert-sg", "kind": "state-body", "country": "SG"}, query={"preview": "false"}),
    ),
    ("GET", "/members", given(query={"limit": "2"})),
    ("GET", "/members/{name}", given(path={"name": "cert-sg"}, query={"on": "2026-11-20"})),
    ("PATCH", "/members/{name}", given(path={"name": "cert-sg"}, body={"title": "CERT of Singapore"})),
    (
        "POST",
        "/members/{name}/facts",
        given(
            path={"name": "cert-sg"}, body={"kind": "capability", "value": "recall", "source": "Letter of 2026-11-02"}
        ),
    ),
    ("PUT", "/members/{name}/expulsion", given(path={"name": "cert-sg"}, body=WHY, query={"preview": "false"})),
    ("DELETE", "/members/{name}/expulsion", given(path={"name": "cert-sg"})),
    ("POST", "/partnership", given(body={"members": [{"name": "cert-de", "kind": "state-body", "country": "DE"}]})),
    ("POST", "/communities", given(body={"name": "energy", "description": "Who runs grids", "openness": "closed"})),
    ("GET", "/communities", given(query={"limit": "2"})),
    ("PUT", "/communities/{name}/members/{member}", given(path={"name": "energy", "member": "cert-sg"}, body=WHY)),
    ("GET", "/communities/{name}", given(path={"name": "energy"})),
    ("DELETE", "/communities/{name}/members/{member}", given(path={"name": "energy", "member": "cert-sg"}, query=WHY)),
    ("POST", "/agreements", given(body={"name": "pact", "kind": "treaty", "source": "BGBl. III 12/2026"})),
    (
        "POST",
        "/agreements/{name}/parties",
        given(path={"name": "pact"}, body={"country": "AT", "signed": "2026-01-02"}),
    ),
    ("GET", "/agreements", given()),
    ("GET", "/agreements/{name}", given(path={"name": "pact"})),
    ("GET", "/countries", given(query={"limit": "1"})),
    ("GET", "/countries/{code}", given(path={"code": "AT"})),
    ("GET", "/transfer-regimes", given(query={"limit": "1"})),
    ("GET", "/transfer-regimes/{name}", given(path={"name": "eu"})),
    ("POST", "/collections", given(body={"title": "Grids", "alias": "grids", "read": ["energy"]})),
    ("GET", "/collections", given()),
    ("GET", "/collections/{name}", given(path={"name": "main"})),
    ("GET", "/collections/{name}/objects", given(path={"name": "main"}, query={"type": "indicator", "limit": "1"})),
    ("GET", "/search", given(query={"text": "number", "limit": "1"})),
    ("GET", "/search/facets", given(query={"text": "number"})),
    ("POST", "/search/values", given(body={"values": ["198.51.100.1"]})),
    ("GET", "/objects/{identity}", given(path={"identity": OBJECT})),
    ("GET", "/objects/{identity}/relations", given(path={"identity": OBJECT})),
    ("GET", "/objects/{identity}/versions", given(path={"identity": OBJECT})),
    ("GET", "/objects/{identity}/sightings", given(path={"identity": OBJECT})),
    ("GET", "/objects/{identity}/timeline", given(path={"identity": OBJECT})),
    ("GET", "/objects/{identity}/explanation", given(path={"identity": OBJECT}, query={"to": "cert-sg"})),
    ("GET", "/objects/{identity}/why-not", given(path={"identity": OBJECT}, query={"to": "cert-sg"})),
    ("POST", "/simulate", given(body={"objects": DRAFT, "default_marking": "TLP:AMBER"})),
    ("POST", "/objects", given(body={"objects": DRAFT, "reason": "Seen at two hospitals"})),
    (
        "POST",
        "/objects/{identity}/revocation",
        lambda seen: {"path": {"identity": seen["POST /objects"]["published"][0]["object"]}, "body": WHY},
    ),
    ("GET", "/policies", given(query={"limit": "1", "gate": "law"})),
    ("GET", "/policies/schema", given()),
    ("POST", "/policies/diff", given(body={"files": {"research.cedar": POLICY}})),
    ("POST", "/policies/activate", given(body={"files": {"research.cedar": POLICY}, **WHY})),
    ("GET", "/policies/files", given()),
    ("GET", "/policies/history", given(query={"limit": "1"})),
    ("GET", "/policies/reach", given()),
    ("GET", "/policies/{name}", given(path={"name": POLICY_ID})),
    ("POST", "/policies/test", given(body={"cases": [{"object": OBJECT, "to": "cert-sg", "outcome": "permit"}]})),
    ("POST", "/recalls/send", given()),
    ("GET", "/recalls", given(query={"open": "true", "limit": "1"})),
    ("GET", "/recalls/report", given()),
    ("GET", "/recalls/{recall}", lambda seen: {"path": {"recall": seen["GET /recalls"]["items"][0]["recall"]}}),
    ("GET", "/peers", given()),
    ("GET", "/peers/{name}", given(path={"name": "cert-no"})),
    ("PATCH", "/peers/{name}", given(path={"name": "cert-no"}, body={"paused": False, "kib_per_second": 16})),
    ("GET", "/peers/{name}/skipped", given(path={"name": "cert-no"})),
    ("PUT", "/peers/{name}/collections/{offered}", given(path={"name": "cert-no", "offered": "main"})),
    ("POST", "/peers", given(body={**KNOWN, "code": CODE}, query={"preview": "true"})),
    ("POST", "/invitations", given(body=KNOWN)),
    ("GET", "/invitations", given()),
    ("GET", "/federation/key", given()),
    ("POST", "/federation/root/drafts", given(body={"what": "create", "keys": [ROOT.public.text], "threshold": 1})),
    ("POST", "/federation/root", signed_root),
    ("GET", "/federation", given()),
    ("GET", "/federation/waiting", given()),
    ("POST", "/federation/approvals", given(body={"renew": True})),
    ("POST", "/federation/expulsions", given(body={"name": "partner", **WHY})),
    ("POST", "/federation/keys/node", given(body={"reason": "A copy of the disk was lost"})),
    ("POST", "/federation/keys/member", given(body={"reason": "A laptop", "stolen_since": "2026-01-01T00:00:00Z"})),
    ("POST", "/federation/recovery", given(body={"since": "2026-01-02T00:00:00Z", "reason": "The server was stolen"})),
    ("GET", "/record", given()),
    ("GET", "/record/entries", given(query={"kind": "receipt", "limit": "1"})),
    (
        "GET",
        "/record/entries/{number}",
        lambda seen: {"path": {"number": seen["GET /record/entries"]["items"][0]["number"]}},
    ),
    ("GET", "/record/policy", given()),
    ("PUT", "/record/policy", lambda seen: {"body": {"policy": seen["GET /record/policy"]["policy"]}}),
    (
        "POST",
        "/record/verify",
        lambda seen: {
            "body": {name: files(seen)[f".tlog-proof{end}"] for name, end in (("proof", ""), ("leaf", ".leaf"))}
        },
    ),
    ("GET", "/record/extracts/{partner}", given(path={"partner": "cert-no"}, query={"since": "2026-11-01"})),
    (
        "POST",
        "/record/audit",
        lambda seen: {"body": dict.fromkeys(("ours", "theirs"), seen["GET /record/extracts/{partner}"]["extract"])},
    ),
    ("POST", "/record/logs", lambda seen: {"body": {"vkey": seen["GET /record"]["keys"][0]["vkey"]}}),
    ("DELETE", "/record/logs", lambda seen: {"query": {"origin": seen["POST /record/logs"]["origin"]}}),
    ("GET", "/record/evidence/{number}", lambda _: {"path": {"number": Evidence.objects.get().pk}}),
    ("POST", "/record/keys", given()),
    ("GET", "/members/{member}/purge", given(path={"member": "cert-no"})),
    ("POST", "/members/{member}/purge", given(path={"member": "cert-no"}, body=WHY)),
    ("DELETE", "/members/{member}/purge", given(path={"member": "cert-no"}, query=WHY)),
    ("POST", "/members/{member}/purge/erase", given(path={"member": "cert-de"}, body=WHY)),
    ("GET", "/alerts", given(query={"severity": "high", "limit": "1"})),
    ("GET", "/alerts/facets", given()),
    ("GET", "/alerts/{number}", lambda seen: {"path": {"number": alert(seen)}}),
    (
        "POST",
        "/alerts/verdicts",
        lambda seen: {"body": {"alerts": [alert(seen)], "verdict": "false", "reason": "Our own scanner"}},
    ),
    ("DELETE", "/alerts/verdicts", lambda seen: {"query": {"at": str(seen["POST /alerts/verdicts"]["at"])}}),
    ("DELETE", "/alerts/{number}/verdict", lambda seen: {"path": {"number": judged(seen)}, "query": WHY}),
    ("GET", "/feedback", given(query={"limit": "1"})),
    ("GET", "/feedback/{identity}", lambda seen: {"path": {"identity": seen["GET /feedback"]["items"][0]["object"]}}),
    ("GET", "/detection", given()),
    ("GET", "/detection/unusable", given(query={"limit": "1"})),
    ("GET", "/detection/withheld", given(query={"limit": "1"})),
    ("GET", "/benign", given()),
    ("POST", "/telemetry", given(body={"name": "border", "place": "syslog+udp://127.0.0.1:5514"})),
    ("GET", "/telemetry", given()),
    ("PATCH", "/telemetry/{name}", given(path={"name": "border"}, body={"anomalies": False})),
    ("DELETE", "/telemetry/{name}", given(path={"name": "border"})),
    ("POST", "/hunts", given(body={"telemetry": ["stored"], "since": "2026-11-01", **WHY})),
    ("GET", "/hunts", given()),
    ("GET", "/hunts/{number}", lambda seen: {"path": {"number": seen["POST /hunts"]["hunt"]}}),
    ("POST", "/hunts/{number}/end", lambda seen: {"path": {"number": seen["POST /hunts"]["hunt"]}, "body": WHY}),
    ("GET", "/anomalies", given(query={"model": "online", "limit": "1"})),
    ("GET", "/anomalies/facets", given()),
    ("GET", "/anomalies/learning", given()),
    (
        "GET",
        "/anomalies/{number}",
        lambda seen: {"path": {"number": seen["GET /anomalies"]["items"][0]["anomaly"]}},
    ),
    ("GET", "/lists", given()),
    ("POST", "/allowed-values", given(body={"value": "cdn.example.org", "reason": "Agreed with its owner"})),
    ("GET", "/allowed-values", given()),
    ("DELETE", "/allowed-values", given(query={"value": "cdn.example.org"})),
    ("POST", "/sources", given(body=SOURCE)),
    ("GET", "/sources", given()),
    ("POST", "/sources/{name}/pull", given(path={"name": "partner"})),
    ("GET", "/jobs", given()),
    ("POST", "/jobs/{number}/give-up", lambda seen: {"path": {"number": job(seen)}, "body": WHY}),
    ("POST", "/jobs/{number}/retry", lambda seen: {"path": {"number": job(seen)}, "body": WHY}),
    ("PATCH", "/sources/{name}", given(path={"name": "partner"}, body={"paused": True, **WHY})),
    ("DELETE", "/sources/{name}", given(path={"name": "partner"}, query=WHY)),
    ("GET", "/quarantine", given(query={"limit": "2", "reason": "id-malformed"})),
    ("GET", "/quarantine/{number}", lambda seen: {"path": {"number": held(seen, 0)}}),
    ("POST", "/quarantine/{number}/retry", lambda seen: {"path": {"number": held(seen, 0)}, "body": MENDED}),
    ("POST", "/quarantine/retry", lambda seen: {"body": {"numbers": [held(seen, 1)]}}),
    ("POST", "/quarantine/drop", lambda seen: {"body": {"numbers": [held(seen, 1)], **WHY}}),
    ("POST", "/views", given(body={"name": "Severe alerts", "address": "/detection/?severity=high"})),
    ("GET", "/views", given()),
    ("PATCH", "/views/{number}", lambda seen: {"path": {"number": view(seen)}, "body": {"name": "Severe and open"}}),
    ("DELETE", "/views/{number}", lambda seen: {"path": {"number": view(seen)}}),
    ("POST", "/backup", given(body=WHY)),
    ("GET", "/health", given()),
    ("GET", "/settings", given()),
    ("GET", "/backup", given()),
    ("GET", "/audit", given(query={"limit": "1", "action": "token"})),
]
ROOMS: tuple[Any, ...] = (
    examples_incidents,
    examples_assistance,
    examples_evidence,
    examples_duties,
    examples_contacts,
)


def files(seen: Seen) -> dict[str, str]:
    from base64 import b64decode

    found = seen["GET /record/entries/{number}"]["files"]
    return {name[name.index(".tlog-proof") :]: b64decode(text).decode() for name, text in found.items()}


def alert(seen: Seen) -> int:
    number: int = seen["GET /alerts"]["items"][0]["alert"]
    return number


def judged(seen: Seen) -> int:
    """An alert that was judged once more."""
    triage(alert(seen), "benign", "A test of ours", actor="analyst", now_us=now_us())
    return alert(seen)


def job(seen: Seen) -> int:
    number: int = seen["GET /jobs"]["items"][0]["number"]
    return number


def view(seen: Seen) -> int:
    number: int = seen["POST /views"]["number"]
    return number


def held(seen: Seen, place: int) -> int:
    number: int = seen["GET /quarantine"]["items"][place]["number"]
    return number


@pytest.fixture
def partnered(keyed: Path, tmp_path: Path) -> Path:
    """A node with a member, a peer, objects and a backup."""
    make_backup(settings.COMMONWATCH, tmp_path / "backup")
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    one = member("cert-no", "NO")
    member("cert-de-2", "DE")
    source = ensure_source("peer cert-no", "TLP:AMBER", "cert-no")
    peer = Peer.objects.create(
        name="cert-no", member=one, source=source, into_id=1, offered=[1], key="a" * 64, joined_us=now_us()
    )
    Skipped.objects.create(
        peer=peer, side="here", object=OBJECT, version="2026-01-01T00:00:00.000Z", code="version-conflict",
        sentence="Another content is held under this version.", at_us=now_us(),
    )  # fmt: skip
    Evidence.objects.create(
        origin="log.example",
        code="fork",
        observer="cti.example.at",
        file=b"log.example\n...",
        at_us=now_us(),
        digest="0" * 64,
    )
    post([indicator(1, "GREEN"), indicator(2, "AMBER"), indicator(3, "GREEN")])
    post([indicator(3, "RED", version=2)])
    take([{**indicator(number, "GREEN"), "id": "broken"} for number in (8, 9)])
    row = brought(domain(5, "evil.example", confidence=80, valid_from="2026-12-01T00:00:00Z"))[-1]
    recorded(hit(row, 1))
    burst = Score(3.0, 2.0, (Reason("bytes", "ten times the usual", 3.0),))
    Noticing("border", Choice())
    stored = keyed / "stored.json"
    stored.touch()
    add_source("stored", str(stored), "", live=False, actor="examples", now_us=now_us())
    keep("border", [Unusual(now_us(), "10.0.0.7", "online", "conn", burst)], now_us())
    for one_follower in (SearchFollower(), JournalRecord()):
        while followers.advance(one_follower, 1_000):
            pass
    return keyed


def asked(mine: Partner, method: str, address: str, request: dict[str, Any]) -> Any:
    where = address.format(**request.get("path", {}))
    status, body = mine(
        method, where, request.get("body", {} if method == "POST" else None), **request.get("query", {})
    )
    assert status == 200, (method, address, body)
    return body


def shortened(value: Any) -> Any:
    """As an example shows it: one item of a list, the beginning of a long text."""
    if isinstance(value, dict):
        return {name: shortened(one) for name, one in value.items()}
    if isinstance(value, list):
        return [shortened(one) for one in value[:1]]
    return value if not isinstance(value, str) or len(value) <= LONGEST else f"{value[:LONGEST]}..."


def test_every_example_is_what_a_node_answers(partnered: Path, partner: Callable[..., Partner], tmp_path: Path) -> None:
    compared(CALLS, partner("administrator"), partnered, tmp_path / "backup")


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.__name__.rpartition("_")[2])
def test_every_example_of_a_room_is_what_a_node_answers(
    keyed: Path, partner: Callable[..., Partner], room: Any
) -> None:
    room.prepare()
    compared(room.CALLS, partner("administrator"), keyed)


def compared(calls: Sequence[Call], mine: Partner, node: Path, backup: Path = Path("/nowhere")) -> None:
    """Make the calls, and compare each answer with the example; or write the examples anew."""
    seen, made = Seen(), {}
    for method, address, request_of in calls:
        name, request = f"{method} {address}", request_of(seen)
        if (method, address) == ("PUT", "/members/{name}/expulsion"):
            ids("cert-sg")  # who was never served has nothing to drop
        if address == "/federation/expulsions":
            entry = Entry(PARTNER, "partner", "Partner", "state-body", "NO")  # type: ignore[arg-type]
            partnership.propose(partnership.register().with_member(entry), by())
        if address.endswith("/purge/erase"):
            mine("POST", "/members/cert-de/purge", WHY)
        seen[name] = asked(mine, method, address, request)
        made[name] = {**shortened(request), "answer": shortened(seen[name])}
    kept = json.loads(EXAMPLES.read_text(encoding="utf-8"))
    if os.environ.get("EXAMPLES") == "write":
        kept |= made
        text = (
            json.dumps(kept, indent=1, ensure_ascii=False)
            .replace(str(node), "/var/lib/commonwatch")
            .replace(str(backup), "/srv/backups/2026-11-29")
        )
        EXAMPLES.write_text(f"{text}\n", encoding="utf-8")
    for name, one in made.items():
        assert shape(kept[name]["answer"]) == shape(one["answer"]), name
        assert kept[name].get("body", {}).keys() == one.get("body", {}).keys(), name


def shape(value: Any, depth: int = 2) -> Any:
    """Names alone, of the value and of what is in it; what is counted by name, and files, have no names of their own."""
    if isinstance(value, dict) and depth:
        if any("." in name for name in value):  # which files there are depends on what the node did before
            return {}
        return {
            name: shape(one, depth - 1) for name, one in value.items() if not name.startswith(("entry-", "identity--"))
        }
    if isinstance(value, list) and value:
        return [shape(value[0], depth)]
    return None


def test_every_operation_of_the_document_has_an_example() -> None:
    for address, operations in api.get_openapi_schema()["paths"].items():
        for method, operation in operations.items():
            name = f"{method.upper()} {address.removeprefix('/api/v1')}"
            assert "example" in operation["responses"][200]["content"]["application/json"], name
            for part in operation.get("parameters", []):
                assert part["in"] != "path" or "example" in part, (name, part["name"])
            if body := operation.get("requestBody"):
                assert "example" in body["content"]["application/json"], name
