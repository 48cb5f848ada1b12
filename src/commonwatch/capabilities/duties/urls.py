"""The address of the calendar, for calendar programs."""

from __future__ import annotations

from django.urls import path

from commonwatch.capabilities.duties.views import feed

urlpatterns = [path("<str:token>/duties.ics", feed, name="duties-calendar")]
