"""`commonwatch duties confirm`, `reject`, `close`, `reopen`, `event`, `extend`, `leave-out`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import typer

from commonwatch.base.parties.actions import By
from commonwatch.base.terminal import current
from commonwatch.capabilities.duties import actions, queries
from commonwatch.capabilities.duties.commands.given import DutyNumber, NoticeNumber, Reason, acting, moment, notice_row
from commonwatch.capabilities.duties.models import Duty


def confirm(number: DutyNumber, reason: Reason) -> None:
    """Say that a duty is owed: its clocks open.

    Example: commonwatch duties confirm 3 --reason "Legal office: we are an essential entity"
    """
    _decided(actions.confirm, number, reason)


def reject(number: DutyNumber, reason: Reason) -> None:
    """Say that a duty is not owed, and why.

    Example: commonwatch duties reject 4 --reason "No personal data was reached"
    """
    _decided(actions.reject, number, reason)


def close(number: DutyNumber, reason: Reason) -> None:
    """Say that nothing more is to be told under a duty.

    Example: commonwatch duties close 3 --reason "Final report accepted"
    """
    _decided(actions.close, number, reason)


def reopen(number: DutyNumber, reason: Reason) -> None:
    """Take a rejection or a closing back.

    Example: commonwatch duties reopen 4 --reason "Personal data was reached after all"
    """
    _decided(actions.reopen, number, reason)


def event(
    number: DutyNumber,
    name: Annotated[
        str, typer.Argument(metavar="EVENT", help="As `duties show --json` names it, e.g. classified_as_major.")
    ],
    at: Annotated[str, typer.Option(help="When: 2026-11-29T10:00+01:00, or now.")],
    basis: Annotated[str, typer.Option(help="Who says so, or where it stands.")],
    answer_by: Annotated[str, typer.Option(help="For a request: the time that was set for the answer.")] = "",
) -> None:
    """State when an event happened that starts clocks.

    Example: commonwatch duties event 3 classified_as_major --at now --basis "Crisis team, minute 4"
    """
    by = acting()
    until = moment(answer_by) if answer_by else None
    _shown(actions.state_event(number, name, moment(at), basis, by, answer_by_us=until), by)


def extend(
    number: NoticeNumber,
    until: Annotated[str, typer.Option(help="The new limit: 2026-12-29T10:00+01:00.")],
    ground: Annotated[str, typer.Option(help="Who granted it, on which ground.")],
) -> None:
    """Record more time for a notice.

    Example: commonwatch duties extend 7 --until 2026-12-29T12:00Z --ground "Letter of the authority of 28 November"
    """
    by = acting()
    notice = actions.extend(number, moment(until), ground, by)
    _shown(queries.duty_numbered(notice.duty_id), by)


def leave_out(number: NoticeNumber, reason: Reason) -> None:
    """Say that a notice is not needed, and why; said again, it is needed after all.

    Example: commonwatch duties leave-out 8 --reason "The incident was handled before the final report"
    """
    by = acting()
    notice = actions.leave_out(number, reason, by)
    _shown(queries.duty_numbered(notice.duty_id), by)


def _decided(act: Callable[[int, str, By], Duty], number: int, reason: str) -> None:
    by = acting()
    _shown(act(number, reason, by), by)


def _shown(duty: Duty, by: By) -> None:
    found = queries.whole_duty(duty, by.now_us)
    out = current()
    out.print(f"Duty {found['duty']} is {found['state']}.")
    out.table(["notice", "stage", "state", "until", "left"], [notice_row(one) for one in found["notices"]], "")
    out.result(found)
