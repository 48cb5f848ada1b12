"""The page on personal data is what the program finds today."""

from __future__ import annotations

from pathlib import Path

from tools import personal_report

PAGE = (Path(__file__).parents[2] / "docs" / "personal-data.md").read_text(encoding="utf-8")


def test_the_figures_on_the_labelled_sample_are_those_of_today() -> None:
    assert personal_report.labelled_part() in PAGE
    assert PAGE.startswith(personal_report.INTRODUCTION)


def test_the_figures_on_real_intelligence_are_those_of_today(shared: Path) -> None:
    assert PAGE.endswith(personal_report.real_part(shared / "intel"))
