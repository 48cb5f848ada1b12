"""The commands of a partnership, as a person gives them: what they say, and the JSON that a script gets."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from commonwatch.base import terminal
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.queries import own_member
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.federation import commands, membership_commands
from commonwatch.capabilities.federation.membership_commands import What
from commonwatch.core.errors import CommonwatchError, InvalidInput
from tests.base.release.nodes import carried

Run = Callable[..., Any]


@pytest.fixture
def words(tmp_path: Path) -> Path:
    file = tmp_path / "words"
    file.write_text("correct horse battery\n")
    return file


@pytest.fixture
def run(keyed: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Call a command and get its JSON."""
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    before = terminal.current()
    use(Terminal(json=True))

    def call(command: Callable[..., None], *given: Any, **options: Any) -> Any:
        capsys.readouterr()
        command(*given, **options)
        return json.loads(capsys.readouterr().out)

    yield call
    use(before)


def test_a_partnership_from_its_beginning_to_a_new_start(run: Run, words: Path, tmp_path: Path) -> None:
    stick, new = tmp_path / "root.pem", tmp_path / "root2.pem"
    begun = run(membership_commands.create, "north-south", [stick], 1, words)
    assert len(begun["root_keys"]) == 1 and b"ENCRYPTED" in stick.read_bytes()
    assert run(membership_commands.approve) == []
    found = run(commands.status)
    assert found["peers"] == [] and [one["title"] for one in found["partnership"]["members"]] == ["CERT.at"]
    assert {one["role"]: one["threshold"] for one in found["partnership"]["roles"]}["targets"] == 1
    run(membership_commands.rotate, What.MEMBER, "A laptop", "2026-01-01T00:00:00Z")
    run(membership_commands.rotate, What.NODE)
    root = run(membership_commands.rotate, What.ROOT, with_files=[stick], new=[new], threshold=2, passphrase=words)
    assert root == {"version": 2, "keys": 2, "threshold": 2}
    (waits,) = run(membership_commands.approve)
    assert waits["what"] == "CERT.at signs with new keys"
    assert run(membership_commands.approve, waits["name"])["in_force"] is True
    assert run(membership_commands.approve, renew=True)["in_force"] is True
    assert run(commands.status)["partnership"]["renew"] == []
    both = [stick, new]
    chosen = run(membership_commands.rotate, What.APPROVERS, with_files=both, approver=["CERT.at"], passphrase=words)
    assert chosen["in_force"] is True and run(commands.status)["partnership"]["root_version"] == 3
    file = tmp_path / "anew.cwr"
    run(membership_commands.recover, file, "2026-01-02T00:00:00Z", "The server was stolen")
    assert any("new start" in line for line in run(commands.status)["partnership"]["renew"])
    assert run(membership_commands.approve, file=file)["in_force"] is True
    from commonwatch.base.parties.key_histories import keys_of

    first, second, third = keys_of(own_member().identity)
    assert first.reason == "A laptop" and second.reason == "The server was stolen" and third.is_current()


def test_a_person_reads_who_is_in_it_and_what_is_to_be_done(
    run: Run, words: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run(membership_commands.create, "north-south", [tmp_path / "root.pem"], 1, words)
    run(membership_commands.rotate, What.MEMBER)
    use(Terminal())
    commands.status()
    said = capsys.readouterr().out
    assert "Partnership north-south" in said and "CERT.at" in said and "1 of 1" in said
    assert "To do: CERT.at signs with new keys: commonwatch federation approve CERT.at" in said


@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda: membership_commands.expel("nobody", "none"), "no partnership"),
        (lambda: membership_commands.rotate(What.APPROVERS, approver=["nobody"]), "no partnership"),
        (lambda: membership_commands.rotate(What.MEMBER, stolen_since="yesterday"), "is no time"),
        (lambda: membership_commands.approve("cert-xx"), "no partnership"),
    ],
)
def test_what_cannot_be_done_is_said_with_what_to_do(run: Run, call: Callable[[], None], error: str) -> None:
    with pytest.raises(CommonwatchError, match=error) as refusal:
        call()
    assert refusal.value.advice


def test_a_wrong_passphrase_opens_nothing(run: Run, words: Path, tmp_path: Path) -> None:
    stick, other = tmp_path / "root.pem", tmp_path / "other"
    other.write_text("incorrect horse\n")
    run(membership_commands.create, "north-south", [stick], 1, words)
    with pytest.raises(InvalidInput, match="does not open"):
        membership_commands.rotate(What.ROOT, with_files=[stick], passphrase=other)
