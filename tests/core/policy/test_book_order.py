"""The order of files and of policies in them means nothing."""

from __future__ import annotations

import re
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st

from commonwatch.core.policy.book import parse_book
from commonwatch.core.policy.decision import decide
from commonwatch.core.policy.engine import Engine
from commonwatch.core.policy.masks import release_masks
from tests.core.policy.feeds import feed_class, feed_world
from tests.core.policy.worlds import SCHEMA

WORLD = feed_world(Random(1), members=6, agreements=4, own=5, odd=False)
CLASSES = [feed_class(Random(seed), WORLD) for seed in range(4)]
POLICIES = [
    policy + ";\n"
    for text in WORLD.files.values()
    for policy in re.sub("^//.*", "", text, flags=re.MULTILINE).removesuffix(";").split(";\n")
    if policy.strip()
]
ENGINE = Engine(WORLD.book)
DECISIONS = [decide(ENGINE, one, facts, WORLD.question) for one in WORLD.recipients for facts in CLASSES]
MASKS = release_masks(WORLD.book, WORLD.recipients, dict(enumerate(CLASSES)), WORLD.question)


@settings(max_examples=15)
@given(order=st.permutations(POLICIES), names=st.permutations(["a.cedar", "b.cedar", "c.cedar"]), cut=st.integers(0, 9))
def test_policies_in_any_order_and_file_decide_alike(order: list[str], names: list[str], cut: int) -> None:
    files = {name: "\n".join(order[cut:][number::3]) for number, name in enumerate(names)}
    files["d.cedar"] = "\n".join(order[:cut])
    book = parse_book(files, SCHEMA)
    assert sorted(book.policies) == list(book.policies) == list(WORLD.book.policies)
    assert book.digest == WORLD.book.digest
    engine = Engine(book)
    assert [decide(engine, one, facts, WORLD.question) for one in WORLD.recipients for facts in CLASSES] == DECISIONS
    assert release_masks(book, WORLD.recipients, dict(enumerate(CLASSES)), WORLD.question) == MASKS
