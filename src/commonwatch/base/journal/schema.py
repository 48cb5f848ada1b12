"""The journal's hot tables, written out for each database because their speed lies in the details.

Numbers that are more than numbers:

* `seq` is microseconds since 2020-01-01T00:00:00Z about when the sequencer took the entry: the entry's place in the
  journal, its `added_at`, and every cursor, in one integer. It is drawn at random from the window of its transaction
  (decision 0009); windows never overlap, and rise strictly in commit order. `journal_head.last_seq` is the last's end.
* `pos` is `slot << 51 | seq`: the place of an object version in the collection with that slot. A range of `pos` is a
  page of a collection in the order in which its readers may see it. Mostly its lower bits are the version's own `seq`;
  they differ where a version already held was placed in a further collection later.
* `version` is `modified`, else `created`, in microseconds since 1970-01-01T00:00:00Z; 0 for objects with neither.
* `spec` is 0 for STIX 2.0 and 1 for STIX 2.1: SQLite stores 0 and 1 in no bytes.
* `marks` holds how many fraction digits the author wrote in the version (lowest three bits; 7 means more than six, read
  them from the bytes), whether this copy is a revocation or has been erased, and what its signature said when it came.

Cost of one 577-byte object: see bench/README.md.
"""

from __future__ import annotations

EPOCH_US = 1_577_836_800_000_000  # 2020-01-01T00:00:00Z
SLOT_SHIFT = 51  # 2^51 microseconds: the epoch above lasts until 2091
SEQ_MASK = (1 << SLOT_SHIFT) - 1
MAX_SLOT = 4095

# version.marks
DIGITS = 7
REVOKED = 8
ERASED = 16
SIGNED = 32  # its author's signature held; mostly in the bytes, else in a copy that came later
UNKNOWN_KEY = 64  # signed by a key that no member on record had

# placement.flags. A `copy` is one (id, version, spec); an id may be held as STIX 2.0 and as 2.1.
SPEC_21 = 1  # this copy is STIX 2.1
TOP = 2  # the highest specification among the copies of the same version
LAST = 4  # the current version of its id in this collection (and TOP): the latest, or the first that revokes it
FIRST = 8  # the earliest version of its id in this collection (and TOP)
LAST_OF_SPEC = 16  # the latest among the copies of its id with the same specification
FIRST_OF_SPEC = 32
ALONE = TOP | LAST | FIRST | LAST_OF_SPEC | FIRST_OF_SPEC  # flags of an id's only copy (plus SPEC_21)

TABLES_SQLITE = [
    """CREATE TABLE journal_head (one INTEGER PRIMARY KEY CHECK (one = 1), last_seq INTEGER NOT NULL)""",
    """INSERT INTO journal_head VALUES (1, 0)""",
    """CREATE TABLE journal_type (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)""",
    """CREATE TABLE journal_class (id INTEGER PRIMARY KEY, digest BLOB NOT NULL UNIQUE, attributes TEXT NOT NULL)""",
    """CREATE TABLE journal_version (
        seq INTEGER PRIMARY KEY,
        uid BLOB NOT NULL,
        type INTEGER NOT NULL,
        version INTEGER NOT NULL,
        spec INTEGER NOT NULL,
        marks INTEGER NOT NULL,
        source INTEGER NOT NULL,
        class INTEGER NOT NULL,
        findings TEXT,
        raw BLOB NOT NULL)""",
    """CREATE UNIQUE INDEX journal_version_id ON journal_version (uid, type, version, spec)""",
    """CREATE TABLE journal_placement (
        pos INTEGER PRIMARY KEY,
        seq INTEGER NOT NULL,
        type INTEGER NOT NULL,
        version INTEGER NOT NULL,
        flags INTEGER NOT NULL)""",
    # Both end in the row id, which is `pos`: ordered by collection and date added within a type or a version.
    """CREATE INDEX journal_placement_type ON journal_placement (type)""",
    """CREATE INDEX journal_placement_version ON journal_placement (version)""",
    """CREATE INDEX journal_placement_moved ON journal_placement (seq) WHERE (pos & 2251799813685247) <> seq""",
    """CREATE TABLE journal_voucher (seq INTEGER NOT NULL, source INTEGER NOT NULL, first_us INTEGER NOT NULL,
        PRIMARY KEY (seq, source)) WITHOUT ROWID""",
    """CREATE TABLE journal_act (
        seq INTEGER PRIMARY KEY,
        kind TEXT NOT NULL,
        target INTEGER,
        slot INTEGER,
        actor TEXT NOT NULL,
        reason TEXT NOT NULL,
        detail TEXT NOT NULL)""",
    """CREATE INDEX journal_act_target ON journal_act (target)""",
]

