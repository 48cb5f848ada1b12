"""Generated domain names: does a name look like those that people choose, or like those that programs draw?

A linear model over runs of two to four characters, weighted by their rarity (TF-IDF), so that a score is the sum of what each run
of a name says, and is explained by them. Linear, because what was measured against richer models generalised better to families
of generators it had never seen (docs/anomalies.md). No weights are shipped: `train` makes them from the operator's lists.

It does not tell good from bad: content networks draw names too. Names that are words put together by a program pass.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from commonwatch.capabilities.detection.anomalies.saving import Origin, Stored
from commonwatch.capabilities.detection.anomalies.scoring import Reason, Score, strongest
from commonwatch.capabilities.detection.anomalies.thresholds import threshold
from commonwatch.core.errors import InvalidInput

if TYPE_CHECKING:
    import numpy as np

KIND = "generated-names"
SHORTEST, LONGEST = 2, 4
MAX_NAME = 253  # RFC 1035, section 2.3.4
STRENGTH = 4.0  # inverse of the regularisation, chosen by leaving families out
HELD_BACK = 5  # every fifth clean name sets the threshold instead of training


@dataclass(frozen=True)
class NameModel:
    """Weights of runs of characters. `clean` are scores of clean names that were not trained on, in order."""

    runs: Sequence[str]
    rarity: np.ndarray[Any, Any]
    weights: np.ndarray[Any, Any]
    offset: float
    clean: np.ndarray[Any, Any]
    origin: Origin
    rate: float = 0.01

    @cached_property
    def _place(self) -> dict[str, int]:
        return {run: place for place, run in enumerate(self.runs)}

    @cached_property
    def limit(self) -> float:
        """The threshold for the wanted rate."""
        return threshold(self.clean.tolist(), self.rate)

    def score(self, name: str) -> Score:
        """How much a name looks drawn by a program, and by which runs of characters."""
        shares = self.shares(name)
        reasons = (
            Reason(run, f"{run!r} is more usual in generated names than in chosen ones", share)
            for run, share in shares.items()
        )
        return Score(self.offset + sum(shares.values()), self.limit, strongest(reasons))

    def scores(self, names: Sequence[str]) -> list[float]:
        """The values only, for many."""
        return [self.offset + sum(self.shares(name).values()) for name in names]

    def shares(self, name: str) -> dict[str, float]:
        """What each known run of a name adds to its score."""
        known = {run: count for run, count in Counter(runs_of(name)).items() if run in self._place}
        sized = {run: (1 + math.log(count)) * float(self.rarity[self._place[run]]) for run, count in known.items()}
        length = math.sqrt(sum(size * size for size in sized.values())) or 1.0
        return {run: size / length * float(self.weights[self._place[run]]) for run, size in sized.items()}

    def stored(self) -> Stored:
        """As it is saved."""
        arrays = {"rarity": self.rarity, "weights": self.weights, "clean": self.clean}
        return Stored(
            KIND, self.origin, {"offset": self.offset, "rate": self.rate}, arrays, {"runs": "\n".join(self.runs)}
        )


def restored(stored: Stored) -> NameModel:
    """From what was saved; raises InvalidInput where its parts do not fit together."""
    import numpy as np

    runs = stored.texts.get("runs", "").split("\n")
    try:
        rarity, weights, clean = (stored.arrays[name].astype(float) for name in ("rarity", "weights", "clean"))
        offset, rate = float(stored.settings["offset"]), float(stored.settings["rate"])
    except (KeyError, ValueError, TypeError) as problem:
        raise InvalidInput("model-broken", f"The name model lacks {problem}.", "Train it again.") from problem
    if not (rarity.shape == weights.shape == (len(runs),) and clean.ndim == 1):
        raise InvalidInput("model-broken", "The name model's parts are of different lengths.", "Train it again.")
    if not all(np.isfinite(part).all() for part in (rarity, weights, clean)):
        raise InvalidInput("model-broken", "The name model holds what is no number.", "Train it again.")
    return NameModel(runs, rarity, weights, offset, clean, stored.origin, rate)


def runs_of(name: str) -> list[str]:
    """Every run of two to four characters; `^` and `$` stand for the name's ends."""
    text = f"^{name[:MAX_NAME].lower().rstrip('.')}$"
    return [text[at : at + size] for size in range(SHORTEST, LONGEST + 1) for at in range(len(text) - size + 1)]


@dataclass(frozen=True)
class NameLists:
    """Names to train on; `data` says in a sentence where they are from and under which licence."""

    chosen: Sequence[str]
    generated: Sequence[str]
    data: str = ""


def train(lists: NameLists, *, made_at: str, rate: float = 0.01) -> NameModel:
    """A model of these lists; every fifth chosen name is held back to set the threshold."""
    import numpy as np
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    held = [name for at, name in enumerate(lists.chosen) if at % HELD_BACK == 0]
    fitted = [name for at, name in enumerate(lists.chosen) if at % HELD_BACK]
    if len(fitted) < HELD_BACK or len(lists.generated) < HELD_BACK:
        raise InvalidInput(
            "names-too-few", "There are too few names to learn from.", "Give thousands of each, of many generators."
        )
    counting = TfidfVectorizer(analyzer=runs_of, min_df=2, sublinear_tf=True)
    counted = counting.fit_transform([*fitted, *lists.generated])
    labels = np.repeat([0, 1], [len(fitted), len(lists.generated)])
    fit = LogisticRegression(C=STRENGTH, max_iter=300).fit(counted, labels)
    clean = np.sort(fit.decision_function(counting.transform(held)))
    runs = [str(run) for run in counting.get_feature_names_out()]
    origin = Origin(lists.data, len(fitted) + len(held) + len(lists.generated), made_at, 0)
    return NameModel(runs, counting.idf_, fit.coef_[0], float(fit.intercept_[0]), clean, origin, rate)
