"""Addresses of responding together."""

from __future__ import annotations

from commonwatch.console.response import assistance, contacts, duties, evidence, incidents

urlpatterns = [
    *incidents.urlpatterns,
    *assistance.urlpatterns,
    *evidence.urlpatterns,
    *duties.urlpatterns,
    *contacts.urlpatterns,
]
