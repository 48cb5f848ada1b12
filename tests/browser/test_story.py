"""The main tasks end to end, as somebody does them who has only the pages: three members join, find, share, explain, take back, judge.

Told in English with one partner and in Arabic with another; whatever is clicked is found by its role and its word in that language.
Real intelligence where the shared data is, the sample otherwise.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils.translation import gettext, override
from playwright.sync_api import Browser, Locator, Page, StorageState, expect
from playwright.sync_api import TimeoutError as PatienceEnded

from commonwatch.cli.demo.nodes import LOG_FILE, DemoNode, free_port, stop
from tests.browser.conftest import Node, Watched, lead, set_up
from tests.browser.sample import bundle, dns_log
from tests.browser.test_pages import kept
from tests.conftest import SHARED

REAL = SHARED / "data" / "intel" / "stix" / "oasis-examples" / "poisonivy.json"
# What is looked for, and something that it is related to.
SOUGHT, RELATED = ("menuPass", "PIVY Variant") if REAL.is_file() else ("Quiet Heron loader", "Way 0")
PARTNERS = {"en": ("cert-no", "CERT Norway", "NO"), "ar": ("cert-tn", "CERT Tunisia", "TN")}
PATIENCE_TIMES = 60  # reloads of a page that waits for another program
BETWEEN_MS = 1_000  # a look at a page before it is reloaded: what was pressed just now may still be on its way


@dataclass(frozen=True)
class Member:
    """A node that runs, and what the browser of its administrator keeps."""

    node: DemoNode
    state: StorageState


@pytest.fixture(scope="module")
def members(tmp_path_factory: pytest.TempPathFactory, chromium: Browser) -> Iterator[dict[str, Member]]:
    """Austria, which has intelligence and telemetry, and two that have nothing yet; by name."""
    folder = tmp_path_factory.mktemp("story")
    cast = [DemoNode("cert-at", "CERT Austria", "AT", "state-body", folder / "cert-at", free_port())]
    cast += [
        DemoNode(name, title, country, "state-body", folder / name, free_port())
        for name, title, country in PARTNERS.values()
    ]
    try:
        with ThreadPoolExecutor(2) as both:
            list(both.map(_prepared, cast))
        yield {node.name: Member(node, set_up(chromium, _seen(node))) for node in cast}
    finally:
        stop(folder)


def _prepared(node: DemoNode) -> None:
    node.folder.mkdir()
    if node.country == "AT":  # the others begin with nothing
        node.run("party", "set", "home", "--title", node.title, "--kind", node.kind, "--country", node.country)
        (node.folder / "passphrase").write_text("long words on a stick")
        (node.folder / "sample.json").write_bytes(bundle())
        (node.folder / "dns.log").write_text(dns_log())
        files = [str(node.folder / "sample.json"), *([str(REAL)] if REAL.is_file() else [])]
        node.run("import", *files, "--source", "feed", "--default-marking", "TLP:GREEN", fine=(0, 1))
        node.run("hunt", str(node.folder / "dns.log"))
        root = ("--root", str(node.folder / "root.pem"), "--passphrase-file", str(node.folder / "passphrase"))
        node.run("federation", "create", "north-south", *root)
    node.start()


def _seen(node: DemoNode) -> Node:
    """The same with the link that it greeted its operator with."""
    log = node.folder / LOG_FILE
    for _ in range(600):  # it is printed a moment after the node listens
        if link := re.search(r"http\S+/setup/\S+", log.read_text()):
            break
        time.sleep(0.1)
    assert link is not None, log.read_text()
    return Node(node.url, link.group(), node.folder)


class Person:
    """Somebody who reads a node's pages in a language and finds things by their words."""

    def __init__(self, browser: Browser, member: Member, language: str) -> None:
        self.language, self.node = language, member.node
        locale = "en-GB" if language == "en" else language
        self.context = browser.new_context(
            base_url=member.node.url,
            storage_state=member.state,
            locale=locale,
            viewport={"width": 1280, "height": 800},
            reduced_motion="reduce",
        )
        self.watched = Watched(self.context.new_page(), member.node.url)
        self.page: Page = self.watched.page
        self.page.goto("/overview/")

    def word(self, english: str) -> str:
        """As the pages say it."""
        with override(self.language):
            return gettext(english)

    def turn_to(self, area: str, entry: str) -> None:
        """Choose a page in the navigation."""
        section = self.page.locator("#navigation section").filter(
            has=self.page.get_by_role("heading", name=self.word(area), exact=True)
        )
        lead(section.get_by_role("link", name=self.word(entry), exact=True))

    def press(self, english: str, within: Locator | None = None) -> None:
        """A button."""
        (within or self.page.locator("main")).get_by_role("button", name=self.word(english), exact=True).click()

    def follow(self, english: str) -> None:
        """A link of the page."""
        lead(self.page.locator("main").get_by_role("link", name=self.word(english), exact=True).first)

    def fill(self, label: str, value: str) -> None:
        """A field."""
        self.page.locator("main").get_by_label(self.word(label), exact=True).fill(value)

    def choose(self, label: str, value: str) -> None:
        """One of several."""
        self.page.locator("main").get_by_label(self.word(label), exact=True).select_option(value)

    def act(self, english: str, reason: str) -> None:
        """Open an act's form, say why, and mean it."""
        menu = self.page.locator("details.act").filter(has=self.page.locator("summary", has_text=self.word(english)))
        menu.locator("summary").click()
        menu.get_by_label(self.word("Reason")).fill(reason)
        self.press(english, menu)

    def told(self, english: str) -> None:
        """The page says so."""
        expect(self.page.locator("main").get_by_text(self.word(english)).first).to_be_visible()

    def until(self, there: Locator) -> None:
        """Look again until another program has done its part."""
        for _ in range(PATIENCE_TIMES):
            with suppress(PatienceEnded):
                there.first.wait_for(timeout=BETWEEN_MS)
                return
            self.page.reload()
        expect(there.first).to_be_visible()

    def shot(self, name: str) -> None:
        """Keep a picture."""
        kept(self.page, f"story-{name}", self.language)


