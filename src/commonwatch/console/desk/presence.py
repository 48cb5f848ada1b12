"""Who else is on a page: told by the page itself twice a minute, forgotten when it stops, kept nowhere but in the cache.

Names are shown to people of the same member, and to those who run the node.
"""

from __future__ import annotations

from hashlib import sha256

from django.core.cache import cache

from commonwatch.base.accounts.identify import Identity

STAYS_SECONDS = 75  # a page tells every 30


def here(who: Identity, page: str, now_us: int) -> list[str]:
    """Note that somebody is on a page; the names of the others there of whom they may know."""
    key = "presence-" + sha256(page.encode()).hexdigest()
    oldest = now_us - STAYS_SECONDS * 1_000_000
    there: dict[int, tuple[str, int, int]] = {
        account: one for account, one in cache.get(key, {}).items() if one[2] > oldest
    }
    others = [
        name
        for account, (name, member, _) in there.items()
        if account != who.account_id and (who.sees_all or member == who.member)
    ]
    there[who.account_id] = (who.name, who.member, now_us)
    cache.set(key, there, STAYS_SECONDS)
    return sorted(others)
