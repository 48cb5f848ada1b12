"""The addresses of exports."""

from __future__ import annotations

from django.urls import path

from commonwatch.capabilities.detection.exports.views import feed

urlpatterns = [path("<str:name>/<path:path>", feed, name="feed")]
