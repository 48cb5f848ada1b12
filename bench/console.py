"""How long the server works on each page of the console, on a node with many objects.

    .venv/bin/python -m bench.console --objects 1000000

CPU milliseconds of the answering process, median of 15 requests after two to warm up; bytes as they go over the line. A node of its own in
a temporary folder; followers are brought up to the end first, as the worker would.
"""

from __future__ import annotations

import argparse
import os
import statistics
import tempfile
import time

TIMES = 15
ENVELOPE = 1_000


def main() -> None:
    """Make the node, open each page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--objects", type=int, default=100_000)
    parser.add_argument(
        "--cases", type=int, default=200, help="with an entry and a task each, and as many requests for help"
    )
    given = parser.parse_args()
    objects = given.objects
    with tempfile.TemporaryDirectory() as folder:
        os.environ["COMMONWATCH_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
        import django

        django.setup()
        _responded(given.cases, _filled(objects))
        _measured(objects)


def _filled(objects: int) -> str:
    """A node with so many objects; the id of one of them."""
    from bench.objects import envelopes
    from commonwatch.base.clock import now_us
    from commonwatch.base.intake.receive import Channel, receive
    from commonwatch.base.intake.sources import ensure_source, voucher_of
    from commonwatch.base.journal import followers
    from commonwatch.cli.node import prepare
    from commonwatch.cli.worker import FOLLOWERS, INDICATORS
    from commonwatch.core.stix.split import split

    prepare()
    source = ensure_source("bench", "TLP:GREEN")
    channel = Channel(source.pk, "TLP:GREEN", voucher_of(source), "bench", (1,))
    for envelope in envelopes(objects, ENVELOPE):
        receive(split(envelope).pieces, channel, now_us()).result()
    while any([followers.advance(one, ENVELOPE) for one in (INDICATORS, *FOLLOWERS)]):  # noqa: C419 - all of them
        pass
    return "indicator--00000000-0000-4000-8000-000000000001"


def _responded(cases: int, about: str) -> None:
    """Cases with what is in them, and requests for help."""
    from commonwatch.base.clock import now_us
    from commonwatch.base.intake.own import Audience
    from commonwatch.base.parties.actions import By
    from commonwatch.capabilities.assistance import actions as assistance
    from commonwatch.capabilities.incidents.actions import entries, opening
    from commonwatch.core.stix.response.assistance import Contact, Need

    said = {"situation": "A wiper", "what_we_ask": "Two analysts"}
    for number in range(cases):
        by = By("bench", now_us())
        case = opening.report(opening.Report(f"Case {number}", severity="high", objects=(about,)), by)
        entries.add_entry(case, entries.Entry("It was seen", by.now_us), by)
        entries.add_task(case, entries.ToDo("Block it"), by)
        asked = assistance.Asked("generic", f"Help {number}", Contact("Desk"), said, (Need("n1", "incident-analysis"),))
        assistance.request(asked, Audience("TLP:AMBER"), by)


def _measured(objects: int) -> None:
    from allauth.mfa.totp.internal.auth import TOTP
    from django.test import Client

    from commonwatch.base.accounts.actions import ensure_setup_link, use_setup_link
    from commonwatch.base.clock import now_us
    from commonwatch.console.areas import AREAS

    link = ensure_setup_link(now_us())
    assert link is not None
    account = use_setup_link(link, "Ada", "quiet rivers carry far", address="", now_us=now_us())
    TOTP.activate(account, "JBSWY3DPEHPK3PXP")
    browser = Client(headers={"accept-encoding": "gzip"})
    browser.force_login(account)
    print(f"{objects:,} objects\n\n| page | CPU ms | bytes |\n| --- | ---: | ---: |")
    for entry in (entry for area in AREAS for entry in area.entries):
        taken = []
        for _ in range(TIMES + 2):
            began = time.process_time()
            answer = browser.get(entry.address)
            taken.append((time.process_time() - began) * 1e3)
        assert answer.status_code == 200, entry
        print(f"| {entry.address} | {statistics.median(taken[2:]):.1f} | {len(answer.content):,} |")


if __name__ == "__main__":
    main()
