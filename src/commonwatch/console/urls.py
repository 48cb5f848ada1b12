"""The console's own addresses."""

from __future__ import annotations

from django.urls import include, path

from commonwatch.console import front
from commonwatch.console.areas import AREAS
from commonwatch.console.shell.assets import asset

urlpatterns = [
    path("", front.front, name="front"),
    path("search/", front.search, name="search"),
    path("keys/", front.keys, name="keys"),
    path("desk/", include("commonwatch.console.desk.urls")),
    path("account/", include("commonwatch.console.account.urls")),
    path("static/<str:edition>/<path:name>", asset, name="asset"),
    *(path(f"{area.name}/", include(area.urls)) for area in AREAS),
]
