"""Measures the anomaly models on public sets beside baselines: precision, recall and area under the curve, with seeds.

.venv/bin/python -m bench.anomalies                   # all, some minutes; `--only nsl-kdd` one of them
.venv/bin/python -m bench.anomalies --choose          # how the batch model's members were chosen: training file only
"""

from __future__ import annotations

import argparse
import csv
import gzip
import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest
from sklearn.metrics import roc_auc_score, roc_curve

from commonwatch.capabilities.detection.anomalies.names import NameLists, train
from commonwatch.capabilities.detection.anomalies.ordinary import fit
from commonwatch.capabilities.detection.anomalies.saving import Origin
from commonwatch.capabilities.detection.anomalies.tables import Table, table

SHARED = Path(os.environ.get("COMMONWATCH_SHARED", Path(__file__).parents[2] / "shared")) / "data" / "ml"
WORDS = (1, 2, 3)  # of NSL-KDD's 41 features
RATE = 0.01
WEIGHTS = (0, 0.1, 0.25, 0.5, 1, 2)
Array = np.ndarray[Any, Any]


def lines(name: str) -> list[str]:
    """Of a compressed text file."""
    return gzip.decompress((SHARED / name).read_bytes()).decode().splitlines()


def figures(attack: Array, scores: Array, weight: Array | None = None) -> tuple[float, float]:
    """Area under the curve; recall at one false alarm in a hundred."""
    false, true, _ = roc_curve(attack, scores, sample_weight=weight)
    return float(roc_auc_score(attack, scores, sample_weight=weight)), float(true[false <= RATE].max())


def nsl(name: str) -> tuple[Table, Array]:
    """Rows and labels of one of the two files."""
    rows = [line.split(",") for line in lines(f"nsl-kdd/{name}.txt.gz")]
    names = [line.split(",")[0] for line in (SHARED / "nsl-kdd/field-names.csv").read_text().splitlines()]
    numbers = [place for place in range(41) if place not in WORDS]
    order = [*numbers, *WORDS]
    made = table(
        [names[at] for at in numbers], [names[at] for at in WORDS], [[row[at] for at in order] for row in rows]
    )
    return made, np.array([row[41] for row in rows])


def nsl_kdd(seeds: Sequence[int]) -> None:
    """Trained on KDDTrain+_20Percent, measured once a seed on KDDTest+ with its attacks of kinds never seen."""
    train_rows, train_labels = nsl("KDDTrain+_20Percent")
    test, test_labels = nsl("KDDTest+")
    clean, attack = train_labels == "normal", test_labels != "normal"
    print(f"NSL-KDD KDDTest+: {len(test):,} rows, {attack.mean():.1%} attacks")
    trivial = np.log1p(test.numbers[:, test.number_names.index("count")])
    _row("trivial: connections to the same host in two seconds", [figures(attack, trivial)])
    forests: list[Any] = [
        IsolationForest(n_estimators=300, random_state=seed).fit(train_rows.numbers[clean]) for seed in seeds
    ]
    _row("isolation forest on clean rows", [figures(attack, -one.score_samples(test.numbers)) for one in forests])
    for name, known in (("clean rows only", None), ("with known attacks", train_rows.rows(~clean))):
        found, held = [], []
        for seed in seeds:
            model = fit(train_rows.rows(clean), Origin("NSL-KDD", int(clean.sum()), "", seed), known=known, rate=RATE)
            scores = model.scores(test)
            found.append(figures(attack, scores))
            alarms = scores > model.limit
            held.append((alarms[~attack].mean(), alarms[attack].mean(), attack[alarms].mean()))
        _row(f"one score, {name}", found)
        false, recall, precision = np.mean(held, axis=0)
        print(
            f"    at its own threshold for 1 %: false alarms {false:.3f}, recall {recall:.3f}, precision {precision:.3f}"
        )


def choose(seeds: Sequence[int]) -> None:
    """Members and their weights compared on the training file alone, attacks and clean traffic of kinds left out."""
    rows, labels = nsl("KDDTrain+_20Percent")
    services = rows.words[:, rows.word_names.index("service")]
    found: dict[str, list[tuple[float, float]]] = {}
    for seed in seeds:
        for fitted, tested in _kinds_left_out(labels, services, seed):
            clean = fitted & (labels == "normal")
            model = fit(rows.rows(clean), Origin("", 0, "", seed), known=rows.rows(fitted & ~clean))
            test, kinds = rows.rows(tested), labels[tested]
            counts = dict(zip(*np.unique(kinds, return_counts=True), strict=True))
            weight = np.array([1.0 if kind == "normal" else counts[kind] ** -0.5 for kind in kinds])
            forest, known = (model.evidence[name].of(model.members[name].scores(test)) for name in ("forest", "known"))
            ways = {f"forest + {share:g} known": forest + share * known for share in WEIGHTS}
            for name, scores in {**ways, "known": known}.items():
                found.setdefault(name, []).append(figures(kinds != "normal", scores, weight))
    for name, values in found.items():
        _row(
            f"{name}: mean {np.mean([area for area, _ in values]):.4f}, {np.mean([one for _, one in values]):.4f};",
            values,
        )


