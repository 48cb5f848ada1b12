"""A team's profile after RFC 2350 (BCP 21, appendix D): its sections, written as text and read back. Pure.

What the node knows by itself (contacts, time zones, languages, keys) is filled in where the team wrote nothing. Reading takes lines that begin
with the number of a section that the RFC has; what stands below one belongs to it. Numbers that it does not have are text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.response.contacts import Contact, Profile

SOURCE = "RFC 2350 (BCP 21), June 1998, section 3 and appendix D"
SECTIONS: Mapping[str, str] = {
    "1": "Document Information",
    "1.1": "Date of Last Update",
    "1.2": "Distribution List for Notifications",
    "1.3": "Locations where this Document May Be Found",
    "1.4": "Authenticating this Document",
    "2": "Contact Information",
    "2.1": "Name of the Team",
    "2.2": "Address",
    "2.3": "Time Zone",
    "2.4": "Telephone Number",
    "2.5": "Facsimile Number",
    "2.6": "Other Telecommunication",
    "2.7": "Electronic Mail Address",
    "2.8": "Public Keys and Other Encryption Information",
    "2.9": "Team Members",
    "2.10": "Other Information",
    "2.11": "Points of Customer Contact",
    "3": "Charter",
    "3.1": "Mission Statement",
    "3.2": "Constituency",
    "3.3": "Sponsorship and/or Affiliation",
    "3.4": "Authority",
    "4": "Policies",
    "4.1": "Types of Incidents and Level of Support",
    "4.2": "Co-operation, Interaction and Disclosure of Information",
    "4.3": "Communication and Authentication",
    "5": "Services",
    "5.1": "Incident Response",
    "5.1.1": "Incident Triage",
    "5.1.2": "Incident Coordination",
    "5.1.3": "Incident Resolution",
    "5.2": "Proactive Activities",
    "6": "Incident Reporting Forms",
    "7": "Disclaimers",
}
NEEDED = ("2.1", "2.3", "2.4", "2.7", "2.8", "3.1", "3.2", "3.4", "4.1", "4.2", "4.3", "5")
_HEAD = re.compile(r"^\s{0,8}([1-7](?:\.\d{1,2}){0,2})\.?[ \t]+(\S.*?)\s*$")
MOST_BYTES = 200_000


def filled(profile: Profile, contacts: Sequence[Contact], keys: Sequence[str], updated: str) -> dict[str, str]:
    """The sections as they are written: the team's own words first, else what the node knows."""
    known = {
        "1.1": updated,
        "2.1": profile.name,
        "2.3": ", ".join(sorted({one.time_zone for one in contacts})),
        "2.4": _lines(contacts, "telephone"),
        "2.6": _lines(contacts, "channel"),
        "2.7": _lines(contacts, "email"),
        "2.8": "\n".join([*(f"Ed25519 {key}" for key in keys), *_openpgp(contacts)]),
        "2.11": "\n".join(f"{one.name}: {_when(one)}" for one in contacts),
    }
    return {number: profile.sections.get(number) or known.get(number, "") for number in SECTIONS}


def gaps(sections: Mapping[str, str]) -> list[str]:
    """What a reader of a profile looks for and does not find."""
    return [
        f"Section {number} ({SECTIONS[number]}) says nothing."
        for number in NEEDED
        if not sections.get(number) and not any(name.startswith(f"{number}.") and sections[name] for name in sections)
    ]


def written(sections: Mapping[str, str]) -> str:
    """The document."""
    found = []
    for number, title in SECTIONS.items():
        text = sections.get(number, "").strip()
        head = f"{number}. {title}" if "." not in number else f"{number} {title}"
        # Its own text begins each line with a mark of its own, so that no line of it is taken for a heading.
        found.append(f"{head}\n" + "".join(f"   | {line}\n" for line in text.splitlines()))
    return "\n".join(found)


def read(text: str, name: str) -> Profile:
    """A profile from such a document, ours or another's; raises InvalidInput where no section is found in it."""
    if len(text) > MOST_BYTES:
        raise InvalidInput(
            "profile-long", "The document is too long for a profile.", "Keep it below 200,000 characters."
        )
    sections: dict[str, list[str]] = {}
    current = ""
    for line in text.splitlines():
        head = _HEAD.match(line)
        if head is not None and _is_heading(head[1], head[2]):
            current = head[1]
            sections.setdefault(current, [])
        elif current:
            sections[current].append(line.strip().removeprefix("|").strip())
    found = {number: "\n".join(lines).strip()[:20_000] for number, lines in sections.items()}
    found = {number: lines for number, lines in found.items() if lines}
    if not found:
        raise InvalidInput(
            "profile-empty",
            "No section of RFC 2350 is in it.",
            "Its headings begin with numbers, such as 3.2 Constituency.",
        )
    return Profile(name=found.get("2.1", name).splitlines()[0][:200] or name, sections=found)


def _is_heading(number: str, title: str) -> bool:
    """A number of the RFC with a title that shares a word with its own: `2.4 million hosts` is no heading."""
    known = SECTIONS.get(number)
    if known is None:
        return False
    words = {word for word in re.findall(r"[a-z]{4,}", known.lower())}
    return bool(words & set(re.findall(r"[a-z]{4,}", title.lower())))


def _lines(contacts: Sequence[Contact], name: str) -> str:
    return "\n".join(f"{one.name}: {getattr(one, name)}" for one in contacts if getattr(one, name))


def _openpgp(contacts: Sequence[Contact]) -> list[str]:
    return [f"OpenPGP {one.openpgp} ({one.name})" for one in contacts if one.openpgp]


def _when(contact: Contact) -> str:
    if not contact.hours:
        return "at any hour"
    spans = [f"{', '.join(one.days)} {one.begins}-{one.ends}" for one in contact.hours]
    return f"{'; '.join(spans)} ({contact.time_zone})"
