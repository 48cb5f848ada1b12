"""Where peers call."""

from __future__ import annotations

from django.urls import path

from commonwatch.capabilities.federation.views import federation

urlpatterns = [path("<path:what>", federation)]
