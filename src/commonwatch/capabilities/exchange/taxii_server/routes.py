"""Which path is which resource (TAXII 2.1, section 1.5 and chapters 4 and 5). A missing final slash is forgiven."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from typing import NamedTuple

from commonwatch.capabilities.exchange.taxii_server import adding, resources
from commonwatch.capabilities.exchange.taxii_server.request import Answer, Request
from commonwatch.core.errors import InvalidInput, NotFound
from commonwatch.core.taxii.media import accepts_taxii

Handler = Callable[..., Answer | Future[Answer]]  # a promise from what has to be committed first

_NOT_THERE = NotFound("resource-unknown", "There is no such resource.", "Start from /taxii2/.")


class Route(NamedTuple):
    """Handlers by method, and the names from the path."""

    handlers: dict[str, Handler]
    names: tuple[str, ...]


def route(path: str) -> Route:
    """The resource at a path; raises NotFound."""
    parts = path.strip("/").split("/")
    match parts:
        case ["taxii2"]:
            return Route({"GET": resources.discovery}, ())
        case ["taxii2", "root"]:
            return Route({"GET": resources.api_root}, ())
        case ["taxii2", "root", "status", name]:
            return Route({"GET": resources.status}, (name,))
        case ["taxii2", "root", "collections"]:
            return Route({"GET": resources.collections}, ())
        case ["taxii2", "root", "collections", name]:
            return Route({"GET": resources.collection}, (name,))
        case ["taxii2", "root", "collections", name, "manifest"]:
            return Route({"GET": resources.manifest}, (name,))
        case ["taxii2", "root", "collections", name, "objects"]:
            return Route({"GET": resources.objects, "POST": adding.add}, (name,))
        case ["taxii2", "root", "collections", name, "objects", identifier]:
            return Route({"GET": resources.object_by_id, "DELETE": resources.delete}, (name, identifier))
        case ["taxii2", "root", "collections", name, "objects", identifier, "versions"]:
            return Route({"GET": resources.versions}, (name, identifier))
    raise _NOT_THERE


def handler(found: Route, method: str) -> Handler:
    """The handler for a method; HEAD is a GET whose body the server leaves out."""
    wanted = "GET" if method == "HEAD" else method
    if wanted not in found.handlers:
        allowed = ", ".join(sorted(found.handlers))
        raise InvalidInput("method-not-allowed", f"{method} does not work here.", f"Use {allowed}.", status=405)
    return found.handlers[wanted]


def check_accept(request: Request) -> None:
    """406 where the reader does not take TAXII 2.1 (section 1.6.8.1)."""
    if not accepts_taxii(request.headers.get("accept")):
        raise InvalidInput(
            "not-acceptable",
            "The answer is TAXII 2.1, which the Accept header leaves out.",
            "Send Accept: application/taxii+json;version=2.1.",
            status=406,
        )
