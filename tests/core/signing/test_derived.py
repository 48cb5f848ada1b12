"""What is made from a signed object for one recipient carries no signature: it would not hold, and would betray."""

from __future__ import annotations

import json

from commonwatch.core.policy.variants import Derivation, derive
from commonwatch.core.stix.extensions import SIGNATURE_ID
from tests.core.signing.test_objects import signed


def test_a_derived_object_lost_its_authors_signature_and_a_whole_one_kept_it() -> None:
    raw = json.dumps(signed()).encode()
    assert derive(raw, Derivation("full", frozenset(), b"k" * 32)) == raw
    made = json.loads(derive(raw, Derivation("pseudonymised", frozenset(), b"k" * 32)))
    assert SIGNATURE_ID not in made["extensions"]
