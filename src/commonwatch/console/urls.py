"""The console's own addresses."""

from __future__ import annotations

from django.urls import path

from commonwatch.console import views

urlpatterns = [path("", views.front, name="front"), path("static/style.css", views.style, name="style")]
