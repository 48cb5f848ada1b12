"""The pages of whoever runs the node: secrets are shown once, every act is on record, what others wrote stays text."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.test import Client, override_settings
from django.urls import reverse
from django.utils.html import escape
from pydantic import SecretStr

from commonwatch.base.accounts.actions import ensure_account
from commonwatch.base.accounts.identify import identify
from commonwatch.base.accounts.models import Account, Role, Token
from commonwatch.base.audit.models import AuditEntry
from commonwatch.base.audit.record import record
from commonwatch.base.clock import now_us
from commonwatch.base.config import explain
from commonwatch.base.jobs import backing_up
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import claim, enqueue, fail, report, run_due
from commonwatch.base.journal.backup import LAST
from commonwatch.base.journal.models import FollowerState
from commonwatch.base.release.collections import collection
from commonwatch.base.release.reader import operator
from commonwatch.capabilities.exchange.sources import actions as sources
from commonwatch.capabilities.exchange.sources.jobs import schedule_due
from commonwatch.capabilities.exchange.sources.queries import servers
from commonwatch.core.errors import NotAllowed
from tests.base.release.nodes import member
from tests.console.conftest import PASSWORD

SECRET = "sw0rdfish-of-the-other-side"
SignedIn = Callable[..., Client]
HOSTILE = "<script>x</script> \"a' /../ \u202e%(name)s"


def text_of(browser: Client, address: str, **query: str) -> str:
    answer = browser.get(address, query)
    assert answer.status_code == 200, answer.content
    return answer.content.decode()


def last() -> tuple[str, str, str, object]:
    """Who did what to whom, and why, the last time."""
    entry = AuditEntry.objects.order_by("-pk")[0]
    return entry.actor, entry.action, entry.subject, entry.detail.get("reason")


def undone(browser: Client, page: str) -> None:
    """The button beside the word that it is done, on the page that comes next, is pressed."""
    found = re.search(r'<form method="post" action="([^"]*undo=yes[^"]*)"', page)
    assert found, "there is no way back"
    assert browser.post(found[1].replace("&amp;", "&")).status_code == 302


def test_somebody_is_invited_by_a_link_that_is_shown_once(signed_in: SignedIn, ready: Path) -> None:
    member("cert-is")
    browser = signed_in(Role.ADMINISTRATOR)
    answer = browser.post(reverse("invite"), {"name": "Ada", "role": "operator", "member": "cert-is"})
    found = re.search(r'data-copy="(http://testserver/setup/[^"]+)"', answer.content.decode())
    assert found and "no-store" in answer["Cache-Control"]
    assert last() == ("administrator", "account.invite", "Ada", None)
    ada = Account.objects.get(name="Ada")
    assert (ada.role, ada.member.name, ada.is_person) == ("operator", "cert-is", True)
    for page in (reverse("people"), reverse("account", args=[ada.pk]), reverse("invite")):
        assert "/setup/" not in text_of(browser, page)
    assert "Invited" in text_of(browser, reverse("people"))
    assert Client().get(found[1].removeprefix("http://testserver")).status_code == 200
    again = browser.post(reverse("invite"), {"name": "Ada", "role": "operator", "member": "home"})
    assert again.status_code == 422 and "There is an account Ada already" in again.content.decode()


def test_a_fresh_link_voids_the_first(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    first = browser.post(reverse("invite"), {"name": "Ada", "role": "reader", "member": "home"}).content.decode()
    old = re.search(r'data-copy="http://testserver([^"]+)"', first)
    number = Account.objects.get(name="Ada").pk
    assert browser.post(reverse("account-link", args=[number])).status_code == 400
    fresh = browser.post(reverse("account-link", args=[number]), {"reason": "lost it"})
    assert "/setup/" in fresh.content.decode() and last()[1:] == ("account.link", "Ada", "lost it")
    assert old and Client().get(old[1]).status_code == 404


def test_a_role_is_changed_and_given_back(signed_in: SignedIn, ready: Path) -> None:
    signed_in(Role.READER)
    browser, number = signed_in(Role.ADMINISTRATOR), Account.objects.get(name="reader").pk
    browser.post(reverse("account-role", args=[number]), {"role": "contributor", "reason": "writes now"})
    assert Account.objects.get(pk=number).role == "contributor"
    assert last() == ("administrator", "account.role", "reader", "writes now")
    undone(browser, text_of(browser, reverse("account", args=[number])))
    assert Account.objects.get(pk=number).role == "reader"
    assert browser.post(reverse("account-role", args=[number]), {"role": "god", "reason": "x"}).status_code == 400


def test_the_last_administrator_stays_one(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    number = Account.objects.get(name="administrator").pk
    for address, more in (("account-off", {}), ("account-role", {"role": "reader"})):
        assert browser.post(reverse(address, args=[number]), {"reason": "tired", **more}).status_code == 409
    found = Account.objects.get(pk=number)
    assert found.is_active and found.role == "administrator"


def test_whoever_is_switched_off_is_out_at_once_until_switched_on(signed_in: SignedIn, ready: Path) -> None:
    reader, browser = signed_in(Role.READER), signed_in(Role.ADMINISTRATOR)
    number = Account.objects.get(name="reader").pk
    assert reader.get("/overview/").status_code == 200
    assert browser.post(reverse("account-off", args=[number])).status_code == 400
    browser.post(reverse("account-off", args=[number]), {"reason": "left us"})
    assert last() == ("administrator", "account.disable", "reader", "left us")
    assert reader.get("/overview/").status_code == 302
    undone(browser, text_of(browser, reverse("account", args=[number])))
    assert last()[1:3] == ("account.enable", "reader") and Account.objects.get(pk=number).is_active


def test_somebodys_sessions_are_ended(signed_in: SignedIn, ready: Path) -> None:
    signed_in(Role.READER)
    reader, browser = Client(headers={"accept": "text/html"}), signed_in(Role.ADMINISTRATOR)
    reader.post(reverse("account_login"), {"login": "reader", "password": PASSWORD})
    number = Account.objects.get(name="reader").pk
    assert "127.0.0.1" in text_of(browser, reverse("account", args=[number]))
    browser.post(reverse("account-sign-out", args=[number]), {"reason": "laptop lost"})
    assert last() == ("administrator", "account.sign-out", "reader", "laptop lost")
    assert reader.get("/overview/").status_code == 302 and browser.get("/overview/").status_code == 200


def test_a_tokens_secret_is_shown_once_and_works_until_revoked(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    given = {"account": "robot", "member": "home", "role": "reader", "purpose": "network-defence", "expires": "90d"}
    wrong = browser.post(reverse("token-new"), given | {"networks": "everywhere"})
    assert wrong.status_code == 422 and "everywhere is no network" in wrong.content.decode()
    made = browser.post(reverse("token-new"), given | {"networks": "192.0.2.0/24\n2001:db8::/32"})
    found = re.search(r'data-copy="(cw_[^"]+)"', made.content.decode())
    assert found and "no-store" in made["Cache-Control"]
    token = Token.objects.get()
    assert token.networks == ["192.0.2.0/24", "2001:db8::/32"]
    assert last()[:3] == ("administrator", "token.create", "robot/token")
    for page in (reverse("tokens"), reverse("account", args=[token.account_id]), reverse("token-new")):
        assert found[1] not in text_of(browser, page)
    assert identify(f"Bearer {found[1]}", "192.0.2.9", None, now_us()).name == "robot"
    assert browser.post(reverse("tokens-revoke"), {"chosen": token.pk}).status_code == 400
    browser.post(reverse("tokens-revoke"), {"chosen": token.pk, "reason": "leaked"})
    assert last() == ("administrator", "token.revoke", "robot/token", "leaked")
    with pytest.raises(NotAllowed):
        identify(f"Bearer {found[1]}", "192.0.2.9", None, now_us())
    assert "robot" not in text_of(browser, reverse("tokens"))
    assert "Revoked" in text_of(browser, reverse("tokens"), everything="on")


def test_a_token_does_not_make_more_of_a_person(signed_in: SignedIn, ready: Path) -> None:
    signed_in(Role.READER)
    browser = signed_in(Role.ADMINISTRATOR)
    given = {"account": "reader", "member": "home", "role": "operator", "purpose": "network-defence", "expires": "1d"}
    assert browser.post(reverse("token-new"), given).status_code == 422
    assert Account.objects.get(name="reader").role == "reader" and not Token.objects.exists()


def test_hostile_names_stay_text_everywhere(signed_in: SignedIn, ready: Path) -> None:
    name = HOSTILE.replace("\u202e", "")  # names may hold no such characters; everything else they may
    robot = ensure_account(name, Role.READER, actor="test", now_us=now_us())
    browser = signed_in(Role.ADMINISTRATOR)
    for page in (reverse("people"), reverse("account", args=[robot.pk]), "/search/?q=script"):
        text = text_of(browser, page)
        assert "<script>x" not in text and "&lt;script&gt;x" in text, page
    browser.post(reverse("account-off", args=[robot.pk]), {"reason": HOSTILE})
    assert "<script>x" not in text_of(browser, reverse("account", args=[robot.pk]))


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR, Role.OPERATOR])
def test_accounts_and_tokens_are_the_administrators_alone(signed_in: SignedIn, ready: Path, role: Role) -> None:
    browser = signed_in(role)
    for name in ("people", "invite", "tokens", "token-new"):
        assert browser.get(reverse(name)).status_code == 403, name
    assert browser.get(reverse("account", args=[1])).status_code == 403
    for name in (
        "account-off",
        "account-on",
        "account-role",
        "account-link",
        "account-sign-out",
        "account-second-factor",
    ):
        assert browser.post(reverse(name, args=[1]), {"reason": "x", "role": "administrator"}).status_code == 403, name
    for name in ("invite", "token-new", "tokens-revoke"):
        assert browser.post(reverse(name), {"reason": "x", "chosen": "1"}).status_code == 403, name
    assert (
        not AuditEntry.objects.filter(actor=role.value, action__startswith="account.")
        .exclude(action="account.password")
        .exists()
    )


def source(name: str = "partner", every: int = 900) -> int:
    """A source that nobody has pulled yet."""
    into = collection(operator("test"), "main")
    url = "https://cti.example.org/taxii2/root/"
    made = sources.add_source(
        name, url, "c1", username="", secret=SECRET, default_marking="TLP:AMBER", member="", interval_seconds=every,
        into=into, actor="test",
    )  # fmt: skip
    return int(made.pk)


def test_a_source_is_added_with_its_secret_shown_nowhere_and_taken_back(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.OPERATOR)
    given = {"name": "partner", "url": "https://cti.example.org/root/", "collection": "c1", "secret": SECRET}
    given |= {"marking": "TLP:AMBER", "every": "15m", "into": "main", "member": "home"}
    wrong = browser.post(reverse("source-new"), given | {"every": "soon"})
    assert wrong.status_code == 422 and SECRET not in wrong.content.decode()
    assert browser.post(reverse("source-new"), given).status_code == 302
    assert last()[:3] == ("operator", "source.add", "partner")
    (found,) = servers(now_us())
    assert found["every"] == "900 s" and Job.objects.filter(kind=sources.PULL_JOB, key="partner").exists()
    text = text_of(browser, reverse("source", args=[found["number"]]))
    assert "cti.example[.]org" in text and SECRET not in text
    undone(browser, text)
    assert last()[1:3] == ("source.remove", "partner") and not servers(now_us()) and not Job.objects.exists()


def test_a_source_is_paused_with_a_way_back_and_pulled_when_told(signed_in: SignedIn, ready: Path) -> None:
    browser, number = signed_in(Role.OPERATOR), source()
    browser.post(reverse("source-pause", args=[number]), {"reason": "too much"})
    assert last() == ("operator", "source.pause", "partner", "too much")
    schedule_due(now_us())
    assert not Job.objects.exists() and "Paused" in text_of(browser, reverse("sources"))
    browser.post(reverse("source-pull", args=[number]))
    assert last()[:3] == ("operator", "source.pull", "partner") and Job.objects.get().key == "partner"
    Job.objects.all().delete()
    browser.post(reverse("source-pause", args=[number]), {"reason": "still"})
    undone(browser, text_of(browser, reverse("source", args=[number])))
    assert last()[1:3] == ("source.resume", "partner") and Job.objects.get().key == "partner"
    assert browser.post(reverse("source-remove", args=[number])).status_code == 400
    browser.post(reverse("source-remove", args=[number]), {"reason": "over"})
    assert last() == ("operator", "source.remove", "partner", "over")


def test_jobs_say_what_they_wait_for_and_are_tried_or_given_up(signed_in: SignedIn, ready: Path) -> None:
    browser, now = signed_in(Role.OPERATOR), now_us()
    job = enqueue("source.pull", HOSTILE, {}, run_at_us=now - 1)
    assert "the worker, which does one after the other" in text_of(browser, reverse("jobs"))
    claimed = claim(["source.pull"], now)
    assert claimed and "Running" in text_of(browser, reverse("jobs"))
    assert browser.post(reverse("jobs-give-up"), {"chosen": job.pk, "reason": "x"}).status_code == 409
    report(claimed, 1200, 4000, now)
    fail(claimed, f"PeerError: {HOSTILE}", now)
    text = text_of(browser, reverse("jobs"))
    assert "after the last one failed" in text and "1,200 / 4,000" in text and "1 of 10" in text
    assert "<script>x" not in text and "[U+202E]" in text
    browser.post(reverse("jobs-retry"), {"chosen": job.pk, "reason": "mended"})
    assert last()[1] == "job.retry" and last()[3] == "mended"
    assert Job.objects.get().run_at_us <= now_us()
    browser.post(reverse("jobs-give-up"), {"chosen": job.pk, "reason": "hopeless"})
    assert last()[1] == "job.give-up" and last()[3] == "hopeless" and Job.objects.get().failed
    assert "Nothing waits" in text_of(browser, reverse("jobs"))
    assert "PeerError" in text_of(browser, reverse("jobs"), which="failed")
    browser.post(reverse("jobs-retry"), {"chosen": job.pk, "reason": "after all"})
    assert Job.objects.get().finished_us is None


def test_a_job_is_not_tried_beside_one_that_does_the_same(signed_in: SignedIn, ready: Path) -> None:
    browser, now = signed_in(Role.OPERATOR), now_us()
    job = enqueue("source.pull", "partner", {}, run_at_us=now)
    browser.post(reverse("jobs-give-up"), {"chosen": job.pk, "reason": "x"})
    enqueue("source.pull", "partner", {}, run_at_us=now)
    assert browser.post(reverse("jobs-retry"), {"chosen": job.pk, "reason": "x"}).status_code == 409


def test_health_says_what_is_wrong_and_what_to_do(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.OPERATOR)
    text_of(browser, reverse("health"))
    FollowerState.objects.update_or_create(
        name="inventory", defaults={"version": 1, "failed_at": 7, "failure": HOSTILE, "cursor": 6}
    )
    text = text_of(browser, reverse("health"))
    assert "commonwatch follower resume inventory" in text and "<script>x" not in text
    assert reverse("health") in text_of(browser, "/overview/")


@pytest.mark.parametrize("language", ["fr", "es", "ar", "zh-hans", "ru"])
def test_what_settings_mean_is_said_in_the_readers_language(signed_in: SignedIn, ready: Path, language: str) -> None:
    browser = signed_in(Role.OPERATOR)
    Account.objects.update(language=language)
    text = text_of(browser, reverse("settings"))
    for one in explain(settings.COMMONWATCH):
        assert escape(one.description) not in text, one.name
    assert '<bdi lang="en">' not in text and ">default<" not in text


def test_settings_are_shown_with_their_origin_and_without_secrets(
    signed_in: SignedIn, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secret = settings.COMMONWATCH.model_copy(update={"oidc_client_secret": SecretStr("hush-hush")})
    monkeypatch.setenv("COMMONWATCH_GUESS_LIMIT", "20")
    with override_settings(COMMONWATCH=secret):
        text = text_of(signed_in(Role.OPERATOR), reverse("settings"))
    assert "hush-hush" not in text and "(set)" in text and "$COMMONWATCH_GUESS_LIMIT" in text


def test_the_last_backup_is_shown_with_what_is_in_it(signed_in: SignedIn, ready: Path, tmp_path: Path) -> None:
    browser = signed_in(Role.OPERATOR)
    (ready / LAST).unlink(missing_ok=True)
    assert "No backup of this node is known" in text_of(browser, reverse("backup"))
    manifest = {"made": "2026-11-28T10:00:00Z", "versions": 1234, "files": {"node.key": "ab" * 32}}
    (ready / LAST).write_text(json.dumps({"folder": "/srv/backups/1", **manifest}))
    text = text_of(browser, reverse("backup"))
    (ready / LAST).unlink()
    assert "/srv/backups/1" in text and "1,234" in text and "ab" * 32 in text


def test_the_audit_is_filtered_by_actor_act_subject_and_day(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    day = 86_400 * 1_000_000
    record("mallory", "token.revoke", "robot/token", "done", {"reason": HOSTILE}, now_us=5 * day + 1)
    record("mallory", "tokenish", "other", "refused", {}, now_us=6 * day)
    address = reverse("audit")

    def shown(**query: str) -> list[str]:
        return [row["subject"] for row in browser.get(address, query).context["audit"].rows]

    assert shown(actor="mallory") == ["other", "robot/token"]
    assert shown(actor="mallory", action="token") == shown(action="token.revoke") == ["robot/token"]
    assert shown(subject="BOT/tok") == ["robot/token"] and shown(day="1970-01-07") == ["other"]
    text = text_of(browser, address, actor="mallory")
    assert "<script>x" not in text and "&lt;script&gt;x" in text
    entry = AuditEntry.objects.get(action="token.revoke")
    assert "<script>x" not in text_of(browser, reverse("audit-entry", args=[entry.pk]))
    assert browser.get(reverse("audit-entry", args=[99_999])).status_code == 404


def test_the_audit_as_csv_is_what_is_shown_and_holds_no_formula(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    for sign in "=+-@":
        record(f"{sign}cmd|' /C calc'!A0", "token.revoke", f"{sign}1+1", "done", {"reason": "=1"}, now_us=1)
    wanted = {"action": "token.revoke", "take": "csv", "columns": ["at", "actor", "subject", "reason", "detail"]}
    answer = browser.get(reverse("audit"), wanted)
    assert answer["Content-Type"].startswith("text/csv") and "attachment" in answer["Content-Disposition"]
    head, *lines = csv.reader(io.StringIO(answer.getvalue().decode()))
    assert head == ["at", "actor", "subject", "reason", "detail"] and len(lines) == 4
    assert not [cell for line in lines for cell in line if cell.startswith(("=", "+", "-", "@"))]


@pytest.mark.parametrize("role", [Role.READER, Role.CONTRIBUTOR])
def test_running_the_node_is_the_operators(signed_in: SignedIn, ready: Path, role: Role) -> None:
    browser, number = signed_in(role), source()
    for name in ("sources", "source-new", "jobs", "health", "settings", "backup", "audit"):
        assert browser.get(reverse(name)).status_code == 403, name
    assert browser.get(reverse("source", args=[number])).status_code == 403
    for name in ("source-pull", "source-pause", "source-resume", "source-remove"):
        assert browser.post(reverse(name, args=[number]) + "?undo=yes", {"reason": "x"}).status_code == 403, name
    for name in ("source-new", "jobs-retry", "jobs-give-up", "jobs-take-up"):
        assert browser.post(reverse(name), {"reason": "x", "chosen": "1"}).status_code == 403, name
    assert (
        len(servers(now_us())) == 1
        and not AuditEntry.objects.filter(actor=role.value, action__startswith="source").exists()
    )


def test_operators_do_not_read_the_audit(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.OPERATOR)
    for form in ("", "csv"):
        assert browser.get(reverse("audit"), {"take": form}).status_code == 403
    assert browser.get(reverse("audit-entry", args=[1])).status_code == 403


def test_a_second_factor_is_reset_with_a_reason_and_set_up_anew_at_the_next_sign_in(
    signed_in: SignedIn, ready: Path
) -> None:
    browser, theirs = signed_in(Role.ADMINISTRATOR), signed_in(Role.OPERATOR)
    number = Account.objects.get(name="operator").pk
    address = reverse("account-second-factor", args=[number])
    assert "make sure who asks" in text_of(browser, reverse("account", args=[number]))
    assert browser.post(address).status_code == 400
    browser.post(address, {"reason": "telephone lost, known by voice"})
    assert last() == ("administrator", "second-factor.reset", "operator", "telephone lost, known by voice")
    assert not Authenticator.objects.filter(user=number).exists()
    theirs.force_login(Account.objects.get(pk=number))
    assert theirs.get(reverse("jobs"))["Location"] == reverse("mfa_index")
    assert browser.post(address, {"reason": "again"}).status_code == 409
    assert theirs.post(address, {"reason": "x"}).status_code in (302, 403)


def test_ones_own_second_factor_is_reset_only_after_it_was_said_what_follows(signed_in: SignedIn, ready: Path) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    own = Account.objects.get(name="administrator").pk
    address = reverse("account-second-factor", args=[own])
    said = browser.post(address, {"reason": "new telephone"}).content.decode()
    assert "your password alone lets anybody in" in said and Authenticator.objects.filter(user=own).exists()
    browser.post(address, {"reason": "new telephone", "sure": "yes"})
    assert not Authenticator.objects.filter(user=own).exists()
    assert browser.get(reverse("people")).status_code == 302, "signed out"


def test_a_backup_is_made_by_the_worker_and_says_where_it_is(signed_in: SignedIn, ready: Path, tmp_path: Path) -> None:
    kept = settings.COMMONWATCH.model_copy(update={"backup_folder": str(tmp_path / "kept")})
    with override_settings(COMMONWATCH=kept):
        _backed_up(signed_in)


def _backed_up(signed_in: SignedIn) -> None:
    browser, address = signed_in(Role.ADMINISTRATOR), reverse("backup-make")
    assert browser.post(address).status_code == 400 and signed_in(Role.OPERATOR).post(address).status_code == 403
    asked = browser.post(address, {"reason": "before the upgrade"})
    job = Job.objects.get(kind="journal.backup")
    assert asked["Location"] == reverse("work", args=[job.pk]) and "hx-get" in text_of(browser, asked["Location"])
    assert browser.post(address, {"reason": "twice"}).status_code == 409
    target = Path(job.payload["folder"])
    (target / "half").mkdir(parents=True)  # of a worker that died
    assert run_due(backing_up.HANDLERS, now_us()) == 1 and (target / "manifest.json").exists()
    assert not (target / "half").exists() and target.stat().st_mode & 0o077 == 0
    assert f"saved in {target}" in text_of(browser, asked["Location"])
    assert str(target) in text_of(browser, reverse("backup"))
    assert AuditEntry.objects.get(action="backup.ask").detail["reason"] == "before the upgrade"
