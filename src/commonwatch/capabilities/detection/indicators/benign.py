"""Benign lists as the operator keeps them, and the question whether values are on one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import cast

import msgspec
from django.db import transaction
from django.db.models import F

from commonwatch.base.audit.record import record
from commonwatch.capabilities.detection.indicators.listing import (
    NAMES,
    Effect,
    Found,
    How,
    effect_of,
    entry_key,
    facts,
    keys,
    parents,
)
from commonwatch.capabilities.detection.indicators.shared_parents import below_private_suffix, shared_parents
from commonwatch.capabilities.detection.indicators.terms import index_row
from commonwatch.capabilities.detection.models import BenignEntry, BenignList, Index
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.parts import parts
from commonwatch.core.patterns.values import Value

MOST_BYTES = 64 * 1024 * 1024
MOST_ENTRIES = 2_000_000
_FORMS = ("string", "hostname", "cidr", "substring")


class _Warninglist(msgspec.Struct):
    """What is read of a MISP warning list."""

    name: str
    entries: list[str] = msgspec.field(name="list")
    type: str = "string"
    version: int | str = ""


_SHARED = frozenset(
    {
        "second-level-tlds",
        "dynamic-dns",
        "lots-project",
        "public-ipfs-gateways",
        "university_domains",
        "parking-domain-ns",
    }
)


class Added(msgspec.Struct, frozen=True):
    """What came of adding a list."""

    name: str
    title: str
    form: str
    effect: str
    entries: int
    left_out: int


# Lists whose values say something about a host without saying that it is harmless; names as MISP has them.
_NOT_HARMLESS: dict[str, Effect] = {
    "sinkholes": "inform",  # who talks to a sinkhole is infected
    "parking-domain": "lower",
    "parking-domain-ns": "lower",
    "dynamic-dns": "lower",
    "disposable-email": "inform",
    "url-shortener": "suppress",
}


def add(path: Path, effect: Effect | None, *, shared: bool = False, actor: str, now_us: int) -> Added:
    """Take a list in, in place of the one of the same name: a MISP warning list, or a plain list, one value a line.

    `shared`: below its names anybody can have one. Of some lists of MISP that is known.
    """
    name = path.stem if path.name != "list.json" else path.parent.name
    found = _read(path)
    form = found.type
    if form not in _FORMS:
        raise InvalidInput(
            "benign-form",
            f"{path.name} is a list of form {form}, which is not taken: what is benign has to be named.",
            f"Give a list of form {', '.join(_FORMS)}, or a plain list.",
        )
    chosen = effect or _NOT_HARMLESS.get(name) or _usual(form)
    entries = dict.fromkeys(key for text in found.entries if (key := entry_key(form, text)) is not None)
    if not entries:
        raise InvalidInput("benign-empty", f"{path.name} names nothing that could be matched.", "One value a line.")
    with transaction.atomic():
        BenignList.objects.filter(name=name).delete()
        made = BenignList.objects.create(
            name=name,
            title=found.name,
            version=str(found.version),
            effect=chosen,
            form=form,
            shared=shared or name in _SHARED,
            added_us=now_us,
            actor=actor,
        )
        BenignEntry.objects.bulk_create([BenignEntry(benign=made, key=key) for key in entries], batch_size=2_000)
        record(actor, "benign.add", name, "done", {"entries": len(entries), "effect": chosen}, now_us=now_us)
        _touch()
    return Added(name, found.name, form, chosen, len(entries), len(found.entries) - len(entries))


def remove(name: str, *, actor: str, now_us: int) -> None:
    """Forget a list; raises NotFound."""
    with transaction.atomic():
        if not BenignList.objects.filter(name=name).delete()[0]:
            raise NotFound("benign-unknown", f"There is no benign list {name}.", "See `commonwatch benign list`.")
        record(actor, "benign.remove", name, "done", {}, now_us=now_us)
        _touch()


def known(values: Iterable[Value]) -> dict[Value, list[Found]]:
    """Everything that the lists and the built-in facts say of each of these values, without repetition."""
    asked = {value: _asked(value) for value in values}
    found = _entries(sorted({key for keys_of in asked.values() for key in keys_of}))
    return {value: _found(value, keys_of, found) for value, keys_of in asked.items()}


def _asked(value: Value) -> dict[str, How]:
    asked: dict[str, How] = {}
    for key, how in keys(value.kind, value.text):
        asked.setdefault(key, how)
    return asked


def _entries(keys_of: Sequence[str]) -> dict[str, list[BenignList]]:
    """The lists that have each key."""
    lists = {one.pk: one for one in BenignList.objects.all()}
    found: dict[str, list[BenignList]] = defaultdict(list)
    for some in parts(keys_of if lists else ()):
        rows = BenignEntry.objects.filter(key__in=some)
        for key, benign in rows.values_list("key", "benign_id"):
            found[key].append(lists[benign])
    return found


def _found(value: Value, asked: Mapping[str, How], entries: Mapping[str, Sequence[BenignList]]) -> list[Found]:
    on = [(how, benign) for key, how in asked.items() for benign in entries.get(key, ())]
    shared = any(benign.shared and how == "below" for how, benign in on) or _has_shared_parent(value)
    found = set(facts(value.kind, value.text))
    for how, benign in on:
        found.add(Found(effect_of(how, benign.form, cast(Effect, benign.effect), shared=shared), benign.name, how))
    return sorted(found)


def _has_shared_parent(value: Value) -> bool:
    if value.kind not in NAMES:
        return False
    plain = value.text.removeprefix("www.")
    above = {*parents(plain), plain.rpartition(".")[2]}
    return not above.isdisjoint(shared_parents()) or below_private_suffix(plain)


def _usual(form: str) -> Effect:
    """Networks hold more than one host: being inside says less than being named."""
    return "lower" if form == "cidr" else "suppress"


def _read(path: Path) -> _Warninglist:
    if path.stat().st_size > MOST_BYTES:
        raise InvalidInput("benign-too-large", f"{path.name} is larger than 64 MiB.", "Split it.")
    body = path.read_bytes()
    if body.lstrip()[:1] == b"{":
        try:
            found = msgspec.json.decode(body, type=_Warninglist)
        except (msgspec.DecodeError, msgspec.ValidationError) as error:
            raise InvalidInput(
                "benign-unreadable", f"{path.name} is no MISP warning list: {error}.", "It needs name, type and list."
            ) from None
    else:
        lines = (line.partition("#")[0].strip() for line in body.decode("utf-8", "replace").splitlines())
        found = _Warninglist(path.stem, [line for line in lines if line])
    if len(found.entries) > MOST_ENTRIES:
        raise InvalidInput("benign-too-large", f"{path.name} has more than {MOST_ENTRIES:,} entries.", "Split it.")
    return found


def _touch() -> None:
    """What matchers remember of weights is out of date."""
    index_row()
    Index.objects.filter(pk=1).update(change=F("change") + 1)


def names_of(found: Iterable[Found], effect: Effect) -> tuple[str, ...]:
    """Sentences for those finds that have this effect."""
    return tuple(one.sentence for one in found if one.effect == effect)
