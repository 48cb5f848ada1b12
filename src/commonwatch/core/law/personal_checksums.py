"""Numbers that prove themselves: payment cards, IBANs, device and taxpayer numbers with their check digits."""

from __future__ import annotations

import re
from collections.abc import Mapping

from commonwatch.core.law.personal_values import words

_IBAN_LENGTHS: Mapping[str, int] = {
    code[:2]: int(code[2:])
    for code in words(
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BI27 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DJ27 DK18 DO28 EE20 EG29 "
        "ES24 FI18 FK18 FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 "
        "LC32 LI21 LT20 LU20 LV21 LY25 MC27 MD24 ME22 MK19 MN20 MR27 MT31 MU30 NI28 NL18 NO15 OM23 PK24 PL28 PS29 PT25 "
        "QA29 RO24 RS22 RU33 SA24 SC31 SD18 SE24 SI19 SK24 SM27 SO23 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20"
    )
}
_CARD = re.compile(
    r"4[0-9]{12}(?:[0-9]{3}){0,2}|5[1-5][0-9]{14}|2(?:2[2-9]|[3-6][0-9]|7[01]|720)[0-9]{12,13}|3[47][0-9]{13}"
    r"|6(?:011|5[0-9]{2}|4[4-9][0-9])[0-9]{12}|35[2-8][0-9]{13}|62[0-9]{14,17}",
    re.ASCII,
)


def digits(text: str) -> str:
    """Only the decimal digits of a text."""
    return "".join(part for part in text if "0" <= part <= "9")


def luhn(number: str) -> bool:
    """Whether the last digit is the check digit of ISO/IEC 7812."""
    total = 0
    for place, digit in enumerate(reversed(number)):
        step = int(digit) * (1 + place % 2)
        total += step - 9 if step > 9 else step
    return total % 10 == 0


def is_card(text: str) -> bool:
    """A payment card of a known scheme: prefix, length and check digit fit, and it is no row of equal digits."""
    number = digits(text)
    return _CARD.fullmatch(number) is not None and luhn(number) and len(set(number)) > 1


def is_iban(text: str) -> bool:
    """An IBAN of a country that has them: length, and remainder 1 modulo 97 (ISO 13616)."""
    compact = text.replace(" ", "")
    if _IBAN_LENGTHS.get(compact[:2]) != len(compact):
        return False
    return int("".join(str(int(part, 36)) for part in compact[4:] + compact[:4])) % 97 == 1


def is_imei(text: str) -> bool:
    """Fifteen digits with a check digit."""
    number = digits(text)
    return len(number) == 15 and luhn(number) and len(set(number)) > 1


def is_resident_id(text: str) -> bool:
    """A Chinese resident identity number: region, date of birth, check character (GB 11643)."""
    if not (text[6:8] in ("19", "20") and "01" <= text[10:12] <= "12" and "01" <= text[12:14] <= "31"):
        return False
    total = sum(int(digit) * (2 ** (17 - place) % 11) for place, digit in enumerate(text[:17]))
    return "10X98765432"[total % 11] == text[17].upper()


def is_cpf(text: str) -> bool:
    """A Brazilian taxpayer number with both check digits."""
    number = [int(digit) for digit in digits(text)]
    for length in (9, 10):
        total = sum((length + 1 - place) * number[place] for place in range(length))
        if number[length] != total * 10 % 11 % 10:
            return False
    return len(set(number)) > 1


_ODD = dict(
    zip(
        "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ",
        (
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            1,
            0,
            5,
            7,
            9,
            13,
            15,
            17,
            19,
            21,
            2,
            4,
            18,
            20,
            11,
            3,
            6,
            8,
            12,
            14,
            16,
            10,
            22,
            25,
            24,
            23,
        ),
        strict=True,
    )
)


def is_codice_fiscale(text: str) -> bool:
    """An Italian tax code with its check letter."""
    total = sum(
        _ODD[part] if place % 2 == 0 else int(part, 36) - (0 if part.isdigit() else 10)
        for place, part in enumerate(text[:15])
    )
    return chr(65 + total % 26) == text[15]
