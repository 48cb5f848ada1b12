"""All routes under /api/v1/, what may be sent there, and the one shape of every error."""

from __future__ import annotations

import json
import logging
from importlib import import_module
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig, SuspiciousOperation
from django.db import DatabaseError
from django.http import Http404, HttpRequest, HttpResponse
from ninja import NinjaAPI
from ninja.errors import HttpError, ValidationError
from ninja.openapi.schema import OpenAPISchema
from ninja.parser import Parser

from commonwatch import __version__
from commonwatch.api import custody
from commonwatch.base.accounts import api as accounts
from commonwatch.base.audit import api as audit
from commonwatch.base.edge import Bearer, Problem
from commonwatch.base.intake import api as quarantine
from commonwatch.base.jobs import api as jobs
from commonwatch.base.journal import api as journal
from commonwatch.base.parties import api as parties
from commonwatch.base.release import api as release
from commonwatch.base.search import api as search
from commonwatch.capabilities.assistance import api as assistance
from commonwatch.capabilities.contacts import api as contacts
from commonwatch.capabilities.detection import api as detection
from commonwatch.capabilities.duties import api as duties
from commonwatch.capabilities.evidence import api as evidence
from commonwatch.capabilities.exchange.publishing import api as publishing
from commonwatch.capabilities.exchange.sources import api as sources
from commonwatch.capabilities.federation import api as federation
from commonwatch.capabilities.federation.membership import api as membership
from commonwatch.capabilities.incidents import api as incidents
from commonwatch.capabilities.transparency import api as transparency
from commonwatch.core.errors import CommonwatchError, InvalidInput, NodeUnable, NotFound, TooBusy
from commonwatch.core.stix.ijson import gate

log = logging.getLogger(__name__)

EXAMPLES = Path(__file__).with_name("examples.json")  # written by tests/api/test_examples.py

ERRORS = {
    "400": "The request is malformed; `data.place` says where.",
    "401": "No token, or one that is not accepted.",
    "403": "Your role, or what you may know, does not reach that far.",
    "404": "It is not there, or its existence is not to be told.",
    "409": "It was changed meanwhile, or is there already.",
    "422": "The request is well formed, and not what this route takes.",
}


class StrictParser(Parser):
    """Bodies are I-JSON, as everything else that comes from outside, and hold no NUL, which PostgreSQL cannot store."""

    def parse_body(self, request: HttpRequest) -> Any:
        """The body's value; raises InvalidInput."""
        value, finding = gate(request.body)
        if finding is not None:
            raise InvalidInput(finding.code, finding.sentence, finding.remedy, data={"place": "body"})
        if b"\\u0000" in request.body or b"\0" in request.body:
            raise InvalidInput("nul-character", "It holds the character NUL.", "Leave it out.", data={"place": "body"})
        return value


class Api(NinjaAPI):
    """The routes, with a document that says for each which role it needs and which errors it gives."""

    def get_openapi_schema(self, **options: Any) -> OpenAPISchema:
        """The OpenAPI document."""
        document = super().get_openapi_schema(**options)
        document["servers"] = [{"url": settings.COMMONWATCH.public_url.rstrip("/") or "/"}]
        document["components"]["schemas"]["Problem"] = Problem.model_json_schema()
        roles = self._roles()
        examples = json.loads(EXAMPLES.read_text(encoding="utf-8"))
        for address, paths in document["paths"].items():
            for method, operation in paths.items():
                operation["x-role"] = roles[operation["operationId"]]
                _illustrate(operation, examples.get(f"{method.upper()} {address.removeprefix('/api/v1')}", {}))
                for status, sentence in ERRORS.items():
                    operation["responses"][status] = _problem_response(sentence)
        return document

    def _roles(self) -> dict[str, str]:
        found = {}
        for _, router in self._routers:
            for view in router.path_operations.values():
                for operation in view.operations:
                    bearer: Any = operation.auth_callbacks[0]
                    assert isinstance(bearer, Bearer)  # noqa: S101 - a route that needs no token is a mistake of ours
                    found[operation.operation_id or self.get_openapi_operation_id(operation)] = bearer.role
        return found


