"""What secrecy of another law covers, in one string: bank and telecommunication secrets, classified banners."""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonwatch.core.law.personal_marks import Flags
from commonwatch.core.law.personal_values import PersonalFinding, Role

_BANNER = re.compile(
    r"(?<![\w/-])(?:"
    r"(?:COSMIC |ATOMAL )?TOP SECRET(?://[A-Z][A-Z0-9 ,/-]{1,60})?"
    r"|(?:SECRET|CONFIDENTIAL|RESTRICTED)//[A-Z][A-Z0-9 ,/-]{1,60}"
    r"|(?:NATO|EU|UE|UK|OCCAR|ESA) (?:UNCLASSIFIED//|RESTRICTED|CONFIDENTIAL|SECRET|TOP SECRET)"
    r"|OTAN (?:DIFFUSION RESTREINTE|CONFIDENTIEL|SECRET)"
    r"|(?:RESTREINT|CONFIDENTIEL|SECRET|TR[EÈ]S SECRET) UE(?:/EU (?:RESTRICTED|CONFIDENTIAL|SECRET|TOP SECRET))?"
    r"|OFFICIAL-SENSITIVE|DIFFUSION RESTREINTE|SECRET D[EÉ]FENSE|CONFIDENTIEL D[EÉ]FENSE|TR[EÈ]S SECRET"
    r"|VS-(?:NfD|NUR F[UÜ]R DEN DIENSTGEBRAUCH|VERTRAULICH)|STRENG GEHEIM"
    r"|СОВЕРШЕННО СЕКРЕТНО|ЦІЛКОМ ТАЄМНО|ДЛЯ СЛУЖЕБНОГО ПОЛЬЗОВАНИЯ|绝密|機密性[23]"
    r"|(?<=\()(?:TS|S|C)//[A-Z][A-Z0-9 ,/-]{1,30}(?=\))"
    r")(?![\w-])"
)
_TELECOM = re.compile(
    r"(?<![^\W_])(?:imsi|imei|msisdn|iccid|cell[- ]?id|subscriber (?:number|record|id)s?|call (?:detail )?records?|cdrs?)"
    r"(?![^\W\d_])[^\n0-9]{0,40}(?P<value>\+?[0-9](?:[ .\-]?[0-9]){6,18}+)(?![0-9A-Za-z])",
    re.IGNORECASE,
)


def secrets_in(text: str, place: str, role: Role, flags: Flags) -> Iterator[PersonalFinding]:
    """Numbers that telecommunication secrecy covers, and banners."""
    if flags.announced:
        for match in _TELECOM.finditer(text):
            yield PersonalFinding("telecom", role, place, match.start("value"), match.end("value"), match["value"])
    if flags.banner:
        for match in _BANNER.finditer(text):
            yield PersonalFinding("classified-banner", "unknown", place, match.start(), match.end(), match[0])
