"""What the compiled framework files do not say in a form that can be asked: of our own reading of the treaties' public texts."""

from __future__ import annotations

from typing import Any

SOURCES = [
    "Council of Europe, ETS 185, CETS 224; T-CY(2018)11; UN, A/RES/79/243. Wording of our own; facts for decisions, not legal advice.",
    "Days of entry into force: treaty databases and press, as each entry says; those of general knowledge were not read again.",
    "Accessions after January 2025 other than New Zealand may be missing; reservations and declarations are not in the list.",
]
PURPOSES = {
    "preserve": "have stored data preserved before anybody asks for them",
    "trace": "have enough traffic data disclosed to find the providers of a path",
    "stored-data": "have stored data searched, seized and disclosed",
    "contact": "have advice, preservation or evidence by the network of contacts at all hours",
    "registration": "ask who registered a domain name",
    "subscriber-direct": "order subscriber information from a provider directly",
    "subscriber-order": "have an order for subscriber information or traffic data given effect",
    "emergency-data": "have stored data disclosed in an emergency, without a request for assistance",
    "emergency-assistance": "have assistance in an emergency, at once",
}
BUDAPEST: dict[str, Any] = {
    "id": "budapest",
    "title": "The Budapest Convention",
    "source": "Convention on Cybercrime, ETS 185",
    "as_of": "2026-02-28",
    "verified": True,
    "complete": False,
    "in_force": "2004-07-01",
}
PROTOCOL: dict[str, Any] = {
    "id": "budapest-second-protocol",
    "title": "The Second Additional Protocol",
    "source": "Second Additional Protocol to the Convention on Cybercrime, CETS 224, Art. 16",
    "as_of": "2026-02-28",
    "verified": True,
    "complete": False,
    "note": "It needs five ratifications; three are on record (JP, RS, HU).",
    "parent": "budapest",
}
UNITED_NATIONS: dict[str, Any] = {
    "id": "un-cybercrime-convention",
    "title": "The UN Convention against Cybercrime",
    "source": "United Nations Convention against Cybercrime, A/RES/79/243, Art. 65",
    "as_of": "2025-11-30",
    "verified": False,
    "complete": False,
    "note": "It needs forty instruments, then ninety days.",
}
_REFUSED = ["political-offence", "sovereignty", "security", "ordre-public", "safeguards"]
_ASSISTANCE = [
    "domestic-law",
    "political-offence",
    "sovereignty",
    "security",
    "ordre-public",
    "own-proceedings",
    "use-limits",
    "safeguards",
]
_OUTLINE = {"grounds": ["domestic-law", "safeguards"], "outline": True}
_DUAL_MLA = (
    "Budapest Convention Art. 25(5): where it is a condition, it is met if the conduct is an offence under both laws, "
    "whatever either calls it or whichever category it stands in."
)
_DUAL_UN = "UN Convention Art. 40(8), in outline: may be a ground for refusal; the conduct counts, not its name."
_UN_FORM = {
    "form": "legal-request",
    "outline": True,
    "grounds": ["domestic-law", "sovereignty", "security", "ordre-public", "safeguards"],
}
ARTICLES: dict[str, dict[str, Any]] = {
    "BUD:29": {
        "purpose": "preserve",
        "asks": "an authority, mostly by its 24/7 contact",
        "asked": "the 24/7 contact or central authority",
        "form": "preservation",
        "dual": "unless-reserved",
        "dual_text": "Budapest Convention Art. 29(3) and (4): no condition of preservation, unless the side that is asked has "
        "reserved it for other offences than those of Arts 2 to 11 and expects that it could not be met at disclosure.",
        "grounds": ["dual-criminality-reserved", *_REFUSED, "not-enough-by-preservation"],
        "clocks": [
            {
                "id": "least",
                "what": "data stay preserved at least",
                "days": 60,
                "event": "preserved",
                "source": "Budapest Convention Art. 29(7)",
                "least": True,
            },
            {
                "id": "domestic-order",
                "what": "an order under the law of the side that is asked lasts at most, if it is not renewed",
                "days": 90,
                "event": "preserved",
                "source": "Budapest Convention Art. 16(2)",
            },
        ],
        "text": "The request says that a request for the data will follow. After that came in, they are kept until it is decided.",
    },
    "BUD:30": {
        "purpose": "trace",
        "asks": "the side that had data preserved under Art. 29",
        "asked": "the side that preserves them",
        "form": "preservation",
        "dual": "not-required",
        "dual_text": "Budapest Convention Art. 30: not named as a condition.",
        "grounds": _REFUSED,
        "text": "Where a provider of another country was in the path, enough traffic data to find it and the path.",
    },
    "BUD:31": {
        "purpose": "stored-data",
        "asks": "the central authority, or a judicial authority where it is urgent",
        "asked": "the central authority",
        "form": "mutual-assistance",
        "dual": "may-be-required",
        "dual_text": _DUAL_MLA,
        "grounds": _ASSISTANCE,
        "text": "To be answered at once where data are likely to be lost or a treaty says so (Art. 31(3)).",
    },
    "BUD:35": {
        "purpose": "contact",
        "asks": "the 24/7 contact",
        "asked": "the 24/7 contact",
        "form": "legal-request",
        "dual": "not-required",
        "dual_text": "Budapest Convention Art. 35: what is asked for has its own conditions.",
        "grounds": ["domestic-law", "safeguards"],
        "text": "Technical advice, preservation, collection of evidence, legal information, locating of suspects.",
    },
    "BUDSAP:6": {
        "purpose": "registration",
        "asks": "a competent authority",
        "asked": "the registry or registrar itself; it may answer",
        "form": "legal-request",
        "dual": "not-required",
        "dual_text": "Second Protocol Art. 6, in outline.",
        **_OUTLINE,
    },
    "BUDSAP:7": {
        "purpose": "subscriber-direct",
        "asks": "a competent authority, by an order",
        "asked": "the provider itself; its country may want to be told",
        "form": "legal-request",
        "dual": "not-required",
        "dual_text": "Second Protocol Art. 7, in outline.",
        "clocks": [
            {
                "id": "answer",
                "what": "if the provider has not answered, the way is Art. 8 or mutual assistance, after",
                "days": 30,
                "event": "received",
                "source": "Second Protocol Art. 7(7)",
            }
        ],
        **_OUTLINE,
    },
    "BUDSAP:8": {
        "purpose": "subscriber-order",
        "asks": "a competent authority",
        "asked": "the authority that gives it effect towards its provider",
        "form": "mutual-assistance",
        "dual": "may-be-required",
        "dual_text": "Second Protocol Art. 8, in outline; grounds as for mutual assistance.",
        "clocks": [
            {
                "id": "served",
                "what": "the provider is to be served within",
                "days": 45,
                "event": "received",
                "source": "Second Protocol Art. 8(6)",
            },
            {
                "id": "subscriber",
                "what": "served at once, subscriber information is due within",
                "days": 20,
                "event": "received",
                "source": "Second Protocol Art. 8(6)(a)",
            },
            {
                "id": "traffic",
                "what": "served at once, traffic data are due within",
                "days": 45,
                "event": "received",
                "source": "Second Protocol Art. 8(6)(b)",
            },
        ],
        **_OUTLINE,
    },
    "BUDSAP:9": {
        "purpose": "emergency-data",
        "asks": "the 24/7 contact",
        "asked": "the 24/7 contact",
        "form": "legal-request",
        "dual": "not-required",
        "dual_text": "Second Protocol Art. 9, in outline.",
        **_OUTLINE,
    },
    "BUDSAP:10": {
        "purpose": "emergency-assistance",
        "asks": "the central authority",
        "asked": "the central authority, at all hours",
        "form": "mutual-assistance",
        "dual": "may-be-required",
        "dual_text": "Second Protocol Art. 10, in outline; conditions as for mutual assistance.",
        **_OUTLINE,
    },
    "UNCC:41": {"purpose": "contact", "asks": "the 24/7 contact", "asked": "the 24/7 contact", "dual": "not-required", "dual_text": "UN Convention Art. 41, in outline.", **_UN_FORM},
    "UNCC:42": {"purpose": "preserve", "asks": "an authority", "asked": "an authority", "dual": "unless-reserved", "dual_text": _DUAL_UN, **_UN_FORM, "form": "preservation"},
    "UNCC:43": {"purpose": "trace", "asks": "an authority", "asked": "an authority", "dual": "not-required", "dual_text": "UN Convention Art. 43, in outline.", **_UN_FORM, "form": "preservation"},
    "UNCC:44": {"purpose": "stored-data", "asks": "the central authority", "asked": "the central authority", "dual": "may-be-required", "dual_text": _DUAL_UN, **_UN_FORM, "form": "mutual-assistance"},
}  # fmt: skip
GROUNDS = [
    {
        "id": "domestic-law",
        "title": "Law of the side that is asked, or another treaty",
        "question": "Does its own law, or a treaty between the two, set a condition or a ground for refusal?",
        "source": "Budapest Convention Art. 25(4)",
    },
    {
        "id": "dual-criminality-reserved",
        "title": "Dual criminality, where it was reserved",
        "question": "Is it another offence than those of Arts 2 to 11, was dual criminality reserved, and will it fail at disclosure?",
        "source": "Budapest Convention Art. 29(4)",
    },
    {
        "id": "political-offence",
        "title": "Political offence",
        "question": "Does the side that is asked consider it a political offence, or connected with one?",
        "source": "Budapest Convention Arts 27(4)(a), 29(5)(a)",
    },
    {
        "id": "sovereignty",
        "title": "Sovereignty",
        "question": "Would carrying it out prejudice the sovereignty of the side that is asked?",
        "source": "Budapest Convention Arts 27(4)(b), 29(5)(b), 30(2)(b)",
    },
    {
        "id": "security",
        "title": "Security",
        "question": "Would carrying it out prejudice its security?",
        "source": "Budapest Convention Arts 27(4)(b), 29(5)(b), 30(2)(b)",
    },
    {
        "id": "ordre-public",
        "title": "Ordre public and other essential interests",
        "question": "Would carrying it out prejudice its ordre public or other essential interests?",
        "source": "Budapest Convention Arts 27(4)(b), 29(5)(b), 30(2)(b)",
    },
    {
        "id": "own-proceedings",
        "title": "Own investigations or proceedings",
        "question": "Would it harm investigations or proceedings of the side that is asked?",
        "source": "Budapest Convention Art. 27(5)",
        "effect": "postpone",
    },
    {
        "id": "not-enough-by-preservation",
        "title": "Preservation will not do",
        "question": "Would preservation not secure the data, or endanger confidentiality or the investigation? Then say so at once.",
        "source": "Budapest Convention Art. 29(6)",
        "effect": "condition",
    },
    {
        "id": "use-limits",
        "title": "Confidentiality and limits of use",
        "question": "Is it to be kept confidential, or not to be used for other matters, and can the side that asks promise that?",
        "source": "Budapest Convention Art. 28",
        "effect": "condition",
    },
    {
        "id": "safeguards",
        "title": "Conditions and safeguards",
        "question": "Are the measures proportionate, and is there supervision, as the law of the side that is asked wants it?",
        "source": "Budapest Convention Art. 15",
        "effect": "condition",
    },
]
COUNTERPARTS = {
    "BUD:2": "UNCC:7",
    "BUD:3": "UNCC:8",
    "BUD:4": "UNCC:9",
    "BUD:5": "UNCC:10",
    "BUD:6": "UNCC:11",
    "BUD:7": "UNCC:12",
    "BUD:8": "UNCC:13",
    "BUD:9": "UNCC:14",
    "BUD:11": "UNCC:19",
}
FORM_SOURCES = {
    "RFA:ART29": ("preservation", "Council of Europe, T-CY(2018)11; Budapest Convention Art. 29(2)"),
    "RFA:ART31": ("mutual-assistance", "Common practice for requests under Budapest Convention Arts 27 and 31"),
}
# Which fact of the case or of the members fills a field.
FACTS = {
    "date": "today",
    "reference_case_number": "reference",
    "request_status": "status",
    "requested_authority": "asked",
    "requesting_authority": "asking",
    "investigating_authority": "asking",
    "offence": "offences",
    "offence_and_penalty": "offences",
    "facts_summary": "facts",
    "facts": "facts",
    "intent_to_request_mla": "intent",
    "preservation_period": "period",
    "signature": "person",
    "legal_basis": "basis",
    "central_authorities": "both",
    "preservation_reference": "preservation",
    "dual_criminality": "dual",
    "contact": "asking",
}
GENERIC_FORM: dict[str, Any] = {
    "id": "legal-request",
    "title": "Request to a contact or authority",
    "source": "Composed of what the other forms have in common",
    "verified": False,
    "fields": [
        {"id": "date", "text": "date of request", "required": True, "fact": "today"},
        {"id": "reference_case_number", "text": "own case number", "required": True, "fact": "reference"},
        {"id": "legal_basis", "text": "treaty articles", "required": True, "fact": "basis"},
        {"id": "asking", "text": "who asks, and how to reach them", "required": True, "fact": "asking"},
        {"id": "asked", "text": "who is asked", "required": True, "fact": "asked"},
        {"id": "offence", "text": "legal qualification", "required": True, "fact": "offences"},
        {"id": "facts", "text": "brief facts", "required": True, "fact": "facts"},
        {"id": "sought", "text": "what is asked for, exactly", "required": True},
        {"id": "urgency", "text": "reason and date limit"},
        {"id": "confidentiality", "text": "what must not be told to whom"},
        {"id": "signature", "text": "name and function", "required": True, "fact": "person"},
    ],
}
