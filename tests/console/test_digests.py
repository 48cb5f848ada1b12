"""Digests by mail: who gets one, when, in which language, and that nothing but counts and links leaves by it."""

from __future__ import annotations

import json
import re
import socketserver
from collections.abc import Callable, Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from threading import Thread
from typing import Any

import pytest
from django.test import Client

from commonwatch.base.accounts.actions import set_active
from commonwatch.base.accounts.models import Account, Role
from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import run_due
from commonwatch.base.journal.models import FollowerState
from commonwatch.console.desk.digests import KIND, LOOK_US, Digests
from commonwatch.console.desk.queries import EVERY_US
from commonwatch.console.models import Desk
from tests.base.intake.test_quarantine import take

SignIn = Callable[..., Client]
NODE = "https://cti.example.at"
EVERYTHING = ["alerts", "held", "sources", "followers", "recalls"]


class Mailbox(socketserver.BaseRequestHandler):
    """As much of a mail server as takes a message: a fake for the world outside."""

    arrived: list[tuple[str, bytes]]

    def handle(self) -> None:
        lines = self.request.makefile("rwb", 0)
        lines.write(b"220 here\r\n")
        to = ""
        while line := lines.readline().strip():
            word = line[:4].upper()
            if word == b"RCPT":
                to = line.decode().partition("<")[2].partition(">")[0]
            if word == b"DATA":
                lines.write(b"354 go on\r\n")
                body = b""
                while (part := lines.readline()) != b".\r\n":
                    body += part.removeprefix(b".") if part.startswith(b"..") else part
                self.arrived.append((to, body))
            lines.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")


@pytest.fixture
def arrived(settings: Any) -> Iterator[list[tuple[str, bytes]]]:
    """What a mail server took, to whom; the node is set up with it."""
    took: list[tuple[str, bytes]] = []
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), type("Box", (Mailbox,), {"arrived": took})) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        known = {"mail_host": "127.0.0.1", "mail_from": "node@cti.example.at", "public_url": NODE}
        settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update=known)
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.EMAIL_USE_TLS, settings.EMAIL_HOST_USER = False, ""
        settings.DEFAULT_FROM_EMAIL = "node@cti.example.at"
        yield took
        server.shutdown()


def asked(browser: Client, how_often: str = "daily", to: str = "ada@cert.example") -> Any:
    return browser.post("/desk/notices/", {"kind": EVERYTHING, "digest": how_often, "mail_to": to})


def confirmed(browser: Client, arrived: list[tuple[str, bytes]], how_often: str = "daily") -> None:
    """Ask for digests, and follow the link that comes."""
    asked(browser, how_often)
    work(0)
    assert browser.post(link(arrived.pop())).status_code == 302


def link(mail: tuple[str, bytes]) -> str:
    """Where a mail that asks to confirm leads."""
    found = re.search(rf"{NODE}(/desk/mail/\w+/)", text_of(mail))
    assert found is not None
    return found[1]


def text_of(mail: tuple[str, bytes]) -> str:
    plain = read(mail[1]).get_body(("plain",))
    assert plain is not None
    return str(plain.get_content())


def work(after_us: int) -> None:
    """What the worker does so much later."""
    now = now_us() + after_us
    digests = Digests()
    digests.schedule(now)
    run_due(digests.handlers, now)


def read(raw: bytes) -> EmailMessage:
    found = message_from_bytes(raw, policy=policy.default)
    assert isinstance(found, EmailMessage)
    return found


def test_who_asked_for_it_is_written_to_once_a_day_in_their_language(
    signed_in: SignIn, arrived: list[tuple[str, bytes]]
) -> None:
    name = "SECRET-FOLLOWER"
    FollowerState.objects.create(name=name, failed_at=7, failure="broken")
    browser = signed_in(Role.OPERATOR)
    Account.objects.filter(name="operator").update(language="fr")
    confirmed(browser, arrived)
    work(EVERY_US["daily"] - LOOK_US)
    assert arrived == []
    work(EVERY_US["daily"] + LOOK_US)
    ((to, raw),) = arrived
    mail = read(raw)
    assert to == "ada@cert.example" and mail["From"] == "node@cti.example.at" and "cti.example.at" in mail["Subject"]
    plain, html = (mail.get_body((kind,)) for kind in ("plain", "html"))
    assert plain is not None and html is not None
    for text in (plain.get_content(), html.get_content()):
        assert f"{NODE}/administration/health/" in text and f"{NODE}/desk/notices/" in text
        assert "operator" in text and "une fois par jour" in text
        assert name not in text and "broken" not in text
    work(EVERY_US["daily"] - LOOK_US)
    assert len(arrived) == 1


def test_nobody_is_written_to_who_did_not_ask_stopped_or_may_not_sign_in(
    signed_in: SignIn, arrived: list[tuple[str, bytes]]
) -> None:
    FollowerState.objects.create(name="inventory", failed_at=7, failure="broken")
    operator, other = signed_in(Role.OPERATOR), signed_in(Role.READER)
    confirmed(operator, arrived)
    asked(operator, "")
    confirmed(other, arrived)
    set_active("reader", active=False, reason="left", actor="test", now_us=now_us())
    work(2 * EVERY_US["weekly"])
    assert arrived == [] and not Job.objects.filter(kind=KIND).exists()


def test_nothing_is_sent_where_nothing_waits(signed_in: SignIn, arrived: list[tuple[str, bytes]]) -> None:
    confirmed(signed_in(Role.OPERATOR), arrived, "weekly")
    work(EVERY_US["weekly"] + LOOK_US)
    assert arrived == [] and Desk.objects.get().digest_us > 0 and not Job.objects.filter(failed=True).exists()


def test_a_mail_server_that_does_not_answer_is_tried_again(
    signed_in: SignIn, arrived: list[tuple[str, bytes]], settings: Any
) -> None:
    FollowerState.objects.create(name="inventory", failed_at=7, failure="broken")
    confirmed(signed_in(Role.OPERATOR), arrived)
    port, settings.EMAIL_PORT = settings.EMAIL_PORT, 9
    work(EVERY_US["daily"] + LOOK_US)
    assert Job.objects.get(kind=KIND).last_error and not arrived
    settings.EMAIL_PORT = port
    work(2 * EVERY_US["daily"])
    assert len(arrived) == 1


def test_an_address_is_needed_and_has_to_be_one(signed_in: SignIn, arrived: list[tuple[str, bytes]]) -> None:
    browser = signed_in(Role.READER)
    for to in ("", "nobody", "a@cert.example\nBcc: b@cert.example"):
        assert asked(browser, to=to).status_code == 422, to
    assert not Desk.objects.exclude(digest="").exists()


def test_without_a_mail_server_nothing_of_it_is_shown(signed_in: SignIn) -> None:
    browser = signed_in(Role.READER)
    assert "mail_to" not in browser.get("/desk/notices/").content.decode()
    assert asked(browser).status_code == 302 and not Desk.objects.exclude(digest="").exists()


def test_counts_of_many_things_are_added_up(signed_in: SignIn, arrived: list[tuple[str, bytes]]) -> None:
    held = {"type": "indicator", "spec_version": "2.1", "id": "indicator--00000000-0000-4000-8000-000000000001"}
    take(held, {**held, "id": "indicator--00000000-0000-4000-8000-000000000002"})
    confirmed(signed_in(Role.OPERATOR), arrived)
    work(EVERY_US["daily"] + LOOK_US)
    assert "Objects in quarantine: 2" in text_of(arrived[0])
    assert json.dumps(held["id"]) not in str(arrived)
