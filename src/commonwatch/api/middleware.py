"""Around every route of the API: no NUL in addresses, and answers of the frame itself in the API's one shape."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

PREFIX = "/api/"


class ApiBoundary:
    """Leaves everything outside /api/ alone, and loads nothing of the API for it."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PREFIX):
            return self.get_response(request)
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            return _problem(request, "nul-character", "It holds the character NUL.", "Leave it out.", 400)
        response = self.get_response(request)
        if response.status_code == 405:
            allowed = response.get("Allow", "")
            answer = _problem(request, "method-not-allowed", "This route has no such method.", f"Use {allowed}.", 405)
            answer["Allow"] = allowed
            return answer
        if response.status_code >= 400 and not response.get("Content-Type", "").startswith("application/json"):
            return _problem(request, "request-invalid", "The request cannot be read.", "See /api/v1/docs.", 400)
        response["Cache-Control"] = "no-store"
        return response


def _problem(request: HttpRequest, code: str, sentence: str, advice: str, status: int) -> HttpResponse:
    from commonwatch.api.composing import answer
    from commonwatch.core.errors import InvalidInput

    return answer(request, InvalidInput(code, sentence, advice, status=status))
