"""Plain values that indicators name and telemetry holds: their kinds and the one way of writing each.

An indicator and a field of telemetry meet only in the same kind, and only as canonical text: addresses as the standard
library writes them, names as lower-case A-labels without the final dot, digests in lower-case hexadecimal.
"""

from __future__ import annotations

import enum
from typing import NamedTuple


class Kind(enum.StrEnum):
    """What a value is. The first group occurs in telemetry and in indicators, the second in indicators only."""

    ADDRESS = "address"  # IPv4 or IPv6
    HOST = "host"  # a full name; an indicator of this kind matches that name only
    URL = "url"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"
    IMPHASH = "imphash"
    EMAIL = "email"
    FILE_NAME = "file-name"  # without folders
    FILE_PATH = "file-path"
    JA3 = "ja3"
    JA3S = "ja3s"
    JA4 = "ja4"
    CERTIFICATE = "certificate"  # SHA-1 or SHA-256 over the DER form
    CERTIFICATE_SERIAL = "certificate-serial"
    USER_AGENT = "user-agent"
    REGISTRY_KEY = "registry-key"
    MUTEX = "mutex"

    NETWORK = "network"  # matches addresses inside it
    DOMAIN = "domain"  # matches the name itself and every name below it
    ENDPOINT = "endpoint"  # address and port, `192.0.2.1:443` or `[2001:db8::1]:443`


class Value(NamedTuple):
    """A canonical value."""

    kind: Kind
    text: str
