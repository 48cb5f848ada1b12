"""A node in Austria with partners, whose own member works on cases."""

from __future__ import annotations

from pathlib import Path

import pytest

from commonwatch.base.parties import actions as parties
from commonwatch.base.parties.models import MemberKind
from tests.base.release.nodes import carried, member


@pytest.fixture
def partners(keyed: Path) -> Path:
    """cert-no, cert-de and police-at beside the own member."""
    carried(lambda now: parties.change_member("home", title="CERT.at", kind=None, country="AT", by=now))
    member("cert-no", "NO", MemberKind.STATE_BODY, "home")
    member("cert-de", "DE", MemberKind.STATE_BODY, "home")
    member("police-at", "AT", MemberKind.STATE_BODY, "home")
    return keyed
