from __future__ import annotations

from commonwatch.core.policy.categories import CATEGORIES, category
from commonwatch.core.stix.tables import PROPERTIES


def test_every_type_of_the_standard_has_a_category_of_the_list() -> None:
    assert CATEGORIES == ("indicators", "threats", "vulnerabilities", "incidents", "defences", "context")
    assert {category(kind) for kind in PROPERTIES} == set(CATEGORIES)


def test_observables_go_with_indicators_and_the_unknown_with_context() -> None:
    assert category("ipv4-addr") == category("sighting") == "indicators"
    assert category("observed-data") == "incidents"
    assert category("playbook") == "defences"
    assert category("x-something") == category("relationship") == "context"
