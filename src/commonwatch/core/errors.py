"""What can go wrong, as one tree. Who catches an error decides by class; who reads it gets sentence and advice.

CommonwatchError       code (stable word), sentence, advice (what to do), data (facts), status (HTTP)
├─ InvalidInput        the caller sent something malformed; `data["place"]` says where        400, 413, 415, 422
├─ NotAllowed          who is asking may not; 401 where nobody is signed in                    401, 403
├─ NotFound            it is not there, or its existence is not to be told                     404
├─ Conflict            the object changed meanwhile, or was different before                   409
├─ TooBusy             a limit or a queue; `retry_after_seconds` says when to come again       429, 503
├─ NodeUnable          the node itself cannot work: disk, database, schema, settings           500, 503
├─ PeerError           the other side: unreachable, refused, or broke the protocol             502
└─ IntegrityError      a signature, proof or log did not hold: never retried, never hidden     422

Refusals in the core are values (`Finding`, `Decision`), not exceptions: exceptions are for the broken path.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class CommonwatchError(Exception):
    """Root of every error that a caller may want to tell apart."""

    status: ClassVar[int] = 500

    def __init__(
        self,
        code: str,
        sentence: str,
        advice: str = "",
        *,
        data: Mapping[str, object] | None = None,
        status: int | None = None,
    ) -> None:
        super().__init__(sentence)
        self.code = code
        self.sentence = sentence
        self.advice = advice
        self.data: Mapping[str, object] = data or {}
        self.http_status = status or type(self).status

    def __str__(self) -> str:
        return f"{self.sentence} {self.advice}".strip()


class InvalidInput(CommonwatchError):
    """The caller sent something malformed."""

    status = 400


class NotAllowed(CommonwatchError):
    """Who is asking may not do this; status 401 where nobody is signed in."""

    status = 403


class NotFound(CommonwatchError):
    """It is not there, or its existence is not to be told."""

    status = 404


class Conflict(CommonwatchError):
    """The object changed meanwhile, or was different before."""

    status = 409


class TooBusy(CommonwatchError):
    """A limit or a queue."""

    status = 503

    def __init__(self, code: str, sentence: str, *, retry_after_seconds: int, status: int | None = None) -> None:
        super().__init__(code, sentence, f"Try again in {retry_after_seconds} s.", status=status)
        self.retry_after_seconds = retry_after_seconds


class NodeUnable(CommonwatchError):
    """The node itself cannot work: disk, database, schema or settings."""

    status = 503


class PeerError(CommonwatchError):
    """The other side was unreachable, refused, or broke the protocol; `retry` says whether trying again can help."""

    status = 502

    def __init__(
        self, code: str, sentence: str, advice: str = "", *, retry: bool, data: Mapping[str, object] | None = None
    ) -> None:
        super().__init__(code, sentence, advice, data=data)
        self.retry = retry


class IntegrityError(CommonwatchError):
    """A signature, proof or log did not hold. Never retried, never hidden."""

    status = 422
