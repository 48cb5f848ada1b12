"""A node of an earlier version, taken over with what it holds."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

from tests.cli.test_commands import Node

BEFORE = """
import django
from django.core.management import call_command
django.setup()
for label, number in (("accounts", "0001"), ("parties", "0002"), ("release", "0001"), ("intake", "0001")):
    call_command("migrate", label, number, verbosity=0)
"""


def as_of(node: Node) -> sqlite3.Connection:
    """The node's database as the version left it in which accounts were in communities themselves."""
    node.data.mkdir()
    settings = {"COMMONWATCH_DATA": str(node.data), "DJANGO_SETTINGS_MODULE": "commonwatch.site.settings"}
    subprocess.run([sys.executable, "-c", BEFORE], env={**node.environment, **settings}, check=True)
    return sqlite3.connect(node.data / "commonwatch.db")


def test_accounts_of_an_earlier_version_see_what_they_saw(tmp_path: Path) -> None:
    node = Node(tmp_path / "node")
    accounts = {"laptop": ["home"], "CSIRT A": ["energy"], "both": ["home", "energy"], "none": [], "Ada": []}
    with as_of(node) as old:
        old.execute("INSERT INTO release_collection VALUES (1, 'c0', 'main', 'M', '', 0)")
        for number, name in enumerate(("home", "energy"), 1):
            old.execute("INSERT INTO parties_community VALUES (?, ?, '', 0, 'closed', 0)", [number, name])
        old.execute("INSERT INTO parties_member VALUES (7, 'both', 'B', 'company', 'AT', 'identity--b', 0)")
        for number, (name, communities) in enumerate(accounts.items(), 1):
            old.execute(
                "INSERT INTO accounts_account (id, password, name, is_person, role, is_active, certificate_sha256, "
                "created_us) VALUES (?, '', ?, ?, 'reader', 1, '', 0)",
                [number, name, name == "Ada"],
            )
            for one in communities:
                old.execute(
                    "INSERT INTO accounts_account_communities (account_id, community_id) VALUES (?, ?)",
                    [number, 1 if one == "home" else 2],
                )
        old.execute("INSERT INTO intake_source VALUES (1, 'account:CSIRT A', 'TLP:AMBER', 0, NULL, 0, 0, 0, 0, 0)")
        old.execute(
            "INSERT INTO accounts_audit (at_us, actor, address, action, subject, outcome, detail) "
            "VALUES (1, 'old', '', 'x.y', '', 'done', '{}')"
        )
    old.close()
    members = {one["name"]: one["member"] for one in node.json("account", "list")}
    assert members == {"laptop": "home", "CSIRT A": "csirt-a", "both": "both-2", "none": "none", "Ada": "home"}
    assert "old" in [entry["actor"] for entry in node.json("audit")]
    with sqlite3.connect(node.data / "commonwatch.db") as new:
        inside = new.execute(
            "SELECT m.name, c.name FROM parties_membership s JOIN parties_member m ON m.id = s.member_id "
            "JOIN parties_community c ON c.id = s.community_id ORDER BY 1, 2"
        )
        expected = [("both-2", "energy"), ("both-2", "home"), ("csirt-a", "energy"), ("home", "home")]
        assert inside.fetchall() == expected  # nothing for the member `both`, which only shares a name with an account
        vouching = new.execute("SELECT m.name FROM intake_source s JOIN parties_member m ON m.id = s.member_id")
        assert vouching.fetchall() == [("csirt-a",)]
        assert not new.execute("SELECT 1 FROM sqlite_master WHERE name = 'accounts_account_communities'").fetchall()
        assert new.execute("PRAGMA foreign_key_check").fetchall() == []
