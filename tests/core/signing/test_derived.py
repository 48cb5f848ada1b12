"""What is made from a signed object for one recipient carries no signature: it would not hold, and would betray."""

from __future__ import annotations

import json

from commonwatch.core.law.personal import findings
from commonwatch.core.policy.variants import Derivation, derive
from commonwatch.core.stix.extensions import SIGNATURE_ID
from tests.core.signing.people import key
from tests.core.signing.test_objects import indicator, signed


def test_a_derived_object_lost_its_authors_signature_and_a_whole_one_kept_it() -> None:
    raw = json.dumps(signed()).encode()
    assert derive(raw, Derivation("full", frozenset(), b"k" * 32)) == raw
    made = json.loads(derive(raw, Derivation("pseudonymised", frozenset(), b"k" * 32)))
    assert SIGNATURE_ID not in made["extensions"]


def test_the_letters_and_digits_of_a_signature_are_nobodys_personal_data() -> None:
    found = {findings(signed(indicator(confidence=number), key(number + 1))) for number in range(100)}
    assert found == {findings(indicator())}
