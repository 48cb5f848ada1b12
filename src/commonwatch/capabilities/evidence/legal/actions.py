"""Every write about legal requests: each an object of its own, signed by the own member, for the two sides and whom they name.

A request goes only by a way that is open on that day, with a form that is filled. Where the list does not know, a person may say that it
looked it up: that goes into the request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from commonwatch.base.audit.record import record
from commonwatch.base.intake.own import Audience
from commonwatch.base.parties.actions import By
from commonwatch.base.parties.queries import member_named, own_member
from commonwatch.base.release.reader import operator
from commonwatch.base.threads.queries import part, roots, thread, threads
from commonwatch.capabilities.evidence.legal.instruments import instruments, update_instruments
from commonwatch.capabilities.evidence.legal.queries import (
    asked_for,
    due,
    facts_of,
    folded_request,
    preservation_of,
    today,
)
from commonwatch.capabilities.evidence.legal.rules import Folded, fold
from commonwatch.capabilities.evidence.models import LegalWarning
from commonwatch.capabilities.evidence.writing import on_terms_of, written
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed
from commonwatch.core.law.facts import parse_day
from commonwatch.core.law.mutual_assistance import Filled, Way, fill, least_days, ways
from commonwatch.core.law.preservation import WARNINGS
from commonwatch.core.stix.response.evidence import (
    ANSWER,
    ANSWERS,
    LEGAL,
    PRESERVATION,
    STEP,
    Answer,
    Content,
    Legal,
    LegalAnswer,
    Preservation,
    Step,
)

_AT_ONCE = 200


@dataclass(frozen=True)
class Asking:
    """What a person gives for a request. `fields` by their names in the form; `looked_up`: how an unknown was settled."""

    to: str
    purpose: str
    name: str
    person: str
    instrument: str = ""  # the first open way where it is empty
    offences: tuple[str, ...] = ()
    days: int = 60
    case: str = ""
    preservation: str = ""
    looked_up: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)
    tlp: str = "TLP:AMBER"
    also: tuple[str, ...] = ()  # further members that may know


def prepared(asking: Asking, now_us: int) -> tuple[Way, Filled]:
    """The way that a request would go, and its form as far as it is filled; raises NotAllowed where no way is open."""
    own, to = own_member(), member_named(asking.to)
    known = instruments()
    found = ways(known, own.country, to.country, asking.purpose, today(now_us))
    wanted = [one for one in found if asking.instrument in ("", one.instrument.id)]
    if not wanted:
        raise InvalidInput(
            "instrument-unknown", f"{asking.instrument} opens no way for that.", "See `commonwatch legal may-ask`."
        )
    way = wanted[0]
    if way.answer == "may-not" or (way.answer == "unknown" and not asking.looked_up.strip()):
        reasons = [one.sentence for one in way.reasons if one.code not in ("in-force", "party", "declarations-unknown")]
        raise NotAllowed(
            "no-way" if way.answer == "may-not" else "way-unknown",
            f"By {way.instrument.title}, {way.article.ref}, that may not be asked, as far as is known: {' '.join(reasons)}",
            "See `commonwatch legal may-ask`; where the list does not know, look it up and say so with --looked-up.",
            data={"reasons": [one.code for one in way.reasons]},
        )
    if asking.purpose == "preserve" and asking.days < least_days(way.article):
        raise InvalidInput(
            "days-few",
            f"By {way.article.ref} data are preserved at least {least_days(way.article)} days.",
            "Ask for so many or more.",
        )
    form = known.form(way.article.form)
    assert form is not None  # noqa: S101 - parse_instruments saw to it
    facts = facts_of(own, to, way, now_us=now_us, person=asking.person, days=asking.days, more=_facts(asking))
    return way, fill(form, facts, asking.fields)


def suggested(asking: Asking, now_us: int) -> dict[str, str]:
    """What would fill the form by itself, by field; empty where no way is open or known to be."""
    try:
        return {name: text for name, text in prepared(asking, now_us)[1].values.items() if text}
    except NotAllowed:
        return {}


def ask(asking: Asking, by: By) -> str:
    """Send a request; its id. Raises NotAllowed where no way is open, InvalidInput where a required field is empty."""
    way, filled = prepared(asking, by.now_us)
    if filled.missing:
        raise InvalidInput(
            "fields-missing",
            f"These fields of the form are empty: {', '.join(filled.missing)}.",
            "Give each with --field NAME=TEXT.",
            data={"missing": list(filled.missing)},
        )
    own, to = own_member(), member_named(asking.to)
    grounds = [one.sentence for one in way.reasons]
    if way.answer == "unknown":
        grounds.append(f"Looked up by {asking.person}: {asking.looked_up.strip()}")
    head: dict[str, Any] = {
        "name": asking.name,
        "requested_ref": to.identity,
        "instrument": way.instrument.id,
        "article": way.article.ref,
        "from_country": own.country,
        "to_country": to.country,
        "form": filled.form.id,
        "fields": {name: text for name, text in filled.values.items() if text},
        "offences": asking.offences,
        "grounds": tuple(grounds),
        "case_ref": asking.case or None,
    }
    kind, what = _request(asking, head)
    audience = Audience(asking.tlp, (to.name, *asking.also))
    return written(kind, what, audience, by, "legal.request", {"to": to.name, "article": way.article.ref})


def answer(
    identity: str,
    word: LegalAnswer,
    by: By,
    *,
    text: str = "",
    reference: str = "",
    grounds: Sequence[str] = (),
    preserved_from: str = "",
    preserved_until: str = "",
    items: Sequence[str] = (),
) -> str:
    """Answer a request to us; the id of the answer. An extension that waits is answered by `preserved`, or `refused`."""
    one = _open(identity, by)
    if one.request.requested_ref != own_member().identity:
        raise NotAllowed("not-asked", "Another member is asked.", "Only the side that is asked answers.")
    if word not in ANSWERS:
        raise InvalidInput("answer-unknown", f"There is no answer {word}.", f"Use one of {', '.join(ANSWERS)}.")
    _check_grounds(word, grounds, text)
    waits = one.asks_extension.id if one.asks_extension is not None and word in ("preserved", "refused") else None
    since = preserved_from or (today(by.now_us).isoformat() if word == "preserved" else "")
    if word == "preserved":
        _check_days(one, since, preserved_until)
    what = Answer(
        request_ref=one.id,
        answer=word,
        reference=reference,
        text=text,
        grounds=tuple(grounds),
        preserved_from=since if word == "preserved" else "",
        preserved_until=preserved_until,
        step_ref=waits,
        item_refs=tuple(items),
    )
    return written(ANSWER, what, _audience(one, by), by, "legal.answer", {"request": one.id, "answer": word})


def extend(identity: str, until: str, reason: str, by: By) -> str:
    """Ask that preserved data be kept longer; the id of the step."""
    one = _own(identity, by)
    kept = preservation_of(one, today(by.now_us), asked_for(operator(by.actor)))
    if kept is None or kept.until is None:
        raise Conflict("nothing-preserved", "Nothing is preserved for it yet.", "Wait for the answer.")
    if one.asks_extension is not None:
        raise Conflict("extension-waits", "An extension was asked for already.", "Wait for the answer.")
    if parse_day(until) <= kept.until:
        raise InvalidInput("until-early", f"It is preserved until {kept.until} anyway.", "Name a later day.")
    what = Step(request_ref=one.id, step="extend", until=until, reason=reason)
    return written(STEP, what, _audience(one, by), by, "legal.extend", {"request": one.id, "until": until})


def withdraw(identity: str, reason: str, by: By) -> str:
    """Say that a request is not needed any more; the id of the step."""
    one = _own(identity, by)
    what = Step(request_ref=one.id, step="withdraw", reason=reason)
    return written(STEP, what, _audience(one, by), by, "legal.withdraw", {"request": one.id})


def update_list(raw: bytes, by: By) -> date:
    """Put a newer list of instruments in use; of which day it is. Raises InvalidInput or Conflict."""
    found = update_instruments(raw)
    record(by.actor, "legal.instruments", "legal instruments", "done", {"as_of": str(found.as_of)}, now_us=by.now_us)
    return found.as_of


def warn(now_us: int) -> int:
    """Put on record every warning that is due and was not given; how many."""
    reader, on, own = operator("legal clocks"), today(now_us), own_member().identity
    held, given = asked_for(reader), 0
    after: int | None = None
    while page := roots(reader, [PRESERVATION, LEGAL], after, _AT_ONCE):
        for parts in threads(reader, [one.id for one in page]).values():
            folded = fold(one.value for one in parts)
            if folded is None or not folded.is_open or own not in (folded.author, folded.request.requested_ref):
                continue
            kept = preservation_of(folded, on, held)
            if kept is not None and kept.until is not None and kept.warned is not None:
                given += _warned(folded.id, "preservation", kept.until, kept.warned, now_us)
            for one in due(folded):
                left = (one.day - on).days
                if not one.least and 0 <= left <= WARNINGS[0]:
                    given += _warned(folded.id, one.id, one.day, min(days for days in WARNINGS if left <= days), now_us)
        after = page[-1].seq
    return given


def _warned(request: str, clock: str, day: date, days: int, now_us: int) -> bool:
    _, made = LegalWarning.objects.get_or_create(
        request=request, clock=clock, day=day, days=days, defaults={"at_us": now_us}
    )
    if made:
        detail = {"clock": clock, "day": str(day), "days": days}
        record("legal clocks", "legal.warning", request, "done", detail, now_us=now_us)
    return made


def _facts(asking: Asking) -> dict[str, str]:
    """What the case and the request give."""
    named = {one.id: one for one in instruments().offences}
    unknown = [one for one in asking.offences if one not in named]
    if unknown:
        raise InvalidInput("offence-unknown", f"There is no offence {unknown[0]}.", f"Use one of {', '.join(named)}.")
    offences = "; ".join(f"{named[one].title} ({named[one].source})" for one in asking.offences)
    found = {"offences": offences, "preservation": asking.preservation, "dual": offences}
    case = part(operator(asking.person), asking.case) if asking.case else None
    if case is not None:
        found |= {"reference": case.id}
    if case is not None and case.author == own_member().identity:  # what others wrote is not ours to pass on
        told = (str(case.value.get("name", "")), str(case.value.get("description", "")))
        found |= {"facts": ": ".join(text for text in told if text)}
    return found


def _request(asking: Asking, head: dict[str, Any]) -> tuple[str, Content]:
    if asking.purpose == "preserve":
        return PRESERVATION, Preservation(days=asking.days, **head)
    return LEGAL, Legal(purpose=asking.purpose, preservation_ref=asking.preservation or None, **head)


def _check_grounds(word: str, grounds: Sequence[str], text: str) -> None:
    known = {one.id for one in instruments().grounds}
    odd = [one for one in grounds if one not in known]
    if odd:
        raise InvalidInput("ground-unknown", f"There is no ground {odd[0]}.", f"Use one of {', '.join(sorted(known))}.")
    if word in ("refused", "postponed") and not (grounds or text.strip()):
        raise InvalidInput("reason-missing", "A refusal or postponement has a reason.", "Name a ground, or say why.")


def _check_days(one: Folded, since: str, until: str) -> None:
    if until and parse_day(until) < parse_day(since):
        raise InvalidInput("until-early", "It would end before it begins.", "Name a later day.")


_ENDED = {"executed": "It was executed.", "refused": "It was refused.", "withdrawn": "It was withdrawn."}


def _open(identity: str, by: By) -> Folded:
    one = folded_request(operator(by.actor), identity)
    if not one.is_open:
        raise Conflict("request-ended", _ENDED[one.state], "Send a new one.")
    return one


def _own(identity: str, by: By) -> Folded:
    one = _open(identity, by)
    if one.author != own_member().identity:
        raise NotAllowed("not-ours", "Another member asked.", "Only the side that asked does that.")
    return one


def _audience(one: Folded, by: By) -> Audience:
    """Whom the request is for, and both sides."""
    return on_terms_of(thread(operator(by.actor), one.id)[0], [one.request.requested_ref])
