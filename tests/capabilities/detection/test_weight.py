"""Weight: confidence ages, is corroborated and doubted, and every step is said."""

from __future__ import annotations

import pytest

from commonwatch.capabilities.detection.indicators.decay import decay_models
from commonwatch.capabilities.detection.indicators.validity import DAY_US, age_days, covers, has_begun
from commonwatch.capabilities.detection.indicators.weight import Evidence, decay_of, weigh

MODELS = decay_models()


def weighed(**evidence: object) -> tuple[int, str, bool]:
    found = weigh(Evidence(**{"kind": "domain", **evidence}), MODELS)  # type: ignore[arg-type]
    return found.score, found.severity, found.suppressed


def test_confidence_is_where_it_starts_and_none_stated_is_the_middle() -> None:
    assert weighed(confidence=90) == (90, "high", False)
    assert weighed() == (50, "medium", False)
    assert weighed(confidence=0) == (0, "none", True)


@pytest.mark.parametrize(("days", "left"), [(0, 80), (30, 40), (120, 0), (500, 0)])
def test_a_network_indicator_ages_as_misp_has_it(days: float, left: int) -> None:
    assert weighed(confidence=80, age_days=days)[0] == left


def test_phishing_ages_in_days_and_a_digest_in_years() -> None:
    assert weighed(confidence=80, age_days=3, category="phishing") == (0, "none", True)
    assert weighed(kind="sha256", confidence=80, age_days=730, category="phishing")[0] == 40
    assert decay_of(MODELS, "yara", "").name == "files and rules"
    assert decay_of(MODELS, "email", "phishing").name == "senders and agents"


def test_every_model_names_its_source() -> None:
    assert all(model.source and model.days > 0 for model in MODELS)
    assert MODELS[-1].kinds == MODELS[-1].categories == ()


def test_others_who_say_the_same_raise_it_each_by_less() -> None:
    alone, two, three = (weighed(confidence=50, others=(50,) * count)[0] for count in range(3))
    assert alone < two < three < 100 and two - alone > three - two
    assert weighed(confidence=50, others=(None,))[0] == two


def test_each_false_positive_halves_it_and_a_confirmation_takes_one_back() -> None:
    assert [weighed(confidence=80, doubters=count)[0] for count in (0, 1, 2, 3)] == [80, 40, 20, 10]
    assert weighed(confidence=80, doubters=2, confirmers=1)[0] == 40
    assert weighed(confidence=80, confirmers=5)[0] == 80
    assert weighed(confidence=80, doubters=4)[2]


def test_benign_lists_lower_once_or_suppress_and_say_so() -> None:
    assert weighed(confidence=80, lowered_by=("a", "b")) == (40, "medium", False)
    assert weighed(confidence=60, doubted_by=("a",))[2] and not weighed(confidence=70, doubted_by=("a",))[2]
    found = weigh(Evidence("domain", confidence=100, suppressed_by=("tranco10k lists it",)), MODELS)
    assert found.suppressed and found.score == 100
    assert found.reasons[-1] == "suppressed: listed as benign in tranco10k lists it"


def test_an_indicator_begins_by_the_clock_and_ends_by_the_event() -> None:
    assert has_begun(None, 5) and has_begun(5, 5) and not has_begun(6, 5)
    assert covers(10, 9, 100) and not covers(10, 10, 5)
    assert covers(10, None, 9) and not covers(10, None, 10) and covers(None, None, 0)


def test_age_runs_from_the_last_time_it_was_seen_before_the_event() -> None:
    day = DAY_US
    assert age_days(10 * day, [], 15 * day) == 5
    assert age_days(10 * day, [14 * day, 16 * day], 15 * day) == 1
    assert age_days(10 * day, [], 3 * day) == 0
    assert age_days(None, [], 3 * day) == 0
