"""Evidence and legal requests, as the console knows them: pages of the navigation, what waits, what is found, addresses."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from commonwatch.console.response import custody, evidence_adding, legal
from commonwatch.console.shell.areas import Entry, NoticeKind
from commonwatch.console.shell.pages import CONTRIBUTOR

ENTRIES = (
    Entry("evidence", _("Evidence")),
    Entry("legal", _("Legal requests")),
)
NOTICES = (
    NoticeKind("evidence-waits", _("Evidence that is offered, or in trouble"), CONTRIBUTOR, custody.waiting),
    NoticeKind("legal-due", _("Legal requests to answer, and clocks that end"), CONTRIBUTOR, legal.waiting),
)
FINDERS = (custody.find_items, legal.find_requests)
urlpatterns = [
    path("evidence/", custody.items, name="evidence"),
    path("evidence/new/", evidence_adding.say, name="evidence-new"),
    path("evidence/new/<str:waiting>/", evidence_adding.content, name="evidence-content-new"),
    path("evidence/verify/", custody.verify, name="evidence-verify"),
    path("evidence/one/<str:name>/", custody.one, name="evidence-item"),
    path("evidence/one/<str:name>/offer/", custody.offer, name="evidence-offer"),
    path("evidence/one/<str:name>/note/", custody.note, name="evidence-note"),
    path("evidence/one/<str:name>/answer/", custody.answer, name="evidence-answer"),
    path("evidence/one/<str:name>/stamp/", custody.stamp, name="evidence-stamp"),
    path("evidence/one/<str:name>/custody/", custody.custody, name="evidence-custody"),
    path("evidence/one/<str:name>/case-uco/", custody.uco, name="evidence-uco"),
    path("evidence/one/<str:name>/content/", custody.content, name="evidence-content"),
    path("legal/", legal.requests, name="legal"),
    path("legal/ways/", legal.ways, name="legal-ways"),
    path("legal/ask/<str:to>/<str:purpose>/", legal.ask, name="legal-ask"),
    path("legal/one/<str:name>/", legal.one, name="legal-request"),
    path("legal/one/<str:name>/answer/", legal.answer, name="legal-answer"),
    path("legal/one/<str:name>/extend/", legal.extend, name="legal-extend"),
    path("legal/one/<str:name>/withdraw/", legal.withdraw, name="legal-withdraw"),
]
