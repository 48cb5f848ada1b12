"""Addresses of the overview and of the first start."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.overview import first_start, views

urlpatterns = [
    path("", views.overview, name="overview"),
    path("first-start/", first_start.steps, name="first-start"),
    path("first-start/skip/", first_start.skip, name="skip-step"),
    path("first-start/member/", first_start.member, name="first-member"),
    path("first-start/source/", first_start.source, name="first-source"),
    path("first-start/source/<str:name>/remove/", first_start.remove_source, name="remove-first-source"),
    path("first-start/peer/", first_start.peer, name="first-peer"),
    path("first-start/peer/<str:name>/pause/", first_start.pause_peer, name="pause-first-peer"),
]