def _kinds_left_out(labels: Array, services: Array, seed: int) -> Iterator[tuple[Array, Array]]:
    """Five folds; each leaves out a fifth of the rows, of the kinds of attacks and of the services of clean rows (but http)."""
    chance = np.random.default_rng(seed)
    fold = chance.integers(0, 5, len(labels))
    kinds = chance.permutation(sorted(set(labels) - {"normal"}))
    others = chance.permutation(sorted(set(services) - {"http"}))
    for number in range(5):
        unseen = np.isin(services, others[number::5]) & (labels == "normal")
        tested = (fold == number) | np.isin(labels, kinds[number::5]) | unseen
        yield ~tested, tested


def generated_names(seeds: Sequence[int]) -> None:
    """chrmor's 25 families, a fifth of them unseen in each fold; threshold from held-back clean names."""
    rows = [row for row in csv.reader(lines("dga/chrmor-25-families-sample.csv.gz")) if row[0] in ("dga", "legit")]
    generated, family, name = (
        np.array([row[0] == "dga" for row in rows]),
        *(np.array([row[at] for row in rows]) for at in (1, 2)),
    )
    found, trivial, held = [], [], []
    for seed in seeds:
        chance = np.random.default_rng(seed)
        families, fold = chance.permutation(sorted(set(family[generated]))), chance.integers(0, 5, len(name))
        for number in range(5):
            tested = np.isin(family, families[number::5]) | (~generated & (fold == number))
            model = train(NameLists(_texts(name[~tested & ~generated]), _texts(name[~tested & generated])), made_at="")
            scores = np.array(model.scores(_texts(name[tested])))
            found.append(figures(generated[tested], scores))
            trivial.append(figures(generated[tested], np.array([_entropy(one) for one in name[tested]])))
            alarms, truth = scores > model.limit, generated[tested]
            held.append((alarms[~truth].mean(), alarms[truth].mean(), truth[alarms].mean()))
    print(f"Generated names, families left out, {len(found)} folds")
    _row("trivial: entropy of the characters", trivial)
    _row("n-grams", found)
    areas = np.array([area for area, _ in found])
    print(f"    smallest {areas.min():.3f}, largest {areas.max():.3f}, mean {areas.mean():.3f}")
    false, recall, precision = np.mean(held, axis=0)
    print(f"    at its own threshold for 1 %: false alarms {false:.3f}, recall {recall:.3f}, precision {precision:.3f}")
    _other_set(name, generated)


def _other_set(name: Array, generated: Array) -> None:
    """Trained on all of one set, tested on generators and names of two others."""
    model = train(NameLists(_texts(name[~generated]), _texts(name[generated])), made_at="")
    drawn = [row[1] for row in csv.reader(lines("dga/baderj-families.csv.gz"))][1:]
    chosen = lines("dga/opendns-random-domains.txt.gz")
    truth = np.repeat([True, False], [len(drawn), len(chosen)])
    _row("trained on chrmor, tested on baderj and OpenDNS", [figures(truth, np.array(model.scores([*drawn, *chosen])))])


def _texts(values: Array) -> list[str]:
    return [str(value) for value in values]


def _entropy(name: str) -> float:
    counts = np.unique(list(name.split(".")[0]), return_counts=True)[1]
    return float(-(counts / counts.sum() * np.log2(counts / counts.sum())).sum())


def phishing(seeds: Sequence[int]) -> None:
    """URLs split by host, so that no host is on both sides."""
    rows = list(csv.reader(lines("phishing/esdaung-balanced-20000.csv.gz")))[1:]
    bad, url = np.array([row[0] == "1" for row in rows]), np.array([row[1] for row in rows])
    host = np.array([one.split("//")[-1].split("/")[0].lower() for one in url])
    found, trivial = [], []
    for seed in seeds:
        hosts = np.random.default_rng(seed).permutation(np.unique(host))
        tested = np.isin(host, hosts[: len(hosts) // 5])
        model = train(NameLists(_texts(url[~tested & ~bad]), _texts(url[~tested & bad])), made_at="")
        found.append(figures(bad[tested], np.array(model.scores(_texts(url[tested])))))
        trivial.append(figures(bad[tested], np.array([float(len(one)) for one in url[tested]])))
    print("Phishing URLs, hosts left out")
    _row("trivial: length", trivial)
    _row("n-grams", found)


def _row(name: str, values: Sequence[tuple[float, float]]) -> None:
    areas, recalls = np.array(values).T
    print(
        f"  {name}: AUC {np.median(areas):.3f}, recall at 1 % {np.median(recalls):.3f} (median of {len(values)})",
        flush=True,
    )


WORK: dict[str, Callable[[Sequence[int]], None]] = {
    "nsl-kdd": nsl_kdd,
    "generated-names": generated_names,
    "phishing": phishing,
}


def main() -> None:
    """Parse the arguments, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=sorted(WORK), action="append")
    parser.add_argument("--choose", action="store_true")
    parser.add_argument("--seeds", type=int, default=3)
    options = parser.parse_args()
    seeds = range(options.seeds)
    if options.choose:
        choose(seeds)
        return
    for name in options.only or WORK:
        WORK[name](seeds)


if __name__ == "__main__":
    main()
