"""Joint cases, as the console knows them: pages of the navigation, what waits, what the search box finds, addresses."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from commonwatch.console.response import case_acts, case_forms, case_new, case_notices, case_runs, cases
from commonwatch.console.shell.areas import Entry, NoticeKind
from commonwatch.console.shell.pages import CONTRIBUTOR

ENTRIES = (
    Entry("cases", _("Cases")),
    Entry("playbooks", _("Playbooks")),
)
NOTICES = (
    NoticeKind("case-tasks", _("Tasks of cases that are due"), CONTRIBUTOR, case_notices.due),
    NoticeKind("case-waits", _("Cases that wait for an answer of ours"), CONTRIBUTOR, case_notices.waiting),
)
FINDERS = (case_notices.find_cases,)
urlpatterns = [
    path("cases/", cases.listing, name="cases"),
    path("cases/new/", case_new.report, name="case-new"),
    path("cases/one/<str:name>/", cases.one, name="case"),
    path("cases/one/<str:name>/timeline/", cases.timeline, name="case-timeline"),
    path("cases/one/<str:name>/record/", cases.record, name="case-record"),
    path("cases/one/<str:name>/people/", cases.people, name="case-people"),
    path("cases/one/<str:name>/take/<str:form>/", cases.take, name="case-take"),
    path("cases/one/<str:name>/report/<str:part>/", cases.report, name="case-report"),
    path("cases/one/<str:name>/write/<str:kind>/", case_forms.write, name="case-write"),
    path("cases/one/<str:name>/say/<str:what>/", case_forms.say, name="case-say"),
    path("cases/one/<str:name>/task/<str:task>/", case_forms.task, name="case-task"),
    path("cases/one/<str:name>/act/<str:act>/", case_acts.take, name="case-act"),
    path("cases/one/<str:name>/runs/new/", case_runs.start, name="case-run-new"),
    path("cases/one/<str:name>/runs/<str:run>/", case_runs.run, name="case-run"),
    path("playbooks/", case_runs.playbooks, name="playbooks"),
    path("playbooks/new/", case_runs.take_in, name="playbook-new"),
    path("playbooks/one/<str:name>/", case_runs.playbook, name="playbook"),
    path("playbooks/one/<str:name>/file/", case_runs.file, name="playbook-file"),
    path("case-figures/", cases.figures, name="case-figures"),
]
