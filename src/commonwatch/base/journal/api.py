"""The API of the node itself: its health, its settings."""

from __future__ import annotations

from typing import Any

import msgspec
from django.conf import settings
from django.http import HttpRequest
from ninja import Router

from commonwatch.base.config import explain
from commonwatch.base.edge import OPERATOR
from commonwatch.base.journal.examine import glance

node = Router(tags=["the node"])


@node.get("/health", response=list[dict[str, Any]], auth=OPERATOR)
def health(request: HttpRequest) -> list[dict[str, Any]]:
    """What is quickly seen of what `commonwatch doctor` looks at; each problem with its remedy."""
    return [msgspec.structs.asdict(one) for one in glance(settings.COMMONWATCH)]


@node.get("/settings", response=list[dict[str, Any]], auth=OPERATOR)
def node_settings(request: HttpRequest) -> list[dict[str, Any]]:
    """Each setting with its value and where that comes from; secrets are never shown."""
    return [
        {"name": one.name, "value": one.value, "from": one.origin, "meaning": one.description}
        for one in explain(settings.COMMONWATCH)
    ]


routers = (node,)