TABLES_POSTGRESQL = [
    """CREATE TABLE journal_head (one smallint PRIMARY KEY CHECK (one = 1), last_seq bigint NOT NULL)""",
    """INSERT INTO journal_head VALUES (1, 0)""",
    """CREATE TABLE journal_type (id integer PRIMARY KEY, name text NOT NULL UNIQUE)""",
    """CREATE TABLE journal_class (id integer PRIMARY KEY, digest bytea NOT NULL UNIQUE, attributes text NOT NULL)""",
    """CREATE TABLE journal_version (
        seq bigint PRIMARY KEY,
        version bigint NOT NULL,
        type integer NOT NULL,
        source integer NOT NULL,
        class integer NOT NULL,
        spec smallint NOT NULL,
        marks smallint NOT NULL,
        uid uuid NOT NULL,
        findings text,
        raw bytea NOT NULL)""",
    # Compressing a page's worth of small objects one by one costs more than it saves; large ones move out of line.
    """ALTER TABLE journal_version ALTER COLUMN raw SET STORAGE EXTERNAL""",
    """CREATE UNIQUE INDEX journal_version_id ON journal_version (uid, type, version, spec)""",
    """CREATE TABLE journal_placement (
        pos bigint PRIMARY KEY,
        seq bigint NOT NULL,
        version bigint NOT NULL,
        type integer NOT NULL,
        flags smallint NOT NULL)""",
    """CREATE INDEX journal_placement_type ON journal_placement (type, pos)""",
    """CREATE INDEX journal_placement_version ON journal_placement (version, pos)""",
    """CREATE INDEX journal_placement_moved ON journal_placement (seq) WHERE (pos & 2251799813685247) <> seq""",
    """CREATE TABLE journal_voucher (seq bigint NOT NULL, source integer NOT NULL, first_us bigint NOT NULL,
        PRIMARY KEY (seq, source))""",
    """CREATE TABLE journal_act (
        seq bigint PRIMARY KEY,
        kind text NOT NULL,
        target bigint,
        slot integer,
        actor text NOT NULL,
        reason text NOT NULL,
        detail text NOT NULL)""",
    """CREATE INDEX journal_act_target ON journal_act (target)""",
]

# Since the second migration a placement knows its release class: a page is filtered before any bytes are touched, and a
# reader of few classes is served from the index of these.
CLASS_OF_PLACEMENT = [
    """ALTER TABLE journal_placement ADD COLUMN class integer NOT NULL DEFAULT 0""",
    """UPDATE journal_placement SET class = (SELECT v.class FROM journal_version v WHERE v.seq = journal_placement.seq)""",
]
CLASS_INDEX = {
    "sqlite": "CREATE INDEX journal_placement_class ON journal_placement (class)",
    "postgresql": "CREATE INDEX journal_placement_class ON journal_placement (class, pos)",
}

DROP = [f"DROP TABLE journal_{name}" for name in ("act", "voucher", "placement", "version", "class", "type", "head")]


def seq_to_us(seq: int) -> int:
    """The moment of an entry in microseconds since 1970."""
    return seq + EPOCH_US


def us_to_seq(moment_us: int) -> int:
    """The first entry that a moment, in microseconds since 1970, or a later one can have."""
    return max(0, moment_us - EPOCH_US)


def position(slot: int, seq: int) -> int:
    """The place of an entry in the collection with this slot."""
    return slot << SLOT_SHIFT | seq
