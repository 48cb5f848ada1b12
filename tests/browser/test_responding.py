"""Responding together, as three people do it who have only the pages: three members, three nodes, three browsers, three languages.

An alert becomes a joint case, one asks for help and gets it, evidence is handed over, a clock runs, a report is read in each language.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Locator, Page, expect
from pyrage import x25519

from commonwatch.cli.demo.nodes import DemoNode, free_port, stop
from tests.browser.conftest import lead, set_up
from tests.browser.sample import bundle, dns_log
from tests.browser.test_pages import accessible, kept
from tests.browser.test_story import Member, Person, _seen

CAST = (
    ("cert-at", "CERT Austria", "AT", "en"),
    ("cert-ca", "CERT Canada", "CA", "fr"),
    ("cert-tn", "CERT Tunisia", "TN", "ar"),
)
NAME = "Heron at the border"


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[list[Person]]:
    """Three nodes that know one another; the first has an alert and evidence."""
    folder = tmp_path_factory.mktemp("three")
    nodes = [
        DemoNode(name, title, country, "state-body", folder / name, free_port()) for name, title, country, _ in CAST
    ]
    try:
        with ThreadPoolExecutor(2) as some:
            list(some.map(_prepared, nodes))
        for number, one in enumerate(nodes):
            for other in nodes[number + 1 :]:
                told = ("--kind", other.kind, "--country", other.country)
                code = one.run("federation", "invite", other.name, *told)["code"]
                other.run("federation", "join", code, one.name, "--kind", one.kind, "--country", one.country)
        people = []
        for node, (_, _, _, language) in zip(nodes, CAST, strict=True):
            people.append(Person(chromium, Member(node, set_up(chromium, _seen(node))), language))
        yield people
    finally:
        stop(folder)


def _prepared(node: DemoNode) -> None:
    node.folder.mkdir()
    node.run("party", "set", "home", "--title", node.title, "--kind", node.kind, "--country", node.country)
    if node.country == "AT":
        (node.folder / "sample.json").write_bytes(bundle())
        (node.folder / "dns.log").write_text(dns_log())
        node.run("import", str(node.folder / "sample.json"), "--source", "feed", "--default-marking", "TLP:GREEN")
        node.run("hunt", str(node.folder / "dns.log"))
    node.start()


def shown(person: Person, name: str) -> None:
    """Keep a picture, and look whether everybody can use the page."""
    person.page.wait_for_load_state("networkidle")
    kept(person.page, f"responding-{name}", person.language)
    accessible(person.page)


def sure(page: Page) -> None:
    """Look whom it reaches, and mean it."""
    page.locator("main form button.main").last.click()
    expect(page.locator("[name=sure]")).to_have_count(1)
    page.locator("main form button.main, main form button.danger").first.click()
    expect(page.locator("[name=sure]")).to_have_count(0)


def comes(person: Person, address: str, words: str) -> None:
    """Look again until it has come from another node; until then its page is not there, which the browser says as well."""
    before = len(person.watched.said)
    person.page.goto(address)
    person.until(person.page.locator("main").get_by_text(words))
    waited = person.watched.said[before:]
    assert all("404 (Not Found)" in one for one in waited), waited
    del person.watched.said[before:]


def test_three_people_respond_together(three: list[Person]) -> None:
    here, second, third = three
    case = _case(here)
    _join_in(second, third, case)
    _help(here, second, third, case)
    _evidence(here, second, case)
    _clock(here, case)
    _report(here, second, third, case)
    for person in three:
        assert person.watched.said == []
        person.context.close()


def _case(here: Person) -> str:
    """From the alert to a case with both others; its address."""
    page = here.page
    page.goto("/detection/")
    lead(page.locator("main table a").first)
    page.locator("summary", has=page.locator("xpath=..//a[contains(@href,'/response/cases/new/')]")).click()
    lead(page.locator("a[href^='/response/cases/new/']"))
    page.fill("[name=name]", NAME)
    page.select_option("[name=severity]", "high")
    for name in ("cert-ca", "cert-tn"):
        page.check(f"[name=members][value='{name}']")
    shown(here, "case-new")
    sure(page)
    expect(page.locator("h1")).to_contain_text(NAME)
    shown(here, "case")
    return re.sub(r"^https?://[^/]+", "", page.url)


def _join_in(second: Person, third: Person, case: str) -> None:
    """Each says something of its own; both end with both."""
    for person, words in ((second, "Vu aussi dans notre réseau"), (third, "رأيناه أيضا في شبكتنا")):
        comes(person, case, NAME)
        person.page.goto(f"{case}write/entry/")
        person.page.fill("[name=name]", words)
        person.page.fill("[name=at]", "2026-11-20 08:10")
        sure(person.page)
    comes(second, f"{case}timeline/", "رأيناه أيضا في شبكتنا")
    comes(third, f"{case}timeline/", "Vu aussi dans notre réseau")
    shown(second, "timeline")
    shown(third, "timeline")


def _help(here: Person, second: Person, third: Person, case: str) -> None:
    """Asked of both: one refuses, one offers, delivers, and is confirmed."""
    page = here.page
    page.goto("/response/help/new/generic/")
    page.fill("[name=name]", "Analysis of a beacon")
    page.fill("[name=contact]", "Duty desk")
    page.fill("[name=answer-situation]", "Beacons at the border")
    page.fill("[name=answer-what_we_ask]", "Analysis of one sample")
    page.fill("[name=needs]", "artifact-analysis=1")
    for name in ("cert-ca", "cert-tn"):
        page.check(f"[name=members][value='{name}']")
    shown(here, "help-ask")
    sure(page)
    request = re.sub(r"^https?://[^/]+", "", page.url)
    comes(third, request, "Analysis of a beacon")
    _take(third, "refuse", "كل محللينا في قضية أخرى")
    shown(third, "help-refused")
    comes(second, request, "Analysis of a beacon")
    lead(second.page.locator("main a.button.main").first)
    second.page.fill("[name=contact]", "Laboratoire")
    second.page.fill("[name=terms]", "Sous deux jours, sans frais")
    lead(second.page.locator("main form button.main").last)
    comes(here, request, "Sous deux jours, sans frais")
    expect(page.locator("main")).to_contain_text("كل محللينا في قضية أخرى")
    shown(here, "help-offered")
    _take(here, "accept")
    second.page.goto(request)
    second.until(_form(second, "deliver"))
    _take(second, "deliver")
    page.goto(request)
    here.until(_form(here, "confirm"))
    _take(here, "confirm")
    shown(here, "help-confirmed")
    assert page.locator("h1 .badge[data-tone=good]").count() == 1


def _form(person: Person, act: str) -> Locator:
    return person.page.locator("details.act", has=person.page.locator(f"input[name=act][value={act}]"))


def _take(person: Person, act: str, reason: str = "") -> None:
    form = _form(person, act)
    form.locator("summary").first.click()
    if reason:
        form.locator("textarea").first.fill(reason)
    lead(form.locator("button[type=submit]").first)
    expect(person.page.locator(".message").first).to_be_visible()


def _evidence(here: Person, second: Person, case: str) -> None:
    """Sealed while it comes, offered and taken over by pages; the file of the chain verifies on a page of the other."""
    disk = here.node.folder / "disk.img"
    disk.write_bytes(b"as it was found" * 1_000_000)
    here.page.goto(f"/response/evidence/new/?case={case.rstrip('/').rpartition('/')[2]}")
    here.page.fill("[name=name]", "Disk of the mail server")
    here.page.fill("[name=basis]", "Consent")
    here.page.fill("[name=recipients]", str(x25519.Identity.generate().to_public()))
    here.page.check("[name=members][value=cert-ca]")
    shown(here, "evidence-new")
    lead(here.page.locator("main form button.main"))
    shown(here, "evidence-content")
    expect(here.page.locator("[data-progress]")).to_be_hidden()
    here.page.set_input_files("[name=content]", str(disk))
    here.page.locator("main form button.main").click()
    here.page.wait_for_url("**/response/evidence/one/**")
    address = here.page.url.removeprefix(here.node.url)
    here.page.locator("summary", has_text=here.word("Hand it over")).click()
    here.page.select_option("[name=member]", "cert-ca")
    here.page.fill("[name=purpose]", "Analysis of a beacon")
    lead(here.page.locator("form[action$='/offer/'] button.main"))
    shown(here, "evidence-offered")
    second.page.goto(address)
    second.until(second.page.locator("form[action$='/answer/'] input[value=accept]").locator("xpath=.."))
    lead(second.page.locator("form[action$='/answer/'] button.main").first)
    shown(second, "evidence-taken-over")
    here.page.goto(address)
    here.until(here.page.locator("dl.facts dd").first.get_by_text("cert-ca"))
    with second.page.expect_download() as file:
        second.page.locator(f"a[href$='{address}custody/']").click()
    second.page.goto("/response/evidence/verify/")
    second.page.set_input_files("[name=file]", str(file.value.path()))
    second.page.locator("main form button.main").click()
    expect(second.page.locator("main .notice").first).to_be_visible()
    shown(second, "evidence-verified")


def _clock(here: Person, case: str) -> None:
    """What follows from the case's facts is confirmed, and a clock runs."""
    page = here.page
    page.goto(case)
    lead(page.locator("main a[href*='/response/duties/?case=']").first)
    lead(page.locator("main a[href*='/response/duties/assess/']").first)
    page.check("[name=roles][value=nis2-entity]")
    expect(page.locator("#answers [name=only][value$='|AT|RO:EU-NIS2-23']")).to_be_checked()
    lead(page.locator("form.beside button.main"))
    lead(page.locator("table a", has_text="NIS2").first)
    page.locator("summary.button").first.click()
    page.locator("details[open] textarea").fill("Legal office")
    lead(page.locator("details[open] button"))
    expect(page.locator("main")).to_contain_text(re.compile(r"\d{4}-\d\d-\d\d"))
    shown(here, "duty")


def _report(here: Person, second: Person, third: Person, case: str) -> None:
    """Written once; each reads it in the own language, on paper too."""
    here.page.goto(f"{case}write/report/")
    here.page.fill("[name=assessment]", "Under control")
    sure(here.page)
    reports = "main a[href*='/report/situation-report']"
    lead(here.page.locator(reports).first)
    report = re.sub(r"^https?://[^/]+", "", here.page.url)
    for person, title in ((here, "Situation report 1"), (second, "Rapport"), (third, "تقرير")):
        comes(person, report, "Under control")
        expect(person.page.locator("main")).to_contain_text(title)
        shown(person, "report")
        with person.page.expect_download() as paper:
            person.page.locator("main a[href='?take=pdf']").click()
        assert Path(paper.value.path()).read_bytes().startswith(b"%PDF-")
