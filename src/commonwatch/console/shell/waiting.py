"""What a job waits for, in words."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from commonwatch.base.jobs.queries import Standing

WAITS_FOR = {
    Standing.DUE: _("the worker, which does one after the other"),
    Standing.LATER: _("its time"),
    Standing.AGAIN: _("another attempt, after the last one failed"),
}
