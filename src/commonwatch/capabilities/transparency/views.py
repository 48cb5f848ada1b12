"""`/tlog/`: the log as C2SP tlog-tiles has it, and the witness. Open to everybody: it holds commitments and hashes, nothing else."""

from __future__ import annotations

from urllib.parse import quote

from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST, require_safe

from commonwatch.base.clock import now_us
from commonwatch.base.stamping.asking import REPLY
from commonwatch.capabilities.transparency import record, stamps, witnessing
from commonwatch.core.merkle.notes import MAX_BYTES
from commonwatch.core.merkle.tiles import parse_path

TEXT = "text/plain; charset=utf-8"
_FOR_EVER = "public, max-age=31536000, immutable"


@require_safe
def checkpoint(request: HttpRequest) -> HttpResponse:
    """The signed head."""
    return _answer(record.checkpoint(), TEXT, "no-cache")


@require_safe
def tile(request: HttpRequest, rest: str) -> HttpResponse:
    """A tile or bundle: what was served once is never different later."""
    wanted = parse_path(f"tile/{rest}")
    found = record.tile(wanted) if wanted is not None else None
    return _missing() if found is None else _answer(found, "application/octet-stream", _FOR_EVER)


@require_safe
def stamped(request: HttpRequest) -> HttpResponse:
    """The addresses below this one of every checkpoint that was stamped, and of its stamps."""
    lines = []
    for day, authority in stamps.days():
        lines += [f"{day}/checkpoint", f"{day}/{quote(authority, safe='')}.tsr"]
    return _answer("".join(f"{line}\n" for line in dict.fromkeys(lines)).encode(), TEXT, "no-cache")


@require_safe
def stamped_checkpoint(request: HttpRequest, day: str) -> HttpResponse:
    """A day's checkpoint, byte for byte as authorities stamped it."""
    found = stamps.day_note(day)
    return _missing() if found is None else _answer(found, TEXT, _FOR_EVER)


@require_safe
def stamp(request: HttpRequest, day: str, authority: str) -> HttpResponse:
    """What an authority answered about it (RFC 3161)."""
    found = stamps.day_answer(day, authority)
    return _missing() if found is None else _answer(found, REPLY, _FOR_EVER)


@csrf_exempt  # called by other nodes, without cookies; what counts is the signature inside
@require_POST
def add_checkpoint(request: HttpRequest) -> HttpResponse:
    """A log asks for our cosignature."""
    body = request.read(MAX_BYTES + 8_192)
    answer = witnessing.add_checkpoint(body, now_us())
    return _answer(answer.body.encode(), answer.content_type, "no-store", answer.status)


@require_safe
def cosigned(request: HttpRequest, origin_hash: str) -> HttpResponse:
    """The last checkpoint of a log that we cosigned, for monitors."""
    found = witnessing.last_cosigned(origin_hash)
    return _missing() if found is None else _answer(found, TEXT, "no-cache")


def _answer(body: bytes, content_type: str, cache: str, status: int = 200) -> HttpResponse:
    return HttpResponse(body, content_type=content_type, status=status, headers={"Cache-Control": cache})


def _missing() -> HttpResponse:
    return _answer(b"not found\n", TEXT, "no-cache", 404)
