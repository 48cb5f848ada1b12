"""Search's tables, written out for each database like the journal's.

* `search_doc`: what can be found: the current copy of each object in any collection. `doc` is `entry << 1 | least`: the odd one
  stands for what everybody gets who gets the object at all (no personal data, no secrets, no parts under markings of their own),
  and is all that may be asked of by who gets the object derived. So a question about what is withheld finds nothing.
  Numbers rise with admission: the newest first is the order of the table backwards. `class` is the one it had when it was looked at
  last; who may see it is asked of the journal's own rows (`base.release.sight`).
* `search_class`: the TLP level of each class.
* `search_text`: words (`words`), in SQLite's FTS5 or as a tsvector of PostgreSQL.
* `search_key`: exact look-up: values (`values`) and labels, a kind and a key in bytes whose order is that of sub-domains and
  of addresses in a network.
* `search_edge`: references. `source` is empty where the object itself refers; a relationship object's edge names both ends.
* `search_term`: numbers for labels, producers, kinds of reference, and types of the ends of references (which the journal may not have).
"""

from __future__ import annotations

from commonwatch.base.release.serving import GRANTED

TABLES = {
    "sqlite": [
        """CREATE TABLE search_doc (
            doc INTEGER PRIMARY KEY,
            uid BLOB NOT NULL,
            type INTEGER NOT NULL,
            version INTEGER NOT NULL,
            class INTEGER NOT NULL,
            producer INTEGER NOT NULL,
            flags INTEGER NOT NULL,
            confidence INTEGER NOT NULL,
            created INTEGER NOT NULL,
            labels TEXT NOT NULL)""",
        """CREATE VIRTUAL TABLE search_text USING fts5 (words, detail=none, columnsize=0, tokenize="ascii tokenchars '.-_@:'")""",
        """CREATE TABLE search_key (kind INTEGER NOT NULL, key BLOB NOT NULL, doc INTEGER NOT NULL,
            PRIMARY KEY (kind, key, doc)) WITHOUT ROWID""",
        """CREATE TABLE search_edge (doc INTEGER NOT NULL, n INTEGER NOT NULL, kind INTEGER NOT NULL, source BLOB,
            source_type INTEGER, target BLOB NOT NULL, target_type INTEGER NOT NULL, PRIMARY KEY (doc, n)) WITHOUT ROWID""",
        """CREATE TABLE search_class (class INTEGER PRIMARY KEY, level INTEGER NOT NULL)""",
        """CREATE TABLE search_term (id INTEGER PRIMARY KEY, kind INTEGER NOT NULL, name TEXT NOT NULL, UNIQUE (kind, name))""",
        """CREATE INDEX search_doc_type ON search_doc (type)""",
        """CREATE INDEX search_doc_producer ON search_doc (producer)""",
    ],
    "postgresql": [
        """CREATE TABLE search_doc (
            doc bigint PRIMARY KEY,
            version bigint NOT NULL,
            type integer NOT NULL,
            class integer NOT NULL,
            producer integer NOT NULL,
            created integer NOT NULL,
            flags smallint NOT NULL,
            confidence smallint NOT NULL,
            uid uuid NOT NULL,
            labels text NOT NULL)""",
        """CREATE TABLE search_text (doc bigint PRIMARY KEY, words tsvector NOT NULL)""",
        """CREATE INDEX search_text_words ON search_text USING gin (words)""",
        """CREATE TABLE search_key (kind smallint NOT NULL, key bytea NOT NULL, doc bigint NOT NULL,
            PRIMARY KEY (kind, key, doc))""",
        """CREATE TABLE search_edge (doc bigint NOT NULL, n integer NOT NULL, kind integer NOT NULL, source uuid,
            source_type integer, target uuid NOT NULL, target_type integer NOT NULL, PRIMARY KEY (doc, n))""",
        """CREATE TABLE search_class (class integer PRIMARY KEY, level smallint NOT NULL)""",
        """CREATE TABLE search_term (id integer PRIMARY KEY, kind smallint NOT NULL, name text NOT NULL, UNIQUE (kind, name))""",
        """CREATE INDEX search_doc_type ON search_doc (type, doc)""",
        """CREATE INDEX search_doc_producer ON search_doc (producer, doc)""",
    ],
}
INDEXES = [
    """CREATE INDEX search_doc_uid ON search_doc (uid)""",
    """CREATE INDEX search_doc_version ON search_doc (version, doc)""",
    """CREATE INDEX search_key_doc ON search_key (doc)""",
    """CREATE INDEX search_edge_target ON search_edge (target, doc, n)""",
    """CREATE INDEX search_edge_source ON search_edge (source, doc, n) WHERE source IS NOT NULL""",
]
NAMES = ("doc", "text", "key", "edge", "class", "term")
DROP = [f"DROP TABLE search_{name}" for name in NAMES]
EMPTY = [f"DELETE FROM search_{name}" for name in NAMES]

LEAST = 1  # of `doc`
REVOKED = 1  # of `flags`
SEVERAL = 2  # the object has another current copy, in another collection

# PostgreSQL's second guard (`base.release.serving`). Words have none: their operator may not be used under one by the index, and
# all that a question finds by them is joined with what has.
_POLICIES = {
    "search_doc": GRANTED,
    "search_key": "EXISTS (SELECT 1 FROM search_doc d WHERE d.doc = search_key.doc)",
    "search_edge": "EXISTS (SELECT 1 FROM search_doc d WHERE d.doc = search_edge.doc)",
}
GUARD = [
    statement
    for table, condition in _POLICIES.items()
    for statement in (
        f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY",
        f"CREATE POLICY served ON {table} FOR SELECT USING ({condition})",
    )
]
READABLE = tuple(f"search_{name}" for name in NAMES)
