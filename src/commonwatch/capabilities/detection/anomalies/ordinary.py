"""The batch model: one score that says how far a row is from the ordinary of this network, with every feature's share.

1. Clean rows of the node's own are split: seven in ten are learned, three in ten say how each member's scores are distributed
   on rows it has not seen, and so what evidence a score is (`evidence`) and where the threshold lies (`thresholds`).
2. The score is the sum of the members' evidence (as in Fisher's combination of tests), so it is in powers of ten.
3. Members: an isolation forest, which knows clean rows only, words that no clean row has, and where attacks are known, trees on them. Chosen by leaving out
   kinds of attacks and kinds of clean traffic (docs/anomalies.md).
4. A member's evidence is shared out among the features in the proportion of their positive parts in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeAlias

from commonwatch.capabilities.detection.anomalies.evidence import Evidence
from commonwatch.capabilities.detection.anomalies.forest import Forest
from commonwatch.capabilities.detection.anomalies.forest import restored as restored_forest
from commonwatch.capabilities.detection.anomalies.known import Trees
from commonwatch.capabilities.detection.anomalies.saving import Origin, Stored
from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score, compared, number, strongest
from commonwatch.capabilities.detection.anomalies.tables import Coding, Table
from commonwatch.capabilities.detection.anomalies.thresholds import threshold
from commonwatch.capabilities.detection.anomalies.unseen import Unseen
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np

    Array = np.ndarray[Any, Any]

Member: TypeAlias = Forest | Trees | Unseen

KIND = "ordinary"
FEWEST = 200  # clean rows
HELD_BACK = 0.3
MOST_WORDS = 200  # of one feature; rarer ones are "another"


@dataclass(frozen=True)
class Ordinary:
    """A fitted model. `clean` holds the score of every held-back clean row; `usual` are the medians of the numbers."""

    number_names: tuple[str, ...]
    word_names: tuple[str, ...]
    coding: Coding
    word_shares: Sequence[Sequence[float]]
    usual: Array
    members: Mapping[str, Member]
    evidence: Mapping[str, Evidence]
    clean: Array
    origin: Origin
    rate: float = 0.01

    @cached_property
    def limit(self) -> float:
        """The threshold for the wanted rate of false alarms."""
        return threshold(self.clean.tolist(), self.rate)

    def scores(self, rows: Table) -> Array:
        """The values only."""
        return combined(self.members, self.evidence, self._fitting(rows))

    def explained(self, rows: Table) -> list[Score]:
        """The scores with their reasons."""
        import numpy as np

        values, shares = self.scores(rows), np.zeros((len(rows), len(rows.names)))
        for name, member in self.members.items():
            parts = np.maximum(member.shares(rows), 0)
            whole = np.maximum(parts.sum(1, keepdims=True), 1e-12)
            shares += parts / whole * self.evidence[name].of(member.scores(rows))[:, None]
        return [
            Score(float(values[at]), self.limit, strongest(self._reasons(rows, at, shares[at])))
            for at in range(len(rows))
        ]

    def _reasons(self, rows: Table, at: int, shares: Array) -> list[Reason]:
        split = len(self.number_names)
        numbers = [
            Reason(
                name,
                compared(name, float(rows.numbers[at, place]), float(self.usual[place]), "the"),
                float(shares[place]),
            )
            for place, name in enumerate(self.number_names)
        ]
        words = [
            Reason(name, self._word(place, str(rows.words[at, place])), float(shares[split + place]))
            for place, name in enumerate(self.word_names)
        ]
        return numbers + words

    def _word(self, place: int, word: str) -> str:
        name, known = self.word_names[place], self.coding.known[place]
        if word not in known:
            return f"{name} {word!r} is in no clean row"
        return f"{name} {word!r} is in {number(100 * self.word_shares[place][known.index(word)])} % of clean rows"

    def _fitting(self, rows: Table) -> Table:
        if (rows.number_names, rows.word_names) != (self.number_names, self.word_names):
            raise InvalidInput(
                "features-differ",
                "The rows have other features than the model.",
                f"It takes {', '.join(self.number_names + self.word_names)}.",
            )
        return rows

    def stored(self) -> Stored:
        """As it is saved."""
        forests = [one for one in self.members.values() if isinstance(one, Forest)]
        arrays = {"usual": self.usual, **forests[0].arrays()}
        arrays |= {"clean": self.clean, **{f"evidence_{name}": one.clean for name, one in self.evidence.items()}}
        texts = {name: one.booster.model_to_string() for name, one in self.members.items() if isinstance(one, Trees)}
        settings = {
            "numbers": list(self.number_names),
            "words": list(self.word_names),
            "known": [list(known) for known in self.coding.known],
            "shares": [list(shares) for shares in self.word_shares],
            "rate": self.rate,
        }
        return Stored(KIND, self.origin, settings, arrays, texts)


def fit(clean: Table, origin: Origin, *, known: Table | None = None, rate: float = 0.01) -> Ordinary:
    """A model of clean rows, and of known attacks where there are any; `origin.seed` decides all chance."""
    import numpy as np

    if len(clean) < FEWEST:
        raise InvalidInput("clean-data-too-little", f"{len(clean)} clean rows are too few.", f"Give {FEWEST} or more.")
    held = np.random.default_rng(origin.seed).random(len(clean)) < HELD_BACK
    learned, rest = clean.rows(~held), clean.rows(held)
    coding, shares = _words(learned)
    members: dict[str, Member] = {
        "forest": Forest.fitted(learned, coding, origin.seed),
        "unseen": Unseen(coding),
    }
    if known is not None and len(known):
        members["known"] = Trees.fitted(learned, known, coding, origin.seed)
    evidence = {name: Evidence(np.sort(member.scores(rest))) for name, member in members.items()}
    scores = np.sort(combined(members, evidence, rest))
    usual = np.median(learned.numbers, axis=0)
    return Ordinary(
        clean.number_names, clean.word_names, coding, shares, usual, members, evidence, scores, origin, rate
    )


def restored(stored: Stored) -> Ordinary:
    """From what was saved; raises InvalidInput where parts are missing or do not fit together."""
    import lightgbm

    settings, arrays = stored.settings, stored.arrays
    try:
        coding = Coding([list(map(str, known)) for known in settings["known"]])
        members: dict[str, Member] = {
            "forest": restored_forest(dict(arrays), coding),
            "unseen": Unseen(coding),
        }
        for name, text in stored.texts.items():
            members[name] = Trees(lightgbm.Booster(model_str=text), coding)
        evidence = {name: Evidence(arrays[f"evidence_{name}"]) for name in members}
        numbers, words = tuple(settings["numbers"]), tuple(settings["words"])
        model = Ordinary(
            numbers, words, coding, settings["shares"], arrays["usual"], members, evidence, arrays["clean"],
            stored.origin, float(settings["rate"]),
        )  # fmt: skip
    except (KeyError, ValueError, TypeError, lightgbm.basic.LightGBMError) as problem:
        raise InvalidInput("model-broken", f"The model's parts do not fit: {problem}.", "Train it again.") from problem
    _check_sizes(model, arrays)
    return model


def combined(members: Mapping[str, Member], evidence: Mapping[str, Evidence], rows: Table) -> Array:
    """The sum of the members' evidence."""
    import numpy as np

    return np.asarray(np.sum([evidence[name].of(member.scores(rows)) for name, member in members.items()], axis=0))


def _check_sizes(model: Ordinary, arrays: Mapping[str, Array]) -> None:
    width = len(model.number_names) + len(model.word_names)
    fitting = (
        arrays["usual"].shape == (len(model.number_names),)
        and all(one.fits(width) for one in model.members.values() if isinstance(one, Forest))
        and model.clean.ndim == 1
        and len(model.clean) > 0
        and len(model.coding.known) == len(model.word_names) == len(model.word_shares)
        and all(one.clean.ndim == 1 and len(one.clean) for one in model.evidence.values())
        and all(
            one.booster.num_feature() == len(model.number_names) + len(model.word_names)
            for one in model.members.values()
            if isinstance(one, Trees)
        )
    )
    if not fitting:
        raise InvalidInput("model-broken", "The model's parts are of different sizes.", "Train it again.")


def _words(rows: Table) -> tuple[Coding, list[list[float]]]:
    import numpy as np

    known, shares = [], []
    for column in range(rows.words.shape[1]):
        words, counts = np.unique(rows.words[:, column], return_counts=True)
        often = np.argsort(-counts, kind="stable")[:MOST_WORDS]
        known.append([str(word) for word in words[often]])
        shares.append([float(count) / len(rows) for count in counts[often]])
    return Coding(known), shares
