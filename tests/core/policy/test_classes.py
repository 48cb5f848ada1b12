"""Release classes: one identity for the same attributes, and classes taken together in any order."""

from __future__ import annotations

import json
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commonwatch.core.policy.classes import ClassAttributes, decode_class, encode_class, marking_uids, together
from commonwatch.core.policy.world import facts_of
from tests.core.policy.feeds import feed_world

words = st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=8), max_size=3).map(
    lambda some: tuple(sorted(some))
)
plain = st.builds(
    ClassAttributes,
    author=st.text(max_size=5),
    voucher=st.text(max_size=5),
    category=st.sampled_from(("context", "threats")),
    default=st.sampled_from(("", "TLP:GREEN")),
    granular=words,
    markings=words,
    personal=words,
    secrecy=words,
)
few = st.lists(plain, min_size=1, max_size=4)
classes = plain | few.map(together)


@given(classes)
def test_a_class_is_read_as_it_was_written(one: ClassAttributes) -> None:
    digest, text = encode_class(one)
    assert decode_class(text) == one and encode_class(decode_class(text)) == (digest, text)
    assert len(digest) == 32 and list(json.loads(text)) == sorted(json.loads(text))


@given(classes, classes)
def test_other_attributes_are_another_class(one: ClassAttributes, other: ClassAttributes) -> None:
    assert (encode_class(one)[0] == encode_class(other)[0]) == (one == other)


def test_what_is_empty_is_not_written() -> None:
    assert encode_class(ClassAttributes(category="")) == encode_class(decode_class('{"category":""}'))
    assert encode_class(ClassAttributes())[1] == '{"category":"context"}'
    with pytest.raises(ValueError, match="colour"):
        decode_class('{"colour":"red"}')


@given(few, st.randoms())
def test_classes_together_in_any_order_are_one_class(some: list[ClassAttributes], random: Random) -> None:
    other = [*some, random.choice(some)]
    random.shuffle(other)
    assert together(other) == together(some)
    assert set(together(some).parts()) == set(some)


@given(classes)
def test_a_class_with_itself_is_itself(one: ClassAttributes) -> None:
    assert together([one]) == together([one, one]) == one


@given(classes, classes, classes)
def test_it_does_not_matter_which_are_taken_together_first(
    one: ClassAttributes, two: ClassAttributes, three: ClassAttributes
) -> None:
    assert together([one, two]) == together([two, one])
    assert together([together([one, two]), three]) == together([one, together([two, three])])


@given(few)
def test_markings_of_all_parts_count(some: list[ClassAttributes]) -> None:
    named = {marking for one in some for marking in (*one.markings, *one.granular)}
    assert together(some).marking_ids() == named


def test_only_markings_have_uids() -> None:
    marking = "marking-definition--613f2e26-407d-48c7-9eca-b8e91df99dc9"
    given_ = (marking, "identity--613f2e26-407d-48c7-9eca-b8e91df99dc8", "nonsense")
    found = marking_uids([ClassAttributes(markings=given_), ClassAttributes(granular=(marking,))])
    assert {one.hex() for one in found} == {"613f2e26407d48c79ecab8e91df99dc9"}


def test_a_class_of_several_parts_is_not_decided_as_one() -> None:
    """It has no author or marking of its own, so it would pass for an unmarked class of the node itself."""
    world = feed_world(Random(1), members=2, agreements=0, own=0)
    both = together([ClassAttributes(author=identity) for identity in world.by_identity])
    with pytest.raises(ValueError, match="parts"):
        facts_of(world, both, {})
    assert [facts_of(world, part, {}).owner for part in both.parts()] != []
