"""What the compiled framework file does not hold in a form that can be decided on: dates, words, lists of other authorities.

Read again on copies of pages in November 2026: the lists of the United Kingdom and Korea, Brazil's resolution, the European
Patent Organisation's and the United Kingdom's decisions, the Swiss annex as far as Luxembourg, 28 of the 31 ratifications of
Convention 108+, the starts of the Malabo Convention, of India's act and of the Russian rules. The rest (other numbers of
articles and decisions, the names of Malabo's Parties, what the marks in the Swiss annex mean) is general knowledge of the
instruments named.
What was not found is not here: absence never means "no".
"""

from __future__ import annotations

from typing import Any

# The European Commission's decisions by the place they are about; the dates are the framework file's.
DECISIONS = {
    "AD": "Decision 2010/625/EU",
    "AR": "Decision 2003/490/EC",
    "BR": "Implementing Decision (EU) 2026/179",
    "CA": "Decision 2002/2/EC, Art. 1",
    "CH": "Decision 2000/518/EC",
    "FO": "Decision 2010/146/EU",
    "GB": "Implementing Decision (EU) 2021/1772, renewed on 19 December 2025",
    "GG": "Decision 2003/821/EC",
    "IL": "Decision 2011/61/EU, Art. 1",
    "IM": "Decision 2004/411/EC",
    "JE": "Decision 2008/393/EC",
    "JP": "Implementing Decision (EU) 2019/419, Art. 1",
    "KR": "Implementing Decision (EU) 2022/254",
    "NZ": "Implementing Decision 2013/65/EU",
    "US": "Implementing Decision (EU) 2023/1795, Art. 1",
    "UY": "Implementing Decision 2012/484/EU",
    "EPO": "Decision of 15 July 2025 on the European Patent Organisation",
}
# "Shall expire on 27 December 2031": at the end of that day (Regulation 1182/71 Art. 4(3)).
ENDS = {"GB": "2031-12-28"}
# Before its adequacy the United Kingdom was treated as no third country, under the trade agreement with the Union.
BRIDGE = ("2021-01-01", "2021-06-28", "EU-UK Trade and Cooperation Agreement, Art. 782")
NEEDS = {"US": "dpf-certified", "EPO": "epo-adequacy"}
# LGPD Art. 4 III leaves public security and the prosecution of offences out of the law that was found adequate.
NOT_FOR = {"BR": ["law-enforcement"]}


def _codes(text: str) -> list[str]:
    return text.split()


_UK_TRANSITION = "Data Protection Act 2018, Schedule 21 para. 5 (decisions of the EU carried over)"
_SWISS = "Data Protection Ordinance (SR 235.11), Annex 1"
_SWISS_NOT_FOR = "The annex leaves out disclosure in the field of Directive (EU) 2016/680."
# Marked * in the annex: law enforcement is included. GB by the EU's decision.
_SWISS_SCHENGEN = _codes("AT BE CZ DE DK EE ES FI FR GB GR HU IS IT LI LT LU LV MT NL NO PL PT SE SI SK")
_SWISS_OTHER = _codes("AD AR BG CY FO GG GI HR IE IL IM JE MC NZ RO UY")
_RUSSIAN = "Roskomnadzor Order 128 of 5 August 2022; notice to the regulator is still needed"
# Ratified by November 2023.
_CONVENTION_108_PLUS = _codes(
    "AD AL AM AR AT BA BG CH CY DE EE ES FI FR HR HU IS IT LI LT MK MT MU PL PT RO RS SI SK SM UY"
)


def adequate(place: str, since: str, source: str, scope: str = "full", **more: Any) -> dict[str, Any]:
    """One decision."""
    return {"place": place, "scope": scope, "since": since, "source": source, **more}


