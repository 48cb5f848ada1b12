"""Time stamps (RFC 3161): whether what an authority answered holds for some bytes.

Stamped is the SHA-256 of the bytes. The answer is kept whole, as it came: who has both needs nothing else to check it. It holds if it is
about these very bytes, signed by a certificate for time stamping, which leads to a given root and was valid at the time that it names.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.x509 import Certificate, load_der_x509_certificate, load_pem_x509_certificates
from rfc3161_client import PKIStatus, TimeStampResponse, VerifierBuilder, decode_timestamp_response

from commonwatch.core.errors import InvalidInput

LARGEST_REPLY = 64 * 1024


@dataclass(frozen=True)
class Time:
    """What a stamp proves: that the bytes existed then. `serial` is the authority's number for it."""

    at_us: int
    serial: str
    signer: str  # name in the authority's certificate, which is from outside
    trusted: bool  # it leads to a given root


@dataclass(frozen=True)
class NoTime:
    """Why a stamp does not hold."""

    code: str
    sentence: str


def roots_of(pem: bytes) -> list[Certificate]:
    """The certificates of a file; raises InvalidInput."""
    try:
        return load_pem_x509_certificates(pem)
    except ValueError:
        raise InvalidInput("roots-unreadable", "It holds no certificates.", "Give a file in PEM.") from None


def judge(response: bytes, data: bytes, roots: Sequence[Certificate], nonce: int | None = None) -> Time | NoTime:
    """Whether an answer holds for these bytes, and is to the request with this nonce.

    Without roots nothing is trusted: only whose bytes it is about is said.
    """
    if len(response) > LARGEST_REPLY:
        return NoTime("stamp-too-large", f"It is larger than {LARGEST_REPLY:,} bytes.")
    try:
        read = decode_timestamp_response(response)
        if read.status != PKIStatus.GRANTED:
            return NoTime("stamp-refused", f"The authority did not grant it (status {read.status}).")
        imprint = read.tst_info.message_imprint.message
        at = read.tst_info.gen_time.timestamp()
        signer, serial = _signer(read), str(read.tst_info.serial_number)
    except Exception as error:  # noqa: BLE001 - bytes of others: the parsers raise KeyError and more for some of them
        return NoTime("stamp-unreadable", f"It is no answer of an authority: {error}.")
    hashed = hashlib.sha256(data).digest()
    if imprint != hashed:
        return NoTime("stamp-of-another", "It is about other bytes than these.")
    if nonce is not None and read.tst_info.nonce != nonce:
        return NoTime("stamp-of-before", "It answers another request than ours.")
    if roots:
        builder = VerifierBuilder()
        for root in roots:
            builder = builder.add_root_certificate(root)
        try:
            builder.build().verify(read, hashed)
        except Exception as error:  # noqa: BLE001 - as above
            return NoTime("stamp-not-proven", f"It does not lead to a trusted authority: {error}.")
    return Time(round(at * 1_000_000), serial, signer, bool(roots))


def encoded(response: bytes) -> str:
    """As it stands in a text."""
    return base64.b64encode(response).decode()


def decoded(text: str) -> bytes:
    """The answer in a text; empty where it is none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _signer(read: TimeStampResponse) -> str:
    for info in read.signed_data.signer_infos:
        for raw in read.signed_data.certificates:
            one = load_der_x509_certificate(raw)
            if (one.issuer, one.serial_number) == (info.issuer, info.serial_number):
                return one.subject.rfc4514_string()
    return ""
