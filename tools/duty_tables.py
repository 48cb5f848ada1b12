"""What the compiled list of reporting obligations does not hold in a form that can be computed with.

Read again on copies of pages in November 2026: Article 5 of Delegated Regulation (EU) 2025/301 (all six paragraphs). Everything
else here is general knowledge of the instruments named, as of that month: whom each binds is put into words of a short list, and
how periods are counted is said only where a rule is known. A regime without such a rule counts by `cautious`.
"""

from __future__ import annotations

from typing import Any

AS_OF = "2026-11-29"

COUNTINGS: list[dict[str, Any]] = [
    {
        "id": "cautious",
        "title": "No rule of counting is on record: never later than the end of that day, and not moved from days of rest",
        "source": "Commonwatch, docs/duties.md",
        "as_of": AS_OF,
    },
    {
        "id": "eu-regulation",
        "title": "Periods of acts of the Union end with the last hour of a day, and on the next working day",
        "source": "Regulation (EEC, Euratom) No 1182/71 Art. 3(1), (2)(c) and (4)",
        "as_of": AS_OF,
        "ends": "end-of-day",
        "roll": "next-working-day",
        "hours_note": "Art. 3(1) leaves the hour in which it began out; the earlier moment is shown.",
    },
    {
        "id": "eu-directive",
        "title": "The law of the Member State counts; not moved from days of rest, since that law is not on record",
        "source": "Regulation (EEC, Euratom) No 1182/71 Art. 3(1) and (2)(c), by analogy",
        "as_of": AS_OF,
        "ends": "end-of-day",
    },
    {
        "id": "eu-dora",
        "title": "A limit on a weekend day or bank holiday of the Member State moves to noon of the next working day",
        "source": "Delegated Regulation (EU) 2025/301 Art. 5(4) to (6)",
        "as_of": AS_OF,
        "verified": True,
        "ends": "end-of-day",
        "roll": "noon-of-next-working-day",
        "rolls_hours": True,
    },
    {
        "id": "us-sec",
        "title": "A filing of a business day is submitted by 17:30 Eastern Time",
        "source": "17 CFR 232.13(a)(2); Form 8-K, General Instruction B.1",
        "as_of": AS_OF,
        "ends": "17:30",
    },
]

# Events: what each means; which times of a case stand for it until it is stated; what counts where it happens again.
_AWARE, _SEEN, _CLASSED = ("aware",), ("detected", "aware"), ("classified",)
STARTS: dict[str, tuple[str, tuple[str, ...], str]] = {
    "additional_facts_confirmed": ("further facts being confirmed", (), "each"),
    "any": ("any moment", (), "first"),
    "assessed_notifiable": ("the assessment that the breach is notifiable", _CLASSED, "first"),
    "attack": ("the attack", ("occurred", "detected"), "first"),
    "aware": ("becoming aware of the incident", _AWARE, "first"),
    "aware_of_incident": ("becoming aware of the incident", _AWARE, "first"),
    "aware_of_significant_incident": ("becoming aware of the significant incident", _AWARE, "first"),
    "aware_that_personal_data_affected": ("becoming aware that personal data is affected", _AWARE, "first"),
    "aware_that_reportable": ("becoming aware that the attack is reportable", _AWARE, "first"),
    "believes": ("reasonable grounds to believe that the breach is eligible", _CLASSED, "first"),
    "classified_as_major": ("the classification of the incident as major", _CLASSED, "first"),
    "classified_material": ("the classification of the incident as material", _CLASSED, "first"),
    "communication": ("the first communication to the authority", (), "first"),
    "controller_aware": ("the controller becoming aware of the breach", _AWARE, "first"),
    "corrective_or_mitigating_measure_available": ("a corrective or mitigating measure being available", (), "first"),
    "detected": ("the detection", _SEEN, "first"),
    "determined": ("the determination that the event is to be reported", _CLASSED, "first"),
    "determined_incident_occurred": ("the determination that a notification incident has occurred", _CLASSED, "first"),
    "determined_reportable": ("the determination that the incident is reportable", _CLASSED, "first"),
    "discovered": ("the discovery", _SEEN, "first"),
    "discovery": ("the discovery", _SEEN, "first"),
    "early_alert": ("the early alert to the authority", (), "first"),
    "failure": ("the failure of protection", ("occurred", "detected"), "first"),
    "first_notification": ("the first notification to the authority", (), "first"),
    "first_report": ("the first report to the authority", (), "first"),
    "identified": ("the identification of the incident", _SEEN, "first"),
    "identified_by_top_level_csirt": ("the identification by the agency's top-level CSIRT", _SEEN, "first"),
    "if_incident_ongoing_at_final_report_date": ("the statement that the incident goes on", (), "first"),
    "incident_handled": ("the incident being handled", ("handled",), "first"),
    "incident_notification_submitted": ("the submission of the incident notification", (), "first"),
    "information_determined": ("missing information being determined", (), "each"),
    "initial_notification_submitted": ("the submission of the initial notification", (), "first"),
    "knowledge": ("knowledge of the breach", _AWARE, "first"),
    "latest_intermediate_report_submitted": ("the submission of the latest intermediate report", (), "latest"),
    "manufacturer_aware": ("the manufacturer becoming aware", _AWARE, "first"),
    "materiality_determined": ("the determination that the incident is material", _CLASSED, "first"),
    "new_information": ("substantial new information", (), "each"),
    "noticing": ("noticing the incident", _SEEN, "first"),
    "notification": ("the notification to the authority", (), "first"),
    "oral_report": ("the oral report to the authority", (), "first"),
    "payment_disbursed": ("the payment being disbursed", ("paid",), "first"),
    "payment_made": ("the payment", ("paid",), "first"),
    "reasonably_believes_incident_occurred": ("the reasonable belief that the incident occurred", _AWARE, "first"),
    "request_of_csirt_or_authority": ("a request of the CSIRT or the authority", (), "each"),
    "suspects": ("the suspicion of a breach", _SEEN, "first"),
    "to_be_set_by_regulation": ("an event that regulations are to name", (), "first"),
}

