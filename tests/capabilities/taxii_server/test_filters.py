"""Every filter and their combinations, against the definition written out plainly."""

from __future__ import annotations

import itertools
from typing import Any

import httpx2
import pytest

from tests.capabilities.partners import MAIN, Client, add, ids, indicator, url_object

HELD: list[dict[str, Any]] = [
    *[indicator(number, version=version) for number in (1, 2) for version in (1, 2, 3)],
    indicator(1, version=2, spec="2.0"),
    indicator(1, version=4, spec="2.0"),
    indicator(3, spec="2.0"),
    url_object(1),
]
IDS = [None, indicator(1)["id"], f"{indicator(2)['id']},{url_object(1)['id']}", "indicator--absent"]
TYPES = [None, "indicator", "url,indicator", "malware"]
VERSIONS = [None, "last", "first", "all", "2026-01-02T00:00:00.000Z", "first,2026-01-03T00:00:00Z", "last,first"]
SPECS = [None, "2.0", "2.1", "2.0,2.1"]


def plainly(match: dict[str, str | None]) -> set[tuple[str, str, str]]:
    """What TAXII 2.1, section 3.4, asks for: (id, modified, spec) of the objects that match."""

    def key(o: dict[str, Any]) -> tuple[str, str, str]:
        return o["id"], o.get("modified", ""), o.get("spec_version", "2.1" if o["type"] == "url" else "2.0")

    found = {key(o): o for o in HELD}
    if match["id"]:
        found = {k: o for k, o in found.items() if k[0] in match["id"].split(",")}
    if match["type"]:
        found = {k: o for k, o in found.items() if o["type"] in match["type"].split(",")}
    specs = match["spec_version"].split(",") if match["spec_version"] else None
    result = set()
    for k in found:
        same_id = [other for other in found if other[0] == k[0]]
        if specs is None:
            if k[2] != max(other[2] for other in same_id if other[1] == k[1]):
                continue  # a higher specification of the same version is there
            group = same_id
        else:
            if k[2] not in specs:
                continue
            group = [other for other in same_id if other[2] == k[2]]
        versions = [other[1] for other in group]
        for wanted in (match["version"] or "last").split(","):
            instant = wanted.replace("Z", "").split(".")[0]
            if (
                wanted == "all"
                or (wanted == "last" and k[1] == max(versions))
                or (wanted == "first" and k[1] == min(versions))
                or (k[1] and k[1].startswith(instant))
            ):
                result.add(k)
    return result


@pytest.fixture
def reader(client: Client) -> httpx2.Client:
    made: httpx2.Client = client()
    add(made, *HELD)
    return made


def test_every_combination_of_match_fields_gives_what_the_standard_says(reader: httpx2.Client) -> None:
    for identifier, kind, version, spec in itertools.product(IDS, TYPES, VERSIONS, SPECS):
        match = {"id": identifier, "type": kind, "version": version, "spec_version": spec}
        parameters = {f"match[{name}]": value for name, value in match.items() if value}
        answer = reader.get(f"{MAIN}objects/", params=parameters)
        found = {
            (o["id"], o.get("modified", ""), o.get("spec_version", "2.1" if o["type"] == "url" else "2.0"))
            for o in answer.json().get("objects", [])
        }
        assert found == plainly(match), parameters
        listed = reader.get(f"{MAIN}manifest/", params=parameters).json().get("objects", [])
        assert {row["id"] for row in listed} == {key[0] for key in found} and len(listed) == len(found), parameters


@pytest.mark.parametrize("resource", ["objects", "manifest"])
@pytest.mark.parametrize(
    "match",
    [
        {},
        {"match[type]": "indicator"},
        {"match[version]": "all"},
        {"match[type]": "url,indicator", "match[version]": "all"},
        {"match[version]": "2026-01-01T00:00:00Z"},
        {"match[spec_version]": "2.0,2.1"},
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3])
def test_pages_add_up_to_the_whole(reader: httpx2.Client, resource: str, match: dict[str, str], limit: int) -> None:
    whole = reader.get(f"{MAIN}{resource}/", params=match).json()["objects"]
    parts: list[Any] = []
    parameters: dict[str, Any] = {**match, "limit": limit}
    while True:
        answer = reader.get(f"{MAIN}{resource}/", params=parameters)
        body = answer.json()
        assert len(body["objects"]) <= limit
        parts += body["objects"]
        if not body["more"]:
            assert "next" not in body
            break
        parameters["next"] = body["next"]
    assert parts == whole


def test_paging_by_added_after_alone_reaches_everything(reader: httpx2.Client) -> None:
    """Every object has a date of its own, also those of one envelope."""
    whole = reader.get(f"{MAIN}objects/", params={"match[version]": "all"}).json()["objects"]
    parts: list[Any] = []
    parameters: dict[str, Any] = {"match[version]": "all", "limit": 2}
    while (answer := reader.get(f"{MAIN}objects/", params=parameters)).json().get("objects"):
        parts += answer.json()["objects"]
        assert answer.headers["X-TAXII-Date-Added-First"] < answer.headers["X-TAXII-Date-Added-Last"] or len(parts) % 2
        parameters["added_after"] = answer.headers["X-TAXII-Date-Added-Last"]
    assert parts == whole
    assert "X-TAXII-Date-Added-Last" not in answer.headers


def test_versions_by_id_and_deletion_of_one_version(reader: httpx2.Client) -> None:
    name = indicator(2)["id"]
    versions = reader.get(f"{MAIN}objects/{name}/versions/").json()["versions"]
    assert versions == [f"2026-01-0{day}T00:00:00.000Z" for day in (1, 2, 3)]
    assert reader.delete(f"{MAIN}objects/{name}/", params={"match[version]": "2026-01-03T00:00:00Z"}).status_code == 200
    assert ids(reader.get(f"{MAIN}objects/{name}/")) == [(name, "2026-01-02T00:00:00.000Z")]
    assert reader.delete(f"{MAIN}objects/{name}/").status_code == 200
    assert reader.get(f"{MAIN}objects/{name}/").status_code == 404
    assert reader.delete(f"{MAIN}objects/{name}/").status_code == 404


def test_adding_an_observable_again_is_no_new_version(reader: httpx2.Client) -> None:
    assert add(reader, url_object(1))["success_count"] == 1
    assert len(reader.get(f"{MAIN}objects/{url_object(1)['id']}/versions/").json()["versions"]) == 1


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("limit=0", "limit-invalid"),
        ("limit=-1", "limit-invalid"),
        ("limit=x", "limit-invalid"),
        ("limit=99999999999999999999", "limit-invalid"),
        ("added_after=yesterday", "time-unreadable"),
        ("match[version]=soon", "time-unreadable"),
        ("match[id]=,", "match-empty"),
        ("match[type]=" + ",".join(f"t{n}" for n in range(101)), "match-empty"),
        ("next=abc", "next-invalid"),
        ("next=" + "A" * 27, "next-invalid"),
        ("limit=1&limit=2", "query-repeated"),
    ],
)
def test_a_bad_query_is_400_with_the_reason(reader: httpx2.Client, query: str, code: str) -> None:
    answer = reader.get(f"{MAIN}objects/?{query}")
    assert (answer.status_code, answer.json()["error_code"]) == (400, code)
    assert answer.json()["title"] and answer.json()["http_status"] == "400"


def test_unknown_parameters_are_ignored(reader: httpx2.Client) -> None:
    assert len(ids(reader.get(f"{MAIN}objects/?match[colour]=red&x=1"))) == 4
