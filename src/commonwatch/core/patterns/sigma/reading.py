"""Read a Sigma text: rules, correlations and filters out of YAML, each with its problems; a broken one costs only itself.

1. pySigma decides what the words mean (specification 2.1); before it sees anything, sizes, nesting and shapes are bounded.
2. Filters apply to the rules of the same text only: a rule that came from elsewhere is its author's, and nobody may
   silence it by sharing a filter. A node's own filters go through `filtered`.
3. What is untidy but harmless (a date, a tag, no title) is noted and the rule is used.

Places are JSON pointers into the document: `/detection/selection/Image|endswith`, after `document 2: ` in longer texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any as AnyType

import msgspec
from sigma.correlations import SigmaCorrelationRule
from sigma.exceptions import SigmaError
from sigma.filters import SigmaFilter
from sigma.policy import SigmaPolicy
from sigma.policy.regex_engine import RegexEngine
from sigma.rule import SigmaDetection, SigmaDetections, SigmaLogSource, SigmaRule
from sigma.rule.detection import SigmaDetectionItem

from commonwatch.core.errors import InvalidInput
from commonwatch.core.patterns.sigma import regular
from commonwatch.core.patterns.sigma.correlating import correlation_of
from commonwatch.core.patterns.sigma.rules import Correlation, LogSource, Reading, Rule
from commonwatch.core.patterns.sigma.safe_yaml import documents
from commonwatch.core.patterns.sigma.translate import MAX_VALUES, Placeholders, Translation
from commonwatch.core.patterns.sigma.tree import All, Tree, join
from commonwatch.core.stix.values import Finding

MAX_CONDITION = 4_096  # characters; the longest public one has 542
MAX_BRACKETS = 24
MAX_NOTS = 12  # in a row
_NOTS = re.compile(rf"(?i)(?:\bnot[\s(]+){{{MAX_NOTS},}}")
_SELECTOR_STARS = re.compile(r"\*[^\s*]*\*[^\s*]*\*[^\s*]*\*")
# What a foreign parser may throw at a text that no test of its own has seen: all of it costs the one rule.
_FOREIGN = (ValueError, TypeError, AttributeError, KeyError, IndexError, RecursionError)


class _Pcre(RegexEngine):
    """Sigma's regular expressions are PCRE, so PCRE says which are well-formed."""

    def compile(self, pattern: str, flags: int = 0) -> AnyType:
        return regular.compiled(
            pattern, "".join(letter for bit, letter in ((2, "i"), (8, "m"), (16, "s")) if flags & bit)
        )

    @property
    def error(self) -> type[Exception]:
        return ValueError


_POLICY = SigmaPolicy(regex_engine=_Pcre())


class Filter(msgspec.Struct, frozen=True):
    """A condition that further narrows rules: those named, or with no names all of the log source."""

    names: tuple[str, ...]
    logsource: LogSource
    condition: Tree


class _Problem(Exception):
    """One document's fault, on its way to a Finding."""

    def __init__(self, place: str, sentence: str, remedy: str = "Correct the rule there.") -> None:
        super().__init__(sentence)
        self.place, self.sentence, self.remedy = place, sentence, remedy


def read(text: str, placeholders: Placeholders | None = None) -> Reading:
    """Everything in the text. Never raises, whatever the text; an empty reading has a problem that says why."""
    try:
        found = documents(text)
    except InvalidInput as error:
        place = str(error.data.get("place", ""))
        return Reading(problems=(Finding(error.code, "refuse", place, error.sentence, error.advice),))
    rules: list[Rule] = []
    correlations: list[Correlation] = []
    filters: list[Filter] = []
    problems: list[Finding] = []
    for number, document in enumerate(found, 1):
        prefix = f"document {number}: " if len(found) > 1 else ""
        try:
            item, notes = _document(document, placeholders or {})
        except _Problem as problem:
            problems.append(Finding("sigma-rule", "refuse", prefix + problem.place, problem.sentence, problem.remedy))
            continue
        problems.extend(Finding("sigma-untidy", "note", prefix, note, "Correct it.") for note in notes)
        (rules if isinstance(item, Rule) else correlations if isinstance(item, Correlation) else filters).append(item)  # type: ignore[arg-type]
    if not found:
        problems.append(Finding("sigma-empty", "refuse", "", "There is no rule in it.", "Put a Sigma rule there."))
    return Reading(tuple(filtered(rules, filters)), tuple(correlations), tuple(problems))