# Whom each binds: places; what a member is; sectors where such members are found; facts that must hold; whether only a
# significant incident counts. Short titles are for lists.
_FINANCE = "banking finance insurance"
_CRITICAL = (
    "energy transport banking finance health water digital-infrastructure telecom public-administration space food"
)
_NIS2 = f"{_CRITICAL} ict-services post waste chemicals manufacturing digital-providers research"
PD = "personal_data"


def _binds(
    title: str,
    places: str,
    entities: str = "",
    sectors: str = "",
    needs: str = "",
    counting: str = "cautious",
    **more: Any,
) -> dict[str, Any]:
    words = {"places": places, "entities": entities, "sectors": sectors, "needs": needs}
    lists = {name: text.split() for name, text in words.items() if text}
    return {"title": title, "counting": counting, **lists, **more}


BINDS: dict[str, dict[str, Any]] = {
    "RO:EU-NIS2-23": _binds("NIS2", "eu", "nis2-entity", _NIS2, counting="eu-directive", threshold=True),
    "RO:EU-NIS2-23-TSP": _binds(
        "NIS2, trust services", "eu", "trust-service", "digital-infrastructure", counting="eu-directive", threshold=True
    ),
    "RO:EU-NIS2-30": _binds("NIS2, voluntary", "eu", counting="eu-directive"),
    "RO:EU-GDPR-33": _binds("GDPR, authority", "eu eea", "", "", PD, "eu-regulation", one_place=True),
    "RO:EU-GDPR-34": _binds(
        "GDPR, people", "eu eea", "", "", f"{PD} high_risk_to_people", "eu-regulation", one_place=True
    ),
    "RO:EU-DORA-19": _binds(
        "DORA", "eu eea", "financial-entity", _FINANCE, counting="eu-dora", threshold=True, one_place=True
    ),
    "RO:EU-DORA-19-THREAT": _binds(
        "DORA, threats", "eu eea", "financial-entity", _FINANCE, "threat_only", "eu-dora", one_place=True
    ),
    "RO:EU-CRA-14-VULN": _binds(
        "CRA, vulnerability",
        "eu",
        "manufacturer",
        "manufacturing ict-services",
        "exploited_vulnerability",
        "eu-regulation",
    ),
    "RO:EU-CRA-14-INC": _binds(
        "CRA, incident",
        "eu",
        "manufacturer",
        "manufacturing ict-services",
        "product_security",
        "eu-regulation",
        threshold=True,
    ),
    "RO:EU-CER-15": _binds("CER", "eu", "critical-entity", _CRITICAL, counting="eu-directive", threshold=True),
    "RO:EU-EIDAS": _binds(
        "eIDAS",
        "eu eea",
        "trust-service wallet-provider",
        "digital-infrastructure",
        counting="eu-regulation",
        threshold=True,
    ),
    "RO:EU-NCCS": _binds("Electricity network code", "eu", "electricity-entity", "energy", counting="eu-regulation"),
    "RO:EU-EUIBA": _binds(
        "Union bodies", "union", "union-body", "public-administration", counting="eu-regulation", threshold=True
    ),
    "RO:EU-OMNIBUS": _binds("Digital Omnibus", "eu eea", "", "", PD, "eu-regulation", one_place=True),
    "RO:GB-NIS": _binds(
        "UK NIS",
        "GB",
        "operator-of-essential-services digital-service-provider",
        "energy transport health water digital-infrastructure digital-providers",
        threshold=True,
    ),
    "RO:GB-CSRB": _binds(
        "UK bill",
        "GB",
        "operator-of-essential-services digital-service-provider managed-service-provider data-centre critical-supplier",
        "energy transport health water digital-infrastructure digital-providers ict-services",
        threshold=True,
    ),
    "RO:GB-UKGDPR": _binds("UK GDPR", "GB", "", "", PD),
    "RO:CH-ISA": _binds("Swiss ISA", "CH", "critical-infrastructure", _CRITICAL),
    "RO:CH-FADP": _binds("Swiss FADP", "CH", "", "", f"{PD} high_risk_to_people"),
    "RO:TR-KVKK": _binds("KVKK", "TR", "", "", PD),
    "RO:RU-152FZ": _binds("152-FZ", "RU", "", "", PD),
    "RO:US-CIRCIA-INC": _binds("CIRCIA, incident", "US", "critical-infrastructure", _CRITICAL, threshold=True),
    "RO:US-CIRCIA-RANSOM": _binds("CIRCIA, payment", "US", "critical-infrastructure", _CRITICAL, "payment_made"),
    "RO:US-SEC-8K": _binds("SEC 8-K", "US", "listed-company", "", "material", "us-sec"),
    "RO:US-BANK36": _binds(
        "US banks, 36 hours", "US", "bank bank-service-provider", "banking ict-services", threshold=True
    ),
    "RO:US-HIPAA": _binds("HIPAA", "US", "health-covered-entity", "health insurance", "health_data"),
    "RO:US-TSA": _binds("TSA", "US", "tsa-operator", "transport energy"),
    "RO:US-NYDFS": _binds("NYDFS", "US", "nydfs-licensed", _FINANCE),
    "RO:US-DFARS": _binds("DFARS", "US", "defence-contractor", "defence manufacturing ict-services space"),
    "RO:US-FISMA": _binds("FISMA", "US", "federal-agency", "public-administration"),
    "RO:US-NERC": _binds("NERC CIP", "US", "bulk-electric-entity", "energy"),
    "RO:CA-PIPEDA": _binds("PIPEDA", "CA", "", "", f"{PD} high_risk_to_people"),
    "RO:CA-CCSPA": _binds("Bill C-8", "CA", "critical-infrastructure", "energy transport banking finance telecom"),
    "RO:CA-OSFI": _binds("OSFI", "CA", "financial-entity", _FINANCE),
    "RO:BR-LGPD": _binds("LGPD", "BR", "", "", PD),
    "RO:CL-21663": _binds("Chile 21.663", "CL", "essential-service vital-operator", _CRITICAL, threshold=True),
    "RO:CO-1581": _binds("Colombia 1581", "CO", "", "", PD),
    "RO:AU-SOCI-CRIT": _binds("SOCI, critical", "AU", "critical-infrastructure", _CRITICAL, threshold=True),
    "RO:AU-SOCI-OTHER": _binds("SOCI, other", "AU", "critical-infrastructure", _CRITICAL),
    "RO:AU-RANSOM": _binds("Australia, payment", "AU", "", "", "payment_made"),
    "RO:AU-NDB": _binds("Australia NDB", "AU", "", "", PD),
    "RO:AU-CPS234": _binds("CPS 234", "AU", "apra-regulated", _FINANCE, threshold=True),
    "RO:NZ-PRIVACY": _binds("NZ Privacy Act", "NZ", "", "", f"{PD} high_risk_to_people"),
    "RO:JP-APPI": _binds("APPI", "JP", "", "", PD),
    "RO:JP-ACD": _binds("Japan ACD", "JP", "critical-infrastructure", _CRITICAL),
    "RO:KR-NETACT": _binds(
        "Korea Network Act", "KR", "online-service", "telecom digital-providers digital-infrastructure ict-services"
    ),
    "RO:KR-PIPA": _binds("PIPA", "KR", "", "", PD),
    "RO:CN-CIRM": _binds("China", "CN", "network-operator critical-infrastructure", "", threshold=True),
    "RO:HK-PCICSO": _binds("Hong Kong", "HK", "critical-infrastructure", _CRITICAL),
    "RO:SG-CSA": _binds("Singapore CSA", "SG", "critical-infrastructure", _CRITICAL),
    "RO:SG-PDPA": _binds("Singapore PDPA", "SG", "", "", PD),
    "RO:SG-MAS": _binds("MAS", "SG", "financial-entity", _FINANCE),
    "RO:MY-CSA854": _binds("Malaysia 854", "MY", "critical-infrastructure", _CRITICAL),
    "RO:TH-PDPA": _binds("Thailand PDPA", "TH", "", "", PD),
    "RO:ID-PDP": _binds("Indonesia PDP", "ID", "", "", PD),
    "RO:PH-NPC": _binds("Philippines NPC", "PH", "", "", PD),
    "RO:VN-PDP": _binds("Vietnam PDP", "VN", "", "", PD),
    "RO:IN-CERTIN": _binds("CERT-In", "IN"),
    "RO:IN-DPDP": _binds("DPDP", "IN", "", "", PD),
    "RO:TW-CSMA": _binds("Taiwan", "TW", "agency critical-infrastructure", f"{_CRITICAL}"),
    "RO:SA-PDPL": _binds("Saudi PDPL", "SA", "", "", PD),
    "RO:AE-PDPL": _binds("UAE PDPL", "AE", "", "", PD),
    "RO:IL-PRIV": _binds("Israel", "IL", "", "", PD, threshold=True),
    "RO:KE-DPA": _binds("Kenya DPA", "KE", "", "", PD),
    "RO:KE-CMCA": _binds("Kenya CMCA", "KE"),
    "RO:NG-NDPA": _binds("NDPA", "NG", "", "", PD),
    "RO:ZA-POPIA": _binds("POPIA", "ZA", "", "", PD),
    "RO:ZA-FSCA": _binds("South Africa, finance", "ZA", "financial-entity", _FINANCE, threshold=True),
    "RO:GH-CSA": _binds("Ghana CSA", "GH", "critical-infrastructure", _CRITICAL),
    "RO:RW-DPP": _binds("Rwanda", "RW", "", "", PD),
    "RO:MU-DPA": _binds("Mauritius", "MU", "", "", PD),
    "RO:EG-PDPL": _binds("Egypt PDPL", "EG", "", "", PD),
}

