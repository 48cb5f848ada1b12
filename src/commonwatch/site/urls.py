"""Every address that Django answers; TAXII has its own application (see `site.asgi`)."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = []
