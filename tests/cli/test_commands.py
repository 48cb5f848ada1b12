"""The command line as a script meets it: data folder, JSON, exit codes, errors that say what to do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest
import typer

from commonwatch import __version__
from commonwatch.cli import commands
from tests.capabilities.partners import indicator


class Node:
    """A node in a folder of its own, worked with from outside."""

    def __init__(self, data: Path) -> None:
        self.data = data
        self.environment = {name: value for name, value in os.environ.items() if not name.startswith("COMMONWATCH_")}
        self.environment.pop("DJANGO_SETTINGS_MODULE", None)

    def run(self, *words: str, given: str | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "commonwatch", *words, "--data", str(self.data)],
            capture_output=True,
            text=True,
            input=given,
            env={**self.environment, **environment},
            check=False,
            timeout=60,
        )

    def json(self, *words: str, code: int = 0, given: str | None = None) -> Any:
        done = self.run(*words, "--json", given=given)
        assert done.returncode == code, done.stdout + done.stderr
        return json.loads(done.stdout)


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    yield Node(tmp_path_factory.mktemp("cli") / "node")


@pytest.fixture
def fresh(tmp_path: Path) -> Node:
    return Node(tmp_path / "node")


def write(path: Path, *objects: Any) -> str:
    path.write_text(
        json.dumps({"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": objects})
    )
    return str(path)


def every_command() -> Iterator[tuple[str, Any]]:
    root = typer.main.get_command(commands.app)
    waiting = [("", root)]
    while waiting:
        name, command = waiting.pop()
        if inner := getattr(command, "commands", None):
            waiting += [(f"{name} {word}".strip(), one) for word, one in inner.items()]
        else:
            yield name, command


@pytest.mark.parametrize(
    ("name", "command"), sorted(every_command()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_the_help_of_each_command_has_an_example_of_it(name: str, command: Any) -> None:
    said = command.help or ""
    assert f"Example: commonwatch {name}" in said
    assert all(
        parameter.help
        for parameter in command.params
        if parameter.param_type_name == "option" and parameter.name != "help"
    )


def test_a_first_command_makes_the_node(fresh: Node) -> None:
    found = fresh.json("collection", "list")
    assert [one["alias"] for one in found] == ["main", "recalls"]
    assert (fresh.data / "commonwatch.db").exists() and oct(fresh.data.stat().st_mode)[-3:] == "700"


def test_the_version_is_said_without_a_node(fresh: Node) -> None:
    assert fresh.run("--version").stdout == f"Commonwatch {__version__}\n"
    assert fresh.json("--version") == {"version": __version__} and not fresh.data.exists()


def test_import_says_what_became_of_everything(node: Node, tmp_path: Path) -> None:
    good = write(tmp_path / "good.json", indicator(1), indicator(2))
    mixed = write(tmp_path / "mixed.json", indicator(3), {**indicator(4), "id": "broken"})
    assert node.json("import", good, "--source", "feed")["admitted"] == 2
    found = node.json("import", mixed, code=1)
    assert (found["admitted"], found["quarantined"]) == (1, 1)
    assert found["findings"]["id-malformed"]["remedy"] and found["findings"]["id-malformed"]["place"] == "/id"
    shown = node.run("import", mixed)
    assert shown.returncode == 1 and "id-malformed" in shown.stdout and "quarantine list" in shown.stdout
    assert node.json("import", "-", given=json.dumps(indicator(5)))["admitted"] == 1
    assert node.json("import", str(tmp_path / "absent.json"), code=1)["documents_refused"] == 1


def test_quarantine_is_listed_shown_mended_and_dropped(node: Node, tmp_path: Path) -> None:
    node.run(
        "import", write(tmp_path / "bad.json", {**indicator(11), "id": "bad one"}, {**indicator(12), "id": "bad two"})
    )
    held = {one["object_id"]: one["number"] for one in node.json("quarantine", "list")["entries"]}
    first, second = str(held["bad one"]), str(held["bad two"])
    assert "bad one" in node.json("quarantine", "show", first)["raw"]
    assert node.json("quarantine", "retry", first, code=1)[0]["kind"] == "held"
    mended = tmp_path / "mended.json"
    mended.write_text(json.dumps(indicator(11)))
    assert node.json("quarantine", "retry", first, "--with", str(mended))[0]["kind"] == "admitted"
    assert node.run("quarantine", "drop", second).returncode == 2  # a reason is needed
    node.json("quarantine", "drop", second, "--reason", "test")
    assert node.json("quarantine", "show", "9999", code=2)["error"]["code"] == "quarantine-unknown"


def test_export_writes_a_whole_file_or_none(node: Node, tmp_path: Path) -> None:
    node.run("import", write(tmp_path / "in.json", indicator(21)))
    out = tmp_path / "out.json"
    assert node.json("export", "-o", str(out))["objects"] >= 1
    assert "number 21" in out.read_text() and not list(tmp_path.glob(".out.json*"))
    listed = node.run("export", "--format", "values", "--kind", "ipv4-addr").stdout.split()
    assert "198.51.100.21" in listed
    assert node.json("export", "--id", "nonsense", code=2)["error"]["code"] == "id-malformed"
    assert node.json("export", "--collection", "nowhere", code=2)["error"]["code"] == "collection-unknown"
    assert node.json("export", "--since", "yesterday", code=2)["error"]["code"] == "time-unreadable"


def test_tokens_are_shown_once_listed_and_revoked(node: Node) -> None:
    made = node.json("token", "create", "--name", "partner", "--role", "reader", "--expires", "90d")
    assert made["secret"].startswith("cw_")
    again = node.json("token", "create", "--name", "partner", "--role", "reader")
    assert (made["label"], again["label"]) == ("token", "token 2") and made["expires"] < again["expires"]
    taken = node.json("token", "create", "--name", "partner", "--role", "reader", "--label", "token", code=2)
    assert taken["error"]["code"] == "token-name-taken"
    listed = node.run("token", "list", "--json").stdout
    assert made["secret"] not in listed and made["hint"] in listed
    node.json("token", "revoke", str(made["number"]), "--reason", "test")
    assert [bool(one["revoked"]) for one in node.json("token", "list")] == [True, False]
    assert node.json("token", "create", "--name", "x", "--role", "reader", "--expires", "soon", code=2)["error"]
    elsewhere = node.json("token", "create", "--name", "x", "--role", "reader", "--member", "nobody", code=2)
    assert elsewhere["error"]["code"] == "member-unknown"
    assert {one["member"] for one in node.json("account", "list")} == {"home"}
    assert node.run("token", "create", "--name", "x", "--role", "king").returncode == 2
    assert any(row["action"] == "token.revoke" for row in node.json("audit"))
    shown = node.json("account", "certificate", "partner", "--sha256", "9f" * 32)
    assert shown["certificate_sha256"] == "9f" * 32
    assert node.json("account", "disable", "partner", "--reason", "left")["active"] is False


def test_status_settings_and_doctor_speak_to_people_and_scripts(node: Node) -> None:
    assert set(node.json("status")) >= {"last_entry", "quarantined", "sources", "followers", "types"}
    assert node.json("settings")["port"] == {"value": 8080, "from": "default"}
    for words in ("status", "settings", "doctor"):
        done = node.run(words)
        assert done.returncode == 0 and len(done.stdout) > 100
    assert all(one["fine"] for one in node.json("doctor"))


def test_the_global_options_stand_anywhere(node: Node) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "commonwatch", f"--data={node.data}", "--json", "collection", "list"],
        capture_output=True, text=True, env=node.environment, check=False,
    )  # fmt: skip
    assert done.returncode == 0 and json.loads(done.stdout)


def test_wrong_use_is_exit_2(node: Node) -> None:
    assert node.run("no-such-command").returncode == 2
    assert node.run("import").returncode == 2
    assert node.json("source", "pull", "nobody", code=2)["error"]["advice"]
    missing = subprocess.run(
        [sys.executable, "-m", "commonwatch", "status", "--data"], capture_output=True, check=False
    )
    assert missing.returncode == 2 and b"--data needs a folder" in missing.stderr


def test_a_node_that_cannot_work_is_exit_3_and_says_why(fresh: Node, tmp_path: Path) -> None:
    error = json.loads(fresh.run("status", "--json", COMMONWATCH_PROT="1").stdout)["error"]
    assert error["code"] == "settings-unknown"
    assert fresh.run("status", COMMONWATCH_PROT="1").returncode == 3
    in_the_way = Node(tmp_path / "file")
    in_the_way.data.write_text("")
    done = in_the_way.run("status")
    assert done.returncode == 3 and "cannot be used" in done.stderr and "Traceback" not in done.stderr
    gone = fresh.run("status", COMMONWATCH_DATABASE_URL="postgresql://nobody@127.0.0.1:1/none")
    assert gone.returncode == 3 and "database" in gone.stderr.lower() and "Traceback" not in gone.stderr


def test_a_schema_from_the_future_is_never_touched(fresh: Node) -> None:
    fresh.run("status")
    with sqlite3.connect(fresh.data / "commonwatch.db") as database:
        database.execute(
            "INSERT INTO django_migrations (app, name, applied) VALUES ('journal', '0099_x', '2030-01-01')"
        )
    done = fresh.run("status")
    assert done.returncode == 3 and "newer Commonwatch" in done.stderr and "journal.0099_x" in done.stderr


def test_a_database_that_is_none_is_said_to_be(fresh: Node) -> None:
    fresh.data.mkdir()
    (fresh.data / "commonwatch.db").write_bytes(b"this is no database, but a text of some length " * 50)
    done = fresh.run("status")
    assert done.returncode == 3 and "Traceback" not in done.stderr


def test_a_backup_of_a_node_becomes_the_same_node(node: Node, tmp_path: Path) -> None:
    node.run("import", write(tmp_path / "in.json", *(indicator(n) for n in range(30, 60))))
    made = node.json("backup", str(tmp_path / "copy"))
    assert made["versions"] >= 30
    assert node.json("backup", str(tmp_path / "copy"), code=2)["error"]["code"] == "backup-exists"
    other = Node(tmp_path / "other")
    assert other.json("restore", str(tmp_path / "copy"))["versions"] == made["versions"]
    assert other.json("status")["types"] == node.json("status")["types"]
    assert other.run("export").stdout == "" or len(other.run("export", "--format", "ndjson").stdout) > 1000
    assert other.json("restore", str(tmp_path / "copy"), code=2)["error"]["code"] == "data-folder-used"
    database = tmp_path / "copy" / "commonwatch.db"
    database.write_bytes(database.read_bytes()[:-1] + b"x")
    third = Node(tmp_path / "third")
    assert third.json("restore", str(tmp_path / "copy"), code=3)["error"]["code"] == "backup-damaged"
    assert not third.data.exists()
    assert third.json("restore", str(tmp_path / "nothing"), code=2)["error"]["code"] == "no-backup"


def test_sealed_content_goes_along_where_it_is_asked_for_and_doctor_misses_it(tmp_path: Path) -> None:
    node, disk = Node(tmp_path / "with"), tmp_path / "disk.img"
    disk.write_bytes(b"as it was found")
    key = str(pyrage.x25519.Identity.generate().to_public())
    said = ("--name", "Disk", "--basis", "Consent", "--recipient", key, "--tlp", "TLP:RED")
    item = node.json("evidence", "add", str(disk), *said)["item"]["id"]
    assert "beside" not in node.json("backup", str(tmp_path / "without"))
    saved = node.json("backup", str(tmp_path / "copy"), "--with-evidence")["beside"]["evidence"]
    assert saved["pieces"] == 2 and saved["bytes"] > 200
    lacking, whole = Node(tmp_path / "lacking"), Node(tmp_path / "whole")
    lacking.json("restore", str(tmp_path / "without"))
    assert _content(lacking)["fine"] is False and item in _content(lacking)["remedy"]
    whole.json("restore", str(tmp_path / "copy"))
    assert _content(whole)["fine"] is True and whole.json("evidence", "check")["troubles"] == []
    piece = next(one for one in (tmp_path / "copy" / "evidence").rglob("*") if one.is_file())
    piece.write_bytes(piece.read_bytes()[:-1] + b"x")
    damaged = Node(tmp_path / "damaged").json("restore", str(tmp_path / "copy"), code=3)
    assert damaged["error"]["code"] == "backup-damaged"
    piece.unlink()
    fewer = Node(tmp_path / "fewer").json("restore", str(tmp_path / "copy"), code=3)
    assert "1 of 2 pieces" in fewer["error"]["sentence"]
    shutil.rmtree(tmp_path / "copy" / "evidence")
    none = Node(tmp_path / "none")
    assert "nothing was changed" in none.json("restore", str(tmp_path / "copy"), code=3)["error"]["advice"]
    assert not none.data.exists()


def _content(node: Node) -> Any:
    """What doctor says of sealed content; its code is 3 where anything is wrong."""
    done = node.run("doctor", "--json")
    return next(one for one in json.loads(done.stdout) if one["name"] == "content")


def test_an_export_into_a_closed_pipe_is_quiet(node: Node, tmp_path: Path) -> None:
    node.run("import", write(tmp_path / "in.json", *(indicator(n) for n in range(100, 400))))
    command = f"{sys.executable} -m commonwatch export --format ndjson --data {node.data} | head -1"
    done = subprocess.run(["sh", "-c", command], capture_output=True, text=True, env=node.environment, check=False)
    assert done.stdout.count("\n") == 1 and "Traceback" not in done.stderr


def test_run_leaves_paths_to_the_caller(tmp_path: Path) -> None:
    """`./run` is called from anywhere; what follows it is relative to where the caller stands."""
    write(tmp_path / "here.json", indicator(1))
    run = Path(__file__).parents[2] / "run"
    done = subprocess.run(
        [run, "import", "here.json", "--data", "node", "--json"], cwd=tmp_path, capture_output=True, check=False
    )
    assert json.loads(done.stdout)["admitted"] == 1 and (tmp_path / "node" / "commonwatch.db").exists()


def test_the_partnership_is_told_to_people_and_scripts(fresh: Node, tmp_path: Path) -> None:
    made = fresh.json("party", "add", "cert-at", "--kind", "state-body", "--country", "at", "--title", "CERT.at")
    assert made["country"] == "AT" and made["identity"].startswith("identity--")
    fresh.json(
        "party",
        "fact",
        "cert-at",
        "--kind",
        "safeguard",
        "--value",
        "bcr",
        "--source",
        "Register",
        "--since",
        "2026-01-01",
    )
    fresh.json("community", "create", "energy", "--openness", "hidden", "--pseudonymous")
    fresh.json("community", "join", "energy", "cert-at", "--reason", "accepted")
    fresh.json("agreement", "add", "mou", "--kind", "memorandum", "--source", "MoU", "--category", "indicators")
    stood = fresh.json("agreement", "party", "mou", "--country", "AT", "--in-force", "2026-03-01")
    assert stood["standing"]["in_force"]
    found = fresh.json("party", "show", "cert-at")
    assert found["communities"] == ["energy"] and found["agreements"][0]["by"] == "AT"
    assert {"group", "treaty", "safeguard"} <= {fact["kind"] for fact in found["facts"]}
    assert fresh.json("community", "show", "energy")["members"][0]["joined"] == "command line: accepted"
    fresh.json("community", "leave", "energy", "cert-at", "--reason", "test")
    assert (
        fresh.json("party", "show", "cert-at", "--on", "2020-01-01")["agreements"][0]["standing"]["in_force"] is False
    )
    assert len(fresh.json("country", "list", "--group", "eu")["countries"]) == 27
    fresh.json("token", "create", "--name", "partner", "--role", "reader", "--member", "cert-at")
    assert [one["member"] for one in fresh.json("account", "list")] == ["cert-at"]
    own = fresh.json("party", "set", "home", "--kind", "company", "--country", "jp")
    assert (own["kind"], own["country"], own["own"]) == ("company", "JP", True)
    assert {one["name"]: one["own"] for one in fresh.json("party", "list")} == {"cert-at": False, "home": True}
    fed = write(tmp_path / "fed.json", indicator(1))
    assert fresh.json("import", fed, "--source", "fed", "--member", "cert-at")["admitted"] == 1
    assert fresh.json("import", fed, "--source", "fed", "--member", "home", code=2)["error"]["code"] == "source-member"
    for words in (
        ["party", "show", "cert-at"],
        ["agreement", "show", "mou"],
        ["country", "show", "JP"],
        ["country", "regimes"],
        ["country", "regimes", "eu", "--on", "2026-11-23"],
        ["party", "list"],
    ):
        done = fresh.run(*words)
        assert done.returncode == 0 and len(done.stdout) > 60
    partnership = tmp_path / "partnership.json"
    partnership.write_text(json.dumps({"members": [{"name": "acme", "kind": "company", "country": "JP"}]}))
    assert fresh.json("party", "import", str(partnership))["members"] == 1
    assert fresh.json("party", "show", "nobody", code=2)["error"]["code"] == "member-unknown"
    assert fresh.json("party", "show", "acme", "--on", "soon", code=2)["error"]["code"] == "day-unreadable"
    assert fresh.json("country", "update", str(partnership), code=2)["error"]["code"] == "country-facts"
    assert fresh.json("country", "regimes", "mars", code=2)["error"]["code"] == "regime-unknown"
    assert fresh.json("country", "regimes", "--update", str(partnership), code=2)["error"]["code"] == "transfer-regimes"
    known = fresh.json("country", "regimes")
    partnership.write_text(json.dumps({**known, "as_of": "2099-01-01"}))
    assert fresh.json("country", "regimes", "--update", str(partnership))["as_of"] == "2099-01-01"
    early = fresh.json("country", "regimes", "eu", "--on", "2001-01-01")
    assert [decision["place"] for decision in early["adequacy"]] == ["CH"]
