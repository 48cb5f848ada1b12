"""Sources: who vouches for what they bring."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from commonwatch.base.clock import now_us
from commonwatch.base.intake.receive import Channel, receive
from commonwatch.base.intake.sources import ensure_source, voucher_of
from commonwatch.base.parties.queries import own_member
from commonwatch.core.errors import Conflict, NotFound
from commonwatch.core.stix.values import Piece
from tests.capabilities.partners import indicator, member, release_classes


def test_the_nodes_own_member_vouches_where_nobody_is_named(ready: Path) -> None:
    assert voucher_of(ensure_source("feed", "TLP:GREEN")) == own_member().identity
    assert ensure_source("feed", "TLP:GREEN", "home").member is None


def test_who_vouches_for_a_source_never_changes(ready: Path) -> None:
    theirs = member("cert-at")
    assert voucher_of(ensure_source("theirs", "TLP:GREEN", "cert-at")) == theirs.identity
    assert voucher_of(ensure_source("theirs", "TLP:GREEN")) == theirs.identity
    ensure_source("ours", "TLP:GREEN")
    for name, given in (("theirs", "home"), ("ours", "cert-at")):
        with pytest.raises(Conflict, match="vouches"):
            ensure_source(name, "TLP:GREEN", given)
    with pytest.raises(NotFound):
        ensure_source("new", "TLP:GREEN", "nobody")


def test_the_voucher_is_part_of_the_release_class(ready: Path) -> None:
    member("cert-at")
    for number, name in enumerate(("home", "cert-at")):
        source = ensure_source(name, "TLP:GREEN", name)
        channel = Channel(source.pk, source.default_marking, voucher_of(source), "test", (1,))
        receive([Piece(json.dumps(indicator(number)).encode(), "")], channel, now_us()).result()
        assert release_classes()[-1]["voucher"] == voucher_of(source)
    assert len(release_classes()) == 2
