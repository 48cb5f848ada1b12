"""The temporal part of a pattern, place by place: which sets of observations the one in hand completes.

What a set is and which are kept says `bindings`; this module has one node for each kind of expression. A node remembers
nothing itself: its stores are in the `State` that it is given, so one `Frontier` serves every entity.

Depth of calls is bounded by the parentheses of the pattern; the work for one observation by the square of `width`.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from commonwatch.core.patterns.stix.bindings import (
    MOST_BEGINNINGS,
    MOST_OPEN,
    Arrival,
    Binding,
    State,
    best,
    choices,
    full,
    merged,
    tidy,
)
from commonwatch.core.patterns.stix.syntax import (
    Between,
    Bracket,
    Expression,
    Repeats,
    Sequence,
    Together,
    Within,
)


class Widths(NamedTuple):
    """How many sets that others dominate are kept, and given on: one where nothing further has to be joined to them."""

    kept: int
    out: int
    free: bool  # no REPEATS is around (rule 5)


class Node(ABC):
    """One place of the expression. `advance` gives the sets that the observation in hand completes."""

    brackets: frozenset[int]
    single = False  # whether its sets always are single observations

    def advance(self, state: State, arrival: Arrival) -> list[Binding]:
        """The sets that hold the observation in hand and meet this part."""
        if self.brackets.isdisjoint(arrival.brackets):
            return []
        return self._advance(state, arrival)

    @abstractmethod
    def _advance(self, state: State, arrival: Arrival) -> list[Binding]:
        """The same, of an observation that meets a bracket of this part."""

    def stores(self) -> Iterator[int]:
        """The numbers of the stores in this part."""
        return iter(())


class _Bracket(Node):
    single = True

    def __init__(self, number: int) -> None:
        self.number = number
        self.brackets = frozenset({number})

    def _advance(self, state: State, arrival: Arrival) -> list[Binding]:
        alone = len(arrival.brackets) == 1
        return [Binding(arrival.last, arrival.first, (arrival.key,), (self.number,), alone)]


class _Either(Node):
    def __init__(self, parts: list[Node]) -> None:
        self.parts = parts
        self.brackets = frozenset().union(*(part.brackets for part in parts))
        self.single = all(part.single for part in parts)

    def _advance(self, state: State, arrival: Arrival) -> list[Binding]:
        if self.single:  # one observation, whichever part it meets
            return next(filter(None, (part.advance(state, arrival) for part in self.parts)), [])
        return [binding for part in self.parts for binding in part.advance(state, arrival)]

    def stores(self) -> Iterator[int]:
        for part in self.parts:
            yield from part.stores()


class _Window(Node):
    """WITHIN, START and STOP."""

    def __init__(self, part: Node, window: Within | Between) -> None:
        self.part = part
        self.window = window
        self.brackets = part.brackets
        self.single = part.single

    def _advance(self, state: State, arrival: Arrival) -> list[Binding]:
        return [binding for binding in self.part.advance(state, arrival) if self._inside(binding)]

    def _inside(self, binding: Binding) -> bool:
        if isinstance(self.window, Within):
            return binding.late - binding.early < self.window.microseconds
        return binding.early >= self.window.start and binding.late < self.window.stop

    def stores(self) -> Iterator[int]:
        return self.part.stores()


class _Joined(Node):
    """AND and FOLLOWEDBY: `before[i]` holds sets of the parts up to i, `own[i]` those of part i + 1 alone."""

    def __init__(self, parts: list[Node], in_order: bool, widths: Widths, numbers: Iterator[int]) -> None:
        self.parts = parts
        self.in_order = in_order
        self.width, self.out, self.free = widths
        self.before = [next(numbers) for _ in parts[1:]]
        self.own = [next(numbers) for _ in parts[1:]]
        self.brackets = frozenset().union(*(part.brackets for part in parts))

    def _advance(self, state: State, arrival: Arrival) -> list[Binding]:
        done = self.parts[0].advance(state, arrival)
        for number, part in enumerate(self.parts[1:]):
            new = part.advance(state, arrival)
            if not new and not done:
                continue
            width = self.out if number + 2 == len(self.parts) else self.width
            before, own = state.stores[self.before[number]], state.stores[self.own[number]]
            joined: list[Binding] = []
            for right in new:
                joined += self._joins(state, ((left, left, right) for left in reversed(before)), width)
            for left in done:
                joined += self._joins(state, ((right, left, right) for right in self._after(left, own)), width)
            self._keep(state, number, done, new)
            done = best(joined, width, state.floor, self.free)
        return done

    def _joins(self, state: State, pairs: Iterable[tuple[Binding, Binding, Binding]], width: int) -> Iterator[Binding]:
        """What a new set makes with stored ones: (the stored one, first part, second part), the tightest first.

        In a stream in order the later ones are no better in anything but the observations they share (rule 5).
        """
        made = 0
        for stored, left, right in pairs:
            pair = self._join(left, right)
            if pair is None:
                continue
            yield pair
            made += 1
            if made == (width if state.ordered else MOST_OPEN) or (state.ordered and self.free and stored.alone):
                return

    def _after(self, left: Binding, own: list[Binding]) -> Iterator[Binding]:
        """Sets of the next part that may follow, the tightest first: where order matters, few in a stream in order."""
        start = bisect_left(own, (left.late,)) if self.in_order else 0
        return (own[number] for number in range(len(own) - 1, start - 1, -1))

    def _join(self, left: Binding, right: Binding) -> Binding | None:
        if self.in_order and left.late > right.early:
            return None
        if not (left.alone or right.alone or set(left.keys).isdisjoint(right.keys)):
            return None
        return Binding(
            min(left.early, right.early),
            max(left.late, right.late),
            left.keys + right.keys,
            left.brackets + right.brackets,
            left.alone and right.alone,
        )

    def _keep(self, state: State, number: int, done: list[Binding], new: list[Binding]) -> None:
        before, own = self.before[number], self.own[number]
        for binding in done:
            insort(state.stores[before], binding)
        for binding in new:
            insort(state.stores[own], binding)
        if full(state, before, self.width):
            looks_back = self.in_order and not self.parts[number + 1].single
            tidy(state, before, self.width, self.free, self._beginnings(state, number + 1) if looks_back else ())
        if full(state, own, self.width):
            tidy(state, own, self.width, self.free, only_open=self.in_order)

    def _beginnings(self, state: State, part: int) -> list[int]:
        """The moments at which a part in the making may have begun, the latest ones (rule 4)."""
        moments = {binding.early for number in self.parts[part].stores() for binding in state.stores[number]}
        return sorted(moments)[-MOST_BEGINNINGS:]

    def stores(self) -> Iterator[int]:
        yield from self.before
        yield from self.own
        for part in self.parts:
            yield from part.stores()


class _Repeats(Node):
    def __init__(self, part: Node, times: int, widths: Widths, numbers: Iterator[int]) -> None:
        self.part = part
        self.times = times
        self.width, self.out, self.free = widths
        self.store = next(numbers)
        self.brackets = part.brackets

    def _advance(self, state: State, arrival: Arrival) -> list[Binding]:
        new = self.part.advance(state, arrival)
        if self.times == 1 or not new:
            return new
        store = state.stores[self.store]
        kept = self.times * max(len(one.keys) for one in new) + self.width
        if self.part.single and self.out == 1 and state.ordered:  # the last ones are best, and share no observation
            last = store[1 - self.times :]
            found = [merged([*last, *new])] if len(last) == self.times - 1 else []
        else:
            within = store[-kept:] if state.ordered else store
            found = [many for one in new for many in self._sets(state, one, within)]
        for binding in new:
            insort(store, binding)
        if full(state, self.store, kept):
            tidy(state, self.store, kept, free=False)
        return best(found, self.out, state.floor, self.free)

    def _sets(self, state: State, one: Binding, store: list[Binding]) -> Iterator[Binding]:
        """Sets of `times` parts that hold the new one, the ones closest to it first."""
        lates = {one.late} if state.ordered else {max(one.late, other.late) for other in store} | {one.late}
        for late in sorted(lates):
            pool = [other for other in reversed(store) if other.late <= late]
            if len(pool) + 1 >= self.times:
                for chosen in choices(pool, self.times - 1, one.keys, self.out):
                    yield merged([*reversed(chosen), one])

    def stores(self) -> Iterator[int]:
        yield self.store
        yield from self.part.stores()


class Frontier:
    """A pattern's temporal part, ready to take observations. Holds no state of its own."""

    def __init__(self, root: Expression, width: int) -> None:
        self.width = width
        self._count = 0
        self.root = self._node(root, 1, free=True)

    def fresh(self) -> State:
        """The state before the first observation."""
        return State([[] for _ in range(self._count)], [0] * self._count)

    def arrive(self, state: State, arrival: Arrival) -> list[Binding]:
        """Take one observation; every set that it completes, the tightest last."""
        state.ordered = arrival.first >= state.newest
        state.newest = max(state.newest, arrival.first)
        return self.root.advance(state, arrival)

    def _numbers(self) -> Iterator[int]:
        while True:
            self._count += 1
            yield self._count - 1

    def _node(self, expression: Expression, out: int, free: bool) -> Node:
        if isinstance(expression, Bracket):
            return _Bracket(expression.number)
        if isinstance(expression, Within | Between):
            return _Window(self._node(expression.part, out, free), expression)
        widths = Widths(self.width, out, free)
        if isinstance(expression, Repeats):
            free = free and expression.times == 1
            return _Repeats(self._node(expression.part, self.width, free), expression.times, widths, self._numbers())
        if isinstance(expression, Together | Sequence):
            parts = [self._node(part, self.width, free) for part in expression.parts]
            return _Joined(parts, isinstance(expression, Sequence), widths, self._numbers())
        return _Either([self._node(part, out, free) for part in expression.parts])
