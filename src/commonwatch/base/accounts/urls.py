"""Where people make themselves known; sign-in arrives with the console."""

from __future__ import annotations

from django.urls import path

from commonwatch.base.accounts import views

urlpatterns = [path("<str:secret>/", views.setup, name="setup")]
