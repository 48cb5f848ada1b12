"""The optimiser: HiGHS (decision 0023), of the extra `assistance`, imported when it is first asked. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec
from typing import Any, NamedTuple

from commonwatch.core.errors import NodeUnable

_OPTIONS: Mapping[str, bool | int | float | str] = {
    "output_flag": False,
    "solver": "simplex",  # ends in a corner, where a network's flow is whole
    "threads": 1,
    "random_seed": 1,
    # What breaks ties makes costs differ already; shaken further, answers found from a nearby one end without proof.
    "dual_simplex_cost_perturbation_multiplier": 0.0,
}


class Problem(NamedTuple):
    """Most gain by whole units, each column up to its most, each row of the network up to its limit."""

    gains: tuple[float, ...]
    ties: tuple[float, ...]  # added to the gains to choose between answers of the same gain
    most: tuple[int, ...]
    limits: tuple[int, ...]
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    signs: tuple[int, ...]


class Solved:
    """The best answer of a problem, and what another answer would cost; raises NodeUnable where the extra is not installed."""

    def __init__(self, problem: Problem) -> None:
        self._most = problem.most
        self.units: tuple[int, ...] = ()
        self.reduced: tuple[float, ...] = ()  # by column: an upper bound of what one further unit of it would add
        if problem.gains:
            self._solver = _solver(problem)
            self._best = self._run()
            answer = self._solver.getSolution()
            self.units = tuple(round(one) for one in answer.col_value)
            self.reduced = tuple(answer.col_dual)

    def cost_of(self, column: int) -> float:
        """What the best answer with a unit of this column has less than the best of all: the problem is solved again, from here."""
        self._solver.changeColBounds(column, 1.0, float(self._most[column]))
        with_it = self._run()
        self._solver.changeColBounds(column, 0.0, float(self._most[column]))
        return max(self._best - with_it, 0.0)

    def _run(self) -> float:
        optimal = _highspy().HighsModelStatus.kOptimal
        self._solver.run()
        if self._solver.getModelStatus() != optimal:  # from a nearby answer it may end without proof: then from nothing
            self._solver.clearSolver()
            self._solver.run()
        if self._solver.getModelStatus() != optimal:
            raise NodeUnable(
                "proposal-failed", "The optimiser found no best plan.", "Report it with the facts it was given."
            )
        return float(self._solver.getObjectiveValue())


def _highspy() -> Any:
    if find_spec("highspy") is None:
        raise NodeUnable(
            "extra-missing",
            "Proposing who helps whom needs highspy, which this node does not have.",
            "./run install assistance",
        )
    import highspy

    return highspy


def _solver(problem: Problem) -> Any:
    """HiGHS with the problem in it: one thread and a seed, so that the same problem has the same answer."""
    highspy = _highspy()
    import numpy as np

    count, limits = len(problem.gains), len(problem.limits)
    order = np.lexsort((problem.rows, problem.columns))
    columns = np.asarray(problem.columns)[order]
    model = highspy.HighsLp()
    model.num_col_, model.num_row_ = count, limits
    model.sense_ = highspy.ObjSense.kMaximize
    model.col_cost_ = np.asarray(problem.gains) + np.asarray(problem.ties)
    model.col_lower_ = np.zeros(count)
    model.col_upper_ = np.asarray(problem.most, dtype=float)
    model.row_lower_ = np.full(limits, -highspy.kHighsInf)
    model.row_upper_ = np.asarray(problem.limits, dtype=float)
    model.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    model.a_matrix_.start_ = np.searchsorted(columns, np.arange(count + 1))
    model.a_matrix_.index_ = np.asarray(problem.rows)[order]
    model.a_matrix_.value_ = np.asarray(problem.signs, dtype=float)[order]
    solver = highspy.Highs()
    for name, value in _OPTIONS.items():
        solver.setOptionValue(name, value)
    solver.passModel(model)
    return solver
