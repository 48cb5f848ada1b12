from __future__ import annotations

from random import Random

import pytest

from commonwatch.capabilities.detection.anomalies.firstseen import FirstSeen, FirstSeenSettings
from commonwatch.capabilities.detection.anomalies.online import FEATURES, OnlineModel, OnlineSettings
from commonwatch.capabilities.detection.anomalies.scoring import compared
from commonwatch.capabilities.detection.anomalies.thresholds import ScoreCounts, threshold
from commonwatch.core.errors import InvalidInput


def warmed(settings: OnlineSettings | None = None, events: int = 3_000) -> OnlineModel:
    model, chance = OnlineModel(settings or OnlineSettings(rate=0.01)), Random(1)
    for _ in range(events):
        model.observe("h", {"bytes out": chance.lognormvariate(5, 0.3), "ports": chance.randint(1, 3)})
    return model


def test_what_is_far_from_usual_is_an_alarm_and_says_by_how_much() -> None:
    score = warmed().observe("h", {"bytes out": 148 * 40.0, "ports": 2})
    assert score is not None and score.alarm
    assert [reason.feature for reason in score.reasons] == ["bytes out"]
    assert "times this entity's usual" in score.reasons[0].sentence
    assert 35 < float(score.reasons[0].sentence.split()[2]) < 50


def test_the_shares_of_the_features_are_the_score() -> None:
    score = warmed().observe("h", {"bytes out": 10_000, "ports": 60})
    assert score is not None
    assert score.value == pytest.approx(sum(reason.weight for reason in score.reasons))
    assert {reason.feature for reason in score.reasons} == {"bytes out", "ports"}


def test_nothing_is_said_before_an_entity_is_warmed_up() -> None:
    model = OnlineModel(OnlineSettings(warm_up=10))
    assert all(model.observe("h", {"bytes": 5}) is None for _ in range(10))
    assert model.observe("h", {"bytes": 5}) is not None


def test_alarms_on_clean_data_keep_to_the_wanted_rate() -> None:
    model, chance = warmed(OnlineSettings(rate=0.01)), Random(2)
    alarms = 0
    for _ in range(20_000):
        score = model.observe("h", {"bytes out": chance.lognormvariate(5, 0.3), "ports": chance.randint(1, 3)})
        assert score is not None
        alarms += score.alarm
    assert alarms / 20_000 <= 0.012


def test_a_single_burst_does_not_become_usual_and_a_lasting_change_does() -> None:
    model = warmed(OnlineSettings(memory=200, rate=0.01))
    first = model.observe("h", {"bytes out": 1e7})
    second = model.observe("h", {"bytes out": 1e7})
    assert first is not None and second is not None and second.value > 0.8 * first.value
    for _ in range(2_000):
        last = model.observe("h", {"bytes out": 1e7})
    assert last is not None and last.value == 0


def test_memory_is_bounded_by_entities_and_features() -> None:
    model = OnlineModel(OnlineSettings(entities=10))
    for number in range(1_000):
        model.observe(f"h{number}", {"bytes": 1.0})
    assert list(model.usual) == [f"h{number}" for number in range(990, 1_000)]
    for number in range(1_000):
        model.observe("h999", {f"f{number}": 1.0})
    assert len(model.usual["h999"]) <= FEATURES
    with pytest.raises(InvalidInput):
        model.observe("h999", {f"f{number}": 1.0 for number in range(FEATURES + 1)})


def test_what_is_no_count_is_neither_learned_nor_scored() -> None:
    model = warmed()
    before = model.usual["h"]["bytes out"].mean
    assert model.observe("h", {"bytes out": float("nan")}) is None
    assert model.observe("h", {"bytes out": -1.0}) is None
    assert model.usual["h"]["bytes out"].mean == before


@pytest.mark.parametrize(
    ("value", "usual", "sentence"),
    [
        (4000, 100, "bytes out 40 times this host's usual (4,000 against 100)"),
        (100, 4000, "bytes out a 40th of this host's usual (100 against 4,000)"),
        (3, 0, "bytes out 3 where 0 is this host's usual"),
    ],
)
def test_sentences_say_a_factor_where_there_is_one(value: float, usual: float, sentence: str) -> None:
    assert compared("bytes out", value, usual, "this host's") == sentence


def test_a_threshold_is_passed_by_no_more_clean_scores_than_wanted() -> None:
    clean = [float(number) for number in range(1_000)]
    assert sum(score > threshold(clean, 0.01) for score in clean) <= 10
    with pytest.raises(InvalidInput, match="at least 10,000"):
        threshold(clean, 0.0001)
    with pytest.raises(InvalidInput):
        threshold(clean, 0)


def test_counted_scores_give_a_threshold_only_once_they_can_and_forget() -> None:
    counts = ScoreCounts(half_life=1_000)
    for _ in range(98):
        counts.add(1.0)
    assert counts.threshold(0.01) is None
    counts.add(1.0)
    assert counts.threshold(0.01) == 1.0
    for _ in range(100_000):
        counts.add(5.0)
    assert counts.threshold(0.01) == 5.0 and counts.total <= 2_000


def test_a_first_contact_is_as_surprising_as_it_is_rare_among_others() -> None:
    seen = FirstSeen(FirstSeenSettings(warm_up=2, rarity=1.5))
    for number in range(99):
        for _ in range(3):
            seen.observe("domain", f"h{number}", "common.example")
    for _ in range(3):
        seen.observe("domain", "h", "own.example")
    common = seen.observe("domain", "h", "common.example")
    rare = seen.observe("domain", "h", "rare.example")
    assert common is not None and not common.alarm and common.value == pytest.approx(0)
    assert rare is not None and rare.alarm
    assert rare.reasons[0].sentence == "domain 'rare.example' is new to h; 0 of 99 others were seen with it"
    assert seen.observe("domain", "h", "rare.example") is None


def test_first_contacts_are_not_told_while_everything_is_new_and_kinds_are_apart() -> None:
    seen = FirstSeen(FirstSeenSettings(warm_up=3))
    assert [seen.observe("port", "h", str(port)) for port in range(3)] == [None] * 3
    assert seen.observe("port", "h", "3") is not None
    assert seen.observe("user agent", "h", "x") is None


def test_first_contacts_keep_to_their_memory() -> None:
    seen = FirstSeen(FirstSeenSettings(warm_up=0, pairs=50, entities=5))
    for number in range(500):
        seen.observe("domain", f"h{number % 20}", f"d{number}")
    assert len(seen.pairs) == len(seen.havers) == 50 and len(seen.seen) == 5 == seen.of_kind["domain"]
    assert seen.forgot == 450
