"""The documents say what is so: every command and setting there exists, and every one that exists stands there."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import click
import pytest
import typer

from commonwatch.base.config.settings import NodeSettings
from commonwatch.capabilities.detection.anomalies.measured import measured
from commonwatch.cli import commands

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "bench").glob("*.md")])
OPERATIONS = (ROOT / "docs" / "operations.md").read_text()


@cache
def leaves() -> dict[tuple[str, ...], Any]:
    """Every command by its words."""
    found: dict[tuple[str, ...], Any] = {}
    waiting: list[tuple[tuple[str, ...], Any]] = [((), typer.main.get_command(commands.app))]
    while waiting:
        words, command = waiting.pop()
        if inner := getattr(command, "commands", None):
            waiting += [((*words, word), one) for word, one in inner.items()]
        else:
            found[words] = command
    return found


def written_commands() -> Iterator[tuple[str, list[str]]]:
    """Every command line in the documents, and in the examples of the commands' own help."""
    for page in PAGES:
        for line in page.read_text().splitlines():
            if match := re.match(r"\s*\$ (?:.*\| )?(?:commonwatch|\./run) (.*)", line):
                yield f"{page.name}: {line}", shlex.split(match[1])
    for words, command in leaves().items():
        for match in re.finditer(r"Example: commonwatch (.*)", command.help or ""):
            yield f"help of {' '.join(words)}", shlex.split(match[1])


@pytest.mark.parametrize(
    ("where", "words"), list(written_commands()), ids=lambda part: part if isinstance(part, str) else ""
)
def test_every_command_that_is_written_down_exists_with_its_options(where: str, words: list[str]) -> None:
    if words[0] in ("test", "check"):
        assert words[0] in (ROOT / "run").read_text()
        return
    known = leaves()
    name = next(tuple(words[:count]) for count in (3, 2, 1) if tuple(words[:count]) in known)
    command = known[name]
    given = [word for word in words[len(name) :] if word != "--json"]
    if "--data" in given:
        del given[given.index("--data") : given.index("--data") + 2]
    context = click.Context(command)
    _, rest, _ = command.make_parser(context).parse_args(given)
    assert rest == []


def test_every_command_stands_in_the_operators_page() -> None:
    hidden = {words for words, command in leaves().items() if command.hidden}
    missing = [" ".join(words) for words in leaves() if words not in hidden and " ".join(words) not in OPERATIONS]
    assert missing == []


def test_the_table_of_settings_is_the_settings() -> None:
    rows = dict(re.findall(r"^\| `(\w+)` \| ([^|]*?) ?\|", OPERATIONS, re.MULTILINE))
    assert list(rows) == list(NodeSettings.model_fields)
    for name, field in NodeSettings.model_fields.items():
        shown = rows[name].strip()
        if isinstance(field.default, int | float | str) and field.default != "":
            assert shown == (f"{field.default:g}" if isinstance(field.default, float) else str(field.default))
        assert field.description


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text()):
        if not target.startswith(("http://", "https://")):
            assert (page.parent / target).exists(), target


def test_every_error_named_in_the_documents_exists() -> None:
    source = "\n".join(path.read_text() for path in (ROOT / "src").rglob("*.py"))
    named = set(re.findall(r"`([a-z]+(?:-[a-z0-9]+)+)`", OPERATIONS)) - {"git-pull"}
    assert "disk-full" in named
    assert [code for code in named if f'"{code}"' not in source] == []


def test_every_test_that_the_security_page_names_exists() -> None:
    named = re.findall(r"`(tests/[^`]+)`", (ROOT / "docs" / "security.md").read_text())
    assert len(named) > 15 and [path for path in named if not (ROOT / path).exists()] == []


def test_every_decision_has_its_parts() -> None:
    for page in (ROOT / "docs" / "decisions").glob("*.md"):
        text = page.read_text()
        for part in ("Status:", "## Context", "## Choice", "## Consequences", "## What would change our mind"):
            assert part in text, (page.name, part)


def test_every_dependency_has_a_line_in_the_decisions() -> None:
    text = "".join(page.read_text() for page in (ROOT / "docs" / "decisions").glob("*.md"))
    project = (ROOT / "pyproject.toml").read_text()
    names = re.findall(r'^    "([a-z0-9-]+)', project.split("[project.scripts]")[0], re.MULTILINE)
    assert len(names) > 20 and [name for name in names if name not in text] == []


def test_nothing_of_a_machine_is_in_the_project() -> None:
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True).stdout.split()
    words = re.compile("|".join(["/wo" + "rk/", "/home/" + r"\w", "index" + "-url", "--find" + "-links"]))
    for name in listed:
        path = ROOT / name
        if (
            path.suffix in (".md", ".py", ".toml", ".txt", ".html", ".css", "")
            and name != "tools/requirements.py"
            and path.exists()
        ):
            assert not words.search(path.read_text(encoding="utf-8", errors="replace")), name


def test_the_figures_that_pages_show_of_the_models_are_those_of_the_document() -> None:
    written = (ROOT / "docs" / "anomalies.md").read_text()
    for one in measured():
        if one.set:
            assert f"| {one.false_alarms:.3f} | {one.recall:.3f} | {one.precision:.3f} |" in written, one
