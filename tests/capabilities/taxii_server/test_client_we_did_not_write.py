"""taxii2-client against the node: discovery to deletion, and a complete pull of real intelligence."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from taxii2client.v21 import Collection, Server, as_pages

from commonwatch.core.stix.split import split
from tests.capabilities.partners import indicator, token


@pytest.fixture
def collection(server: str) -> Collection:
    root = Server(f"{server}/taxii2/", user="partner", password=token("partner")).default
    return root.collections[0]


def test_discovery_leads_to_the_collection(server: str, collection: Collection) -> None:
    assert collection.title == "Everything shared with this node"
    assert collection.can_read and collection.can_write


def test_what_is_added_is_read_counted_and_deleted(collection: Collection) -> None:
    status = collection.add_objects(
        {"objects": [indicator(1), indicator(1, version=2), indicator(2), {"type": "indicator"}]}
    )
    assert (status.status, status.success_count, status.failure_count) == ("complete", 3, 1)
    assert status.failures[0]["message"].startswith("Held in quarantine. id-missing")
    assert len(collection.get_objects()["objects"]) == 2
    assert [row["id"] for row in collection.get_manifest()["objects"]] == [indicator(1)["id"], indicator(2)["id"]]
    assert len(collection.object_versions(indicator(1)["id"])["versions"]) == 2
    assert collection.get_object(indicator(1)["id"])["objects"] == [indicator(1, version=2)]
    collection.delete_object(indicator(1)["id"])
    assert [o["id"] for o in collection.get_objects()["objects"]] == [indicator(2)["id"]]


def test_a_vendor_feed_is_pulled_completely_and_byte_for_byte(collection: Collection, shared: Path) -> None:
    sent: dict[str, bytes] = {}
    for page in sorted((shared / "intel/taxii/tweetfeed/pages").glob("2026-07-2*.json")):
        pieces = split(page.read_bytes()).pieces
        collection.add_objects(b'{"objects":[' + b",".join(piece.raw for piece in pieces) + b"]}")
        sent |= {json.loads(piece.raw)["id"]: piece.raw for piece in pieces}
    pulled = [o for page in as_pages(collection.get_objects, per_request=100) for o in page.get("objects", [])]
    assert {o["id"]: o for o in pulled} == {identifier: json.loads(raw) for identifier, raw in sent.items()}
    assert len(pulled) == len(sent) > 2000
    listed = [
        row["id"] for page in as_pages(collection.get_manifest, per_request=700) for row in page.get("objects", [])
    ]
    assert listed == [o["id"] for o in pulled]


def test_bytes_come_back_as_they_were_sent(server: str, collection: Collection) -> None:
    odd = b'{ "type":"url",\t"id":"url--00000000-0000-4000-8000-000000000001","value":"https:\\/\\/\\u00e9.example", "x":1.50 }'
    collection.add_objects(b'{"objects": [' + odd + b"]}")
    answer = collection._conn.session.get(f"{collection.objects_url}", headers={"Accept": "application/taxii+json"})
    assert odd in answer.content
