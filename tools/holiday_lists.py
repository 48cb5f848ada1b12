"""Writes the public holidays of the places that duties count business days or days of rest in.

From the library `holidays` (MIT licence): what a State keeps as a whole. Holidays of parts of a State are left out and named.

With the library in an environment of its own (it holds back python-dateutil, so it is none of the project's):
python3 -m venv holidays-env && holidays-env/bin/pip install holidays==0.109
holidays-env/bin/python -m tools.holiday_lists > src/commonwatch/capabilities/duties/data/holidays.json
"""

from __future__ import annotations

import json
from typing import Any

import holidays

FIRST_YEAR, LAST_YEAR = 2024, 2030
ZONES = {
    "AT": "Vienna", "BE": "Brussels", "BG": "Sofia", "CY": "Nicosia", "CZ": "Prague", "DE": "Berlin", "DK": "Copenhagen",
    "EE": "Tallinn", "ES": "Madrid", "FI": "Helsinki", "FR": "Paris", "GR": "Athens", "HR": "Zagreb", "HU": "Budapest",
    "IE": "Dublin", "IT": "Rome", "LT": "Vilnius", "LU": "Luxembourg", "LV": "Riga", "MT": "Malta", "NL": "Amsterdam",
    "PL": "Warsaw", "PT": "Lisbon", "RO": "Bucharest", "SE": "Stockholm", "SI": "Ljubljana", "SK": "Bratislava",
    "LI": "Vaduz", "NO": "Oslo", "CH": "Zurich", "GB": "London", "TR": "Istanbul", "RU": "Moscow",
}  # fmt: skip
ELSEWHERE = {
    "IS": "Atlantic/Reykjavik", "US": "America/New_York", "CA": "America/Toronto", "BR": "America/Sao_Paulo",
    "CL": "America/Santiago", "CO": "America/Bogota", "AU": "Australia/Sydney", "NZ": "Pacific/Auckland",
    "JP": "Asia/Tokyo", "KR": "Asia/Seoul", "CN": "Asia/Shanghai", "HK": "Asia/Hong_Kong", "SG": "Asia/Singapore",
    "MY": "Asia/Kuala_Lumpur", "TH": "Asia/Bangkok", "ID": "Asia/Jakarta", "PH": "Asia/Manila", "VN": "Asia/Ho_Chi_Minh",
    "IN": "Asia/Kolkata", "TW": "Asia/Taipei", "SA": "Asia/Riyadh", "AE": "Asia/Dubai", "IL": "Asia/Jerusalem",
    "KE": "Africa/Nairobi", "NG": "Africa/Lagos", "ZA": "Africa/Johannesburg", "GH": "Africa/Accra", "RW": "Africa/Kigali",
    "MU": "Indian/Mauritius", "EG": "Africa/Cairo",
}  # fmt: skip
# Where bodies of the Union act; their own holidays (a notice of the Commission each year) are not in the library.
UNION = {
    "zone": "Europe/Brussels",
    "note": "Holidays of the institutions of the Union are not on record; those of Belgium stand here.",
}
FRIDAY_SATURDAY = {"SA", "EG", "IL"}
REGIONAL = "Holidays of parts of the State are not on record."
ESTIMATED = "Holidays by the moon are estimates."


def main() -> None:
    """Write the list to standard output."""
    zones = {code: f"Europe/{name}" for code, name in ZONES.items()} | ELSEWHERE | {"CY": "Asia/Nicosia"}
    places = {code: _place(code, zone) for code, zone in sorted(zones.items())}
    places["union"] = {**places["BE"], **UNION}
    answer = {
        "as_of": "2026-11-29",
        "sources": [
            f"The library holidays {holidays.__version__} (MIT licence), {FIRST_YEAR} to {LAST_YEAR}; States as a whole",
        ],
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "places": places,
    }
    print(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).replace('},"', '},\n"'))


def _place(code: str, zone: str) -> dict[str, Any]:
    years = range(FIRST_YEAR, LAST_YEAR + 1)
    found = holidays.country_holidays(code, years=years, language="en_US")
    days = {day.isoformat(): name for day, name in sorted(found.items())}
    notes = [REGIONAL] if found.subdivisions else []
    if any("estimated" in name for name in days.values()):
        notes.append(ESTIMATED)
    return {
        "zone": zone,
        "weekend": [4, 5] if code in FRIDAY_SATURDAY else [5, 6],
        "holidays": days,
        **({"note": " ".join(notes)} if notes else {}),
    }


if __name__ == "__main__":
    main()
