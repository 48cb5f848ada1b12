from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from random import Random

import msgspec
import numpy as np
import pyarrow as pa
import pytest

from commonwatch.capabilities.detection.anomalies import names, ordinary
from commonwatch.capabilities.detection.anomalies.saving import HEAD, Origin, load, save
from commonwatch.capabilities.detection.anomalies.tables import Table, table
from commonwatch.capabilities.detection.anomalies.windows import Windows
from commonwatch.capabilities.detection.telemetry.batch import Batch, Column, Mapping
from commonwatch.core.errors import CommonwatchError, InvalidInput, NotFound

ORIGIN = Origin("made up", 3_000, "2026-11-24T00:00:00Z", 1)


def rows(count: int, seed: int) -> Table:
    chance = np.random.default_rng(seed)
    out = chance.lognormal(7, 0.5, count)
    return table(
        ("bytes out", "bytes in", "count"),
        ("service",),
        [
            [sent, sent * chance.uniform(0.9, 1.1), chance.integers(1, 5), "dns" if sent < 1_500 else "http"]
            for sent in out
        ],
    )


@pytest.fixture(scope="module")
def model() -> ordinary.Ordinary:
    return ordinary.fit(rows(3_000, 1), ORIGIN)


ODD = [[60_000, 60_000, 2, "http"], [60_000, 0, 9, "http"], [1_100, 1_100, 2, "irc"]]


def test_clean_rows_pass_and_odd_ones_do_not(model: ordinary.Ordinary) -> None:
    clean = model.scores(rows(3_000, 2))
    assert (clean > model.limit).mean() < 0.02
    assert (model.scores(table(model.number_names, model.word_names, ODD)) > model.limit).all()


def test_reasons_name_what_is_odd_and_their_weights_are_the_score(model: ordinary.Ordinary) -> None:
    large, torn, foreign = model.explained(table(model.number_names, model.word_names, ODD))
    assert any("times the usual" in reason.sentence for reason in large.reasons)
    assert torn.reasons[0].feature in ("bytes in", "bytes out", "count")
    assert foreign.reasons[0].sentence == "service 'irc' is in no clean row"
    for score in (large, torn, foreign):
        assert sum(reason.weight for reason in score.reasons) == pytest.approx(score.value, rel=0.01)


def test_the_same_seed_gives_the_same_model_and_rows_of_other_features_are_refused(model: ordinary.Ordinary) -> None:
    again = ordinary.fit(rows(3_000, 1), ORIGIN)
    assert np.array_equal(again.scores(rows(100, 3)), model.scores(rows(100, 3)))
    with pytest.raises(InvalidInput, match="other features"):
        model.scores(table(("a",), (), [[1]]))
    with pytest.raises(InvalidInput, match="too few"):
        ordinary.fit(rows(50, 1), ORIGIN)


@pytest.fixture(scope="module")
def taught() -> ordinary.Ordinary:
    attacks = table(("bytes out", "bytes in", "count"), ("service",), [[1_000, 1_000, 4, "dns"]] * 500)
    return ordinary.fit(rows(3_000, 1), ORIGIN, known=attacks)


def test_known_attacks_are_a_member_of_their_own(taught: ordinary.Ordinary, tmp_path: Path) -> None:
    save(taught.stored(), tmp_path / "m")
    again = ordinary.restored(load(tmp_path / "m", ordinary.KIND))
    assert np.allclose(again.scores(rows(50, 3)), taught.scores(rows(50, 3)))
    assert sorted(taught.members) == ["forest", "known", "unseen"]


def test_a_saved_model_answers_the_same_and_says_what_made_it(model: ordinary.Ordinary, tmp_path: Path) -> None:
    save(model.stored(), tmp_path / "m")
    save(model.stored(), tmp_path / "m")
    again = ordinary.restored(load(tmp_path / "m", ordinary.KIND))
    assert again.origin == ORIGIN and again.limit == model.limit
    assert np.allclose(again.scores(rows(100, 3)), model.scores(rows(100, 3)))
    assert [path.name for path in tmp_path.iterdir()] == ["m"]


def test_a_changed_foreign_or_absent_model_is_refused(taught: ordinary.Ordinary, tmp_path: Path) -> None:
    folder, model = tmp_path / "m", taught
    with pytest.raises(NotFound):
        load(folder, ordinary.KIND)
    save(model.stored(), folder)
    with pytest.raises(InvalidInput, match="kind"):
        load(folder, names.KIND)
    trees = folder / "known.txt"
    trees.write_text(trees.read_text().replace("tree", "trie", 1))
    with pytest.raises(InvalidInput, match="digest"):
        load(folder, ordinary.KIND)
    head = msgspec.json.decode((folder / HEAD).read_bytes())
    head["digests"] = {"../m/known.txt": "0" * 64}
    (folder / HEAD).write_bytes(msgspec.json.encode(head))
    with pytest.raises(InvalidInput, match="elsewhere"):
        load(folder, ordinary.KIND)


def test_parts_that_do_not_fit_together_are_refused(model: ordinary.Ordinary) -> None:
    stored = model.stored()
    for name in stored.arrays:
        arrays = {**stored.arrays, name: np.zeros((2, 2))}
        with pytest.raises(CommonwatchError):
            ordinary.restored(type(stored)(stored.kind, stored.origin, stored.settings, arrays, stored.texts))


def drawn(chance: Random) -> str:
    return "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(14)) + ".com"