@pytest.mark.parametrize("language", list(PARTNERS))
def test_the_main_tasks_are_done_with_pages_alone(
    members: dict[str, Member], chromium: Browser, language: str, tmp_path: Path
) -> None:
    name, title, country = PARTNERS[language]
    here, there = (Person(chromium, members[one], language) for one in ("cert-at", name))
    _join(here, there, name, country)
    _find_and_pivot(here)
    own = _publish(here, f"Beacon for {title}", f"beacon.{country.lower()}.example")
    _explain(here, name)
    _arrives(there, own, title)
    _recall(here, there, own, name)
    _judge(here)
    for one in (here, there):
        assert one.watched.said == []
        one.context.close()


def _join(here: Person, there: Person, name: str, country: str) -> None:
    """One code, by pages at both ends; then the partnership takes the new member in."""
    here.turn_to("Partnership", "Peers")
    here.follow("Invite a node")
    _say_who(here, name, country)
    here.told("Nothing is changed yet. This is what follows:")
    here.press("Do it")
    code = here.page.locator("main code.long").inner_text()
    here.shot("invited")
    there.turn_to("Partnership", "Peers")
    there.follow("Join with a code")
    there.fill("Its invitation code", code)
    _say_who(there, "cert-at", "AT")
    there.press("Do it")
    expect(there.page.get_by_role("heading", level=1)).to_contain_text("cert-at")
    there.shot("joined")
    here.turn_to("Partnership", "Joining")
    here.until(here.page.locator("article.card").get_by_role("button", name=here.word("Approve")))
    here.shot("waits")
    here.press("Approve")
    here.press("Do it")
    here.told("Nothing waits for approval.")
    here.shot("approved")


def _say_who(one: Person, name: str, country: str) -> None:
    one.fill("Its name here", name)
    one.choose("Kind", "state-body")
    one.choose("Country", country)
    one.press("See what follows")


def _find_and_pivot(here: Person) -> None:
    """Words, an object, and the graph around it, opened and closed again."""
    here.turn_to("Intelligence", "Search")
    here.fill("Words", SOUGHT)
    here.press("Filter")
    lead(here.page.locator("#objects tbody").get_by_role("link", name=SOUGHT, exact=True).first)
    expect(here.page.get_by_role("heading", level=1)).to_contain_text(SOUGHT)
    here.shot("object")
    here.follow("Graph")
    rows = here.page.locator("cw-graph tbody tr")
    before = rows.count()
    here.page.locator("cw-graph td").filter(has_text=RELATED).first.locator("a.opens").click()
    expect(rows).not_to_have_count(before)
    expect(here.page.locator("cw-graph canvas").first).to_be_visible()
    here.shot("graph")
    here.follow("Undo the last opening")
    expect(rows).to_have_count(before)


def _publish(here: Person, name: str, value: str) -> str:
    """What was seen here: who would get it stands there first. Returns its id."""
    here.turn_to("Intelligence", "Write")
    here.fill("Name", name)
    here.fill("Pattern, or an address, network, name, URL, digest or mail address", value)
    here.choose("TLP: who may have it", "TLP:GREEN")
    expect(here.page.locator("#audience table")).to_be_visible()
    here.shot("audience")
    here.press("Publish")
    here.told("It is published.")
    own = here.page.locator("dl.facts code").first.inner_text()
    here.shot("published")
    return own


def _explain(here: Person, name: str) -> None:
    """Why a member may have what was just published, and what keeps the public from it."""
    here.follow("Open its page")
    here.follow("Who can see this")
    lead(here.page.locator("main tbody").get_by_role("link", name=name))
    expect(here.page.locator("main h2").first).to_contain_text(here.word("Permitted"))
    here.shot("why")
    here.page.go_back()
    lead(here.page.locator("main tbody").get_by_role("link", name=here.word("the public")))
    here.told("What would have to change")
    here.shot("why-not")


def _arrives(there: Person, own: str, title: str) -> None:
    """The other finds it by its id, as it might come in a mail."""
    there.turn_to("Intelligence", "Search")
    there.fill("Words", own)
    there.press("Filter")
    there.page.wait_for_url(f"**{own}**")
    there.until(there.page.get_by_role("heading", level=1).filter(has_text=title))
    there.shot("arrived")


def _recall(here: Person, there: Person, own: str, name: str) -> None:
    """It is taken back, the other answers, and its receipt is here."""
    here.page.goto(f"/intelligence/{own}/")
    here.act("Revoke it", "It was a scanner of a university")
    here.told("It is revoked. Whoever had it is told.")
    here.turn_to("Sharing", "Recalls")
    row = here.page.locator("main tbody tr").filter(has_text=name)
    here.until(row.get_by_text(here.word("Done")))
    lead(row.get_by_role("link").first)
    expect(here.page.locator("dl.facts")).to_contain_text(name)
    here.shot("receipt")
    there.page.goto(f"/intelligence/?text={own}")
    there.told("Nothing fits the filter")


def _judge(here: Person) -> None:
    """An alert is judged, and the verdict taken back."""
    here.turn_to("Detection", "Alerts")
    lead(here.page.locator("main tbody a").first)
    here.act("It was false", "Our own scanner")
    here.shot("judged")
    here.page.locator(".message").get_by_role("button", name=here.word("Undo")).click()
    here.told("The verdict is taken back, and so is what the author was told.")
