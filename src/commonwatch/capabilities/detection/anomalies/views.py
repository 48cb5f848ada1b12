"""What the online models read of a batch: connections, names, requests and handshakes, whichever sensor wrote them.

Every view bears the columns of Zeek's logs, by which the models were made. Suricata's events are looked at by their type, Sysmon's
starts of processes by who started whom. Any other mapping has no view: nothing of it is learned.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, NamedTuple

from commonwatch.capabilities.detection.anomalies.windows import ENTITY, FEATURES
from commonwatch.capabilities.detection.telemetry.batch import TIME, Batch

if TYPE_CHECKING:
    import polars as pl

LONGEST_VALUE = 300  # characters of a name or user agent that are looked at


class First(NamedTuple):
    """What is remembered of an entity: a kind of value, and the log and column it stands in. Names are alike in any case."""

    kind: str
    log: str
    column: str
    name: bool = False


FIRST = (
    First("domain", "dns", "query", name=True),
    First("site", "http", "host", name=True),
    First("user agent", "http", "user_agent"),
    First("server name", "ssl", "server_name", name=True),
    First("port", "conn", "id_resp_p"),
    First("child process", "process", "started", name=True),
)


class _Form(NamedTuple):
    """A kind of event inside a mapping: which value of which column tells it, and its columns under Zeek's names."""

    log: str
    sign: str
    values: tuple[object, ...]
    columns: Mapping[str, str]


_SURICATA = {ENTITY: "src_ip"}
_FORMS: Mapping[str, tuple[_Form, ...]] = {
    "suricata-eve": (
        _Form(
            "conn",
            "event_type",
            ("flow",),
            {
                **_SURICATA,
                "id_resp_h": "dest_ip",
                "id_resp_p": "dest_port",
                "orig_bytes": "flow_bytes_toserver",
                "resp_bytes": "flow_bytes_toclient",
                "orig_pkts": "flow_pkts_toserver",
            },
        ),
        # Answers name the question once more.
        _Form("dns", "dns_type", ("query", "request"), {**_SURICATA, "query": "dns_rrname"}),
        _Form(
            "http",
            "event_type",
            ("http",),
            {**_SURICATA, "host": "http_hostname", "user_agent": "http_user_agent", "uri": "http_url"},
        ),
        _Form("ssl", "event_type", ("tls",), {**_SURICATA, "server_name": "tls_sni", "ja3": "tls_ja3"}),
    ),
    "windows": (
        _Form(
            "process", "EventID", (1, 4688), {ENTITY: "Computer", "parent": "parent_image_name", "child": "image_name"}
        ),
    ),
}


def views(batch: Batch) -> Iterator[tuple[str, pl.DataFrame]]:
    """Each log that the batch holds, with its columns; events without a time or an entity are left out."""
    import polars as pl

    name, there = batch.mapping.name, set(batch.events.schema.names)
    if name.startswith("zeek-"):
        log = name.removeprefix("zeek-")
        wanted = _wanted(log) & there
        if TIME in there and ENTITY in wanted and len(wanted) > 1:
            yield log, pl.DataFrame(batch.events.select(sorted(wanted | {TIME}))).drop_nulls([TIME, ENTITY])
        return
    for form in _FORMS.get(name, ()):
        given = {ours: theirs for ours, theirs in form.columns.items() if theirs in there}
        if form.sign not in there or ENTITY not in given:
            continue
        theirs = sorted({TIME, form.sign, *given.values(), *({"dns_queries"} & there)})
        events = pl.DataFrame(batch.events.select(theirs)).filter(pl.col(form.sign).is_in(form.values))
        if len(events):
            found = events.with_columns(pl.col(theirs).alias(ours) for ours, theirs in given.items())
            yield form.log, _whole(form.log, found).drop_nulls([TIME, ENTITY])


def _wanted(log: str) -> set[str]:
    counted = {column for kind, column, _ in FEATURES.values() if kind == log}
    remembered = {one.column for one in FIRST if one.log == log}
    return counted | remembered | {ENTITY} if counted else set()


def _whole(log: str, events: pl.DataFrame) -> pl.DataFrame:
    """With what stands in lists, or in two columns."""
    import polars as pl

    if log == "dns" and "dns_queries" in events.columns:  # version 3 of Suricata's DNS events: a list of questions
        listed = events["dns_queries"].cast(pl.List(pl.String))
        return events.with_columns(pl.coalesce(pl.col("query"), listed.list.first()).alias("query"))
    if log == "process" and {"parent", "child"} <= set(events.columns):
        return events.with_columns((pl.col("parent") + " > " + pl.col("child")).alias("started"))
    return events