def read_filters(text: str, placeholders: Placeholders | None = None) -> tuple[Filter, ...]:
    """A node's own filters. Raises InvalidInput for the first that is none."""
    found = []
    for document in documents(text):
        try:
            item, _ = _document(document, placeholders or {})
        except _Problem as problem:
            raise InvalidInput(
                "sigma-filter", problem.sentence, problem.remedy, data={"place": problem.place}
            ) from None
        if not isinstance(item, Filter):
            raise InvalidInput("sigma-filter", f"{item.title} is no filter.", "Keep only filters in this text.")
        found.append(item)
    return tuple(found)


def filtered(rules: Iterable[Rule], filters: Iterable[Filter]) -> Iterator[Rule]:
    """The rules, each narrowed by the filters that name it or its log source."""
    standing = tuple(filters)
    for rule in rules:
        extra = [one.condition for one in standing if _applies(one, rule)]
        yield msgspec.structs.replace(rule, condition=join(All, [rule.condition, *extra])) if extra else rule


def _applies(one: Filter, rule: Rule) -> bool:
    asked = ((one.logsource.product, rule.logsource.product), (one.logsource.category, rule.logsource.category))
    service = (one.logsource.service, rule.logsource.service)
    if any(want and want != have for want, have in (*asked, service)):
        return False
    return not one.names or bool(set(one.names) & set(rule.names))


def _document(value: object, placeholders: Placeholders) -> tuple[Rule | Correlation | Filter, list[str]]:
    if not isinstance(value, dict) or not all(isinstance(key, str) for key in value):
        raise _Problem("", "A document is no mapping of texts.", "A rule starts with `title:` and the like.")
    if "action" in value:
        raise _Problem("/action", "`action` is the form of Sigma before 2023.", "Write every rule out in full.")
    if "correlation" in value:
        return _correlation(value)
    _check_shape(value)
    if "filter" in value:
        return _filter(value, placeholders)
    return _rule(value, placeholders)


def _check_shape(value: Mapping[str, AnyType]) -> None:
    section = "filter" if "filter" in value else "detection"
    for name in ("logsource", section):
        part = value.get(name)
        if not isinstance(part, dict) or not all(isinstance(key, str) and len(key) <= 200 for key in part):
            raise _Problem(f"/{name}", f"The rule has no `{name}` mapping.", f"Add `{name}:` with its entries.")
    _check_size(value[section], f"/{section}")
    conditions = value[section].get("condition")
    for condition in conditions if isinstance(conditions, list) else [conditions]:
        if not isinstance(condition, str) or not condition.strip():
            raise _Problem(f"/{section}/condition", "The condition is no text.", "Write one such as `selection`.")
        _check_condition(condition, f"/{section}/condition")


def _check_size(section: Mapping[str, AnyType], place: str) -> None:
    """Refuse what modifiers would multiply beyond all bounds, before they do."""
    total = 0
    for name, definition in section.items():
        for key, part in _parts(definition):
            for one in (part if isinstance(part, list) else [part]) if key else ():
                dashes = sum(one.count(dash) for dash in "-/") if isinstance(one, str) and "|windash" in key else 0
                total += int(5 ** min(dashes, 3)) * (3 if "|base64offset" in key else 1)
            if total > MAX_VALUES:
                sentence = f"Its modifiers expand to more than {MAX_VALUES:,} values."
                raise _Problem(f"{place}/{name}/{key}", sentence, "Split the rule.")


def _check_condition(condition: str, place: str) -> None:
    depth = deepest = 0
    for letter in condition:
        depth += (letter == "(") - (letter == ")")
        deepest = max(deepest, depth)
    too_much = len(condition) > MAX_CONDITION or deepest > MAX_BRACKETS
    if too_much or _NOTS.search(condition) or _SELECTOR_STARS.search(condition):
        raise _Problem(
            place,
            f"The condition is too long or too deep: {MAX_CONDITION:,} characters, {MAX_BRACKETS} brackets in one "
            f"another, {MAX_NOTS} times `not` in a row and three stars in a name are read.",
            "Simplify it.",
        )