# What stands in the text of a stage and decides: what sending it starts, which fact it needs, other lengths, other limits.
STAGES: dict[str, dict[str, Any]] = {
    "RO:EU-NIS2-23.s2": {"sends": ["incident_notification_submitted"]},
    "RO:EU-NIS2-23.s4": {
        "ongoing": {
            "stated_by": "if_incident_ongoing_at_final_report_date",
            "clock_start": "incident_handled",
            "deadline": "P1M",
        }
    },
    "RO:EU-NIS2-23.s5": {"counts_from": "incident_notification_submitted"},
    "RO:EU-NIS2-23-TSP.s2": {"sends": ["incident_notification_submitted"]},
    "RO:EU-DORA-19.s1": {
        "sends": ["initial_notification_submitted"],
        "never_rolls": "dora_relief_excluded",
        "outer": {
            "deadline": "PT24H",
            "clock_start": "aware_of_incident",
            "source": "Delegated Regulation (EU) 2025/301 Art. 5(1)(a) and (2)",
        },
    },
    "RO:EU-DORA-19.s2": {"sends": ["latest_intermediate_report_submitted"], "never_rolls": "dora_relief_excluded"},
    "RO:EU-CRA-14-INC.s2": {"sends": ["incident_notification_submitted"]},
    "RO:EU-NCCS.s1": {"sends": ["first_report"]},
    "RO:EU-EUIBA.s2": {"sends": ["incident_notification_submitted"]},
    "RO:CH-ISA.s1": {"sends": ["first_report"]},
    "RO:US-BANK36.s1": {"when": "!bank_service_provider"},
    "RO:US-BANK36.s2": {"when": "bank_service_provider"},
    "RO:US-HIPAA.s2": {"when": "people_500_or_more"},
    "RO:US-NYDFS.s2": {"when": "payment_made"},
    "RO:US-NYDFS.s3": {"when": "payment_made"},
    "RO:US-NERC.s1": {"when": "!attempt_only"},
    "RO:US-NERC.s2": {"when": "attempt_only"},
    "RO:BR-LGPD.s1": {"sends": ["communication"]},
    "RO:CL-21663.s1": {"sends": ["early_alert"]},
    "RO:CL-21663.s2": {"variants": [{"when": "vital_operator", "deadline": "PT24H"}]},
    "RO:CL-21663.s4": {"when": "vital_operator"},
    "RO:NZ-PRIVACY.s1": {"guide": "PT72H"},
    "RO:JP-APPI.s2": {"variants": [{"when": "malicious", "deadline": "P60D"}]},
    "RO:CN-CIRM.s1": {"when": "critical_infrastructure"},
    "RO:CN-CIRM.s2": {"when": "!critical_infrastructure"},
    "RO:HK-PCICSO.s1": {"when": "core_function_disrupted"},
    "RO:HK-PCICSO.s2": {"when": "!core_function_disrupted"},
    "RO:SG-CSA.s1": {"sends": ["first_notification"]},
    "RO:MY-CSA854.s1": {"sends": ["notification"]},
    "RO:TW-CSMA.s2": {"variants": [{"when": "level_1_or_2", "deadline": "PT72H"}]},
    "RO:KE-DPA.s1": {"variants": [{"when": "processor", "deadline": "PT48H"}]},
}

