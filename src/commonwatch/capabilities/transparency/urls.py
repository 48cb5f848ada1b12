"""The record's addresses."""

from __future__ import annotations

from django.urls import path, re_path

from commonwatch.capabilities.transparency import views

urlpatterns = [
    path("checkpoint", views.checkpoint),
    path("tile/<path:rest>", views.tile),
    path("witness/add-checkpoint", views.add_checkpoint),
    re_path(r"^witness/(?P<origin_hash>[0-9a-f]{64})/checkpoint$", views.cosigned),
]
