"""Ways to what a reader looks for. A way is chosen from the question and the reader, never left to a planner, as in `release.plan`.

1. From a value's keys. 2. From words, in SQLite's index in the order of documents, in PostgreSQL's by its bitmap. 3. From a label.
4. For who sees little, from its grants. 5. From types or producers, one limited query for each. 6. Along all documents.
Every way ends in the same condition: what its reader may have (`release.sight`), in the form that it gets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from django.db import connection

from commonwatch.base.journal.driver import TimeUp, batches_timed
from commonwatch.base.journal.schema import EPOCH_US
from commonwatch.base.release.sight import Sight, look, seen, seen_by_grants
from commonwatch.base.release.types import type_numbers
from commonwatch.base.search.schema import LEAST, REVOKED, SEVERAL
from commonwatch.base.search.terms import Term, numbers_of
from commonwatch.base.search.values import Found, Key, label_key
from commonwatch.base.search.wanted import LEVELS, Wanted
from commonwatch.base.search.words import Term as Word
from commonwatch.base.search.words import terms_of
from commonwatch.core.errors import TooBusy

ENTRY = "(d.doc >> 1)"
_FEW = 20_000  # finds of words that are collected and sorted; with more, documents are walked


class Sql(NamedTuple):
    """A query with %s for each parameter."""

    text: str
    values: list[Any]


class Asking:
    """One question of one reader, ready to be put in several ways."""

    def __init__(self, sight: Sight, wanted: Wanted, keys: Sequence[Key], seconds: float) -> None:
        self.sight = sight
        self.wanted = wanted
        self.keys = keys
        self.seconds = seconds
        self.sqlite = connection.vendor == "sqlite"
        self.words = terms_of(wanted.text) if wanted.text else ()
        self.kinds = type_numbers(wanted.types)
        self.producers = tuple(numbers_of(Term.PRODUCER, wanted.producers).values())
        self.nothing = bool(
            not sight.slots
            or (wanted.types and not self.kinds)
            or (wanted.producers and not self.producers)
            or (wanted.value and not keys)
        )
        self.bitmaps = False

    def rows(self, columns: str, after: Any, limit: int) -> list[Any]:
        """The columns of the next documents, in the order asked for; `d` is the document, `code` how it is had."""
        if self.nothing:
            return []
        found = self._ordered(columns, after, limit)
        return look(self.sight, found.text, found.values, self.seconds, bitmaps=self.bitmaps)

    def counted(self, columns: Mapping[str, str], seconds: float) -> dict[str, Counter[Any]]:
        """How many documents have which value of each column, in one pass; raises TimeUp."""
        sums: dict[str, Counter[Any]] = {name: Counter() for name in columns}
        if self.nothing:
            return sums
        if seconds <= 0:
            raise TimeUp
        way = self._way(limit=None)
        if self.sqlite:
            text = f"SELECT {', '.join(columns.values())} FROM {way.text}"
            for batch in batches_timed(seconds, text, way.values):
                for counts, column in zip(sums.values(), zip(*batch, strict=True), strict=True):
                    counts.update(column)
            return sums
        sets = ", ".join(f"({number})" for number in range(1, len(columns) + 1))
        text = f"SELECT {', '.join(columns.values())}, grouping({', '.join(columns.values())}), count(*) FROM {way.text} GROUP BY GROUPING SETS ({sets})"
        most = (1 << len(columns)) - 1
        bits = {most ^ 1 << len(columns) - 1 - place: place for place in range(len(columns))}
        names = list(columns)
        for row in look(self.sight, text, way.values, seconds, bitmaps=self.bitmaps):
            place = bits[row[-2]]
            sums[names[place]][row[place]] += row[-1]
        return sums

    def _ordered(self, columns: str, after: Any, limit: int) -> Sql:
        by_version = self.wanted.sort == "modified"
        down = self.wanted.sort != "oldest"
        walked = self._walked()
        order = f"ORDER BY {'d.version DESC, ' if by_version else ''}{walked} {'DESC' if down else 'ASC'} LIMIT {limit}"
        beyond, values = "", list[Any]()
        if after is not None and by_version:
            beyond, values = " AND (d.version, d.doc) < (%s, %s)", list(after)
        elif after is not None:
            beyond, values = f" AND {walked} {'<' if down else '>'} %s", [after]
        if (
            len(self.kinds) > 1
            and not self.words
            and not self.keys
            and not self.wanted.labels
            and not by_version
            and not self.sparse
        ):
            parts = [self._way(limit, (kind,), beyond, values) for kind in self.kinds]
            names = _names(columns)
            union = " UNION ALL ".join(
                f"SELECT * FROM (SELECT {columns} FROM {part.text} {order}) AS part{n}" for n, part in enumerate(parts)
            )
            down_or_up = "DESC" if down else "ASC"
            return Sql(
                f"SELECT {names} FROM ({union}) AS parts ORDER BY doc {down_or_up} LIMIT {limit}",
                [v for part in parts for v in part.values],
            )
        way = self._way(limit, self.kinds, beyond, values)
        return Sql(f"SELECT {columns} FROM {way.text} {order}", way.values)

    def _walked(self) -> str:
        """The column in whose order the way goes by itself: SQLite does not see that it is the same number."""
        if self.sqlite and self.wanted.sort != "modified" and not self.keys:
            if self.words:
                return "search_text.rowid"
            if len(self.wanted.labels) == 1:
                return "k.doc"
        return "d.doc"

    @property
    def sparse(self) -> bool:
        """Whether the reader sees so little that it is found from its grants."""
        return self.sight.access.recipient is not None and self.sight.access.sparse

    def _way(
        self, limit: int | None, kinds: Sequence[int] | None = None, beyond: str = "", after: Sequence[Any] = ()
    ) -> Sql:
        """Tables, joins and conditions of the way that suits the question."""
        kinds = self.kinds if kinds is None else kinds
        start, values, used = self._start(limit, kinds)
        which = seen(self.sight, ENTRY)
        conditions, more = self._conditions(kinds, used)
        form = f"(d.doc & {LEAST}) = (CASE WHEN {which.code} <> 0 THEN 1 ELSE 0 END)"
        text = f"{start}{which.join} WHERE {conditions}{beyond} AND {which.where} AND {form}{self._only_latest()}"
        return Sql(text, [*values, *more, *after])

    def _start(self, limit: int | None, kinds: Sequence[int]) -> tuple[str, list[Any], str]:
        """From where it goes, and which condition that has met."""
        join = "CROSS JOIN" if self.sqlite else "JOIN"
        rowid = " NOT INDEXED" if self.sqlite else ""
        if self.keys:
            either = " OR ".join(["(k.kind = %s AND k.key = %s)"] * len(self.keys))
            values = [part for key in self.keys for part in (int(key.kind), key.key)]
            return (
                f"(SELECT DISTINCT k.doc FROM search_key k WHERE {either}) k {join} search_doc d{rowid} ON d.doc = k.doc",
                values,
                "value",
            )
        by_version = limit is not None and self.wanted.sort == "modified"
        if self.words and self.sqlite and not (by_version and self._many()):
            among = ""
            if self.sparse:
                among = (
                    f" AND +search_text.rowid IN (SELECT seq << 1 | (code <> 0) FROM ({seen_by_grants(self.sight)}))"
                )
            text = f"search_text CROSS JOIN search_doc d NOT INDEXED ON d.doc = search_text.rowid AND search_text MATCH %s{among}"
            return text, [_fts5(self.words)], "text"
        if self.words and not self.sqlite and (limit is None or not self._many()):
            self.bitmaps = True
            return (
                "search_text t JOIN search_doc d ON d.doc = t.doc AND t.words @@ %s::tsquery",
                [_tsquery(self.words)],
                "text",
            )
        if self.wanted.labels:
            either = ",".join(["%s"] * len(self.wanted.labels))
            values = [label_key(label).key for label in self.wanted.labels]
            text = (
                f"(SELECT DISTINCT k.doc FROM search_key k WHERE k.kind = {int(Found.LABEL)} AND k.key IN ({either})) k"
            )
            if len(self.wanted.labels) == 1:
                text = "search_key k"
                return (
                    f"{text} {join} search_doc d{rowid} ON d.doc = k.doc AND k.kind = {int(Found.LABEL)} AND k.key = %s",
                    values,
                    "labels",
                )
            return f"{text} {join} search_doc d{rowid} ON d.doc = k.doc", values, "labels"
        if self.sparse and self.sqlite:
            return (
                f"({seen_by_grants(self.sight)}) s CROSS JOIN search_doc d NOT INDEXED ON d.doc = s.seq << 1 | (s.code <> 0)",
                [],
                "",
            )
        if self.sparse:
            number = "(s.seq << 1 | CASE WHEN s.code <> 0 THEN 1 ELSE 0 END)"
            return f"({seen_by_grants(self.sight)}) s JOIN search_doc d ON d.doc = {number}", [], ""
        if self.sqlite:
            index = " NOT INDEXED"
            if self.wanted.sort == "modified":
                index = " INDEXED BY search_doc_version"
            elif len(kinds) == 1:
                index = " INDEXED BY search_doc_type"
            elif len(self.producers) == 1:
                index = " INDEXED BY search_doc_producer"
            return f"search_doc d{index}", [], ""
        return "search_doc d", [], ""

    def _conditions(self, kinds: Sequence[int], used: str) -> tuple[str, list[Any]]:
        wanted = self.wanted
        parts, values = ["1 = 1"], list[Any]()
        if kinds:
            parts.append(_among("d.type", kinds))
        if self.producers:
            parts.append(_among("d.producer", self.producers))
        if wanted.since is not None:
            parts.append(f"d.doc >= {max(wanted.since - EPOCH_US, 0) << 1}")
        if wanted.until is not None:
            parts.append(f"d.doc < {max(wanted.until - EPOCH_US, 0) << 1}")
        if wanted.revoked is not None:
            parts.append(f"(d.flags & {REVOKED}) {'<>' if wanted.revoked else '='} 0")
        if wanted.markings:
            levels = ",".join(str(LEVELS.index(name)) for name in wanted.markings)
            parts.append(f"d.class IN (SELECT l.class FROM search_class l WHERE l.level IN ({levels}))")
        if self.words and used != "text":
            if self.sqlite:
                parts.append("d.doc IN (SELECT rowid FROM search_text WHERE search_text MATCH %s)")
                values.append(_fts5(self.words))
            else:
                parts.append("EXISTS (SELECT 1 FROM search_text t WHERE t.doc = d.doc AND t.words @@ %s::tsquery)")
                values.append(_tsquery(self.words))
        if wanted.labels and used != "labels":
            either = ",".join(["%s"] * len(wanted.labels))
            parts.append(
                f"EXISTS (SELECT 1 FROM search_key l WHERE l.kind = {int(Found.LABEL)} AND l.key IN ({either}) AND l.doc = d.doc)"
            )
            values += [label_key(label).key for label in wanted.labels]
        return " AND ".join(parts), values

    def _only_latest(self) -> str:
        """Of an object that stands in several collections with different current versions, the latest that is seen."""
        other = seen(self.sight, "(e.doc >> 1)", "h")
        form = f"(e.doc & {LEAST}) = (CASE WHEN {other.code} <> 0 THEN 1 ELSE 0 END)"
        return (
            f" AND ((d.flags & {SEVERAL}) = 0 OR NOT EXISTS (SELECT 1 FROM search_doc e{other.join} WHERE e.uid = d.uid AND e.type = d.type "
            f"AND (e.version, e.doc) > (d.version, d.doc) AND {other.where} AND {form}))"
        )

    def _many(self) -> bool:
        """Whether so many documents have the words that walking along all of them finds a page sooner than sorting these."""
        match, words = ("search_text MATCH %s", _fts5) if self.sqlite else ("words @@ %s::tsquery", _tsquery)
        text = f"SELECT count(*) FROM (SELECT 1 FROM search_text WHERE {match} LIMIT {_FEW + 1}) AS counted"
        return bool(look(self.sight, text, [words(self.words)], self.seconds, bitmaps=True)[0][0] > _FEW)


def too_long() -> TooBusy:
    """The answer where the time is up."""
    return TooBusy("search-too-long", "Looking for this takes too long: narrow it.", retry_after_seconds=30)


def _among(column: str, numbers: Sequence[int]) -> str:
    return f"{column} = {numbers[0]}" if len(numbers) == 1 else f"{column} IN ({','.join(map(str, numbers))})"


def _names(columns: str) -> str:
    return ", ".join(column.strip().rpartition(" AS ")[2].rpartition(".")[2] for column in columns.split(","))


def _fts5(words: Sequence[Word]) -> str:
    """An FTS5 query. Words hold no quotation mark (`words`): nothing of a question is ever syntax."""
    wanted = " AND ".join(f'"{one.word}"{"*" if one.prefix else ""}' for one in words if not one.excluded)
    out = " OR ".join(f'"{one.word}"{"*" if one.prefix else ""}' for one in words if one.excluded)
    return f"({wanted}) NOT ({out})" if out else wanted


def _tsquery(words: Sequence[Word]) -> str:
    """The same as a tsquery."""
    return " & ".join(f"{'!' if one.excluded else ''}'{one.word}'{':*' if one.prefix else ''}" for one in words)
