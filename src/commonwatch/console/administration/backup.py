"""Backups: the last one, those in the folder for them, and a new one."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.jobs.backing_up import BACKUP, ask_backup, backups, folder
from commonwatch.base.jobs.models import Job
from commonwatch.base.journal.backup import last_backup
from commonwatch.console.shell import cells
from commonwatch.console.shell.areas import WorkKind
from commonwatch.console.shell.pages import ADMINISTRATOR, OPERATOR, reason_given, shown_to
from commonwatch.console.shell.tables import Column, Empty, Table
from commonwatch.console.shell.who import acting, identity

FILES = Table(_("What is in it"), (Column("file", _("File"), cells.code), Column("digest", "SHA-256", cells.code)))
THERE = Table(
    _("Backups in the folder for them"),
    (
        Column("made", _("Made"), cells.moment),
        Column("folder", _("Folder"), cells.code),
        Column("versions", _("Object versions"), cells.number),
    ),
)


@shown_to(OPERATOR)
@require_safe
def backup(request: HttpRequest) -> HttpResponse:
    """When the last backup was made, what is in it, and how to make and check one."""
    last = last_backup(settings.COMMONWATCH)
    files = [{"file": name, "digest": digest} for name, digest in (last or {}).get("files", {}).items()]
    none = Empty(_("There is none"), _("Backups that are made here, and that nobody moved elsewhere, stand here."))
    context = {
        "last": last,
        "files": FILES.listing(request, files, bare=True) if files else None,
        "folder": str(folder()),
        "there": THERE.listing(request, backups(), bare=True, empty=none),
        "may_make": identity(request).may(ADMINISTRATOR),
    }
    return render(request, "console/administration/backup.html", context)


@shown_to(ADMINISTRATOR)
@require_POST
def make(request: HttpRequest) -> HttpResponse:
    """Have the worker make one."""
    by = acting(request)
    return redirect("work", ask_backup(reason=reason_given(request), actor=by.actor, now_us=by.now_us).pk)


def _said(job: Job) -> str:
    versions = job.payload.get("versions", 0)
    sentence = ngettext(
        "%(count)s object version is saved in %(folder)s.",
        "%(count)s object versions are saved in %(folder)s.",
        versions,
    )
    kept = gettext("Move it to another machine, and keep it as safe as this node: it holds the node's keys.")
    return f"{sentence % {'count': f'{versions:,}', 'folder': job.payload['folder']}} {kept}"


WORKS = (WorkKind(BACKUP, _("A backup is made"), "backup", _said),)
