"""The API of detection: alerts and what people say of them, what is in force, telemetry, anomalies, and lists for other programs.

All but the lists is the business of the member that runs the node (`base.edge`, at home), as on the console's pages.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from django.http import HttpRequest
from ninja import Field, Path, Query, Router, Schema

from commonwatch.base.clock import now_us
from commonwatch.base.edge import (
    CONTRIBUTOR_AT_HOME,
    MAX_PAGE,
    OPERATOR,
    OPERATOR_AT_HOME,
    READER,
    READER_AT_HOME,
    Asked,
    Paged,
    among,
    caller,
    page,
    rows,
)
from commonwatch.base.jobs.many import MOST
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.shown import shown_job
from commonwatch.base.release.collections import visible_collections
from commonwatch.base.release.reader import reader_of
from commonwatch.base.search.wanted import moment
from commonwatch.capabilities.detection.alerts import queries, sources, together, triage
from commonwatch.capabilities.detection.anomalies import records
from commonwatch.capabilities.detection.anomalies.measured import measured
from commonwatch.capabilities.detection.anomalies.places import check_names, forget, why_off
from commonwatch.capabilities.detection.exports import overrides as words
from commonwatch.capabilities.detection.exports.forms import FORMS
from commonwatch.capabilities.detection.exports.places import exports_folder, feed_address
from commonwatch.capabilities.detection.extra import need_extra
from commonwatch.capabilities.detection.hunts.asked import (
    MOST_INDICATORS,
    Wish,
    ask_hunt,
    end_hunt,
    hunt_numbered,
    hunts,
    shown_hunt,
)
from commonwatch.capabilities.detection.hunts.running import known_mappings
from commonwatch.capabilities.detection.indicators import queries as indicators
from commonwatch.capabilities.detection.watch import memory
from commonwatch.capabilities.detection.watch.noticing import learned
from commonwatch.core.policy.scales import PAP_NAMES
from commonwatch.core.stix.times import format_time

detection = Router(tags=["detection"])

_LARGEST = 2**63 - 1
Verdict = Literal["true", "false", "benign", "unknown"]
Severity = Literal["high", "medium", "low", "none"]
Model = Literal["online", "first seen", "generated name"]
Number = Annotated[int, Path(ge=1, le=_LARGEST, description="From the list.")]
Identity = Annotated[str, Path(max_length=300, description="STIX id of an object.")]
Name = Annotated[str, Path(max_length=100, description="The telemetry's name.")]
SOURCES: Any = Field([], max_length=100, description="Names of telemetry, or paths; any of them.")
ENTITY = Field("", max_length=300, description="The host that the events are about.")
SINCE = Field("", max_length=40, description="Only what was seen since: a day or a timestamp.")
REASON = Field(min_length=1, max_length=2000, description="Why, for those who read it later.")


class AlertFilter(Schema):
    """Which alerts: all that is given must hold; of several severities or sources, any."""

    verdict: Literal["open", "true", "false", "benign", "unknown", "any"] = "open"
    severity: list[Severity] = Field([], max_length=4)
    source: list[str] = SOURCES
    entity: str = ENTITY
    object: str = Field("", max_length=300, description="STIX id of the object that fired.")
    since: str = SINCE
    suppressed: bool = Field(False, description="Those kept back instead, with the reason.")


class AlertsAsked(AlertFilter, Asked):
    """And which page of them."""


class AnomalyFilter(Schema):
    """Which anomalies: all that is given must hold; of several models or sources, any."""

    model: list[Model] = Field([], max_length=3)
    source: list[str] = SOURCES
    entity: str = ENTITY
    since: str = SINCE


class AnomaliesAsked(AnomalyFilter, Asked):
    """And which page of them."""


class FeedbackAsked(Asked):
    """Which objects."""

    ours: bool = Field(False, description="Only objects that this node's member wrote.")


class Most(Schema):
    """How many."""

    limit: int = Field(100, ge=1, le=MAX_PAGE, description="At most so many.")


class HuntWish(Schema):
    """What to look for, where, when, and why."""

    telemetry: list[str] = Field([], max_length=1_000, description="Names of stored telemetry; none: all of it.")
    since: str = Field("", max_length=40, description="Events from then on: a day or a timestamp.")
    until: str = Field("", max_length=40, description="Events before then.")
    indicators: list[str] = Field([], max_length=MOST_INDICATORS, description="STIX ids; none: everything in force.")
    reason: str = REASON


class Why(Schema):
    """Why, for the record."""

    reason: str = REASON


class VerdictsIn(Why):
    """What alerts were, with one reason."""

    alerts: list[Annotated[int, Field(ge=1, le=_LARGEST)]] = Field(
        min_length=1, max_length=MOST, description="Their numbers."
    )
    verdict: Verdict


class Act(Schema):
    """Verdicts that were given together."""

    at: int = Field(ge=1, le=_LARGEST, description="`at` of the answer that gave them.")


class Judged(Schema):
    """With how many it was done. Where there is a job, the worker does it."""

    alerts: int
    at: int = Field(description="The act's moment; by it the verdicts are taken back together.")
    job: dict[str, Any] | None


class TelemetryIn(Schema):
    """Telemetry to register."""

    name: str = Field(min_length=1, max_length=100, pattern=r"^[a-zA-Z0-9_-]+$", description="Such as border, dmz.")
    place: str = Field(
        min_length=1,
        max_length=2000,
        description="A file or folder on the node's machine, nats://HOST:PORT/SUBJECT, or syslog+udp://HOST:PORT.",
    )
    mapping: str = Field(
        "",
        max_length=100,
        pattern=r"^[a-zA-Z0-9_-]*$",
        description="How it is read: a mapping's name; default: found by looking.",
    )
    live: bool = Field(True, description="Watch it as it grows; otherwise only hunts read it.")
    anomalies: bool = Field(True, description="Learn what is usual in it, and note what is not.")
    names: str = Field("", max_length=100, description="The model of generated names to hold new names against.")


class LearningIn(Schema):
    """Whether and how telemetry is learned from; what is left out stays."""

    anomalies: bool | None = None
    names: str | None = Field(None, max_length=100, description="The model of generated names; empty: none.")


class Value(Schema):
    """What was allowed."""

    value: str = Field(min_length=1, max_length=2000, description="An address, network, name, URL or e-mail address.")


class AllowIn(Value):
    """A word for a value."""

    reason: str = Field(
        min_length=words.SHORTEST_REASON,
        max_length=2000,
        description="Why it must go out although something protects it.",
    )


@detection.get("/alerts", response=Paged[dict[str, Any]], auth=READER_AT_HOME)
def list_alerts(request: HttpRequest, asked: Query[AlertsAsked]) -> dict[str, Any]:
    """Alerts, the most severe first."""

    def following(after: Any, count: int) -> Any:
        return queries.alerts(_alerts_wanted(asked, count), after)

    return page(request, asked, following, queries.place_of, queries.line_of)


@detection.get("/alerts/facets", response=dict[str, dict[str, int]], auth=READER_AT_HOME)
def count_alerts(request: HttpRequest, asked: Query[AlertFilter]) -> Any:
    """How many alerts there are of each severity, and from each telemetry, whichever of these are asked for."""
    return queries.facets(_alerts_wanted(asked))


@detection.post("/alerts/verdicts", response=Judged, auth=CONTRIBUTOR_AT_HOME)
def judge(request: HttpRequest, given: VerdictsIn) -> dict[str, Any]:
    """Say what alerts were, with one reason; their authors are told as far as they may be. Of many, the worker does it."""
    numbers, at_us = list(dict.fromkeys(given.alerts)), now_us()
    queries.check_known(numbers)
    job = together.judge(numbers, given.verdict, given.reason, actor=caller(request).name, now_us=at_us)
    return _judged(len(numbers), at_us, job)


@detection.delete("/alerts/verdicts", response=Judged, auth=CONTRIBUTOR_AT_HOME)
def reopen(request: HttpRequest, given: Query[Act]) -> dict[str, Any]:
    """Take back what you said together, where nobody said anything after it."""
    count, job = together.reopen(given.at, actor=caller(request).name, now_us=now_us())
    return _judged(count, given.at, job)


@detection.get("/alerts/{number}", response=dict[str, Any], auth=READER_AT_HOME)
def show_alert(request: HttpRequest, number: Number) -> Any:
    """An alert: which object, whose, under which marking, which log lines, why it weighs what it weighs, what was said of it."""
    return queries.whole(queries.alert(number))


@detection.delete("/alerts/{number}/verdict", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def take_back(request: HttpRequest, number: Number, given: Query[Why]) -> Any:
    """Take the latest verdict of an alert back; what its author was told is revoked."""
    triage.undo(number, given.reason, actor=caller(request).name, now_us=now_us())
    return queries.whole(queries.alert(number))


@detection.get("/feedback", response=Paged[dict[str, Any]], auth=READER_AT_HOME)
def list_feedback(request: HttpRequest, asked: Query[FeedbackAsked]) -> dict[str, Any]:
    """Objects that matched here or of which a member says something, with how often each was wrong."""
    found = [row for row in queries.sightings() if row["ours"] or not asked.ours]
    return page(request, asked, among(found, _feedback_place), _feedback_place, dict)


@detection.get("/feedback/{identity}", response=dict[str, Any], auth=READER_AT_HOME)
def show_feedback(request: HttpRequest, identity: Identity) -> Any:
    """One object: who reports what of it, and the alerts here."""
    return queries.sightings_of(identity)


@detection.get("/detection", response=dict[str, Any], auth=READER_AT_HOME)
def show_detection(request: HttpRequest) -> Any:
    """Indicators in force, by type and kind of value, alerts, and how far the follower has come."""
    return {**indicators.numbers(now_us()), "alerts": queries.counts(), "memory": memory.status()}


@detection.get("/detection/unusable", response=list[dict[str, Any]], auth=READER_AT_HOME)
def list_unusable(request: HttpRequest, asked: Query[Most]) -> Any:
    """Indicators that no matcher can execute, each with the reason."""
    return indicators.unexecutable(asked.limit)


@detection.get("/detection/withheld", response=list[dict[str, Any]], auth=READER_AT_HOME)
def list_withheld(request: HttpRequest, asked: Query[Most]) -> Any:
    """Indicators that are held and not in force: revoked, recalled, withdrawn, erased, or not granted to this member."""
    return indicators.not_in_force(asked.limit)


@detection.get("/benign", response=list[dict[str, Any]], auth=READER_AT_HOME)
def list_benign(request: HttpRequest) -> Any:
    """Lists of values known to be harmless, and what a match of each does."""
    return indicators.benign_lists()


@detection.get("/telemetry", response=list[dict[str, Any]], auth=READER_AT_HOME)
def list_telemetry(request: HttpRequest) -> Any:
    """Telemetry by name: what each brought, and what is wrong with it."""
    return sources.shown_sources()


@detection.post("/telemetry", response=dict[str, Any], auth=OPERATOR_AT_HOME)
def add_telemetry(request: HttpRequest, given: TelemetryIn) -> Any:
    """Register telemetry: the node watches it from now on, and hunts find it by name."""
    need_extra()
    known_mappings(given.mapping)
    check_names(given.names)
    who, at_us = caller(request).name, now_us()
    made = sources.add_source(given.name, given.place, given.mapping, live=given.live, actor=who, now_us=at_us)
    if (given.anomalies, given.names) != (made.anomalies, made.names):
        made = sources.change_source(given.name, anomalies=given.anomalies, names=given.names, actor=who, now_us=at_us)
    return sources.shown_source(made)


@detection.patch("/telemetry/{name}", response=dict[str, Any], auth=OPERATOR_AT_HOME)
def change_telemetry(request: HttpRequest, name: Name, given: LearningIn) -> Any:
    """Learn from telemetry, or no longer; a running node notices within seconds."""
    check_names(given.names or "")
    who = caller(request).name
    made = sources.change_source(name, anomalies=given.anomalies, names=given.names, actor=who, now_us=now_us())
    return sources.shown_source(made)


@detection.delete("/telemetry/{name}", response=dict[str, Any], auth=OPERATOR_AT_HOME)
def remove_telemetry(request: HttpRequest, name: Name) -> Any:
    """Forget telemetry, how far it was read and what was learned of it. Its alerts and anomalies stay."""
    sources.remove_source(name, actor=caller(request).name, now_us=now_us())
    forget(name)
    return {"removed": name}


@detection.post("/hunts", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def ask_for_hunt(request: HttpRequest, wish: HuntWish) -> dict[str, Any]:
    """Have the worker look through stored telemetry. What it finds becomes alerts as it goes."""
    since, until = (moment(text) if text else None for text in (wish.since, wish.until))
    asked = Wish(wish.telemetry, since, until, wish.indicators)
    return shown_hunt(ask_hunt(asked, reason=wish.reason, actor=caller(request).name, now_us=now_us()), now_us())


@detection.get("/hunts", response=Paged[dict[str, Any]], auth=READER_AT_HOME)
def list_hunts(request: HttpRequest, asked: Query[Asked]) -> dict[str, Any]:
    """Hunts that were asked for, the latest first: how they stand and what they found."""
    return page(request, asked, rows(hunts(), "-pk"), lambda one: one.pk, lambda one: shown_hunt(one, now_us()))


@detection.get("/hunts/{number}", response=dict[str, Any], auth=READER_AT_HOME)
def show_hunt(request: HttpRequest, number: Number) -> dict[str, Any]:
    """One hunt."""
    return shown_hunt(hunt_numbered(number), now_us())


@detection.post("/hunts/{number}/end", response=dict[str, Any], auth=CONTRIBUTOR_AT_HOME)
def end_one_hunt(request: HttpRequest, number: Number, why: Why) -> dict[str, Any]:
    """End a hunt that waits or goes on; what it found stays."""
    return shown_hunt(end_hunt(number, reason=why.reason, actor=caller(request).name, now_us=now_us()), now_us())


@detection.get("/anomalies", response=Paged[dict[str, Any]], auth=READER_AT_HOME)
def list_anomalies(request: HttpRequest, asked: Query[AnomaliesAsked]) -> dict[str, Any]:
    """What the live watch found unusual, the latest first, with what made each score."""

    def following(after: Any, count: int) -> Any:
        return records.anomalies(_anomalies_wanted(asked, count), after)

    return page(request, asked, following, records.place_of, records.shown)


@detection.get("/anomalies/facets", response=dict[str, dict[str, int]], auth=READER_AT_HOME)
def count_anomalies(request: HttpRequest, asked: Query[AnomalyFilter]) -> Any:
    """How many anomalies there are of each model, and from each telemetry, whichever of these are asked for."""
    return records.facets(_anomalies_wanted(asked))


@detection.get("/anomalies/learning", response=dict[str, Any], auth=READER_AT_HOME)
def show_learning(request: HttpRequest) -> Any:
    """How learning goes for each telemetry, why it is off where it is, and how good each model was where it was measured."""
    return msgspec.to_builtins({"sources": learned(), "off": why_off(), "measured": measured()})


@detection.get("/anomalies/{number}", response=dict[str, Any], auth=READER_AT_HOME)
def show_anomaly(request: HttpRequest, number: Number) -> Any:
    """One anomaly: every feature that made the score, and its share."""
    return records.shown(records.anomaly(number))


@detection.get("/lists", response=list[dict[str, Any]], auth=READER)
def list_lists(request: HttpRequest) -> Any:
    """Formats for other programs, for each collection that you may read: where each is fetched, and what it leaves out and why."""
    return [
        {
            "format": form.name,
            "title": form.title,
            "pap": PAP_NAMES[form.pap],
            "collection": view.title,
            "address": feed_address(view, form.file),
            "report": feed_address(view, f"{form.name}.report.json"),
        }
        for view in visible_collections(reader_of(caller(request)))
        if view.can_read
        for form in FORMS.values()
    ]


@detection.get("/allowed-values", response=list[dict[str, Any]], auth=OPERATOR)
def list_allowed(request: HttpRequest) -> Any:
    """Protected values that go out by somebody's word, and why."""
    return [_allowed(value, one) for value, one in sorted(words.overrides(exports_folder()).items())]


