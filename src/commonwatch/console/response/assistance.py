"""Assistance, as the console knows it: pages of the navigation, what waits, what the search box finds, addresses."""

from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _

from commonwatch.console.response import allocation, asking, catalogue, helping
from commonwatch.console.shell.areas import Entry, NoticeKind
from commonwatch.console.shell.pages import CONTRIBUTOR

ENTRIES = (
    Entry("help-requests", _("Requests for help")),
    Entry("allocation", _("Who should help")),
    Entry("catalogue", _("Catalogue")),
)
NOTICES = (
    NoticeKind("help-due", _("Requests for help with a clock that runs out"), CONTRIBUTOR, helping.waiting),
    NoticeKind("capability-contested", _("Capabilities that two hold"), CONTRIBUTOR, catalogue.contested),
)
FINDERS = (helping.find_requests,)
urlpatterns = [
    path("help/", helping.requests, name="help-requests"),
    path("help/new/", asking.choose, name="help-forms"),
    path("help/new/<str:form>/", asking.ask, name="help-ask"),
    path("help/one/<str:name>/", helping.one, name="help-request"),
    path("help/one/<str:name>/act/", helping.take, name="help-act"),
    path("help/one/<str:name>/offer/", helping.offer, name="help-offer"),
    path("catalogue/", catalogue.catalogue, name="catalogue"),
    path("catalogue/new/", catalogue.add, name="capability-new"),
    path("catalogue/one/<str:name>/", catalogue.one, name="capability"),
    path("catalogue/one/<str:name>/reserve/", catalogue.reserve, name="capability-reserve"),
    path("catalogue/one/<str:name>/decide/", catalogue.decide, name="capability-decide"),
    path("catalogue/one/<str:name>/end/", catalogue.end, name="capability-end"),
    path("allocation/", allocation.board, name="allocation"),
    path("allocation/ignore/", allocation.ignore, name="allocation-ignore"),
    path("ledger/", allocation.ledger, name="help-ledger"),
]