def _rule(value: Mapping[str, AnyType], placeholders: Placeholders) -> tuple[Rule, list[str]]:
    try:
        rule = SigmaRule.from_dict(dict(value), collect_errors=True, policy=_POLICY)
    except _FOREIGN as error:
        raise _Problem("", f"The rule cannot be read: {error}.") from None
    logsource = _logsource(value["logsource"])
    if not rule.detection.detections:
        raise _detection_problem(value["detection"], "/detection", rule.errors)
    condition = _condition(rule.detection, "/detection", placeholders)
    level = rule.level.name.lower() if rule.level is not None else ""
    title = str(value.get("title") or "")
    return Rule(title, _names(value), logsource, condition, level), [str(error) for error in rule.errors]


def _filter(value: Mapping[str, AnyType], placeholders: Placeholders) -> tuple[Filter, list[str]]:
    try:
        one = SigmaFilter.from_dict(dict(value), collect_errors=True, policy=_POLICY)
    except _FOREIGN as error:
        raise _Problem("", f"The filter cannot be read: {error}.") from None
    if not one.filter.detections:
        raise _detection_problem(value["filter"], "/filter", one.errors)
    wanted = one.filter.rules
    names = () if isinstance(wanted, str) else tuple(reference.reference for reference in wanted)
    condition = _condition(one.filter, "/filter", placeholders)
    return Filter(names, _logsource(value["logsource"]), condition), [str(error) for error in one.errors]


def _correlation(value: Mapping[str, AnyType]) -> tuple[Correlation, list[str]]:
    section = value["correlation"]
    if not isinstance(section, dict) or not all(isinstance(key, str) for key in section):
        raise _Problem("/correlation", "`correlation` is no mapping.", "Add `type:`, `rules:`, `timespan:`.")
    condition = section.get("condition")
    if isinstance(condition, str):
        _check_condition(condition, "/correlation/condition")
    try:
        parsed = SigmaCorrelationRule.from_dict(dict(value), collect_errors=True, policy=_POLICY)
        if any("orrelation" in type(error).__name__ or "Timespan" in type(error).__name__ for error in parsed.errors):
            raise parsed.errors[0]
        one = correlation_of(parsed, str(value.get("title") or ""), _names(value))
    except _FOREIGN as error:
        raise _Problem("/correlation", f"The correlation cannot be read: {error}.") from None
    return one, [str(error) for error in parsed.errors]


def _logsource(value: Mapping[str, AnyType]) -> LogSource:
    try:
        parsed = SigmaLogSource.from_dict(dict(value))
    except _FOREIGN as error:
        raise _Problem("/logsource", f"{error}.", "Name product, category or service, as texts.") from None
    return LogSource(
        *(str(part or "").lower() for part in (parsed.product, parsed.category, parsed.service)),
    )


def _condition(detections: SigmaDetections, place: str, placeholders: Placeholders) -> Tree:
    try:
        return Translation(placeholders).condition(detections)
    except SigmaError as error:
        raise _Problem(f"{place}/condition", f"{error}.") from None
    except _FOREIGN as error:
        raise _Problem(place, f"The rule cannot be executed: {error}.") from None


def _detection_problem(section: Mapping[str, AnyType], place: str, errors: list[SigmaError]) -> _Problem:
    """Where it broke: each search, then each of its fields, is read alone until one refuses."""
    for name, definition in section.items():
        if name in ("condition", "rules"):
            continue
        for key, part in _parts(definition):
            try:
                _probe(key, part)
            except _FOREIGN as error:
                return _Problem("/".join([place, name, *([key] if key else [])]), f"{error}.")
    return _Problem(place, f"{errors[-1]}." if errors else "No search is defined.")


def _probe(key: str, part: AnyType) -> None:
    if key:
        SigmaDetectionItem.from_mapping(key, part, policy=_POLICY)
    else:
        SigmaDetection.from_definition(part, policy=_POLICY)


def _parts(definition: AnyType) -> Iterator[tuple[str, AnyType]]:
    for part in definition if isinstance(definition, list) else [definition]:
        if isinstance(part, dict):
            yield from ((str(key), value) for key, value in part.items())
    yield "", definition


def _names(value: Mapping[str, AnyType]) -> tuple[str, ...]:
    return tuple(str(value[key]) for key in ("id", "name") if value.get(key))
