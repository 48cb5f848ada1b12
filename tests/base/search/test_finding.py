"""Finding, counting and paging; only what release gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from commonwatch.base.journal import acts, followers
from commonwatch.base.journal.driver import fetch
from commonwatch.base.parties import actions as parties
from commonwatch.base.search import values as keys
from commonwatch.base.search.follower import SearchFollower
from commonwatch.base.search.matching import values
from commonwatch.base.search.queries import alternatives, facets, find
from commonwatch.base.search.wanted import SORTS, Wanted, said, sentence
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.ids import parse_id
from tests.base.release.nodes import carried, indicator, member, person, post
from tests.base.search.nodes import found, index, pages, reader


def test_words_values_labels_types_and_days_find_what_they_name(ready: Path) -> None:
    post(
        [
            indicator(1, "GREEN", name="Emotet loader", labels=["botnet"], confidence=90),
            indicator(2, "GREEN", name="针对医院的网络钓鱼攻击", pattern="[domain-name:value = 'c2.evil.example']"),
            indicator(3, "GREEN", name="Emotet mail", pattern="[url:value = 'http://www.evil.example/a?b=1']"),
            indicator(4, "GREEN", pattern="[ipv4-addr:value ISSUBSET '203.0.113.0/24']"),
        ]
    )
    index()
    ids = {number: indicator(number)["id"] for number in range(1, 5)}
    assert found("", "emotet") == [ids[3], ids[1]]
    assert found("", "emotet", sort="oldest") == [ids[1], ids[3]]
    assert found("", "emotet -loader") == [ids[3]]
    assert found("", "网络钓鱼") == [ids[2]]
    assert found("", labels=("Botnet",)) == [ids[1]]
    assert set(found("", types=("indicator",))) == set(ids.values())
    assert found("", types=("malware",)) == []
    assert found("", value="198.51.100.1") == [ids[1]]
    assert found("", value="http://WWW.evil.example:80/a?b=1") == [ids[3]]
    assert found("", value="www.evil.example") == [ids[3]]
    assert found("", value="203.0.113.9") == [ids[4]]
    assert found("", value="evil.example") == []
    assert {one.object.id for one in values(reader(""), ["evil.example"], wide=True)} == {ids[2], ids[3]}
    assert found("", markings=("TLP:RED",)) == [] and len(found("", markings=("TLP:GREEN", "TLP:RED"))) == 4
    assert found("", since=find(reader(""), Wanted()).rows[0] and 4_000_000_000_000_000) == []


def test_every_order_pages_without_loss_or_repetition(ready: Path) -> None:
    post([indicator(number, "GREEN", version=1 + number * 7 % 20) for number in range(1, 24)])
    index()
    for sort in SORTS:
        for text in ("", "number"):
            ids = found("", text, sort=sort)
            assert len(ids) == len(set(ids)) == 23
    rows = [row for page in pages("", Wanted(sort="modified")) for row in page.rows]
    assert [row.modified for row in rows] == sorted([row.modified for row in rows], reverse=True)


def test_only_the_current_version_is_found_and_old_words_are_gone(ready: Path) -> None:
    post([indicator(1, "GREEN", name="olden words")])
    index()
    post([indicator(1, "GREEN", name="newer words", version=2)])
    index()
    assert found("", "olden") == [] and found("", "words") == [indicator(1)["id"]]
    assert fetch("SELECT count(*) FROM search_doc", [])[0][0] == 1


def test_who_is_granted_nothing_finds_and_counts_nothing(ready: Path) -> None:
    member("other", "DE")
    post([indicator(1, "RED", name="secret thing", labels=["hush"]), indicator(2, "AMBER", name="secret thing too")])
    index()
    assert found("home", "secret") and found("other", "secret") == []
    assert found("other", labels=("hush",)) == [] == found("other", value="198.51.100.1")
    counts = facets(reader("other"), Wanted(text="secret"))
    assert counts.total == 0 and not any(counts.facets.values())
    assert facets(reader("home"), Wanted(text="secret")).total == 2
    assert values(reader("other"), ["198.51.100.1"], wide=True) == ()


def test_what_is_granted_in_a_collection_that_may_not_be_read_is_not_found(ready: Path) -> None:
    member("other", "DE")
    post([indicator(1, "GREEN", name="open thing")])
    index()
    assert found("other", "open") == []  # main is the home community's
    carried(lambda now: parties.join_community("home", "other", reason="x", by=now))
    assert found("other", "open") == [indicator(1)["id"]]
    carried(lambda now: parties.leave_community("home", "other", reason="x", by=now))
    assert found("other", "open") == []


def test_personal_data_that_is_stripped_is_found_by_nobody_who_has_it_stripped(ready: Path) -> None:
    member("abroad", "US")
    carried(lambda now: parties.join_community("home", "abroad", reason="x", by=now))
    carried(lambda now: parties.change_member("home", title="", kind=None, country="AT", by=now))
    post([person(1, "GREEN", name="Maria Huber", description="The victim of a ransomware attack in Linz")])
    index()
    assert found("home", "huber") == [person(1)["id"]]
    derived = found("abroad", "ransomware")
    assert len(derived) == 1 and derived != [person(1)["id"]]
    for secret in ("huber", "maria", "hub*", "maria.huber@stadtwerk-linz.at"):
        assert found("abroad", secret) == [], secret
    assert values(reader("abroad"), ["maria.huber@stadtwerk-linz.at"], wide=True) == ()
    assert found("abroad", "ransomware -huber") == derived  # what must not occur tells nothing either
    row = find(reader("abroad"), Wanted(text="ransomware")).rows[0]
    assert row.derived and "Huber" not in row.name + row.line


@pytest.mark.parametrize("act", ["erase", "withdraw", "narrow", "leave"])
def test_what_is_taken_back_is_gone_before_the_index_has_heard_of_it(ready: Path, act: str) -> None:
    member("friend", "AT")
    carried(lambda now: parties.join_community("home", "friend", reason="x", by=now))
    post([indicator(1, "AMBER", name="taken back", labels=["lost"])])
    index()
    assert found("friend", "taken") == [indicator(1)["id"]]
    named = parse_id(indicator(1)["id"])
    assert named is not None
    if act == "erase":
        acts.erase(*named, actor="t", reason="law")
    elif act == "withdraw":
        acts.withdraw(*named, 1, actor="t", reason="x")
    elif act == "narrow":
        post([indicator(1, "RED", name="taken back", version=2)])
    else:
        carried(lambda now: parties.leave_community("home", "friend", reason="x", by=now))
    for _ in range(2):
        assert (
            found("friend", "taken") == found("friend", types=("indicator",)) == found("friend", labels=("lost",)) == []
        )
        assert facets(reader("friend"), Wanted(types=("indicator",))).total == 0
        index()
    if act == "erase":
        tables = ("doc", "text", "key", "edge")
        assert [fetch(f"SELECT count(*) FROM search_{table}", [])[0][0] for table in tables] == [0, 0, 0, 0]


def test_an_object_in_two_collections_is_found_once_at_the_version_that_its_reader_has(ready: Path) -> None:
    from commonwatch.base.intake.receive import Channel, receive
    from commonwatch.base.intake.sources import ensure_source, voucher_of
    from commonwatch.base.release.actions import create_collection
    from commonwatch.core.stix.values import Piece

    member("other", "AT")
    home = parties.communities_named(["home"])
    parties.create_community("elsewhere", "", now_us=1)
    carried(lambda now: parties.join_community("elsewhere", "other", reason="x", by=now))
    made = create_collection(
        "Second",
        alias="second",
        description="",
        readers=[*home, *parties.communities_named(["elsewhere"])],
        writers=[],
        actor="t",
        now_us=1,
    )
    source = ensure_source("second", "TLP:GREEN", "")

    def put(body: dict[str, Any], slot: int) -> None:
        import json

        channel = Channel(source.pk, "TLP:GREEN", voucher_of(source), "t", (slot,))
        receive([Piece(json.dumps(body).encode(), "0")], channel, 2_000_000_000_000_000).result()

    put(indicator(1, "GREEN", name="early words"), made.slot)
    put(indicator(1, "GREEN", name="late words", version=2), 1)
    index()
    assert found("home", "words") == [indicator(1)["id"]] == found("", "words")
    assert found("home", "early") == [] and found("home", "late") == [indicator(1)["id"]]
    assert found("other", "early") == [indicator(1)["id"]] and found("other", "late") == []
    assert facets(reader("home"), Wanted()).total == 1


def test_a_rebuild_makes_what_was_kept_step_by_step(ready: Path) -> None:
    post([indicator(n, "GREEN", name=f"one {n}", labels=[f"l{n % 3}"]) for n in range(1, 12)])
    index()
    post([indicator(n, "AMBER", name=f"two {n}", version=2, revoked=n == 3) for n in range(1, 8)])
    post([person(50, "GREEN")])
    index()
    named = parse_id(indicator(9)["id"])
    assert named is not None
    acts.erase(*named, actor="t", reason="law")
    index()

    def content() -> list[list[Any]]:
        labels = dict(fetch("SELECT id, name FROM search_term", []))
        docs = [
            (*row[:-1], [labels[int(n)] for n in row[-1].split(",") if n])
            for row in fetch(
                "SELECT doc, type, version, class, flags, confidence, created, labels FROM search_doc ORDER BY doc", []
            )
        ]
        column = "rowid, words" if _sqlite() else "doc, words::text"
        key = [
            (kind, bytes(key), doc)
            for kind, key, doc in fetch("SELECT kind, key, doc FROM search_key ORDER BY kind, key, doc", [])
        ]
        return [docs, [tuple(row) for row in fetch(f"SELECT {column} FROM search_text ORDER BY 1", [])], key]

    before = content()
    followers.rebuild(SearchFollower())
    assert fetch("SELECT count(*) FROM search_doc", [])[0][0] == 0
    index()
    assert content() == before


def _sqlite() -> bool:
    from django.db import connection

    return connection.vendor == "sqlite"


@pytest.mark.parametrize(
    "hostile",
    [
        '"',
        "a' OR 1=1 --",
        "NEAR(a b)",
        "a* AND b",
        "{x}: y",
        "\x00a",
        "\u202eevil",
        "a" * 499,
        "(" * 100 + "a",
        "'; DROP TABLE x",
        "a\\'b",
        "x:* & !",
    ],
)
def test_hostile_questions_are_words_or_refused(ready: Path, hostile: str) -> None:
    post([indicator(1, "GREEN")])
    index()
    asked: list[dict[str, Any]] = [
        {"text": hostile},
        {"value": hostile},
        *({name: (hostile,)} for name in ("labels", "types", "producers")),
    ]
    for one in asked:
        try:
            found("home", **one)
        except InvalidInput as refused:
            assert refused.advice


def test_facets_that_take_too_long_say_so(ready: Path) -> None:
    post([indicator(n, "GREEN") for n in range(1, 30)])
    index()
    counts = facets(reader("home"), Wanted(), seconds=60)
    assert counts.total == 29
    assert {one.value: one.count for one in counts.facets["type"] or ()} == {"indicator": 29}
    assert {one.value: one.count for one in counts.facets["marking"] or ()} == {"TLP:GREEN": 29}


def test_what_else_could_be_chosen_is_counted_as_far_as_the_reader_has_it(ready: Path) -> None:
    post([indicator(1, "GREEN", labels=["botnet"]), indicator(2, "GREEN", labels=["phishing"]), indicator(3, "AMBER")])
    index()
    asked = Wanted(labels=("botnet",), markings=("TLP:GREEN",))
    found = alternatives(reader("home"), asked, seconds=60)
    assert set(found) == {"label", "marking"}, "of the others `facets` has all"
    assert {one.value: one.count for one in found["label"]} == {"botnet": 1, "phishing": 1}
    assert {one.value: one.count for one in found["marking"]} == {"TLP:GREEN": 1}, "what fits the rest: the label"
    assert alternatives(reader("home"), asked, seconds=0) == {}
    member("stranger")
    assert not any(alternatives(reader("stranger"), Wanted(markings=("TLP:AMBER",)), seconds=60).values())


def test_the_sentence_says_what_is_shown() -> None:
    wanted = Wanted(text="emotet", types=("malware", "tool"), revoked=False, since=0)
    assert sentence(said(wanted)) == (
        "Not revoked objects of type malware or tool, with the words emotet, admitted since 1970-01-01T00:00:00Z; newest first."
    )
    assert sentence(said(Wanted())) == "Objects; newest first."


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("192.0.2.1", {keys.Found.ADDRESS}),
        ("2001:db8::1", {keys.Found.ADDRESS}),
        ("192.0.2.0/24", {keys.Found.NETWORK}),
        ("d41d8cd98f00b204e9800998ecf8427e", {keys.Found.DIGEST}),
        ("A@Evil.example", {keys.Found.MAIL}),
        ("пример.рф", {keys.Found.NAME, keys.Found.FILE, keys.Found.OTHER}),
    ],
)
def test_a_bare_text_is_looked_up_as_what_it_can_be(text: str, kinds: set[keys.Found]) -> None:
    assert {key.kind for kind in keys.asked(text) for key in keys.keys_of(kind, text)} == kinds
