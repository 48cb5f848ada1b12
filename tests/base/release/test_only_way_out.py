"""Shared facts leave through `base.release` and nowhere else: no other room reads the journal's tables.

What may touch them is listed with its reason; whatever comes later and is not listed fails here.
"""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import commonwatch

SOURCE = Path(commonwatch.__file__).parent
READING = {
    "commonwatch.base.journal.reading",
    "commonwatch.base.journal.rows",
    "commonwatch.base.journal.examine",
    "commonwatch.base.journal.models",
}
TABLES = ("journal_version", "journal_placement", "journal_act", "journal_quarantine", "release_extra", "release_grant")
ROOMS = ("base/journal/", "base/release/")
ALLOWED = {
    "base/intake/authorship.py": "asks since when the same content is held, and gets a time",
    "base/intake/quarantine.py": "what is held in quarantine was never admitted: its keeper mends it",
    "capabilities/duties/apps.py": "registers what `doctor` says of lists of law, reads nothing",
    "capabilities/duties/law.py": "how `doctor` words a finding, no objects",
    "capabilities/evidence/apps.py": "registers what `doctor` says of custody, reads nothing",
    "capabilities/evidence/queries.py": "how `doctor` words a finding, no objects",
    "capabilities/exchange/inventory.py": "counts by type and source for the node's own status, no objects",
    "capabilities/federation/apps.py": "registers what `doctor` says of peers, reads nothing",
    "capabilities/federation/purging.py": "finds what a member brought to take it back, and gives nobody any of it",
    "capabilities/federation/queries.py": "how `doctor` words a finding, no objects",
    "capabilities/federation/recalling.py": "who brought what a recall names, so that it is told of nothing else",
    "capabilities/transparency/apps.py": "registers what `doctor` says of the record, reads nothing",
    "capabilities/transparency/queries.py": "ids and versions behind leaves of the record, for who runs the node",
    "capabilities/transparency/stamps.py": "how `doctor` words a finding, no objects",
    "cli/inspect.py": "totals for the node's own status, no objects",
    "console/administration/health.py": "totals for the node's own status, no objects",
}


def _modules() -> list[str]:
    return sorted(
        str(path.relative_to(SOURCE))
        for path in SOURCE.rglob("*.py")
        if not str(path.relative_to(SOURCE)).startswith(ROOMS) and "migrations" not in path.parts
    )


def _imports(tree: ast.Module) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def reads_the_journal(text: str) -> bool:
    """Whether a module imports what reads the journal's tables, or names one in a string."""
    tree = ast.parse(text)
    strings = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    return bool(_imports(tree) & READING) or any(table in text for text in strings for table in TABLES)


@pytest.mark.parametrize("module", _modules())
def test_no_other_module_reads_shared_facts(module: str) -> None:
    if module not in ALLOWED:
        assert not reads_the_journal((SOURCE / module).read_text()), f"{module} reads the journal beside base.release"


def test_what_is_allowed_is_still_there_and_still_needs_it() -> None:
    for module in ALLOWED:
        assert reads_the_journal((SOURCE / module).read_text()), f"{module} needs no exception any more"


def test_the_test_can_fail() -> None:
    assert reads_the_journal("from commonwatch.base.journal import rows")
    assert reads_the_journal("from commonwatch.base.journal.reading import entries")
    assert reads_the_journal('fetch("SELECT raw FROM journal_version")')
    assert not reads_the_journal("from commonwatch.base.release.pages import objects_page")