# Order matters to readers only. `item`: the record of the framework file whose instrument this is.
REGIMES: list[dict[str, Any]] = [
    {
        "id": "eu",
        "item": "DPT:EU45",
        "title": "GDPR Chapter V",
        "instrument": "Regulation (EU) 2016/679 Arts 44-49",
        "source": "Regulation (EU) 2016/679 Art. 44; for Iceland, Liechtenstein, Norway: EEA Joint Committee Decision 154/2018",
        "since": "2018-05-25",
        "exporters": ["eu", "eea"],
        "yields_to": "eu-led",
        "same_area": ["eu", "eea"],
        "safeguards": {
            "scc": "GDPR Art. 46(2)(c), clauses of Implementing Decision (EU) 2021/914",
            "bcr": "GDPR Arts 46(2)(b) and 47",
            "approved-code-of-conduct": "GDPR Art. 46(2)(e)",
            "approved-certification": "GDPR Art. 46(2)(f)",
        },
        "agreement_safeguards": {
            "binding-instrument": "GDPR Art. 46(2)(a)",
            "administrative-arrangement": "GDPR Art. 46(3)(b), authorised by the supervisory authority",
            "scc": "GDPR Art. 46(2)(c), clauses of Implementing Decision (EU) 2021/914",
        },
        "derogations": {
            "vital-interests": "GDPR Art. 49(1)(f)",
            "public-interest": "GDPR Art. 49(1)(d) and (4)",
        },
        "note": "Derogations are for what is necessary and occasional, not for standing feeds (Art. 49, recital 111).",
    },
    {
        "id": "eu-led",
        "item": "DPT:EULED",
        "title": "Law Enforcement Directive, Chapter V",
        "instrument": "Directive (EU) 2016/680 Arts 35-39",
        "source": "Directive (EU) 2016/680 Art. 35; GDPR Art. 2(2)(d)",
        "since": "2018-05-06",
        "exporters": ["eu", "eea"],
        "exporter_kinds": ["state-body"],
        "purposes": ["law-enforcement"],
        "same_area": ["eu", "eea"],
        "adequacy": [
            adequate(
                "GB",
                "2021-06-28",
                "European Commission, Implementing Decision (EU) 2021/1773, renewed on 19 December 2025",
                "public-sector",
                until=ENDS["GB"],
            )
        ],
        "agreement_safeguards": {
            "binding-instrument": "Directive (EU) 2016/680 Art. 37(1)(a)",
            "assessed-safeguards": "Directive (EU) 2016/680 Art. 37(1)(b), with notice to the supervisory authority",
        },
        "note": "For bodies of the state that act to prevent or prosecute offences; the GDPR governs all other sharing. "
        "Arts 38 and 39 allow single cases only and are left to people.",
    },
    {
        "id": "uk",
        "item": "DPT:UK",
        "title": "UK GDPR Chapter V",
        "source": "UK GDPR Arts 44A-49; Data (Use and Access) Act 2025 s 85, in force 5 February 2026 (SI 2026/82)",
        "since": "2021-01-01",
        "exporters": ["GB"],
        "same_area": ["GB"],
        "adequacy": [
            adequate("eea", "2021-01-01", _UK_TRANSITION),
            adequate("eu", "2021-01-01", _UK_TRANSITION, note="Institutions, bodies and agencies of the EU."),
            *(adequate(code, "2021-01-01", _UK_TRANSITION) for code in _codes("AD AR CH FO GG GI IL IM JE NZ UY")),
            adequate("CA", "2021-01-01", _UK_TRANSITION, "commercial", note="Where PIPEDA applies to the recipient."),
            adequate("JP", "2021-01-01", _UK_TRANSITION, "private-sector", note="Where the APPI applies."),
            adequate("KR", "2022-12-19", "SI 2022/1213", note="Persons subject to PIPA."),
            adequate("US", "2023-10-12", "SI 2023/1028", "certified", needs="dpf-uk-extension"),
        ],
        "safeguards": {
            "idta": "UK GDPR Art. 46; International Data Transfer Agreement, Data Protection Act 2018 s 119A",
            "uk-addendum": "UK GDPR Art. 46; addendum to the EU clauses, Data Protection Act 2018 s 119A",
            "uk-bcr": "UK GDPR Arts 46 and 47",
        },
        "agreement_safeguards": {
            "binding-instrument": "UK GDPR Art. 46(2)(a)",
            "idta": "UK GDPR Art. 46; Data Protection Act 2018 s 119A",
        },
        "derogations": {
            "vital-interests": "UK GDPR Art. 49(1)(f)",
            "public-interest": "UK GDPR Art. 49(1)(d)",
        },
        "note": "Law enforcement by competent authorities (Data Protection Act 2018 Part 3) is not listed apart.",
    },
    {
        "id": "ch",
        "item": "DPT:CH",
        "title": "Swiss Data Protection Act, disclosure abroad",
        "source": "Federal Act on Data Protection (SR 235.1) Arts 16-17",
        "since": "2023-09-01",
        "exporters": ["CH"],
        "same_area": ["CH"],
        "adequacy": [
            *(adequate(code, "2023-09-01", _SWISS) for code in _SWISS_SCHENGEN),
            *(
                adequate(code, "2023-09-01", _SWISS, not_for=["law-enforcement"], note=_SWISS_NOT_FOR)
                for code in _SWISS_OTHER
            ),
            adequate(
                "CA", "2023-09-01", _SWISS, "commercial", not_for=["law-enforcement"], note="Where PIPEDA applies."
            ),
            adequate("US", "2024-09-15", _SWISS, "certified", needs="dpf-swiss", not_for=["law-enforcement"]),
        ],
        "safeguards": {
            "scc": "Federal Act on Data Protection Art. 16(2)(d), clauses recognised by the FDPIC",
            "bcr": "Federal Act on Data Protection Art. 16(2)(e)",
        },
        "agreement_safeguards": {
            "binding-instrument": "Federal Act on Data Protection Art. 16(2)(a)",
            "scc": "Federal Act on Data Protection Art. 16(2)(d)",
        },
        "derogations": {
            "vital-interests": "Federal Act on Data Protection Art. 17(1)(d)",
            "public-interest": "Federal Act on Data Protection Art. 17(1)(c)",
        },
    },
    {
        "id": "convention-108-plus",
        "item": "DPT:C108P",
        "title": "Convention 108+",
        "source": "CETS 223 Art. 37; treaty database of the Netherlands, 31 ratifications to November 2023, 38 needed",
        "since": None,
        "exporters": _CONVENTION_108_PLUS,
        "same_area": _CONVENTION_108_PLUS,
        "agreement_safeguards": {"binding-instrument": "Convention 108+ Art. 14(3)"},
        "derogations": {
            "vital-interests": "Convention 108+ Art. 14(4)(b)",
            "public-interest": "Convention 108+ Art. 14(4)(c)",
        },
        "note": "Not in force. When it is, give the date and its Parties of that day in a newer list.",
    },
    {
        "id": "cbpr",
        "item": "DPT:CBPR",
        "title": "Cross-Border Privacy Rules",
        "source": "APEC CBPR System; Global CBPR Forum",
        "since": "2011-11-13",
        "exporters": [],
        "note": "A company's certificate, `cbpr`, that JP and SG accept. Voluntary: it binds nobody by itself.",
    },
    {
        "id": "asean-mcc",
        "item": "DPT:ASEAN",
        "title": "ASEAN Model Contractual Clauses",
        "source": "ASEAN Digital Ministers' Meeting, January 2021",
        "since": "2021-01-22",
        "exporters": [],
        "note": "Clauses, `asean-mcc`, that SG accepts as a contract. Voluntary: they bind nobody by themselves.",
    },
    {
        "id": "jp",
        "item": "DPT:JP",
        "title": "Japan, APPI on provision abroad",
        "source": "Act on the Protection of Personal Information Art. 28, until March 2022 Art. 24",
        "since": "2017-05-30",
        "exporters": ["JP"],
        "same_area": ["JP"],
        "adequacy": [
            adequate("eea", "2019-01-23", "Personal Information Protection Commission, Notice 1 of 2019"),
            adequate(
                "GB",
                "2019-01-23",
                "Personal Information Protection Commission, Notice 1 of 2019; kept by announcement of 28 January 2020",
            ),
        ],
        "safeguards": {
            "appi-equivalent-measures": "APPI Art. 28(1), a system of equivalent measures",
            "cbpr": "APPI Art. 28(1); guidelines of the Commission on provision abroad",
        },
        "agreement_safeguards": {"appi-equivalent-measures": "APPI Art. 28(1)"},
        "derogations": {"vital-interests": "APPI Arts 28(1) and 27(1)(ii)"},
    },
    {
        "id": "kr",
        "item": "DPT:KR",
        "title": "Korea, PIPA on transfer abroad",
        "source": "Personal Information Protection Act Art. 28-8",
        "since": "2023-09-15",
        "exporters": ["KR"],
        "same_area": ["KR"],
        "adequacy": [
            adequate(
                "eea",
                "2025-09-16",
                "Personal Information Protection Commission, recognition of equivalence (PIPA Art. 28-8(1)5)",
                note="Resident registration numbers and credit information are left out.",
            )
        ],
        "safeguards": {"kr-certification": "PIPA Art. 28-8(1)4"},
        "agreement_safeguards": {"binding-instrument": "PIPA Art. 28-8(1)2"},
    },
    {
        "id": "cn",
        "item": "DPT:CN",
        "title": "China, PIPL on provision abroad",
        "source": "Personal Information Protection Law Arts 38-40",
        "since": "2021-11-01",
        "exporters": ["CN"],
        "same_area": ["CN"],
        "safeguards": {
            "cn-security-assessment": "PIPL Art. 38(1)",
            "cn-certification": "PIPL Art. 38(2)",
            "cn-standard-contract": "PIPL Art. 38(3)",
        },
        "agreement_safeguards": {"binding-instrument": "PIPL Art. 38, second paragraph"},
        "derogations": {"vital-interests": "Provisions on Cross-Border Data Flows of 22 March 2024 Art. 5(3)"},
    },
    {
        "id": "cn-authorities",
        "item": "DPT:CN",
        "title": "China, approval for foreign law enforcement",
        "instrument": "PIPL Art. 41; Data Security Law Art. 36",
        "source": "Personal Information Protection Law Art. 41",
        "since": "2021-11-01",
        "exporters": ["CN"],
        "purposes": ["law-enforcement"],
        "same_area": ["CN"],
        "agreement_safeguards": {"cn-approval": "PIPL Art. 41, approval by the competent authority"},
        "note": "Binds beside PIPL Art. 38: for law enforcement both have to be met.",
    },
    {
        "id": "ru",
        "item": "DPT:RU",
        "title": "Russia, transfer across borders",
        "source": "Federal Law 152-FZ Art. 12 as amended by 266-FZ of 14 July 2022",
        "since": "2023-03-01",
        "exporters": ["RU"],
        "same_area": ["RU"],
        "adequacy": [
            adequate("convention-108", "2023-03-01", "152-FZ Art. 12(2), Parties to Convention 108; " + _RUSSIAN),
            *(adequate(code, "2023-03-01", _RUSSIAN) for code in ("BY", "CN", "KZ")),
        ],
        "safeguards": {"rkn-notified": "152-FZ Art. 12, notified and not prohibited by Roskomnadzor"},
        "derogations": {"vital-interests": "152-FZ Art. 12"},
        "note": "Low confidence. A bill of July 2025 would end adequacy by Convention 108. Data also has to be kept in Russia.",
    },
    {
        "id": "br",
        "item": "DPT:BR",
        "title": "Brazil, LGPD on international transfer",
        "source": "Law 13.709/2018 Arts 33-36; Resolution CD/ANPD 19/2024",
        "since": "2020-09-18",
        "exporters": ["BR"],
        "same_area": ["BR"],
        "adequacy": [
            adequate(
                place, "2026-01-26", "Resolution CD/ANPD 32 of 26 January 2026, Arts 1-2", not_for=["law-enforcement"]
            )
            for place in ("eea", "eu")
        ],
        "safeguards": {
            "br-standard-clauses": "LGPD Art. 33 II (b); Resolution CD/ANPD 19/2024",
            "br-corporate-rules": "LGPD Art. 33 II (c)",
        },
        "agreement_safeguards": {
            "binding-instrument": "LGPD Art. 33 III and VI",
            "br-standard-clauses": "LGPD Art. 33 II (b)",
        },
        "derogations": {"vital-interests": "LGPD Art. 33 IV", "public-interest": "LGPD Art. 33 VII"},
    },
    {
        "id": "in",
        "item": "DPT:IN",
        "title": "India, DPDP Act on transfer",
        "source": "Digital Personal Data Protection Act 2023 s 16; commencement notification of 13 November 2025, 18 months",
        "since": "2027-05-13",
        "exporters": ["IN"],
        "same_area": ["IN"],
        "adequacy": [
            adequate(
                "*",
                "2027-05-13",
                "DPDP Act 2023 s 16(1): allowed unless the country is restricted by notification; none seen",
            )
        ],
    },
    {
        "id": "sg",
        "item": "DPT:SG",
        "title": "Singapore, PDPA on transfer",
        "source": "Personal Data Protection Act 2012 s 26; Personal Data Protection Regulations 2021 regs 9-12",
        "since": "2014-07-02",
        "exporters": ["SG"],
        "exporter_kinds": ["company", "university", "civil-society"],
        "same_area": ["SG"],
        "safeguards": {
            "cbpr": "Personal Data Protection Regulations 2021 reg. 12",
            "bcr": "Personal Data Protection Regulations 2021 reg. 11",
            "asean-mcc": "Personal Data Protection Regulations 2021 reg. 11",
        },
        "agreement_safeguards": {"contractual-clauses": "Personal Data Protection Regulations 2021 reg. 11"},
        "derogations": {"vital-interests": "Personal Data Protection Regulations 2021 reg. 10(2)"},
        "note": "Public agencies are outside the act (s 4(1)(c)).",
    },
    {
        "id": "au",
        "item": "DPT:AU",
        "title": "Australia, APP 8",
        "source": "Privacy Act 1988, Schedule 1, APP 8 and s 16C",
        "since": "2014-03-12",
        "exporters": ["AU"],
        "same_area": ["AU"],
        "safeguards": {"similar-law-or-scheme": "APP 8.2(a)"},
        "agreement_safeguards": {
            "contractual-clauses": "APP 8.1, reasonable steps",
            "binding-instrument": "APP 8.2(e), for agencies",
        },
        "derogations": {"vital-interests": "APP 8.2(d) with s 16A"},
        "note": "APP 8.2(f), for enforcement bodies, is left to people.",
    },
    {
        "id": "malabo",
        "item": "DPT:AFR",
        "title": "African Union, Malabo Convention",
        "source": "Malabo Convention Art. 14(6); in force 30 days after the fifteenth instrument of 9 May 2023",
        "since": "2023-06-08",
        "exporters": _codes("AO CG CI CV GH GN MG MR MU MZ NA NE RW SN TG ZM"),
        "same_area": ["african-union"],
        "safeguards": {"dpa-authorisation": "Malabo Convention Art. 14(6)(b)"},
        "agreement_safeguards": {"dpa-authorisation": "Malabo Convention Art. 14(6)(b)"},
        "note": "Fifteen first Parties, and Madagascar of 2024. National acts may ask for more.",
    },
]
