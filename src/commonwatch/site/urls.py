"""Every address that Django answers; TAXII has its own application (see `site.asgi`)."""

from __future__ import annotations

from django.urls import include, path

urlpatterns = [
    path("", include("commonwatch.console.urls")),
    path("tlog/", include("commonwatch.capabilities.transparency.urls")),
    path("api/", include("commonwatch.api.urls")),
    path("federation/v1/", include("commonwatch.capabilities.federation.urls")),
    path("feeds/", include("commonwatch.capabilities.detection.exports.urls")),
    path("calendars/", include("commonwatch.capabilities.duties.urls")),
    path("setup/", include("commonwatch.base.accounts.urls")),
]
handler400 = "commonwatch.console.shell.errors.malformed"
handler403 = "commonwatch.console.shell.errors.refused"
handler404 = "commonwatch.console.shell.errors.not_found"
handler500 = "commonwatch.console.shell.errors.failed"
