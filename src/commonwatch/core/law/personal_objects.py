"""Personal data by type: the properties of observables, identities, threat actors and locations that hold it.

`typed` answers for the properties that a type defines; everything else in an object is text and read as such.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from commonwatch.core.law.personal_marks import flags_of
from commonwatch.core.law.personal_text import text_findings
from commonwatch.core.law.personal_values import (
    PersonalFinding,
    Role,
    is_account,
    is_host_ipv4,
    is_host_ipv6,
    is_person,
    is_personal_mail,
    words,
)

# type -> properties that `typed` has the last word on
OWN: Mapping[str, frozenset[str]] = {
    "email-addr": frozenset({"value", "display_name"}),
    "user-account": frozenset({"account_login", "user_id", "display_name", "credential"}),
    "email-message": frozenset({"body", "body_multipart"}),
    "ipv4-addr": frozenset({"value"}),
    "ipv6-addr": frozenset({"value"}),
    "mac-addr": frozenset({"value"}),
    "artifact": frozenset({"payload_bin"}),
    "location": frozenset({"latitude", "longitude", "precision", "street_address"}),
    "identity": frozenset({"name"}),
    "threat-actor": frozenset({"name"}),
    "note": frozenset({"authors"}),
    "opinion": frozenset({"authors"}),
}
_SUSPECTED = re.compile(
    r"\b(?:suspect|accused|defendant|indicted|charged|wanted|arrested|convicted|fugitive|perpetrator|beschuldigt|"
    r"tatverd|sospechos|acusad|подозревае|обвиняе)",
    re.IGNORECASE,
)
_INSIDERS = frozenset({"insider-accidental", "insider-disgruntled"})
_NEAR_M = 1000  # coordinates known to this many metres point at a place where somebody lives or works


def typed(value: Mapping[str, Any], kind: str, place: str, role: Role) -> Iterator[PersonalFinding]:
    """Findings in the properties that the type defines."""
    reader = _READERS.get(kind)
    if reader is not None:
        yield from reader(value, place, role)


def _whole(category: str, role: Role, place: str, value: Any) -> Iterator[PersonalFinding]:
    if isinstance(value, str) and value:
        yield PersonalFinding(category, role, place, 0, 0, value)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _strings(value: Any) -> list[tuple[int, str]]:
    entries = value if isinstance(value, list) else []
    return [(position, entry) for position, entry in enumerate(entries) if isinstance(entry, str)]


def _mail(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    local, _, domain = _text(value.get("value")).rpartition("@")
    if local and is_personal_mail(local, domain):
        yield from _whole("e-mail", role, f"{place}/value", value["value"])
        if is_person(_text(value.get("display_name"))):
            yield from _whole("name", role, f"{place}/display_name", value["display_name"])


def _account(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    yield from _whole("credential", role, f"{place}/credential", value.get("credential"))
    if value.get("is_service_account") is True:
        return
    for name in ("account_login", "user_id"):
        text = _text(value.get(name))
        local, at, domain = text.rpartition("@")
        if is_personal_mail(local, domain) if at else is_account(text):
            yield from _whole("account", role, f"{place}/{name}", text)
    shown = _text(value.get("display_name"))
    if is_person(shown) or is_account(shown):
        yield from _whole("name" if is_person(shown) else "account", role, f"{place}/display_name", shown)


def _message(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    yield from _whole("message", role, f"{place}/body", value.get("body"))
    parts = value.get("body_multipart")
    for position, part in enumerate(parts if isinstance(parts, list) else ()):
        if isinstance(part, dict):
            yield from _whole("message", role, f"{place}/body_multipart/{position}/body", part.get("body"))


def _address(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    text = _text(value.get("value"))
    if is_host_ipv4(text) or is_host_ipv6(text):
        yield from _whole("ip-address", role, f"{place}/value", text)


def _device(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    text = _text(value.get("value"))
    if len(set(text.replace("-", ":").split(":"))) > 1:
        yield from _whole("device", role, f"{place}/value", text)


def _payload(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    yield from _whole("message", role, f"{place}/payload_bin", value.get("payload_bin"))


def _identity(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    if value.get("identity_class") != "individual":
        return
    said = [_text(value.get("description")), *(entry for _, entry in _strings(value.get("roles")))]
    said += [entry for _, entry in _strings(value.get("labels"))]
    suspected = any(map(_SUSPECTED.search, said))
    whose: Role = "attacker" if suspected else "victim"
    yield from _whole("suspicion" if suspected else "name", whose, f"{place}/name", value.get("name"))
    contact = _text(value.get("contact_information"))
    # What is no address of another kind is a postal one; a number in it tells it from a word such as "unknown".
    if (
        not any(text_findings(contact, "", whose, flags_of(contact)))
        and "@" not in contact
        and any(map(str.isdigit, contact))
    ):
        yield from _whole("location", whose, f"{place}/contact_information", contact)


def _actor(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    kinds = {entry for name in ("threat_actor_types", "labels") for _, entry in _strings(value.get(name))}
    opencti = _text(value.get("x_opencti_type"))
    if value.get("resource_level") == "individual" or kinds & _INSIDERS or opencti.endswith("Individual"):
        yield from _whole("suspicion", "attacker", f"{place}/name", value.get("name"))
        for position, alias in _strings(value.get("aliases")):
            yield from _whole("account", "attacker", f"{place}/aliases/{position}", alias)


def _place(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    yield from _whole("location", role, f"{place}/street_address", value.get("street_address"))
    precision = value.get("precision")
    if isinstance(precision, int | float) and precision <= _NEAR_M:
        for name in ("latitude", "longitude"):
            if isinstance(value.get(name), int | float):
                yield from _whole("location", role, f"{place}/{name}", str(value[name]))


def _authors(value: Mapping[str, Any], place: str, role: Role) -> Iterator[PersonalFinding]:
    for position, author in _strings(value.get("authors")):
        if is_person(author):
            yield from _whole("name", "unknown", f"{place}/authors/{position}", author)
        else:
            yield from text_findings(author, f"{place}/authors/{position}", "unknown", flags_of(author))


_READERS = {
    "email-addr": _mail,
    "user-account": _account,
    "email-message": _message,
    "ipv4-addr": _address,
    "ipv6-addr": _address,
    "mac-addr": _device,
    "artifact": _payload,
    "identity": _identity,
    "threat-actor": _actor,
    "location": _place,
    "note": _authors,
    "opinion": _authors,
}
# Names of custom properties, and of properties inside extensions, that say what their value is.
HINTS: Mapping[str, str] = {
    **dict.fromkeys(words("phone phone_number telephone mobile mobile_number fax msisdn tel"), "phone"),
    **dict.fromkeys(words("password passwd pwd passphrase token api_key secret"), "credential"),
    **dict.fromkeys(words("username user_name login account account_name handle user_id nickname"), "account"),
    **dict.fromkeys(
        words(
            "full_name first_name last_name surname given_name real_name victim_name contact_name registrant_name author artist "
            "ownername owner_name creator"
        ),
        "name",
    ),
    **dict.fromkeys(words("cookie set-cookie imei imsi iccid device_id advertising_id mac mac_address"), "device"),
    **dict.fromkeys(words("iban card_number account_number"), "payment"),
    **dict.fromkeys(words("gpslatitude gpslongitude street_address home_address postal_address"), "location"),
    **dict.fromkeys(words("ssn passport passport_number national_id date_of_birth birth_date"), "identifier"),
}


def hinted(name: str, text: str) -> str | None:
    """The category that the name of a custom property gives its value, if the value can be that."""
    if name.lower() in ("authorization", "proxy-authorization"):  # a scheme tells the HTTP header from other uses
        return "credential" if text.lower().startswith(("basic ", "bearer ", "digest ", "negotiate ")) else None
    category = HINTS.get(name.lower().removeprefix("x_").removeprefix("misp_"))
    if category in ("phone", "payment", "identifier", "device", "location"):
        return category if any(map(str.isdigit, text)) else None
    if category == "account":
        return category if is_account(text) else None
    if category == "name" and name.lower() in ("author", "artist", "creator"):
        return category if is_person(text) else None
    return category
