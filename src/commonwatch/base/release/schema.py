"""Release's hot tables, written out for each database like the journal's.

* `release_grant`: recipient, class: the recipient gets objects of the class. `code` says how: its lowest two bits are the
  variant (0 full, 1 pseudonymised, 2 stripped); bit 2 + n is set where it may not have the parts under the class's granular
  marking number n. `since`: entries up to this place are in the recipient's order only where `release_extra` puts them.
* `release_extra`: what stands in one recipient's order besides the collections' own: an object that became visible late
  (`orig` is its placement), or a notice that one was taken back (`orig` 0, with the bytes).
"""

from __future__ import annotations

VARIANT = 3
GRANULAR_SHIFT = 2
MAX_GRANULAR = 24  # granular markings of one class; with more, nobody but those who may have all gets the object
RECALLED = -1  # the code of a notice

TABLES = {
    "sqlite": [
        """CREATE TABLE release_grant (recipient INTEGER NOT NULL, class INTEGER NOT NULL, code INTEGER NOT NULL,
            since INTEGER NOT NULL, PRIMARY KEY (recipient, class)) WITHOUT ROWID""",
        """CREATE INDEX release_grant_class ON release_grant (class)""",
        """CREATE INDEX release_grant_coded ON release_grant (recipient) WHERE code <> 0""",
        """CREATE TABLE release_extra (recipient INTEGER NOT NULL, pos INTEGER NOT NULL, orig INTEGER NOT NULL,
            uid BLOB, type INTEGER, version INTEGER, spec INTEGER, raw BLOB, PRIMARY KEY (recipient, pos)) WITHOUT ROWID""",
        """CREATE INDEX release_extra_orig ON release_extra (orig)""",
    ],
    "postgresql": [
        """CREATE TABLE release_grant (recipient integer NOT NULL, class integer NOT NULL, code integer NOT NULL,
            since bigint NOT NULL, PRIMARY KEY (recipient, class))""",
        """CREATE INDEX release_grant_class ON release_grant (class)""",
        """CREATE INDEX release_grant_coded ON release_grant (recipient) WHERE code <> 0""",
        """CREATE TABLE release_extra (recipient integer NOT NULL, pos bigint NOT NULL, orig bigint NOT NULL,
            uid uuid, type integer, version bigint, spec smallint, raw bytea, PRIMARY KEY (recipient, pos))""",
        """CREATE INDEX release_extra_orig ON release_extra (orig)""",
    ],
}
DROP = ["DROP TABLE release_grant", "DROP TABLE release_extra"]
