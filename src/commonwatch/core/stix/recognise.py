"""What is called STIX and is not: named, so that a person knows what to do with it."""

from __future__ import annotations

import msgspec

from commonwatch.core.stix.values import Finding

_XML = {
    b"stix_package": (
        "stix1-xml",
        "It is STIX 1.x in XML.",
        "Convert it to STIX 2.1, for example with stix2-elevator.",
    ),
    b"openioc": ("openioc", "It is OpenIOC, not STIX.", "Convert it to STIX 2.1 indicators."),
    b"mandiant.com/2010/ioc": ("openioc", "It is OpenIOC, not STIX.", "Convert it to STIX 2.1 indicators."),
}
_STIX1 = ("stix1-json", "It is STIX 1.x in JSON.", "Convert it to STIX 2.1, for example with stix2-elevator.")
# Top-level members by which other formats are known; the first that fits names it.
_JSON = [
    ({"stix_header"}, _STIX1),
    ({"indicators", "observables"}, _STIX1),
    ({"package_intents"}, _STIX1),
    ({"Event"}, ("misp-event", "It is a MISP event, not STIX.", "Export it from MISP as STIX 2.1.")),
    (
        {"response"},
        ("misp-response", "It is an answer of a MISP server, not STIX.", "Export it from MISP as STIX 2.1."),
    ),
    (
        {"document", "vulnerabilities"},
        ("csaf", "It is a CSAF advisory, not STIX.", "Keep it as the reference of a report."),
    ),
    ({"document"}, ("csaf", "It is a CSAF advisory, not STIX.", "Keep it as the reference of a report.")),
    ({"bomFormat"}, ("cyclonedx", "It is a CycloneDX document, not STIX.", "Keep it as the reference of a report.")),
    (
        {"dataType", "cveMetadata"},
        ("cve-record", "It is a CVE record, not STIX.", "Make a vulnerability object of it."),
    ),
    ({"$schema"}, ("json-schema", "It is a JSON schema, a description of STIX and no intelligence.", "Leave it out.")),
    ({"techniques", "domain"}, ("attack-layer", "It is an ATT&CK Navigator layer, not STIX.", "Leave it out.")),
    ({"api_roots"}, ("taxii-discovery", "It is a TAXII discovery answer, not objects.", "Add the server as a source.")),
    (
        {"/discovery"},
        ("medallion-data", "It is the data file of a medallion server, without objects.", "Leave it out."),
    ),
    ({"collections"}, ("taxii-collections", "It is a list of TAXII collections.", "Add the server as a source.")),
    (
        {"date_added", "id", "version"},
        ("taxii-manifest", "It is an entry of a TAXII manifest.", "Give the objects it lists."),
    ),
    ({"collection", "pages"}, ("taxii-page-index", "It is an index of TAXII pages.", "Give the pages it lists.")),
    ({"playbooks"}, ("playbook-index", "It is an index of files, not STIX.", "Import the files it names.")),
]
_members = msgspec.json.Decoder(dict[str, msgspec.Raw])


def foreign(body: bytes) -> Finding | None:
    """The finding that names a foreign format; None where it may be STIX 2."""
    if body[:1] == b"<" or body[:4] == b"\xef\xbb\xbf<":
        head = body[:4096].lower()
        for word, row in _XML.items():
            if word in head:
                return _finding(*row)
        return _finding("xml", "It is XML, not STIX 2.", "Give STIX 2.0 or 2.1 JSON.")
    if body[:1] not in (b"{", b"["):
        return _finding("plain-text", "It is plain text, not STIX.", "Give STIX 2.0 or 2.1 JSON.") if body else None
    try:
        members = _members.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    if "type" in members and "id" in members:
        return None
    for names, row in _JSON:
        if names <= members.keys():
            return _finding(*row)
    return None


def _finding(code: str, sentence: str, remedy: str) -> Finding:
    return Finding(code, "refuse", "", sentence, remedy)
