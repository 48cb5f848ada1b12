"""The record's addresses."""

from __future__ import annotations

from django.urls import path, re_path

from commonwatch.capabilities.transparency import views

DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}"

urlpatterns = [
    path("checkpoint", views.checkpoint),
    path("tile/<path:rest>", views.tile),
    path("stamps", views.stamped),
    re_path(rf"^stamps/(?P<day>{DAY})/checkpoint$", views.stamped_checkpoint),
    re_path(rf"^stamps/(?P<day>{DAY})/(?P<authority>[^/]{{1,100}})\.tsr$", views.stamp),
    path("witness/add-checkpoint", views.add_checkpoint),
    re_path(r"^witness/(?P<origin_hash>[0-9a-f]{64})/checkpoint$", views.cosigned),
]
