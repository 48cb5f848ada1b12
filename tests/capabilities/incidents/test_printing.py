"""A situation report on paper says what it says at the terminal, in the language that was asked for, with its marking."""

from __future__ import annotations

import io

from pypdf import PdfReader

from commonwatch.base.printing.pdf import pdf
from commonwatch.capabilities.incidents.sitreps import document, lines_of
from commonwatch.core.stix.response.incidents import Figures, SituationReport, Stamp

LEAD = "identity--00000000-0000-4000-8000-000000000001"
REPORT = SituationReport(
    case_ref="incident--00000000-0000-4000-8000-000000000001",
    number=3,
    as_of="2026-11-29T10:00:00Z",
    since="2026-11-28T10:00:00Z",
    name="Wiper at two ports",
    state="contained",
    level="high",
    rsit="malicious-code",
    lead_ref=LEAD,
    figures=Figures(3, 5, 1, 1, 2, 1, 1, 2),
    times=(Stamp("detected", "2026-11-28T08:00:00Z"),),
    highlights=("#include <nothing>", "Both ports are offline"),
    next_steps=("Block the addresses",),
    assessment="It spreads by *shares*.",
    outlook="stable",
    next_due="2026-11-29T22:00:00Z",
)


def test_paper_says_what_the_terminal_says() -> None:
    names = {LEAD: "CERT.at"}
    lines = lines_of(REPORT, names, "en")
    paper = document(REPORT, names, language="en", marking="TLP:AMBER", reader="CERT.no")
    reader = PdfReader(io.BytesIO(pdf(paper, 1_796_000_000_000_000)))
    text = " ".join(" ".join(page.extract_text() for page in reader.pages).split())
    for line in lines:
        assert line.removeprefix("- ").removesuffix(":") in text
    assert "TLP:AMBER" in text and "Printed for CERT.no" in text
    assert lines[0] == "Situation report 3: Wiper at two ports"
    assert "2 things were said differently by two members and are not settled." in lines