def chosen(chance: Random) -> str:
    words = [
        "garden",
        "market",
        "school",
        "travel",
        "coffee",
        "summer",
        "family",
        "online",
        "center",
        "studio",
        "music",
        "house",
    ]
    return chance.choice(words) + chance.choice(words) + ".com"


@pytest.fixture(scope="module")
def name_model() -> names.NameModel:
    chance = Random(1)
    lists = names.NameLists([chosen(chance) for _ in range(1_000)], [drawn(chance) for _ in range(1_000)], "made up")
    return names.train(lists, made_at="2026-11-24T00:00:00Z", rate=0.02)


def test_drawn_names_are_told_from_chosen_ones_and_explained(name_model: names.NameModel) -> None:
    score = name_model.score("xq7vk2zj9wprtl.com")
    assert score.alarm and not name_model.score("summergarden.com").alarm
    assert (
        score.reasons[0].sentence
        == f"{score.reasons[0].feature!r} is more usual in generated names than in chosen ones"
    )
    assert score.reasons[0].feature in "^xq7vk2zj9wprtl.com$"


def test_a_name_model_is_kept_whole_and_checked(name_model: names.NameModel, tmp_path: Path) -> None:
    save(name_model.stored(), tmp_path / "names")
    stored = load(tmp_path / "names", names.KIND)
    assert names.restored(stored).score("xq7vk2zj9wprtl.com") == name_model.score("xq7vk2zj9wprtl.com")
    for arrays in ({}, {**stored.arrays, "weights": np.zeros(3)}, {**stored.arrays, "clean": np.array([np.nan])}):
        with pytest.raises(InvalidInput):
            names.restored(type(stored)(stored.kind, stored.origin, stored.settings, arrays, stored.texts))


@pytest.mark.parametrize("name", ["", ".", "a", "\u202e\x00" * 500, "x" * 100_000])
def test_any_text_has_a_score(name_model: names.NameModel, name: str) -> None:
    assert np.isfinite(name_model.score(name).value)


def test_names_of_unseen_families_are_mostly_found(shared: Path) -> None:
    import csv
    import gzip

    with gzip.open(shared / "ml/dga/chrmor-25-families-sample.csv.gz", "rt") as file:
        listed = [row for row in csv.reader(file) if row[0] in ("dga", "legit")]
    unseen = {"ramnit", "necurs", "qadars", "murofet"}
    legit = [row[2] for row in listed if row[0] == "legit"]
    model = names.train(
        names.NameLists(legit[1_000:], [row[2] for row in listed if row[0] == "dga" and row[1] not in unseen]),
        made_at="",
    )
    scores = model.scores([row[2] for row in listed if row[1] in unseen])
    assert np.mean(np.array(scores) > model.limit) > 0.4
    assert np.mean(np.array(model.scores(legit[:1_000])) > model.limit) < 0.03


def batch(log: str, **columns: object) -> Batch:
    events = pa.RecordBatch.from_pydict({**columns, "record": list(range(len(columns["time"])))})  # type: ignore[arg-type]
    return Batch(events, Mapping(f"zeek-{log}", log, (Column("time", "ts"),)))


def test_windows_count_what_each_entity_did_whatever_the_order_of_batches() -> None:
    conn = batch(
        "conn", time=[0, 10, 299_999_999, 300_000_000, None], id_orig_h=["a", "a", "b", "a", "a"],
        id_resp_h=["x", "y", "x", "x", "x"], orig_bytes=[1, 2, 3, None, 5], conn_state=["S0", "SF", "REJ", "SF", "SF"],
    )  # fmt: skip
    dns = batch("dns", time=[5, 6], id_orig_h=["a", "a"], query=["q.example", None], rcode_name=["NXDOMAIN", None])
    taken = []
    for order in ((conn, dns), (dns, conn)):
        windows = Windows()
        for one in order:
            windows.add(one)
        assert windows.left_out == 1
        found, places = windows.take()
        taken.append(found.numbers)
        assert places == [(0, "a"), (0, "b"), (300_000_000, "a")]
    assert np.array_equal(taken[0], taken[1])
    by_name = dict(zip(found.number_names, found.numbers.T.tolist(), strict=True))
    assert by_name["connections"] == [2, 1, 1] and by_name["bytes out"] == [3, 3, 0]
    assert by_name["connections unanswered"] == [1, 1, 0] and by_name["names that do not exist"] == [1, 0, 0]
    assert by_name["longest name"] == [9, 0, 0] and by_name["sites"] == [0, 0, 0]


def test_windows_that_are_still_open_stay() -> None:
    windows = Windows()
    windows.add(batch("conn", time=[0, 400_000_000], id_orig_h=["a", "a"]))
    windows.add(batch("weird", time=[0], id_orig_h=["a"]))
    assert windows.take(before_us=400_000_000)[1] == [(0, "a")]
    assert windows.take()[1] == [(300_000_000, "a")]
    assert len(windows.take()[0]) == 0


def test_the_online_part_loads_no_heavy_library() -> None:
    code = (
        "import sys; import commonwatch.capabilities.detection.anomalies.online, "
        "commonwatch.capabilities.detection.anomalies.firstseen, commonwatch.capabilities.detection.anomalies.ordinary, "
        "commonwatch.capabilities.detection.anomalies.names, commonwatch.capabilities.detection.anomalies.windows; "
        "print({'numpy', 'lightgbm', 'sklearn', 'polars', 'pyarrow'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
