"""Telephone, card, account, identity and device numbers and network addresses in text.

A row of digits is a finding only where its form is unmistakable, its check digit fits, or a word in front says what it is.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from commonwatch.core.law.personal_checksums import (
    digits,
    is_card,
    is_codice_fiscale,
    is_cpf,
    is_iban,
    is_imei,
    is_resident_id,
)
from commonwatch.core.law.personal_mail import Hit
from commonwatch.core.law.personal_values import is_host_ipv4, is_host_ipv6

# The separators inside a number are single blanks, dots, hyphens, strokes or brackets; {n}+ gives nothing back.
_NUMBER = r"\+?\(?[0-9](?:[ ().\-/\u00a0]{0,2}[0-9]){6,14}+(?![0-9A-Za-z])"
# A word and its number stand close; between them no digit, and right before the number a blank, a sign or "word:".
_GAP = r"[^0-9\n@]{0,16}?(?:(?<=[ =#(+：\u00a0])|(?<=[^\W\d_]:))"
_CARD = re.compile(
    r"(?:(?<![\w/.=+&?-])(?<![0-9]:)|(?<=pan=)|(?<=card=)|(?<=card_number=))"
    r"(?:[0-9]{13,19}|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}|[0-9]{4}([ -])[0-9]{6}\2[0-9]{5})"
    r"(?![\w-])"
)
_IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?(?![A-Za-z0-9])")
_PLUS = re.compile(r"(?<![\w+/=-])\+\(?[1-9](?:[ ().\-/\u00a0]{0,3}[0-9]){7,14}+(?![0-9A-Za-z])")
_NORTH_AMERICA = re.compile(
    r"(?<![\w.+-])(?:\([2-9][0-9]{2}\) ?[2-9][0-9]{2}[-. ]|[2-9][0-9]{2}-[2-9][0-9]{2}-)[0-9]{4}(?![\w-])"
)
_FRENCH = re.compile(r"(?<![\w.+-])0[1-9](?: [0-9]{2}){4}(?![\w-]| [0-9])")
PHONE_WORDS = (
    r"t[eé]l(?:ephone|efon|efono|éfono|éphone|efoon|efone|efonnummer)?|phone|mobile?|mobil|fax|whatsapp|viber|handy(?:nummer)?|"
    r"celular|m[oó]vil|cell|call|sms|rufnummer|gsm|puh|puhelin|tlf|msisdn|call(?: detail)? records?"
)
_PHONE = re.compile(
    rf"(?:(?<![^\W_])(?:{PHONE_WORDS})(?![^\W\d_])|тел|телефон\w{{0,3}}|моб|電話|电话|手机|手機|携帯|هاتف|جوال|फ़ोन|फोन|मोबाइल|전화|휴대폰|τηλ|טלפון)"
    rf"{_GAP}({_NUMBER})",
    re.IGNORECASE,
)
IDENTITY_WORDS = (
    r"ssn|social security|passport|reisepass|passeport|pasaporte|national id|nat\.? id|identity (?:card|number|no)|id card|"
    r"id (?:number|no|nr)|nino|national insurance|bsn|pesel|personnummer|henkil|aadhaar|cpf|curp|dni|nie|isikukood|henkil[oö]tunnus|"
    r"codice fiscale|steuer-?id|ausweis|c[eé]dula|rrn|my number|driving licen[cs]e|driver'?s licen[cs]e|nir"
)
_IDENTITY = re.compile(
    rf"(?:(?<![^\W_])(?i:{IDENTITY_WORDS})(?![^\W\d_])|(?i:паспорт\w{{0,2}}|инн|снилс)|身份证|身分證|マイナンバー|주민등록번호|आधार|رقم الهوية)"
    r"[^0-9\n@]{0,20}?(?<![A-Za-z0-9])([A-Z]{0,3}[0-9](?:[ .\-/]?[A-Z0-9]){5,17}+)(?![A-Za-z0-9])"
)
DEVICE_WORDS = r"imei|imsi|iccid|idfa|gaid|advertising id|device id|serial number"
_DEVICE = re.compile(
    rf"(?<![^\W_])({DEVICE_WORDS})(?![^\W\d_])[^0-9\n@]{{0,16}}?(?<![A-Za-z0-9])([0-9A-F](?:[ \-]?[0-9A-F]){{11,35}}+)(?![A-Za-z0-9])",
    re.IGNORECASE,
)
_BANK = re.compile(
    r"(?:(?<![^\W_])(?:account (?:number|no\.?|nr\.?)|acct\.?(?: no\.?)?|konto(?:nummer|-?nr\.?)|n[uú]mero de cuenta|"
    r"num[eé]ro de compte|sort code|routing number|bank code)|номер счета|账号|口座番号)"
    rf"{_GAP}([0-9](?:[ -]?[0-9]){{5,19}}+)(?![0-9A-Za-z])",
    re.IGNORECASE,
)
_MAC = re.compile(r"(?<![\w:-])[0-9A-Fa-f]{2}([:-])(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}(?![\w:-])")
_RESIDENT = re.compile(r"(?<![\w/.=-])[1-8][0-9]{16}[0-9Xx](?!\w)")
_CPF = re.compile(r"(?<![\w.-])[0-9]{3}\.[0-9]{3}\.[0-9]{3}-[0-9]{2}(?![\w-])")
_CODICE = re.compile(r"(?<!\w)[A-Z]{6}[0-9]{2}[A-EHLMPRST][0-9]{2}[A-Z][0-9]{3}[A-Z](?!\w)")
_STOP = r"(?:\.|\[\.\]|\(\.\))"
_IPV4 = re.compile(
    rf"(?<![\w.-])(?:[0-9]{{1,3}}{_STOP}){{3}}[0-9]{{1,3}}(?:/[0-9]{{1,2}}(?![\w/.-]))?(?![\w-]|\.[0-9])"
)
_IPV6 = re.compile(r"(?<![\w:.])[23][0-9A-Fa-f]{3}:(?:[0-9A-Fa-f]{0,4}:){1,6}[0-9A-Fa-f]{0,4}(?![\w:])")
_VERSION = re.compile(
    r"(?:\bv|versions?|ver\.|release|build|firmware|update|upgrade(?: to)?|patch|oid|バージョン|版本)[ :=]?$",
    re.IGNORECASE,
)
_RANGE = re.compile(r"(?:before|prior to|through|up to|earlier than|fixed in|until)[ :=]?$", re.IGNORECASE)
_ADDRESS = re.compile(
    r"\b(?:ip|ips|ipv4|address|addresses|host|server|from|to|c2|at|victim|source|destination)\b", re.IGNORECASE
)
_DATE = re.compile(r"(?:19|20)[0-9]{2}[-./ ][01]?[0-9][-./ ]|[0-3]?[0-9][./-][01]?[0-9][./-](?:19|20)[0-9]{2}")


def number_hits(text: str) -> Iterator[Hit]:
    """Every number of interest; the same place may come twice, the more certain kind first."""
    for category, pattern, check in _FORMS:
        for found in pattern.finditer(text):
            if check(found[0]):
                yield (category, found.start(), found.end())
    for found in _PHONE.finditer(text):
        if _is_phone(found[1]):
            yield ("phone", found.start(1), found.end(1))
    for found in _BANK.finditer(text):
        yield ("payment", found.start(1), found.end(1))


def identity_hits(text: str) -> Iterator[Hit]:
    """Numbers of devices and of persons, behind the word that says so."""
    for found in _DEVICE.finditer(text):
        if found[1].lower() not in ("imei", "imsi") or is_imei(found[2]) or len(digits(found[2])) in (14, 15, 16):
            yield ("device", found.start(2), found.end(2))
    for found in _IDENTITY.finditer(text):
        if len(digits(found[1])) >= 5 and _DATE.match(found[1]) is None:
            yield ("identifier", found.start(1), found.end(1))


def address_hits(text: str) -> Iterator[Hit]:
    """Addresses of hosts on the internet that are no version numbers."""
    for found in _IPV4.finditer(text):
        if is_host_ipv4(re.sub(r"[\[\]()]", "", found[0])) and not _is_version(text, found.start(), found[0]):
            yield ("ip-address", found.start(), found.end())
    for found in _IPV6.finditer(text):
        if is_host_ipv6(found[0]):
            yield ("ip-address", found.start(), found.end())


def _is_version(text: str, start: int, address: str) -> bool:
    before = text[max(0, start - 32) : start]
    largest = max(int(part) for part in re.findall(r"[0-9]+", address))
    if _VERSION.search(before) or (largest < 100 and _RANGE.search(before)):
        return True
    # 6.1.7.2 may be either: small parts are an address only where a word says so.
    return largest < 32 and _ADDRESS.search(before) is None


def _is_phone(text: str) -> bool:
    number = digits(text)
    return len(set(number)) > 1 and _DATE.match(text) is None and not is_host_ipv4(text)


def _is_international(text: str) -> bool:
    # Without any separator, fewer than ten digits are as likely a count.
    return _is_phone(text) and (len(text) > len(digits(text)) + 1 or len(text) > 10)


def _is_mac(text: str) -> bool:
    return len(set(text.replace("-", ":").split(":"))) > 2


_FORMS: tuple[tuple[str, re.Pattern[str], Callable[[str], bool]], ...] = (
    ("payment", _IBAN, is_iban),
    ("payment", _CARD, is_card),
    ("identifier", _RESIDENT, is_resident_id),
    ("identifier", _CPF, is_cpf),
    ("identifier", _CODICE, is_codice_fiscale),
    ("device", _MAC, _is_mac),
    ("phone", _PLUS, _is_international),
    ("phone", _NORTH_AMERICA, _is_phone),
    ("phone", _FRENCH, _is_phone),
)
