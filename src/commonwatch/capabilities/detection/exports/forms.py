"""The formats of an export: which values each can hold, and up to which level of the Permissible Actions Protocol. Pure.

PAP (MISP taxonomy `PAP`, version 2; the levels were first published by ANSSI and CERT-FR with its use):

| level | what its definition allows | so an export may be |
| --- | --- | --- |
| PAP:RED | nothing that can be noticed: passive actions on logs, never on the network | rules that run over logs and files at rest |
| PAP:AMBER | passive cross-checks | and sensors that only listen |
| PAP:GREEN | active actions: block traffic, configure honeypots | and whatever blocks or rewrites |
| PAP:CLEAR | no restriction | everything |

A marking that cannot be read counts as PAP:RED. An export says its strictest level; who loads a listening format into
something that blocks goes beyond it.
"""

from __future__ import annotations

from dataclasses import dataclass

from commonwatch.core.errors import NotFound
from commonwatch.core.patterns.values import Kind

CLEAR, GREEN, AMBER, RED = range(4)
NAMES = frozenset({Kind.HOST, Kind.DOMAIN})
ADDRESSES = frozenset({Kind.ADDRESS, Kind.NETWORK})
HASHES = frozenset({Kind.MD5, Kind.SHA1, Kind.SHA256})


@dataclass(frozen=True)
class Form:
    """One format. `kinds` are the plain values, `pattern` the foreign rules it is made of; `pap` is the strictest level."""

    name: str
    title: str
    pap: int
    kinds: frozenset[Kind] = frozenset()
    pattern: str = ""
    ending: str = "txt"

    @property
    def file(self) -> str:
        """What its main file is called."""
        return f"{self.name}.{self.ending}"


FORMS = {
    form.name: form
    for form in (
        Form("suricata", "Suricata rules with datasets and reputation", AMBER, NAMES | ADDRESSES | HASHES | {Kind.URL, Kind.JA3}, ending="rules"),
        Form("zeek", "Zeek intelligence file", AMBER, NAMES | ADDRESSES | HASHES | {Kind.URL, Kind.EMAIL, Kind.FILE_NAME, Kind.USER_AGENT, Kind.CERTIFICATE}, ending="intel"),
        Form("sigma", "Sigma rules", RED, pattern="sigma", ending="yml"),
        Form("yara", "YARA rules", RED, pattern="yara", ending="yar"),
        Form("rpz", "DNS response policy zone", GREEN, NAMES | ADDRESSES, ending="zone"),
        Form("hosts", "Hosts file", GREEN, NAMES),
        Form("addresses", "Addresses and networks, one a line", GREEN, ADDRESSES),
        Form("names", "Domain names, one a line", GREEN, NAMES),
        Form("urls", "URLs, one a line", GREEN, frozenset({Kind.URL})),
        Form("hashes", "File hashes, one a line", GREEN, HASHES),
    )
}  # fmt: skip


def form_named(name: str) -> Form:
    """A format by its name; raises NotFound."""
    if name not in FORMS:
        raise NotFound("format-unknown", f"There is no export format {name}.", f"Use one of {', '.join(FORMS)}.")
    return FORMS[name]
