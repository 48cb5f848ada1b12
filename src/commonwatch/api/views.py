"""The API's readable page, made from its OpenAPI document on the server: no script, nothing from elsewhere."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from commonwatch.api.composing import absent, api

_METHODS = ("get", "post", "put", "patch", "delete")


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """Every route: what it does, the role it needs, what it takes."""
    document = api.get_openapi_schema()
    schemas = document["components"]["schemas"]
    groups: dict[str, list[dict[str, Any]]] = {}
    for address, operations in document["paths"].items():
        for method in _METHODS:
            if method in operations:
                route = _route(address, method, operations[method], schemas)
                groups.setdefault(operations[method]["tags"][0], []).append(route)
    return render(request, "api/page.html", {"groups": groups, "info": document["info"]})


@csrf_exempt
def nothing(request: HttpRequest) -> HttpResponse:
    """No such route."""
    return absent(request, None)


def _route(address: str, method: str, operation: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    body = operation.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return {
        "method": method.upper(),
        "address": address,
        "summary": operation["summary"],
        "description": operation.get("description", ""),
        "role": operation["x-role"],
        "parameters": [_parameter(one) for one in operation.get("parameters", [])],
        "body": _fields(schemas.get(body.get("$ref", "").rpartition("/")[2], {})),
    }


def _parameter(given: dict[str, Any]) -> dict[str, Any]:
    said = given.get("description") or given["schema"].get("description", "")
    return {"name": given["name"], "needed": given.get("required", False), "said": said}


def _fields(schema: dict[str, Any]) -> list[dict[str, Any]]:
    needed = schema.get("required", [])
    return [
        {"name": name, "needed": name in needed, "said": one.get("description", "")}
        for name, one in schema.get("properties", {}).items()
    ]
