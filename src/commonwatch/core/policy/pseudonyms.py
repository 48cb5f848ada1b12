"""Keyed pseudonyms: the same value of the same category is always the same for one recipient, and says nothing to others.

1. Made of letters only, and none of them a vowel: digits behind the word "passport" would be taken for a number again,
and a word by chance for what it means. 2. Sixteen letters out of twenty are 69 bits. 3. IPv4 addresses lie in
198.18.0.0/15, which is set aside for measuring devices (RFC 2544) and is routed nowhere: consumers take them for the
addresses they are, unlike 240.0.0.0/4, which many refuse, and the documentation ranges hold only 762 of them. They are
131,070, so two values may share one. 4. IPv6 addresses are unique local ones (RFC 4193), MAC addresses locally
administered.
"""

from __future__ import annotations

import ipaddress
import re
from hashlib import blake2b

from commonwatch.core.policy.folding import fold

MAIL_DOMAIN = "pseudonym.invalid"
_LETTERS = "bcdfghjklmnpqrstvwxz"
TOKEN = re.compile(rf"p-[{_LETTERS}]{{16}}")
_AS = {"bank": "payment"}
_FREE = frozenset({"e-mail", "name", "account", "path", "ip-address"})
_NUMBERS = frozenset({"phone", "identifier", "payment", "telecom", "device"})
_MAC = re.compile(r"[0-9a-f]{2}([:-])(?:[0-9a-f]{2}\1){4}[0-9a-f]{2}", re.ASCII)
_BENCHMARK = int(ipaddress.IPv4Address("198.18.0.0"))


def pseudonym(category: str, value: str, key: bytes) -> str | None:
    """What stands for a value in running text; None where the category has no sensible pseudonym and the value must go."""
    category = _AS.get(category, category)
    folded = fold(value).text.strip()
    if category in _NUMBERS:
        if category == "device" and _MAC.fullmatch(folded):
            return _mac(_digest(category, "".join(filter(str.isalnum, folded)), key))
        folded = "".join(filter(str.isalnum, folded))
    elif category not in _FREE:
        return None
    if category == "ip-address":
        return _address(folded.partition("/")[0], key)
    token = _token(_digest(category, folded, key))
    return f"{token}@{MAIL_DOMAIN}" if category == "e-mail" else token


def _digest(category: str, value: str, key: bytes) -> bytes:
    said = f"{category}\0{value}".encode()
    return blake2b(said, digest_size=16, key=key, person=b"pseudonym").digest()


def _token(digest: bytes) -> str:
    number, letters = int.from_bytes(digest, "big"), []
    for _ in range(16):
        number, letter = divmod(number, len(_LETTERS))
        letters.append(_LETTERS[letter])
    return "p-" + "".join(letters)


def _mac(digest: bytes) -> str:
    return bytes((digest[0] & 0xFC | 0x02, *digest[1:6])).hex(":")


def _address(text: str, key: bytes) -> str:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return _token(_digest("ip-address", text, key))
    digest = _digest("ip-address", address.compressed, key)
    if address.version == 4:
        return str(ipaddress.IPv4Address(_BENCHMARK + 1 + int.from_bytes(digest, "big") % ((1 << 17) - 2)))
    return str(ipaddress.IPv6Address(b"\xfd" + digest[1:]))
