"""Every read about contacts: through threads, and so through release."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from commonwatch.base.clock import MICROSECONDS
from commonwatch.base.parties.key_histories import keys_of
from commonwatch.base.release.reader import Reader
from commonwatch.base.threads.queries import roots, threads
from commonwatch.capabilities.contacts import profile, rules
from commonwatch.capabilities.contacts.rules import ContactView, Measure
from commonwatch.core.errors import NotFound
from commonwatch.core.stix.ordering import content_of
from commonwatch.core.stix.response import contacts as stix
from commonwatch.core.stix.times import format_time

MOST = 2_000
WINDOW_US = 90 * 86_400 * MICROSECONDS


class KeyOf(msgspec.Struct, frozen=True):
    """A key with which a contact's member signs now. None counts before somebody vouched that it is the member's."""

    key: str
    since_us: int


class TeamProfile(msgspec.Struct, frozen=True):
    """A team's profile as it is written."""

    id: str
    author: str
    name: str
    sections: dict[str, str]
    gaps: list[str]
    text: str


def contacts(
    reader: Reader,
    now_us: int,
    after: int | None = None,
    limit: int = MOST,
    *,
    ended: bool = False,
    role: str = "",
    author: str = "",
) -> list[tuple[int, ContactView]]:
    """The contacts that a reader may have, what changed last first, each with its place in the list.

    `author`: the identity of the one member whose contacts are wanted.
    """
    found: list[tuple[int, ContactView]] = []
    while len(found) < limit:
        some = roots(reader, [stix.CONTACT], after, limit)
        wanted = [root for root in some if author in ("", root.author)]
        parts = threads(reader, [root.id for root in wanted])
        for root in wanted:
            view = rules.fold(parts.get(root.id, ()), now_us)
            if view is not None and (ended or not view.ended) and role in ("", *view.content.roles):
                found.append((root.seq, view))
        if len(some) < limit:
            break
        after = some[-1].seq
    return found[:limit]


def contact(reader: Reader, identity: str, now_us: int) -> ContactView:
    """One of them; raises NotFound."""
    view = rules.fold(threads(reader, [identity]).get(identity, ()), now_us)
    if view is None:
        raise NotFound("contact-unknown", f"There is no contact {identity}.", "See `commonwatch contact list`.")
    return view


def on_duty(reader: Reader, now_us: int, role: str = "", member: str = "") -> list[ContactView]:
    """Whom to try now, by member; within a member by `rules.chain`. `member` is an identity."""
    views = [view for _, view in contacts(reader, now_us)]
    authors = sorted({view.author for view in views if member in ("", view.author)})
    return [view for author in authors for view in rules.chain(views, author, role)]


def measures(reader: Reader, now_us: int, since_us: int | None = None) -> Sequence[Measure]:
    """How each member answered the pings that a reader may know of, within a window of 90 days where none is given."""
    views = [view for _, view in contacts(reader, now_us, ended=True)]
    since = now_us - WINDOW_US if since_us is None else since_us
    return rules.measure(views, since_us=since, until_us=now_us + 1)


def keys(identity: str) -> list[KeyOf]:
    """The keys with which a member signs now, from its own history."""
    return [KeyOf(one.key.text, one.from_us) for one in keys_of(identity) if one.is_current()]


def team(reader: Reader, member: str, now_us: int) -> TeamProfile:
    """A member's profile after RFC 2350, with what the node knows by itself; `member` is an identity; raises NotFound."""
    own = [view.content for _, view in contacts(reader, now_us) if view.author == member]
    for root in roots(reader, [stix.PROFILE], None, MOST):
        content = content_of(root, stix.CONTENTS) if root.author == member and not root.revoked else None
        if isinstance(content, stix.Profile):
            identity, updated = root.id, root.modified_us
            break
    else:
        if not own:
            raise NotFound("profile-unknown", f"There is no profile of {member}.", "See `commonwatch contact profile`.")
        content, identity, updated = stix.Profile(own[0].name), "", now_us
    sections = profile.filled(content, own, [one.key for one in keys(member)], format_time(updated, 0)[:10])
    return TeamProfile(identity, member, content.name, sections, profile.gaps(sections), profile.written(sections))
