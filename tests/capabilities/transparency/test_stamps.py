"""The record's daily checkpoint under time stamps of real authorities: asked for once a day, kept, served, handed over, judged offline."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.test import Client

from commonwatch.base.clock import now_us
from commonwatch.base.jobs.models import Job
from commonwatch.base.jobs.queue import run_due
from commonwatch.base.keys import files as keyfiles
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.transparency import jobs, queries, record, stamping, stamps, trusting
from commonwatch.capabilities.transparency.commands.proofs import make
from commonwatch.capabilities.transparency.judging import Proven, Stamps, judge_proof
from commonwatch.capabilities.transparency.models import Daily, DailyStamp
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.errors import InvalidInput, NotFound, PeerError
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.offline import parse_proof
from commonwatch.core.merkle.policies import parse_policy
from commonwatch.core.merkle.stamped import parse_stamped
from commonwatch.core.signing.stamps import roots_of
from tests.authorities import Authority, authority, named

DAY_US = 86_400 * 1_000_000
NAME = "share 4.tlog-proof"


@pytest.fixture
def authorities(ready: Path, tmp_path: Path, settings: Any) -> Iterator[tuple[Authority, Authority]]:
    """A node with a record of eleven entries, and two authorities that its settings name."""
    with authority(tmp_path / "one", "one") as first, authority(tmp_path / "two", "two") as second:
        named(settings, tmp_path / "roots.pem", **{"one": first, "zwei & drei": second})
        log(11)
        yield first, second
    for name in (keyfiles.LOG, keyfiles.WITNESS):
        (ready / name).unlink(missing_ok=True)


def log(count: int) -> None:
    record.append([Statement("share", "test", one, now_us(), {"n": one}) for one in range(count)], "")


def turn(days: int = 0) -> None:
    """What the worker does in a turn, so many days from now."""
    stamping.ask_due(now_us() + days * DAY_US)
    run_due(jobs.HANDLERS, now_us() + days * DAY_US)


def test_once_a_day_every_authority_stamps_the_checkpoint_that_is_out(
    authorities: tuple[Authority, Authority],
) -> None:
    out = record.checkpoint()
    turn()
    (day,) = Daily.objects.all()
    assert (bytes(day.note), day.size) == (out, 11)
    assert [(one.authority, bool(one.at)) for one in stamps.states()] == [("one", True), ("zwei & drei", True)]
    log(3)
    turn()
    assert Daily.objects.count() == 1 and [one.asked for one in authorities] == [1, 1], "the day has its checkpoint"
    turn(1)
    assert [(one.size, one.stamps.count()) for one in Daily.objects.order_by("day")] == [(11, 2), (14, 2)]
    turn(2)
    assert Daily.objects.count() == 2, "nothing was logged since: nothing more can be said"


def test_an_authority_that_is_silent_is_named_asked_again_and_keeps_nobody_waiting(
    authorities: tuple[Authority, Authority], settings: Any
) -> None:
    one, two = authorities
    two.down = True
    turn()
    assert {(each.authority, bool(each.at)) for each in stamps.states()} == {("one", True), ("zwei & drei", False)}
    assert stamps.examined() == [], "once is not yet a matter for people"
    for _ in range(2):
        Job.objects.update(run_at_us=0)
        run_due(jobs.HANDLERS, now_us())
    (found,) = stamps.examined()
    assert found in queries.examine(settings.COMMONWATCH) and "zwei & drei answered 503" in found.sentence
    log(1)  # the log goes on
    two.down = False
    turn(1)  # and the next day's checkpoint has everything of the one that is not asked about any more
    assert [(each.size, each.stamps.count()) for each in Daily.objects.order_by("day")] == [(11, 1), (12, 2)]
    assert not Job.objects.filter(finished_us=None).exists() and stamps.examined() == []
    assert one.asked == 2


def test_asked_by_hand_what_is_missing_comes_at_once_or_stays_asked_for(
    authorities: tuple[Authority, Authority],
) -> None:
    authorities[0].down = True
    came, (sentence,) = stamping.ask_missing(now_us())
    assert came == ["zwei & drei"] and "one answered 503" in sentence
    assert Job.objects.get(finished_us=None).key.endswith(" one")
    authorities[0].down = False
    assert stamping.ask_missing(now_us()) == (["one"], []) and not Job.objects.filter(finished_us=None).exists()
    assert stamping.ask_missing(now_us()) == ([], [])


def test_an_answer_under_another_root_or_too_large_is_not_kept(
    authorities: tuple[Authority, Authority], tmp_path: Path, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update={"stamp_roots": str(tmp_path / "one" / "root.pem")})
    day = stamping.begin_day(now_us())
    assert day is not None
    with pytest.raises(PeerError, match="does not lead to a trusted authority"):
        stamping.stamp(day.day, "zwei & drei")
    monkeypatch.setattr(stamping, "LARGEST_BYTES", 100)
    with pytest.raises(PeerError, match="more than 100 bytes"):
        stamping.stamp(day.day, "one")
    with pytest.raises(InvalidInput, match="no authority three"):
        stamping.stamp(day.day, "three")
    with pytest.raises(NotFound):
        stamping.stamp("2020-01-01", "one")
    assert not DailyStamp.objects.exists()


def test_nothing_is_asked_without_authorities_or_entries(ready: Path, settings: Any) -> None:
    assert stamping.begin_day(now_us()) is None and not stamping.ask_due(now_us())
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(update={"stamp_authorities": ["one=http://127.0.0.1:9"]})
    assert stamping.begin_day(now_us()) is None and not Daily.objects.exists()


def test_what_is_served_verifies_with_openssl(authorities: tuple[Authority, Authority], tmp_path: Path) -> None:
    turn()
    client = Client()
    day = Daily.objects.get().day
    name = quote("zwei & drei", safe="")
    assert client.get("/tlog/stamps").content.decode().split() == [
        f"{day}/checkpoint",
        f"{day}/one.tsr",
        f"{day}/{name}.tsr",
    ]
    (tmp_path / "checkpoint").write_bytes(client.get(f"/tlog/stamps/{day}/checkpoint").content)
    for which in ("one", name):
        answer = client.get(f"/tlog/stamps/{day}/{which}.tsr")
        assert answer["content-type"] == "application/timestamp-reply"
        (tmp_path / "answer.tsr").write_bytes(answer.content)
        command = ["openssl", "ts", "-verify", "-data", "checkpoint", "-in", "answer.tsr", "-CAfile", "roots.pem"]
        run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert run.returncode == 0 and "Verification: OK" in run.stdout + run.stderr
    for missing in ("2020-01-01/checkpoint", f"{day}/three.tsr", f"{day}/../checkpoint", "today/checkpoint"):
        assert client.get(f"/tlog/stamps/{missing}").status_code == 404


@pytest.fixture
def proven(authorities: tuple[Authority, Authority], tmp_path: Path) -> Path:
    """A folder with the proof of a leaf that was stamped, made after the log grew on."""
    turn()
    log(30)
    use(Terminal())
    make(tmp_path / NAME, leaf=4)
    (tmp_path / "trust.policy").write_bytes(trusting.own_policy())
    return tmp_path


def judged(folder: Path, stamped: bytes | None = None, roots: str = "roots.pem", leaf: bytes | None = None) -> Any:
    file = (folder / f"{NAME}.stamps").read_bytes() if stamped is None else stamped
    given = Stamps(file, roots_of((folder / roots).read_bytes()) if roots else ())
    entry = (folder / f"{NAME}.leaf").read_bytes() if leaf is None else leaf
    policy = parse_policy((folder / "trust.policy").read_bytes())
    return judge_proof((folder / NAME).read_bytes(), entry, policy, given)


def test_a_proof_says_by_when_its_leaf_existed(proven: Path) -> None:
    assert parse_proof((proven / NAME).read_bytes()).note != parse_proof((proven / f"{NAME}.stamps").read_bytes()).note
    found = judged(proven)
    assert isinstance(found, Proven)
    assert [(one.authority, one.trusted, abs(one.at_us - now_us()) < DAY_US) for one in found.stamps] == [
        ("one", True, True),
        ("zwei & drei", True, True),
    ]
    assert [one.signer for one in found.stamps] == ["CN=one", "CN=two"]
    assert [one.trusted for one in judged(proven, roots="").stamps] == [False, False], "shown, and not judged"


def test_stamps_that_do_not_hold_spoil_the_proof(proven: Path) -> None:
    def code(found: Any) -> str:
        return found.code if isinstance(found, Broken) else "holds"

    raw = (proven / f"{NAME}.stamps").read_bytes()
    assert code(judged(proven, roots="one/root.pem")) == "stamp-not-proven", "one of the two is not believed"
    make(proven / "other.tlog-proof", leaf=5)
    assert code(judged(proven, (proven / "other.tlog-proof.stamps").read_bytes())) != "holds", "of another leaf"
    later = parse_stamped(raw)
    head, blank, _ = raw.partition(b"\n\n")
    swapped = head + blank + record.checkpoint()
    assert code(judged(proven, swapped)) != "holds", "the stamps are about another checkpoint"
    assert later.judge((proven / f"{NAME}.leaf").read_bytes(), (), ()) == Broken(
        "not-signed", "No key that is known signed it."
    )
    for nothing in (b"", (proven / NAME).read_bytes(), head.replace(b"extra ", b"extra AAAA") + blank):
        with pytest.raises(InvalidInput):
            judged(proven, nothing)


def test_a_leaf_younger_than_the_last_stamp_has_none(proven: Path) -> None:
    make(proven / "young.tlog-proof", leaf=40)
    assert not (proven / "young.tlog-proof.stamps").exists()
    assert "stamped" not in (proven / "young.tlog-proof.html").read_text()


def test_the_earliest_checkpoint_that_two_have_stamped_is_handed_over(authorities: tuple[Authority, Authority]) -> None:
    authorities[1].down = True
    turn()
    first = stamps.stamped_proof(4)
    assert first is not None and list(first.answers) == ["one"], "one is better than none"
    authorities[1].down = False
    for days in (1, 2):
        log(1)
        turn(days)
    found = stamps.stamped_proof(4)
    assert found is not None and len(found.answers) == 2 and "\n12\n" in found.note.text


def steps(folder: Path, *roots: str) -> subprocess.CompletedProcess[str]:
    assert shutil.which("openssl") is not None, "install openssl: it is what whoever checks a proof has"
    return subprocess.run(["sh", f"{NAME}.sh", *roots], cwd=folder, capture_output=True, text=True, check=False)


def test_the_steps_check_the_stamps_with_openssl_alone(proven: Path) -> None:
    run = steps(proven, "roots.pem")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Stamped by one: it existed at " in run.stdout and "Stamped by zwei & drei: it existed at" in run.stdout
    assert steps(proven).stdout.count("not judged") == 2
    assert "NOT PROVEN: the stamp of zwei & drei does not hold" in steps(proven, "one/root.pem").stdout
    script = proven / f"{NAME}.sh"
    good = script.read_text()
    before, mark, after = good.partition("# 4. ")
    joined = after.index("top=$(join ") + 40
    script.write_text(before + mark + after[:joined] + ("A" if after[joined] != "A" else "B") + after[joined + 1 :])
    assert "NOT PROVEN: the entry is not in the checkpoint that was stamped" in steps(proven, "roots.pem").stdout


def test_the_page_names_who_stamped_it(proven: Path) -> None:
    page = (proven / f"{NAME}.html").read_text()
    assert "CN=one" in page and "CN=two" in page and "zwei &amp; drei" in page and "--roots roots.pem" in page


def test_the_command_verifies_without_a_node(proven: Path) -> None:
    def run(*more: str) -> subprocess.CompletedProcess[str]:
        command = [
            str(Path(sys.executable).with_name("commonwatch")),
            "proof",
            "verify",
            NAME,
            "--policy",
            "trust.policy",
        ]
        nothing = {"PATH": "/usr/bin:/bin", "COMMONWATCH_DATA": str(proven / "nowhere")}
        return subprocess.run([*command, *more], cwd=proven, env=nothing, capture_output=True, text=True, check=False)

    held = run("--roots", "roots.pem")
    assert held.returncode == 0 and "CN=one says that it existed at" in held.stdout, held.stdout + held.stderr
    assert "not judged, give its root with --roots" in run().stdout
    broken = run("--roots", "one/root.pem")
    assert broken.returncode == 1 and "Not proven: The stamp of zwei & drei does not hold" in broken.stdout
    (proven / f"{NAME}.stamps").unlink()
    assert run().returncode == 0 and run("--roots", "roots.pem").returncode == 2, "roots without stamps are a mistake"
