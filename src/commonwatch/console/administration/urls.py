"""Addresses of administration."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.administration import audit, backup, health, jobs, people, sources, tokens

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/invite/", people.invite, name="invite"),
    path("people/<int:number>/", people.account, name="account"),
    path("people/<int:number>/link/", people.link, name="account-link"),
    path("people/<int:number>/role/", people.role, name="account-role"),
    path("people/<int:number>/off/", people.switch_off, name="account-off"),
    path("people/<int:number>/on/", people.switch_on, name="account-on"),
    path("people/<int:number>/sign-out/", people.sign_out, name="account-sign-out"),
    path("people/<int:number>/second-factor/", people.reset_second_factor, name="account-second-factor"),
    path("tokens/", tokens.tokens, name="tokens"),
    path("tokens/new/", tokens.create, name="token-new"),
    path("tokens/revoke/", tokens.revoke, name="tokens-revoke"),
    path("sources/", sources.sources, name="sources"),
    path("sources/new/", sources.create, name="source-new"),
    path("sources/<int:number>/", sources.source, name="source"),
    path("sources/<int:number>/pull/", sources.pull, name="source-pull"),
    path("sources/<int:number>/pause/", sources.pause, name="source-pause"),
    path("sources/<int:number>/resume/", sources.resume, name="source-resume"),
    path("sources/<int:number>/remove/", sources.remove, name="source-remove"),
    path("jobs/", jobs.jobs, name="jobs"),
    path("jobs/retry/", jobs.retry, name="jobs-retry"),
    path("jobs/give-up/", jobs.give_up, name="jobs-give-up"),
    path("jobs/take-up/", jobs.take_up, name="jobs-take-up"),
    path("health/", health.health, name="health"),
    path("settings/", health.node_settings, name="settings"),
    path("backup/", backup.backup, name="backup"),
    path("backup/make/", backup.make, name="backup-make"),
    path("audit/", audit.audit, name="audit"),
    path("audit/<int:number>/", audit.one, name="audit-entry"),
]
