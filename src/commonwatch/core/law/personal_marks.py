"""What announces a value of interest, as tests on bytes so cheap that every object on its way in can have them.

The same tests stand in front of the detectors for one string and in front of the whole object, so the test on the object
can say no for all of them. They hold for ASCII; bytes that are not ASCII are always looked at.
"""

from __future__ import annotations

import re
from typing import NamedTuple


def _words(text: str) -> frozenset[bytes]:
    return frozenset(text.encode().split())


# Whole words, lower case. Every detector that a word announces begins with one of these, in its language.
_ANNOUNCING = _words(
    "ghp gho ghu ghs ghr isikukood henkilotunnus acct sig sigra m users home settings password passwort passwords passwd pwd pass passphrase passcode kennwort contrasena senha passe "
    "wachtwoord losenord secret token api apikey bearer private user username userid login account handle nickname jabber "
    "skype suspect suspects defendant accused perpetrator beschuldigte beschuldigter beschuldigten tatverdaechtige "
    "tatverdaechtiger tatverdaechtigen sospechoso sospechosa acusado acusada cause arrested indicted charged convicted "
    "sentenced extradited full registrant contact ansprechpartner ansprechpartnerin holder cardholder accountholder "
    "employee victim kontoinhaber kontoinhaberin mr mrs ms dr prof herr herrn frau mme monsieur madame sr sra ssn social "
    "passport reisepass passeport pasaporte national insurance card number nino bsn pesel personnummer aadhaar cpf curp "
    "dni nie codice steuerid steuer ausweis personalausweis ausweisnummer cedula rrn driving driver nir imei imsi iccid "
    "idfa gaid advertising device msisdn record records cdr cdrs cell cellid subscriber mac message"
)
# Where a row of digits has to follow as well: telephones, bank accounts.
_NUMBERED = _words(
    "tel telephone telefon telefono telefoon telefone telefonnummer phone mobile mobil fax whatsapp viber handy "
    "handynummer celular movil cell call sms msisdn rufnummer gsm puh puhelin tlf account acct konto kontonummer kontonr cuenta "
    "compte sort routing bank"
)
_VICTIMS = _words(
    "victim victims target targets targeted recipient recipients affected employee customer patient complainant infected "
    "compromised sent received opfer"
)
# Words that are asked for beside these: what hides an @, what stands on classified documents, custom properties.
_OTHERS = _words("at dot s vs extensions x")
_ASKED = _ANNOUNCING | _NUMBERED | _VICTIMS | _OTHERS
# Letters in lower case; everything else parts words.
_LETTERS = bytes(code | 32 if 65 <= code <= 90 or 97 <= code <= 122 else 32 for code in range(256))
# Digits read as 0, letters as a and A, and the signs that stand in front of a number as a blank.
_SHAPES = bytes.maketrans(
    b"123456789bcdefghijklmnopqrstuvwxyzBCDEFGHIJKLMNOPQRSTUVWXYZ=#(",
    b"000000000aaaaaaaaaaaaaaaaaaaaaaaaaAAAAAAAAAAAAAAAAAAAAAAAAA   ",
)
_LONG, _LONG_IN_PATH = b"0" * 13, b"/" + b"0" * 13
_AT = re.compile(rb"[tT](?:\]|\))(?<=[\[(][aA][tT].)")
_PORTION = re.compile(rb"/(?<=[SC]/)/[A-Z]")
_PLUS = re.compile(rb"\+\(?[1-9]")
# Telephones, cards and taxpayer numbers as hyphens group them. The hyphen first makes the search for MAC addresses quick.
_GROUPED = re.compile(rb"-0(?:00-0000|00000-|000-0000-0)")  # of shapes
_HYPHENS = re.compile(rb"-[0-9A-Fa-f]{2}-[0-9A-Fa-f]{2}-")
_COLONS = re.compile(rb":[0-9A-Fa-f]{2}:[0-9A-Fa-f]{2}:")
_IPV4 = re.compile(rb"\.[0-9]{1,3}\.[0-9]{1,3}\.[0-9]")
_IPV6 = re.compile(
    rb":(?<=[23][0-9A-Fa-f]{3}:)[0-9A-Fa-f]{0,4}:"
)  # global unicast; times have two digits between colons


class Marks:
    """The bytes of a text or an object under test; a question is a pass over them at most."""

    __slots__ = ("raw", "shapes", "words")

    def __init__(self, raw: bytes) -> None:
        self.raw = raw
        self.words = _ASKED.intersection(raw.translate(_LETTERS).split())
        if b"\\" in raw:  # in JSON a line break is a backslash and a letter, which would stick to the next word
            self.words |= _ASKED.intersection(re.sub(rb"\\[nrtbfNRTBF]", b" ", raw).translate(_LETTERS).split())
        self.shapes = raw.translate(_SHAPES)

    def mail(self) -> bool:
        """An @, also as it is hidden from machines. "by @name" credits a source and names no mailbox."""
        raw = self.raw
        if b"@" in raw and raw.count(b"@") != raw.count(b" by @"):
            return True
        return (
            b"at" in self.words
            and (b"dot" in self.words or _AT.search(raw) is not None)
            or (b"%" in raw and b"%40" in raw)
        )

    def announced(self) -> bool:
        """A word that announces a value, or a key that needs no word."""
        raw = self.raw
        if not _ANNOUNCING.isdisjoint(self.words) or b"eyJ" in raw or (b"s" in self.words and b"S-1-5-21-" in raw):
            return True
        return b"AAAA" in self.shapes and b"AKIA" in raw

    def numbers(self) -> bool:
        """A row of digits in one of the forms looked for, or behind one of the words."""
        raw, shapes = self.raw, self.shapes
        if _GROUPED.search(shapes) or b".000-00" in shapes:
            return True
        if _HYPHENS.search(raw) or _COLONS.search(raw) or (b"+" in raw and _PLUS.search(raw)):
            return True
        if b"AA00" in shapes or (b")" in raw and b"000)" in shapes):  # IBANs and tax codes; North American telephones
            return True
        # A long row in a path is the number of a page or a post.
        if _LONG in shapes and shapes.count(_LONG) != shapes.count(_LONG_IN_PATH):
            return True
        if b" 0" in shapes:
            return b"0000 0000" in shapes or b"00 00 00 00" in shapes or not _NUMBERED.isdisjoint(self.words)
        return not _NUMBERED.isdisjoint(self.words) and (b"a:0" in shapes or b"A:0" in shapes)

    def addresses(self) -> bool:
        """Something like an IP address, also with its dots in brackets."""
        raw = self.raw
        return _IPV4.search(raw) is not None or _IPV6.search(raw) is not None or b".]" in raw or b".)" in raw

    def banner(self) -> bool:
        """Capitals as classified documents carry them on top."""
        shapes = self.shapes
        return (
            b"AAAAAA" in shapes or (b"vs" in self.words and b"AA-A" in shapes) or _PORTION.search(self.raw) is not None
        )

    def victims(self) -> bool:
        """A word that makes a value in an attacker's object its victim's."""
        return not _VICTIMS.isdisjoint(self.words)


class Flags(NamedTuple):
    """Which kinds of detector a text needs at all."""

    mail: bool
    announced: bool
    numbers: bool
    addresses: bool
    banner: bool


NONE = Flags(False, False, False, False, False)


def flags_of(text: str) -> Flags:
    """The flags of a text, or of several joined."""
    if not text.isascii():
        return Flags(True, True, True, True, True)
    marks = Marks(text.encode())
    return Flags(marks.mail(), marks.announced(), marks.numbers(), marks.addresses(), marks.banner())
