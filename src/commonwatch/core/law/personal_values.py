"""A finding, and what a found value must satisfy before it counts: reserved ranges, role mailboxes, stand-ins for a name.

A check that lets too much through costs trust in every finding, so each one states what it excludes.
"""

from __future__ import annotations

import re
from typing import Literal, TypeAlias

import msgspec

Role: TypeAlias = Literal["victim", "attacker", "unknown"]


class PersonalFinding(msgspec.Struct, frozen=True, gc=False):
    """One value that is personal data or falls under secrecy, and where it stands.

    `place` is a JSON pointer (RFC 6901) to the string that holds it, `start` and `end` are offsets in that string, 0 and 0
    for the whole of it.
    """

    category: str
    role: Role
    place: str
    start: int
    end: int
    value: str


def words(text: str) -> frozenset[str]:
    """The words of a table."""
    return frozenset(text.split())


# A person's name in the alphabets that have capitals, of two to four parts.
CAPITAL = r"(?!(?:January|February|March|April|May|June|July|August|September|October|November|December)\b)[A-Z\u00c0-\u024f\u0400-\u042f]"
_PARTICLES = r"(?:(?:van|von|de|der|den|del|da|bin|al|el|la|le|di) ){0,2}"
NAME = rf"{CAPITAL}(?:\.|[\w'’-]{{1,30}})(?: {_PARTICLES}{CAPITAL}(?:\.(?= {CAPITAL})|[\w'’-]{{0,30}})){{1,3}}"
_OCTETS = re.compile(r"([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})\.([0-9]{1,3})(?:/([0-9]{1,2}))?", re.ASCII)
# First octets that are never a host on the internet: this network, private, loopback, multicast and above.
_NOT_HOSTS = frozenset({0, 10, 127, *range(224, 256)})
# (first, second) octets: carrier-grade NAT is a subscriber's and stays in; private and link-local ranges go.
_NOT_NETWORKS = frozenset({(169, 254), (192, 168), *((172, second) for second in range(16, 32)), (198, 18), (198, 19)})
_DOCUMENTATION = frozenset({(192, 0, 2), (198, 51, 100), (203, 0, 113), (192, 0, 0)})
_RESERVED_NAMES = frozenset({"example", "test", "invalid", "localhost", "localdomain", "onion"})
_RESERVED_DOMAINS = frozenset({"domain.com", "domain.tld"})
# Names with @ that are no mailboxes: SSH algorithms, D-Bus and systemd units, pictures, source files.
_NOT_MAIL = frozenset({"openssh.com", "libssh.org", "lysator.liu.se", "ssh.com", "putty.projects.tartarus.org"})
_NOT_TOP = words(
    "png jpg jpeg gif svg webp js css html htm php asp exe dll bin zip service socket timer target json xml txt py so "
    "sys bat cmd ps1 vbs lnk tmp log dat conf cfg"
)
# Mailboxes of a function, not of a person.
_FUNCTIONS = words(
    "abuse account accounts admin administrator alert alerts atendimento billing biuro bewerbung box career careers cert "
    "cirt ciso cna compliance contact contacto contato csirt customer customercare customerservice cyber cybersecurity "
    "datenschutz disclosure dpo editor enquiries enquiry feedback fraud general gdpr git hello help helpdesk hostmaster "
    "hr incident incidents info informacion information inquiry intel intelligence ioc iocs it jobs kancelaria kontakt "
    "legal list mail mailbox mailer marketing media misp national newsletter no noc noreply notification notifications "
    "notify office operations ops orders partner partners phish phishing poczta point postmaster posta press presse "
    "privacy product psirt public reply report reporting reports request research response root sales secretariat "
    "secure security securite segreteria seguridad sekretariat service services servicedesk sharing sicherheit soc "
    "soporte spam spoc staff subscribe support suporte system team threat threats threatintel trust ufficio unsubscribe "
    "ventas vulnerabilities vulnerability webmaster www cve daemon bounce bounces do donotreply not secops "
    "infosec desk centre center kunden kundenservice"
)
_STRONG = frozenset(
    {"team", "abuse", "cert", "csirt", "cirt", "psirt", "noreply", "soc", "postmaster", "noc", "helpdesk"}
)
_TOKENS = re.compile(r"[-_.]")
# What stands where an account name would: placeholders, built-in accounts, teaching material.
_STAND_INS = words(
    "johndoe jdoe janedoe user username users user_name your_username yourname your_name youruser name account login admin administrator "
    "administrador administrateur root system guest nobody anonymous public default all test tester testuser demo "
    "example sample someone victim attacker target me myname foo bar foobar xxx xxxx user1 user2 username1 everyone "
    "service daemon www www-data wwwdata ubuntu debian ec2-user centos vagrant git runner jenkins docker node pi kali "
    "postgres mysql oracle sa sysadmin shared common localservice networkservice localsystem defaultuser0 "
    "wdagutilityaccount allusers currentuser current_user profile null none unknown password credentials and or the "
    "a an is for with to of in on by from was has may can that this via id not if are as at be it no use using used data "
    "information names creation activity access details lockout control policy owner type manager management"
)
_ORGANISATION = re.compile(
    r"\b(?:team|teams|cert|csirt|soc|inc|llc|ltd|gmbh|ag|sa|nv|bv|oy|ab|plc|corp|corporation|company|co|labs?|group|unit|"
    r"research|security|cyber|intelligence|center|centre|agency|ministry|university|bank|department|office|institute|"
    r"foundation|threat|response|operations|national|authority|bureau|police|software|systems|networks?|technologies|"
    r"solutions|services|project|community|federal|council|commission|division|hospital|international|analyst|analysts)\b",
    re.IGNORECASE,
)
_PERSON = re.compile(
    r"[^\W\d_][\w'’.-]*(?:[ \u3000·]+[^\W\d_][\w'’.-]*){1,4}|[\u3400-\u9fff\uac00-\ud7a3\u3040-\u30ff]{2,12}"
)