# Which facts of a case say what a notice asks for.
FACTS: dict[str, tuple[str, ...]] = {
    "whether unlawful or malicious acts are suspected": ("malicious",),
    "whether cross-border impact is possible": ("cross_border",),
    "initial assessment of severity and impact": ("severity", "impact"),
    "indicators of compromise where available": ("indicators",),
    "relevant status updates": ("progress",),
    "detailed description, severity, impact": ("summary", "severity", "impact"),
    "threat type or root cause": ("cause",),
    "applied and ongoing mitigation": ("measures",),
    "cross-border impact where applicable": ("cross_border", "countries"),
    "progress": ("progress",),
    "nature of breach, categories and numbers of people and records": ("summary", "data_kinds", "people", "records"),
    "contact point": ("contact",),
    "likely consequences": ("consequences",),
    "measures taken": ("measures",),
    "reference code": ("reference",),
    "detection date/time and classification": ("detected", "classified"),
    "description": ("summary",),
    "criteria met": ("criteria",),
    "Member States impacted": ("countries",),
    "how discovered": ("discovered_how",),
    "origin if known": ("origin",),
    "business continuity plan active?": ("continuity",),
    "occurrence time": ("occurred",),
    "recovery time": ("recovered",),
    "how criteria were met": ("criteria",),
    "incident type": ("kind",),
    "threats and techniques": ("techniques",),
    "affected functions and components": ("components",),
    "client impact": ("people", "impact"),
    "reports to other authorities": ("other_reports",),
    "temporary measures": ("measures",),
    "indicators of compromise": ("indicators",),
    "root causes": ("cause",),
    "resolution dates": ("recovered", "handled"),
    "costs and losses": ("costs",),
    "recurrence information": ("recurrence",),
}
# Where the content of a stage is not on record: what any authority asks first.
GENERAL: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("who reports, and whom to ask", ("contact",)),
    ("what happened", ("summary", "kind")),
    ("when it happened and was noticed", ("occurred", "detected", "aware")),
    ("what it does to services and people", ("impact", "people")),
    ("what was done, and what will be", ("measures",)),
)
