"""The calendar, read back with a library that is not ours."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import icalendar
import pytest
from django.test import Client

from commonwatch.capabilities.duties import actions, feeds, notices
from commonwatch.capabilities.duties.ical import Entry, calendar
from commonwatch.capabilities.duties.showing import duties_calendar
from commonwatch.core.errors import InvalidInput, NotFound
from tests.capabilities.duties.cases import HOUR, NOW, by, duty_of, notice_of

GDPR = "RO:EU-GDPR-33"
WILD = "Überfall, Teil 1; \\ Ende\nBEGIN:VEVENT\r\n\x00\u202e" + "漢字" * 60


def entry(**changes: object) -> Entry:
    given: dict[str, object] = {
        "uid": "1@node",
        "sequence": 2,
        "changed_us": NOW,
        "summary": WILD,
        "description": WILD,
        "due_us": NOW + 72 * HOUR,
        "start_us": NOW,
        "done_us": None,
        "cancelled": False,
    }
    return Entry(**{**given, **changes})  # type: ignore[arg-type]


def parts(raw: bytes, kind: str) -> list[Any]:
    return list(icalendar.Calendar.from_ical(raw).walk(kind))


def test_hostile_text_stays_text() -> None:
    raw = calendar("Duties", [entry()], [50])
    lines = raw.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert b"\n" not in raw.replace(b"\r\n", b"")
    (event,) = parts(raw, "VEVENT")
    clean = WILD.replace("\r\n", "\n").replace("\x00", "").replace("\u202e", "")
    assert str(event["summary"]) == clean
    assert str(event["description"]) == clean
    for line in lines:
        line.decode()  # no character is cut in two


def test_a_notice_is_a_todo_and_an_event_with_alarms_at_parts_of_its_time() -> None:
    raw = calendar("Duties", [entry(summary="GDPR")], [50, 75])
    (todo,), (event,) = parts(raw, "VTODO"), parts(raw, "VEVENT")
    assert todo["due"].dt == event["dtstart"].dt == datetime(2026, 12, 3, 10, tzinfo=UTC)
    assert (str(todo["uid"]), str(event["uid"])) == ("todo-1@node", "event-1@node")
    assert int(todo["sequence"]) == 2
    assert [alarm["trigger"].dt for alarm in todo.walk("VALARM")] == [
        timedelta(hours=-36), timedelta(hours=-18), timedelta(0),
    ]  # fmt: skip
    assert {alarm["trigger"].params["RELATED"] for alarm in todo.walk("VALARM")} == {"END"}


def test_what_is_sent_is_completed_and_what_is_not_needed_cancelled() -> None:
    (done,) = parts(calendar("x", [entry(done_us=NOW)], [50]), "VTODO")
    assert (str(done["status"]), done["completed"].dt) == ("COMPLETED", datetime(2026, 11, 30, 10, tzinfo=UTC))
    assert done.walk("VALARM") == []
    (gone,) = parts(calendar("x", [entry(cancelled=True)], [50]), "VTODO")
    assert str(gone["status"]) == "CANCELLED"


def test_uid_stays_and_sequence_counts_changes(ready: Path) -> None:
    duty = duty_of(GDPR)
    (before,) = parts(duties_calendar(NOW), "VTODO")
    actions.extend(notice_of(duty, "notification").pk, NOW + 100 * HOUR, "Letter", by(NOW + HOUR))
    (after,) = parts(duties_calendar(NOW + HOUR), "VTODO")
    assert str(before["uid"]) == str(after["uid"])
    assert int(after["sequence"]) == int(before["sequence"]) + 1
    assert after["due"].dt - before["due"].dt == timedelta(hours=100 - 71)
    notices.sent(
        notice_of(duty, "notification").pk, at_us=NOW + 2 * HOUR, how="portal", to="LfDI", by=by(NOW + 2 * HOUR)
    )
    (sent,) = parts(duties_calendar(NOW + 2 * HOUR), "VTODO")
    assert (str(sent["status"]), int(sent["sequence"])) == ("COMPLETED", int(after["sequence"]) + 1)


def test_the_calendar_says_nothing_of_the_case(ready: Path) -> None:
    duty_of(GDPR)
    raw = duties_calendar(NOW).replace(b"\r\n ", b"")
    assert b"hospital" not in raw
    assert b"GDPR\\, authority: notification (DE)" in raw


def test_an_address_works_until_it_is_revoked(ready: Path) -> None:
    duty_of(GDPR)
    made, address = feeds.make_feed("Legal office", by())
    client, path = Client(), "/calendars/" + address.partition("/calendars/")[2]
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert len(parts(answer.content, "VTODO")) == 1
    assert client.get(path, headers={"if-none-match": answer["ETag"]}).status_code == 304
    assert client.post(path).status_code == 405
    assert client.get(f"{path[:-15]}x/duties.ics").status_code == 404
    token = path.split("/")[2]
    assert token not in str(list(feeds.feeds()[0].__dict__.values()))
    feeds.revoke_feed(made.pk, by())
    assert client.get(path).status_code == 404
    with pytest.raises(NotFound):
        feeds.revoke_feed(99, by())
    with pytest.raises(InvalidInput):
        feeds.make_feed(" ", by())
