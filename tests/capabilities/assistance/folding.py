"""Parts of threads as values, for tests of folds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from commonwatch.core.stix.response import assistance as stix
from commonwatch.core.stix.times import format_time

SECOND = 1_000_000
BEGIN = 1_700_000_000 * SECOND
AT, NO, KE = (f"identity--00000000-0000-4000-8000-00000000000{number}" for number in (1, 2, 3))


@dataclass(frozen=True)
class Part:
    id: str
    type: str
    author: str
    created_us: int
    value: Mapping[str, Any] = field(hash=False)
    modified_us: int = 0
    revoked: bool = False
    marking: str = "TLP:AMBER"


def made(kind: str, number: int, author: str, after: int, content: Mapping[str, Any], **more: Any) -> Part:
    at = BEGIN + after * SECOND
    return Part(identity(kind, number), kind, author, at, content, more.pop("modified_us", at), **more)


def identity(kind: str, number: int) -> str:
    return f"{kind}--00000000-0000-4000-8000-{number:012d}"


ROOT = identity(stix.REQUEST, 1)


def request(**more: Any) -> Part:
    content = {
        "name": "Wiper at two ports",
        "form": "generic",
        "contact": {"name": "Ana"},
        "answers": {"situation": "x"},
        "needs": [{"id": "n1", "skill": "incident-analysis", "quantity": 3}],
        "asked_refs": [NO, KE],
        "acknowledge_by": format_time(BEGIN + 3_600 * SECOND, 0),
        "answer_by": format_time(BEGIN + 7_200 * SECOND, 0),
        "deliver_by": format_time(BEGIN + 86_400 * SECOND, 0),
    }
    return made(stix.REQUEST, 1, AT, 0, {**content, **more.pop("content", {})}, **more)


def offer(number: int, author: str, after: int, quantity: int = 2, **more: Any) -> Part:
    content = {
        "request_ref": ROOT,
        "contact": {"name": "Kari"},
        "parts": [{"need": "n1", "quantity": quantity}],
        "terms": "from Monday",
    }
    return made(stix.OFFER, number, author, after, {**content, **more.pop("content", {})}, **more)


def answer(number: int, author: str, after: int, act: str, about: str = ROOT, **content: Any) -> Part:
    said = {"request_ref": ROOT, "about_ref": about, "act": act, **content}
    return made(stix.ANSWER, number, author, after, said)


def ids(parts: Sequence[Part]) -> list[str]:
    return [part.id for part in parts]