def is_host_ipv4(text: str) -> bool:
    """An address of one host on the internet, or of a handful; not private, reserved or from a documentation range."""
    found = _OCTETS.fullmatch(text)
    if found is None:
        return False
    first, second, third, fourth = map(int, found.group(1, 2, 3, 4))
    if max(first, second, third, fourth) > 255 or first in _NOT_HOSTS or int(found[5] or 32) < 29:
        return False
    return (first, second) not in _NOT_NETWORKS and (first, second, third) not in _DOCUMENTATION


def is_host_ipv6(text: str) -> bool:
    """A global unicast address, or a prefix as a household gets it; not a documentation address."""
    address, _, prefix = text.lower().partition("/")
    groups = address.split(":")
    if not 3 <= len(groups) <= 8 or address[:1] not in ("2", "3") or len(groups[0]) != 4:
        return False
    if any(len(group) > 4 or group.strip("0123456789abcdef") for group in groups) or ("" in groups) == (
        len(groups) == 8
    ):
        return False
    return not address.startswith(("2001:db8:", "2001:0db8:")) and (
        not prefix or (prefix.isdigit() and int(prefix) >= 56)
    )


def is_personal_mail(local: str, domain: str) -> bool:
    """Whether a mailbox is a person's: not a function's, not at a reserved name, not a thing that only has an @."""
    domain = domain.lower()
    top = domain.rpartition(".")[2]
    if domain in _NOT_MAIL or top in _NOT_TOP or not _RESERVED_NAMES.isdisjoint(domain.split(".")):
        return False
    if domain in _RESERVED_DOMAINS:
        return False
    plain = local.lower().partition("+")[0]
    tokens = [token for token in _TOKENS.split(plain) if token]
    if not tokens or all(token in _FUNCTIONS for token in tokens) or tokens[0] in _STRONG or tokens[-1] in _STRONG:
        return False
    # Machine-made local parts: message ids, tracking addresses.
    return not (len(plain) >= 20 and sum(part.isdigit() for part in plain) * 2 >= len(plain))


def is_account(text: str) -> bool:
    """Whether an account name may be a person's: no placeholder, no built-in account."""
    name = text.rpartition("\\")[2].lower()
    if name in _STAND_INS or len(name) < 2 or name.startswith(("s-1-5-18", "s-1-5-19", "s-1-5-20", "nt authority")):
        return False
    return not (name.isdigit() and len(name) <= 5) and not name.endswith("$")


def is_person(text: str) -> bool:
    """Whether an entry of a list of authors reads as a person's name rather than an organisation's."""
    if _ORGANISATION.search(text) or _PERSON.fullmatch(text) is None:
        return False
    words = text.split()
    return all(word[:1].isupper() or not word[:1].isascii() or len(word) <= 3 for word in words) and not text.isupper()
