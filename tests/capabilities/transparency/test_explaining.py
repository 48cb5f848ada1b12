"""The page that a lawyer reads, and its steps: they prove it with programs of others, and fail when anything is changed."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.keys import files as keyfiles
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.transparency import record, trusting
from commonwatch.capabilities.transparency.commands.proofs import make
from commonwatch.capabilities.transparency.models import Round
from commonwatch.capabilities.transparency.record import Statement
from commonwatch.core.merkle.checkpoints import cosign
from commonwatch.core.merkle.notes import COSIGNATURE, parse_note, verifier_key
from commonwatch.core.signing.keys import SigningKey

NAME = "share 4.tlog-proof"
WITNESS = SigningKey(b"\x09" * 32)
WITNESS_KEY = verifier_key("oslo.example/witness", COSIGNATURE, WITNESS.public.raw)
SAID = {"reader": "<script>alert(1)</script>", "what": "it's a \u202etest $(reboot)"}


@pytest.fixture
def proven(ready: Path, tmp_path: Path) -> Iterator[Path]:
    """A folder with the proof of a leaf that one witness cosigned."""
    rows = [Statement("share", "test", number, now_us(), {"n": number, **SAID}) for number in range(11)]
    record.append(rows, "")
    own = trusting.own_policy().decode().replace("quorum none", "")
    policy = f"{own}witness oslo {WITNESS_KEY.text} https://oslo.example/witness\nquorum oslo\n"
    trusting.set_policy(policy.encode(), "test", now_us())
    note = parse_note(record.checkpoint())
    note = note.adding([cosign(note.text, WITNESS_KEY.name, WITNESS, 1_790_000_000)])
    Round.objects.create(pk=1, note=note.encode(), at_us=1, quorate=note.encode(), quorate_us=1)
    use(Terminal())
    make(tmp_path / NAME, leaf=4)
    yield tmp_path
    for name in (keyfiles.LOG, keyfiles.WITNESS):
        (ready / name).unlink(missing_ok=True)


def steps(folder: Path) -> subprocess.CompletedProcess[str]:
    assert shutil.which("openssl") is not None, "install openssl: it is what whoever checks a proof has"
    return subprocess.run(["sh", f"{NAME}.sh"], cwd=folder, capture_output=True, text=True, check=False)


def test_the_steps_prove_it_with_openssl_alone(proven: Path) -> None:
    run = steps(proven)
    assert run.returncode == 0, run.stdout + run.stderr
    assert '"n":4' in run.stdout and "entry 4 of the 11 entries" in run.stdout
    assert "Signed by oslo.example/witness at 1790000000 seconds" in run.stdout
    assert run.stdout.count("Signed by ") == 2


def test_the_steps_fail_when_the_entry_is_changed(proven: Path) -> None:
    leaf = proven / f"{NAME}.leaf"
    good = leaf.read_bytes()
    leaf.write_bytes(good.replace(b'"v":1', b'"v":2'))
    assert "NOT PROVEN: the entry is not in the record" in steps(proven).stdout
    leaf.write_bytes(good.replace(b'"c":["', b'"c":["A'))
    assert "NOT PROVEN: the entry is not the seal" in steps(proven).stdout


@pytest.mark.parametrize("step", ["echo", "join", "signed"])
def test_the_steps_fail_when_a_figure_in_them_is_changed(proven: Path, step: str) -> None:
    """The statement, the path, the signatures: one character of base64 each."""
    script = proven / f"{NAME}.sh"
    lines = script.read_text().splitlines()
    pattern = {
        "echo": r"ctn/1.*; echo (\S{20,}) ",
        "join": r"^top=\$\(join .*?(\S{43}=)",
        "signed": r"^signed \S+ \S+ (\S+) ",
    }
    number, found = next((n, m) for n, line in enumerate(lines) if (m := re.search(pattern[step], line)))
    at = found.start(1) + 8
    changed = "A" if lines[number][at] != "A" else "B"
    lines[number] = lines[number][:at] + changed + lines[number][at + 1 :]
    script.write_text("\n".join(lines) + "\n")
    run = steps(proven)
    assert run.returncode == 1 and "NOT PROVEN" in run.stdout, run.stdout + run.stderr


def test_the_page_says_what_is_proven_and_what_is_not(proven: Path) -> None:
    page = (proven / f"{NAME}.html").read_text()
    text = unescape(re.sub("<[^>]+>", " ", page))
    assert "<script" not in page, "what a statement says is text"
    assert "http://" not in page and "https://" not in page and "src=" not in page, "nothing from elsewhere"
    for said in ("What this proves", "What this does not prove", "That the statement is true", "oslo.example/witness"):
        assert said in text
    assert "2026-09-21T14:13:20Z" in text, "when the witness signed"
    assert "No independent witness" not in text
    assert (proven / f"{NAME}.sh").read_text().strip() in unescape(page)


def test_without_a_witness_the_page_says_so(proven: Path) -> None:
    Round.objects.all().delete()
    make(proven / "bare.tlog-proof", leaf=5)
    text = (proven / "bare.tlog-proof.html").read_text()
    assert "No independent witness has signed yet" in text
