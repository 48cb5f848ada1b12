"""Acts on many jobs or tokens at once: the ticked ones or all that match, with one reason, counted, and back where there is a way."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.urls import reverse

from commonwatch.base.accounts.actions import create_token, ensure_account
from commonwatch.base.accounts.models import Role, Token
from commonwatch.base.clock import now_us
from commonwatch.base.jobs import many, together
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import enqueue, run_due
from tests.console.test_administration_pages import SignedIn, last, text_of, undone

EVERYTHING = {"page": "whole", "reason": "all of them"}


def waiting(count: int) -> list[int]:
    """Jobs that wait for tomorrow."""
    later = now_us() + 86_400_000_000
    return [enqueue("source.pull", f"partner {number}", {}, run_at_us=later).pk for number in range(count)]


def test_acts_on_several_jobs_say_with_how_many_they_were_done_and_are_taken_back(
    signed_in: SignedIn, ready: Path
) -> None:
    browser, numbers = signed_in(Role.OPERATOR), waiting(3)
    Job.objects.filter(pk=numbers[0]).update(leased_until_us=now_us() + 10**9)  # it runs
    before = Job.objects.order_by("pk").values()
    kept = list(before)
    browser.post(reverse("jobs-give-up"), {"chosen": numbers, "reason": "test data"})
    assert Job.objects.filter(failed=True).count() == 2 and last()[3] == "test data"
    text = text_of(browser, reverse("jobs"), which="failed")
    assert "2 jobs are given up. 1 is left as it is" in text
    undone(browser, text)
    assert list(before.all()) == kept and last()[1] == "job.take-up"
    assert "2 jobs wait again." in text_of(browser, reverse("jobs"))
    browser.post(reverse("jobs-retry"), {"chosen": numbers, "reason": "now"})
    assert "2 jobs are tried now. 1 is left as it is" in text_of(browser, reverse("jobs"))
    assert Job.objects.filter(run_at_us__lte=now_us()).count() == 2
    assert browser.post(reverse("jobs-give-up"), {"chosen": numbers}).status_code == 400


def test_acts_on_jobs_are_on_all_that_match_and_the_worker_does_many(
    signed_in: SignedIn, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser, numbers = signed_in(Role.OPERATOR), waiting(7)
    other = enqueue("source.pull", "done", {}, run_at_us=0)
    Job.objects.filter(pk=other.pk).update(finished_us=1)
    newer = waiting(8)[-1]
    everything = {**EVERYTHING, "all": other.pk, "chosen": numbers[:1]}
    browser.post(reverse("jobs-give-up"), {**everything, "matching": "which=failed"})
    assert list(Job.objects.filter(failed=True).values_list("pk", flat=True)) == numbers[:1]  # none failed: the ticked
    browser.post(reverse("jobs-retry"), {**everything, "matching": "which=failed"})
    assert not Job.objects.filter(failed=True).exists()
    assert "1 job is tried now." in text_of(browser, reverse("jobs"))
    monkeypatch.setattr(many, "AT_ONCE", 3)
    answer = browser.post(reverse("jobs-give-up"), {**everything, "matching": "which=all"})
    asked = Job.objects.get(kind=together.GIVE_UP)
    assert answer["Location"] == reverse("work", args=[asked.pk])
    run_due(together.HANDLERS, now_us())
    assert set(Job.objects.filter(failed=True).values_list("pk", flat=True)) == set(numbers)
    assert not Job.objects.get(pk=newer).failed and Job.objects.get(pk=other.pk).finished_us == 1
    text = text_of(browser, answer["Location"])
    assert "7 jobs are given up.<" in text
    undone(browser, text)
    run_due(together.HANDLERS, now_us())
    assert not Job.objects.filter(failed=True).exists()


def test_several_tokens_are_revoked_after_a_question_and_all_that_match_by_the_worker(
    signed_in: SignedIn, ready: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    browser = signed_in(Role.ADMINISTRATOR)
    made = {}
    for name in ("robot", "siem"):
        account = ensure_account(name, Role.READER, actor="test", now_us=now_us())
        for number in range(4):
            token = create_token(
                account, f"t{number}", Role.READER, expires_us=None, networks=[], actor="test", now_us=now_us()
            )
            made[token.token.pk] = name
    of_robot = [number for number, name in made.items() if name == "robot"]
    ticked = {"chosen": of_robot[:2], "reason": "leaked"}
    answer = browser.post(reverse("tokens-revoke"), ticked)
    assert "2 tokens stop working at once" in answer.content.decode() and not Token.objects.exclude(revoked_us=None)
    assert answer.content.decode().count('name="chosen"') == 2
    browser.post(reverse("tokens-revoke"), {**ticked, "sure": "yes"})
    assert "2 tokens are revoked." in text_of(browser, reverse("tokens")) and last()[1:] == (
        "token.revoke",
        f"robot/{Token.objects.get(pk=of_robot[1]).name}",
        "leaked",
    )
    monkeypatch.setattr(many, "AT_ONCE", 1)
    everything = {**EVERYTHING, "all": max(made), "chosen": of_robot[2:], "sure": "yes"}
    answer = browser.post(reverse("tokens-revoke"), {**everything, "matching": "account=robot"})
    run_due(together.HANDLERS, now_us())
    assert "2 tokens are revoked." in text_of(browser, answer["Location"])
    left = Token.objects.filter(revoked_us=None).values_list("account__name", flat=True)
    assert list(left) == ["siem"] * 4
    assert signed_in(Role.OPERATOR).post(reverse("tokens-revoke"), everything).status_code == 403