@detection.post("/allowed-values", response=dict[str, Any], auth=OPERATOR_AT_HOME)
def allow(request: HttpRequest, given: AllowIn) -> Any:
    """Let a protected value out: your own, a private or a benign one."""
    folder, who = exports_folder(), caller(request).name
    value = words.allow(folder, given.value, given.reason, actor=who, now_us=now_us())
    return _allowed(value, words.overrides(folder)[value])


@detection.delete("/allowed-values", response=dict[str, Any], auth=OPERATOR_AT_HOME)
def forbid(request: HttpRequest, given: Query[Value]) -> Any:
    """Protect a value again."""
    return {"forbidden": words.forbid(exports_folder(), given.value, actor=caller(request).name, now_us=now_us())}


def _alerts_wanted(asked: AlertFilter, limit: int = 0) -> queries.Wanted:
    return queries.Wanted(
        suppressed=asked.suppressed,
        verdict="" if asked.verdict == "any" else asked.verdict,
        severities=asked.severity,
        object=asked.object,
        sources=asked.source,
        entity=asked.entity,
        since_us=moment(asked.since),
        limit=limit,
    )


def _anomalies_wanted(asked: AnomalyFilter, limit: int = 0) -> records.Wanted:
    return records.Wanted(asked.source, asked.entity, asked.model, moment(asked.since), limit)


def _judged(count: int, at_us: int, job: Job | None) -> dict[str, Any]:
    return {"alerts": count, "at": at_us, "job": None if job is None else shown_job(job, now_us())}


def _feedback_place(row: dict[str, Any]) -> list[Any]:
    return [-row["hits"], row["object"]]


def _allowed(value: str, word: words.Override) -> dict[str, Any]:
    return {"value": value, "actor": word.actor, "reason": word.reason, "at": format_time(word.at_us, 0)}


routers = (detection,)
