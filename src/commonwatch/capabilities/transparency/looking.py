"""Looking at partners' logs: whether each shows everybody the same, and has only grown.

1. Each log that is witnessed and has an address is looked at once a minute; one that does not answer later and later, at most once an
hour. 2. Its checkpoint is compared with what it showed us before, with what we cosigned, with what somebody else sent us under its
signature, and with what two witnesses have cosigned, others each time. 3. To compare two sizes, the root that the larger tree has for
the leaves of the smaller is computed from the log's own tiles. 4. What contradicts itself is kept as evidence (`keeping`).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from commonwatch.base.clock import MICROSECONDS
from commonwatch.capabilities.transparency import asking, keeping, trusting
from commonwatch.capabilities.transparency.models import Cosigned, Seen, Suspect, WatchedLog
from commonwatch.capabilities.transparency.reaching import Reach
from commonwatch.capabilities.transparency.witnessing import origin_hash
from commonwatch.core.errors import CommonwatchError, PeerError
from commonwatch.core.merkle.broken import Broken
from commonwatch.core.merkle.checkpoints import parse_checkpoint, verify
from commonwatch.core.merkle.evidence import Evidence, found
from commonwatch.core.merkle.hashing import HASH_LENGTH, Read
from commonwatch.core.merkle.notes import Note, VerifierKey, parse_note, verified
from commonwatch.core.merkle.tiles import WIDTH, Tile, reading

EVERY_US = asking.EVERY_US
WITNESSES = 2  # asked each time what they have cosigned of the log


def look_due(reach: Reach, now_us: int) -> bool:
    """Look at every log that is due; whether any evidence was found."""
    urls = dict(WatchedLog.objects.exclude(url="").order_by("pk").values_list("origin", "url"))
    waiting = set(Seen.objects.filter(next_try_us__gt=now_us).values_list("pk", flat=True))
    due = [(origin, url) for origin, url in urls.items() if origin_hash(origin) not in waiting]
    return any([_look(origin, url, reach, now_us) for origin, url in due])  # noqa: C419 - all of them


def _look(origin: str, url: str, reach: Reach, now_us: int) -> bool:
    """Look at one log; whether new evidence was found. What goes wrong is kept with the log, not raised."""
    name = origin_hash(origin)
    state, _ = Seen.objects.get_or_create(pk=name)
    keys = keeping.log_keys(origin)
    # Read before the log is asked: a smaller checkpoint than these is a step back.
    before = _notes([state.note, *Cosigned.objects.filter(pk=name).values_list("note", flat=True)])
    suspects = _notes(Suspect.objects.filter(pk=name).values_list("note", flat=True))
    proven: list[Evidence] = []
    try:
        now = _signed(_fetched(reach, f"{url}/checkpoint"), origin, keys)
        view = _View(reach, url, now, now_us // MICROSECONDS)
        proven += [one for note in before if (one := view.evidence(note)) is not None]
        for note in [*suspects, *_from_witnesses(origin, keys, reach, now_us)]:
            one = view.evidence(note) if view.size >= _size(note) else view.evidence_of_larger(note)
            proven += [one] if one is not None else []
    except CommonwatchError as error:
        state.failures += 1
        delay = min(EVERY_US << min(state.failures - 1, 10), asking.LONGEST_US)
        state.next_try_us, state.last_error = now_us + delay, str(error)[:1_000]
    else:
        Suspect.objects.filter(pk=name, at_us__lt=now_us).delete()
        if not proven:  # else what was seen before stays: whatever comes later is held against it
            state.note = now.encode()
        state.at_us, state.failures, state.next_try_us, state.last_error = now_us, 0, now_us + EVERY_US, ""
    state.save()
    return any([keeping.keep(one, now_us) for one in proven])  # noqa: C419


@dataclass(frozen=True)
class _View:
    """What the log shows us now."""

    reach: Reach
    url: str
    now: Note
    seen: int

    @property
    def size(self) -> int:
        """Of the checkpoint."""
        return _size(self.now)

    def evidence(self, before: Note) -> Evidence | None:
        """What follows beside an earlier checkpoint, or one that is not larger; raises PeerError where nothing can be said."""
        return _said(found(before, self.now, self._tiles(self.size), self.seen))

    def evidence_of_larger(self, other: Note) -> Evidence | None:
        """The same beside a larger one that others have: the log must have grown there meanwhile."""
        try:
            return _said(found(self.now, other, self._tiles(_size(other)), self.seen))
        except CommonwatchError:
            raise PeerError(
                "log-behind",
                f"Others have {_size(other):,} leaves of it; it shows us {self.size:,} and no tiles beyond.",
                "If this stays so, the log does not show everybody the same.",
                retry=True,
            ) from None

    def _tiles(self, size: int) -> Read:
        return reading(size, self._tile)

    def _tile(self, tile: Tile) -> bytes:
        got = self.reach.get(f"{self.url}/{tile.path}")
        if got.status == 404 and tile.width < WIDTH:  # a log may drop partial tiles once there is the full one
            got = self.reach.get(f"{self.url}/{tile._replace(width=WIDTH).path}")
        if got.status != 200:
            raise PeerError("tile-missing", f"{tile.path} was answered with {got.status}.", retry=True)
        return got.body[: tile.width * HASH_LENGTH]


def _from_witnesses(origin: str, keys: Sequence[VerifierKey], reach: Reach, now_us: int) -> list[Note]:
    """What some witnesses have cosigned of the log, others each minute. One that does not answer says nothing."""
    urls = {one.url for one in asking.witnesses(trusting.policy())}
    peers = WatchedLog.objects.exclude(url="").exclude(origin=origin)
    ordered = sorted(urls | {f"{url}/witness" for url in peers.values_list("url", flat=True)})
    start = now_us // EVERY_US * WITNESSES
    found = []
    for number in range(min(WITNESSES, len(ordered))):
        url = ordered[(start + number) % len(ordered)]
        try:
            found.append(_signed(_fetched(reach, f"{url}/{origin_hash(origin)}/checkpoint"), origin, keys))
        except CommonwatchError:
            continue
    return found


def _fetched(reach: Reach, url: str) -> bytes:
    got = reach.get(url)
    if got.status != 200:
        raise PeerError("log-refused", f"{url} was answered with {got.status}.", retry=True)
    return got.body


def _signed(raw: bytes, origin: str, keys: Sequence[VerifierKey]) -> Note:
    """The checkpoint, if this log signed it; raises PeerError or InvalidInput."""
    note = parse_note(raw)
    signed = verified(note, keys, verify)
    if isinstance(signed, Broken):
        raise PeerError(signed.code, f"Its checkpoint does not count: {signed.sentence}", retry=True)
    if parse_checkpoint(note.text).origin != origin:
        raise PeerError("other-log", "Its checkpoint is that of another log.", retry=True)
    return note


def _said(judged: Evidence | Broken | None) -> Evidence | None:
    if isinstance(judged, Broken):
        raise PeerError(judged.code, judged.sentence, "Ask whoever runs it.", retry=True)
    return judged


def _notes(rows: Iterable[bytes | memoryview]) -> list[Note]:
    return [parse_note(bytes(row)) for row in rows if row]


def _size(note: Note) -> int:
    return parse_checkpoint(note.text).size
