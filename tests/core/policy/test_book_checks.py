"""What a book does not take: each with the file, the policy and what to do."""

from __future__ import annotations

import pytest

from commonwatch.core.errors import InvalidInput
from commonwatch.core.policy.book import parse_book
from tests.core.policy.rules import NOTES, rule
from tests.core.policy.worlds import SCHEMA

SHARE = 'action == Action::"share"'


def refused(**files: str) -> InvalidInput:
    with pytest.raises(InvalidInput) as found:
        parse_book({f"{name}.cedar": text for name, text in files.items()}, SCHEMA)
    assert found.value.code == "policy-invalid" and found.value.advice
    assert found.value.sentence.startswith(str(found.value.data["place"]))
    return found.value


def lacking(word: str) -> dict[str, str]:
    return {name: text for name, text in NOTES.items() if name != word}


@pytest.mark.parametrize(
    ("text", "where", "what", "remedy"),
    [
        ("permit (principal, action, resource", "own.cedar is no Cedar", "", "Correct the syntax"),
        (rule(notes={"title": 'Ends" here'}), "own.cedar is no Cedar", "", "Correct the syntax"),
        (rule('when { principal.country == "FR }'), "own.cedar is no Cedar", "", "Correct the syntax"),
        (
            rule(scope=f"principal == ?principal, {SHARE}, resource"),
            "own.cedar",
            "holds templates",
            "Write a policy for each case",
        ),
        (
            rule("when { resource.colour == 1 }"),
            "policy member/a/rule",
            "resource.colour, which there never",
            "Ask for",
        ),
        (
            rule("when { principal has colour }"),
            "policy member/a/rule",
            "principal.colour, which there never",
            "Ask for",
        ),
        (rule("when { context.colour == 1 }"), "policy member/a/rule", "does not fit the schema", "policy schema"),
        (rule('when { resource.tlp == "RED" }'), "policy member/a/rule", "does not fit the schema", "policy schema"),
        (rule("when { principal.country == 1 }"), "policy member/a/rule", "does not fit the schema", "policy schema"),
        (
            rule(scope=f'principal == Partner::"b", {SHARE}, resource'),
            "policy member/a/rule",
            "schema",
            "policy schema",
        ),
        (rule(name=""), "own.cedar", "names no layer", "Begin it with handling/, law/"),
        (rule(name="mine"), "policy mine", "names no layer", "Begin it with handling/, law/"),
        (rule(name="member/"), "policy member/", "names no layer", "Begin it with handling/, law/"),
        (rule(name="others/a"), "policy others/a", "names no layer", "Begin it with handling/, law/"),
        *[
            (rule(notes=lacking(word)), "policy member/a/rule", f"lacks @{word}", "ask why")
            for word in ("title", "law", "date", "explain")
        ],
        (rule(notes={**NOTES, "law": ""}), "policy member/a/rule", "lacks @law", "ask why"),
        (
            rule(name="obligation/x", effect="permit", scope='principal, action == Action::"oblige", resource'),
            "policy obligation/x",
            "lacks @obligation",
            "ask why",
        ),
        (rule(scope="principal, action, resource"), "policy member/a/rule", "is not limited to", 'Action::"share"'),
        (
            rule(scope='principal, action == Action::"oblige", resource'),
            "policy member/a/rule",
            "is not limited to",
            'Action::"share"',
        ),
        (
            rule(scope='principal, action in [Action::"share", Action::"oblige"], resource'),
            "policy member/a/rule",
            "is not limited to",
            'Action::"share"',
        ),
        (
            rule(name="obligation/x", effect="permit", notes={**NOTES, "obligation": "x"}),
            "policy obligation/x",
            "is not limited to",
            'Action::"oblige"',
        ),
        *[
            (
                rule(scope=f"principal, {SHARE}, {resource}"),
                "policy member/a/rule",
                "names one release class",
                "condition",
            )
            for resource in (
                'resource == ReleaseClass::"class"',
                'resource in ReleaseClass::"class"',
                'resource is ReleaseClass in ReleaseClass::"class"',
            )
        ],
        (
            rule(
                "when { resource.tlp + 1 > 2 }",
                name="obligation/x",
                effect="permit",
                scope='principal, action == Action::"oblige", resource',
                notes={**NOTES, "obligation": "x"},
            ),
            "policy obligation/x",
            "may fail",
            "Compare only",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, where: str, what: str, remedy: str) -> None:
    error = refused(fine="// Nothing in here.\n", own=text)
    assert where in str(error) and what in str(error) and "own.cedar" in str(error)
    assert remedy in error.advice


@pytest.mark.parametrize(
    ("condition", "what"),
    [
        ("resource.owner.country == principal.country", "attribute of something else"),
        ('Member::"b".clearance > 1', "attribute of something else"),
        ("(if context.own then resource else resource).tlp == 1", "attribute of something else"),
        ('resource.owner in Community::"energy"', "where somebody else"),
        ("resource.owner in principal", "where somebody else"),
        ("resource.owner in resource.audience", "where somebody else"),
        ('resource.owner is Member in Community::"energy"', "where somebody else"),
        ('(if context.own then principal else principal) in Community::"energy"', "where somebody else"),
        ("resource == resource", "takes resource as a whole"),
        ("context == context", "takes context as a whole"),
        ("{a: principal.kind, b: resource} == {a: resource.category, b: resource}", "takes resource as a whole"),
        ("{a: principal.kind, b: context} == {a: resource.category, b: context}", "takes context as a whole"),
    ],
)
def test_what_no_footprint_can_say_is_not_taken(condition: str, what: str) -> None:
    """Cedar would answer by the entities it happens to be given, differently for a recipient and for all others."""
    assert what in str(refused(own=rule(f"when {{ {condition} }}")))


def test_an_id_stands_once_in_all_files() -> None:
    error = refused(a=rule(), b=rule("when { context.own }"))
    assert "b.cedar, policy member/a/rule stands in a.cedar already" in str(error)
    assert "its own id" in error.advice
    assert "stands in a.cedar already" in str(refused(a=rule() + rule()))


OWN = 'resource.owner == Member::"a"'


@pytest.mark.parametrize(
    "clauses",
    [
        "",
        "when { true }",
        'when { resource.owner == Member::"b" }',
        f"when {{ {OWN} || true }}",
        f"when {{ {OWN} || resource.tlp == 0 }}",
        f"when {{ resource.tlp == 0 && ({OWN} || context.own) }}",
        f"when {{ !({OWN}) }}",
        f"when {{ !(!({OWN})) }}",
        'when { resource.owner != Member::"b" }',
        f"unless {{ {OWN} }}",
        f"unless {{ !({OWN}) }}",
        f"when {{ if {OWN} then true else true }}",
        f"when {{ ({OWN}) == false }}",
        'when { resource.owner == Member::"a" && resource.owner == Member::"b" }',
        'when { [Member::"a", Member::"b"].contains(resource.owner) }',
        'when { ["a"].contains(resource.category) }',
        "when { principal == resource.owner }",
        'when { principal == Member::"a" }',
        'when { resource.named.contains(Member::"a") }',
        'when { {owner: resource.owner} == {owner: Member::"a"} }',
        f"when {{ resource.tlp + 1 > 0 && {OWN} }}",
    ],
)
def test_a_member_opens_nobody_elses_data(clauses: str) -> None:
    error = refused(own=rule(clauses, effect="permit"))
    assert "own.cedar, policy member/a/rule permits what a does not own" in str(error)
    assert 'resource.owner == Member::"a"' in error.advice


@pytest.mark.parametrize(
    "clauses",
    [
        f"when {{ {OWN} }}",
        f"when {{ resource.tlp < 3 && {OWN} }}",
        f"when {{ resource.tlp < 3 }} when {{ {OWN} }} unless {{ resource.orcon }}",
        'when { [Member::"a"].contains(resource.owner) }',
        f'when {{ {OWN} && (principal == Member::"b" || true) }}',
        f'when {{ [Member::"a", Member::"b"].contains(resource.owner) && {OWN} }}',
    ],
)
def test_a_member_opens_its_own_data(clauses: str) -> None:
    assert list(parse_book({"own.cedar": rule(clauses, effect="permit")}, SCHEMA).policies) == ["member/a/rule"]


@pytest.mark.parametrize("clauses", ["", f"when {{ !({OWN}) }}", f"when {{ {OWN} || true }}"])
def test_a_member_forbids_anything(clauses: str) -> None:
    assert parse_book({"own.cedar": rule(clauses)}, SCHEMA).policies["member/a/rule"].gate == "policy"


def test_an_empty_book_permits_nothing() -> None:
    book = parse_book({"empty.cedar": " \n", "comment.cedar": "// Nothing.\n"}, SCHEMA)
    assert book.policies == {} and book.digest == parse_book({}, SCHEMA).digest


def test_notes_without_text_are_empty() -> None:
    policy = parse_book({"own.cedar": "@seen\n" + rule()}, SCHEMA).policies["member/a/rule"]
    assert (policy.note("seen"), policy.note("remedy"), policy.note("title")) == ("", "", "A rule")
