"""A node with a partner, a file that was found, and two time-stamping authorities."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyrage
import pytest

from commonwatch.base.intake.own import Audience
from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from commonwatch.capabilities.evidence import actions
from commonwatch.capabilities.evidence.actions import WORK, Collected
from commonwatch.capabilities.evidence.store.opening import FOLDER
from tests.authorities import Authority, authority, named
from tests.base.release.nodes import by, carried, member

OFFICER = pyrage.x25519.Identity.generate()
FOUND = Collected(
    "Mail server", "A. Officer", "2026-11-20T08:00:00Z", "StPO section 110", tool="dd 9.1", place="rack 4"
)


@pytest.fixture
def partnered(keyed: Path) -> Path:
    """The own member in Austria, partners in Norway and Ireland."""
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    member("cert-ie", "IE", MemberKind.STATE_BODY, "home")
    for name in (FOLDER, WORK):  # what tests of pages and the API left there
        shutil.rmtree(keyed / name, ignore_errors=True)
    return keyed


@pytest.fixture
def source(tmp_path: Path) -> Path:
    path = tmp_path / "disk.img"
    path.write_bytes(b"as it was found" * 1000)
    return path


@pytest.fixture
def collected(partnered: Path, source: Path) -> str:
    """An item that cert-no sees as well."""
    audience = Audience("TLP:AMBER+STRICT", ("cert-no",))
    return actions.add(source, FOUND, audience, [str(OFFICER.to_public())], by())


@pytest.fixture
def authorities(tmp_path: Path, settings: Any) -> Iterator[tuple[Authority, Authority]]:
    """Two authorities that the node's settings name."""
    with authority(tmp_path / "one", "one") as first, authority(tmp_path / "two", "two") as second:
        named(settings, tmp_path / "roots.pem", one=first, two=second)
        yield first, second