def _illustrate(operation: dict[str, Any], example: dict[str, Any]) -> None:
    """Put an example into an operation: its path, its query, its body, its answer."""
    values = {**example.get("path", {}), **example.get("query", {})}
    for parameter in operation.get("parameters", []):
        if parameter["name"] in values:
            parameter["example"] = values[parameter["name"]]
    if "body" in example and "requestBody" in operation:
        operation["requestBody"]["content"]["application/json"]["example"] = example["body"]
    if "answer" in example:
        operation["responses"][200]["content"]["application/json"]["example"] = example["answer"]


def _problem_response(sentence: str) -> dict[str, Any]:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {"description": sentence, "content": content}


api = Api(
    title="Commonwatch",
    version=__version__,
    description="Who is in the partnership, who may have what and why, and taking it back; peers, keys and the public record; search; what fires here; running the node. Objects in bulk go over TAXII 2.1.",
    urls_namespace="api",
    docs_url=None,
    openapi_url="/openapi.json",
    parser=StrictParser(),
)
ROOMS = (
    accounts, parties, release, publishing, federation, membership, transparency,
    search, detection, incidents, assistance, contacts, duties, evidence, custody,
    sources, quarantine, jobs, journal, audit,
)  # fmt: skip
for part in (*ROOMS, *map(import_module, settings.ROUTES_OF_PAGES)):
    for router in part.routers:
        api.add_router("", router)


@api.exception_handler(CommonwatchError)
def answer(request: HttpRequest, error: CommonwatchError | type[CommonwatchError]) -> HttpResponse:
    """An error in the one shape; a 401 says how to sign in, a 429 or 503 when to come back."""
    assert isinstance(error, CommonwatchError)  # noqa: S101 - ninja's type is wider than what it hands over
    body = {"code": error.code, "sentence": error.sentence, "advice": error.advice, "data": dict(error.data)}
    response = api.create_response(request, body, status=error.http_status)
    if error.http_status == 401:
        response["WWW-Authenticate"] = 'Bearer realm="Commonwatch"'
    if isinstance(error, TooBusy):
        response["Retry-After"] = str(error.retry_after_seconds)
    return response


@api.exception_handler(ValidationError)
def invalid(request: HttpRequest, error: Any) -> HttpResponse:
    """What a route's own types refuse: the first place, and all of them as data."""
    found = [{"place": ".".join(map(str, one["loc"])), "sentence": one["msg"]} for one in error.errors]
    first = found[0] if found else {"place": "", "sentence": "It cannot be read"}
    sentence = f"{first['place']}: {first['sentence']}."
    data = {"place": first["place"], "all": found[:20]}
    return answer(request, InvalidInput("request-invalid", sentence, "See the API's page.", data=data, status=422))


@api.exception_handler(Http404)
def absent(request: HttpRequest, error: Any) -> HttpResponse:
    """No such route."""
    return answer(request, NotFound("route-unknown", "There is no such route.", "See /api/v1/docs."))


@api.exception_handler(HttpError)
def refused(request: HttpRequest, error: Any) -> HttpResponse:
    """What ninja itself refuses: a body that it cannot read, by the parser's own words where it has some."""
    if isinstance(error.__cause__, CommonwatchError):
        return answer(request, error.__cause__)
    return answer(request, InvalidInput("request-invalid", f"{error}.", "See /api/v1/docs.", status=error.status_code))


@api.exception_handler(SuspiciousOperation)
def suspicious(request: HttpRequest, error: Any) -> HttpResponse:
    """What Django will not read: a body that is too large, above all."""
    large = isinstance(error, RequestDataTooBig)
    most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    sentence = f"The body is larger than {most:,} bytes." if large else "The request cannot be read."
    code, status = ("body-too-large", 413) if large else ("request-invalid", 400)
    return answer(request, InvalidInput(code, sentence, "Send less, or use the command line.", status=status))


@api.exception_handler(Exception)
def failed(request: HttpRequest, error: Any) -> HttpResponse:
    """The request boundary: whatever it was, the client gets the one shape and we the trace."""
    log.error("Answering %s %s failed", request.method, request.path, exc_info=error)
    if isinstance(error, DatabaseError):
        return answer(request, NodeUnable("database", "The node's database does not answer.", "Try again in a minute."))
    return answer(request, NodeUnable("internal", "The node failed on this request.", "Its log says why.", status=500))
