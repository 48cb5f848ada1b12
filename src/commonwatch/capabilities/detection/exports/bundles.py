"""Sigma and YARA rules of indicators as one file: each checked by the real engine, what it refuses left out with the reason.

1. A rule's text is foreign and stays its author's; it is bounded, and holds no control or bidirectional characters.
2. Sigma is read as data (no tags, no anchors), parsed by pySigma, and written anew, so that nothing of its layout comes along.
3. YARA is compiled by yara-x with what went before it: a rule that does not compile, includes a file or bears a name that was there
   already is left out. Order is that of the indicators' ids.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from commonwatch.capabilities.detection.exports.entries import LeftOut, Sign, shown
from commonwatch.capabilities.detection.exports.writing import Head, Written
from commonwatch.core.errors import NodeUnable

LONGEST = 200_000  # characters of a rule


def sigma(signs: Iterable[Sign], head: Head, name: str) -> Written:
    """Sigma rules as YAML documents."""
    documents, left, seen = [], [], set[str]()
    for one in sorted(signs, key=lambda each: each.indicator):
        rule = _checked(one) or _sigma_rule(one)
        if isinstance(rule, dict) and str(rule.get("id", one.indicator)) in seen:
            rule = LeftOut(one.indicator, "", "rule", "a rule with its id is there already")
        if isinstance(rule, LeftOut):
            left.append(rule)
            continue
        seen.add(str(rule.get("id", one.indicator)))
        documents.append(_yaml(rule))
    return Written({name: ("\n".join(head.comment("#")) + "\n" + "---\n".join(documents)).encode()}, tuple(left))


def yara(signs: Iterable[Sign], head: Head, name: str) -> Written:
    """YARA rules that compile together."""
    try:
        import yara_x
    except ImportError:
        raise _absent() from None
    kept: list[str] = []
    left = []
    compiler = yara_x.Compiler()
    compiler.enable_includes(False)
    for one in sorted(signs, key=lambda each: each.indicator):
        problem = _checked(one)
        if problem is None:
            try:
                compiler.add_source(one.pattern)
            except yara_x.CompileError as error:
                problem = LeftOut(one.indicator, "", "rule", f"it does not compile: {_first(str(error))}")
        if problem is not None:
            left.append(problem)
            continue
        kept.append(f"// {one.indicator}\n{one.pattern.strip()}\n")
    return Written({name: ("\n".join(head.comment("//")) + "\n" + "\n".join(kept)).encode()}, tuple(left))


def _checked(one: Sign) -> LeftOut | None:
    if len(one.pattern) > LONGEST:
        return LeftOut(one.indicator, "", "rule", f"it is longer than {LONGEST:,} characters")
    odd = {
        each
        for each in one.pattern
        if each not in "\n\r\t" and unicodedata.category(each) in ("Cc", "Cf", "Cs", "Zl", "Zp")
    }
    if odd:
        named = ", ".join(sorted(f"U+{ord(each):04X}" for each in odd)[:5])
        return LeftOut(one.indicator, "", "rule", f"it holds characters that are not seen: {named}")
    return None


def _sigma_rule(one: Sign) -> dict[str, Any] | LeftOut:
    try:
        import yaml
        from sigma.collection import SigmaCollection
        from sigma.exceptions import SigmaError
    except ImportError:
        raise _absent() from None
    try:
        if any(isinstance(event, yaml.AliasEvent) for event in yaml.parse(one.pattern, yaml.SafeLoader)):
            return LeftOut(one.indicator, "", "rule", "it uses YAML aliases")
        documents: Sequence[Any] = list(yaml.safe_load_all(one.pattern))
        if len(documents) != 1 or not isinstance(documents[0], dict):
            return LeftOut(one.indicator, "", "rule", "it is not one YAML mapping")
        collection = SigmaCollection.from_dicts([documents[0]], collect_errors=True)
        errors = [*collection.errors, *(error for rule in collection.rules for error in rule.errors)]
        if errors:
            return LeftOut(one.indicator, "", "rule", f"pySigma refuses it: {_first(str(errors[0]))}")
    except (yaml.YAMLError, SigmaError, ValueError, TypeError, AttributeError, KeyError, RecursionError) as error:
        return LeftOut(one.indicator, "", "rule", f"it cannot be read: {_first(str(error))}")
    return dict(documents[0])


def _yaml(rule: dict[str, Any]) -> str:
    import yaml

    text: str = yaml.safe_dump(rule, sort_keys=False, allow_unicode=False, width=10_000)
    return text


def _first(text: str) -> str:
    return shown(text.strip().split("\n")[0])


def _absent() -> NodeUnable:
    return NodeUnable("detection-absent", "The part for detection is not installed.", "Run: ./run install detection")
