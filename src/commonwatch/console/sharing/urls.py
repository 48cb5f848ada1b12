"""Addresses of sharing."""

from __future__ import annotations

from django.urls import path

from commonwatch.console.sharing import agreements, communities, explaining, policies, quarantine, recalls

urlpatterns = [
    path("communities/", communities.communities, name="communities"),
    path("communities/new/", communities.create, name="community-new"),
    path("communities/<str:name>/", communities.community, name="community"),
    path("communities/<str:name>/join/", communities.join, name="community-join"),
    path("communities/<str:name>/leave/<str:member>/", communities.leave, name="community-leave"),
    path("agreements/", agreements.agreements, name="agreements"),
    path("agreements/new/", agreements.create, name="agreement-new"),
    path("agreements/<str:name>/", agreements.agreement, name="agreement"),
    path("agreements/<str:name>/party/", agreements.party, name="agreement-party"),
    path("policies/", policies.policies, name="policies"),
    path("policies/changes/", policies.changes, name="policy-changes"),
    path("policies/reach/", policies.reach, name="policy-reach"),
    path("policies/edit/", policies.edit, name="policy-edit"),
    path("policies/one/<path:name>/", policies.policy, name="policy"),
    path("why/", explaining.explaining, name="explaining"),
    path("recalls/", recalls.recalls, name="recalls"),
    path("recalls/<str:identity>/", recalls.recall, name="recall"),
    path("quarantine/", quarantine.held, name="quarantine"),
    path("quarantine/drop/", quarantine.drop, name="quarantine-drop"),
    path("quarantine/retry/", quarantine.retry_many, name="quarantine-retry-many"),
    path("quarantine/<int:number>/", quarantine.entry, name="quarantine-entry"),
    path("quarantine/<int:number>/retry/", quarantine.retry, name="quarantine-retry"),
]
