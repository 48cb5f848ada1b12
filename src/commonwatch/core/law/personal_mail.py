"""E-mail addresses in text, as they are and as reports write them so that nobody clicks: bob[at]firm[.]eu, bob%40firm.eu."""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonwatch.core.law.personal_values import NAME, is_account, is_person, is_personal_mail

Hit = tuple[str, int, int]  # category, start, end

_DOT = r"(?:\.| ?\[(?:\.|dot)\] ?| ?\((?:\.|dot)\) ?| dot )"
_AT = re.compile(
    r"[@＠]|%40| ?\[@\] ?| ?[\[(]at[\])] ?| at (?=[a-z0-9-]{1,63} dot )",
    re.IGNORECASE,
)
# Read from the sign backwards; an alphabet and the script of the prose around it are kept apart.
_LOCAL = re.compile(r"[A-Za-z0-9_.+'\u00c0-\u052f-]{1,64}|[\w.-]{1,64}")
_DOMAIN = re.compile(
    rf"(?:[^\W_][\w-]{{0,62}}+{_DOT}){{1,8}}(?P<top>xn--[a-z0-9-]{{2,59}}|[a-z]{{2,24}}+(?![0-9_])|[^\W\d_a-z]{{2,24}})(?![@]|-\w)",
    re.IGNORECASE,
)
_REFANGED = re.compile(r" ?[\[(](?:\.|dot)[\])] ?| dot ", re.IGNORECASE)
_OWNER = re.compile(rf"({NAME})[\"']? <$")
_PASSWORD = re.compile(r"[:;|](?=[^\s\d]{0,63}\d)(?=[^\sA-Za-z]{0,63}[A-Za-z])([^\s,:;|\"'<>/@]{6,64})(?=\s|$|[,\"'])")
_USERINFO = re.compile(r"(?<=://)[^\s/@:'\"]{1,64}:[^\s/@'\"]{1,64}(?=@)")


def mail_hits(text: str) -> Iterator[Hit]:
    """Addresses of persons, and the passwords that leaks write behind them or into URLs."""
    for sign in _AT.finditer(text):
        # A look at no more than a mailbox's length: the cost stays linear whatever the text.
        before = _LOCAL.match(text[max(0, sign.start() - 64) : sign.start()][::-1])
        after = _DOMAIN.match(text, sign.end(), sign.end() + 300)
        if before is None or after is None:
            continue
        local = before[0].rstrip(".'-+")[::-1]
        start = sign.start() - len(local)
        if _is_url_user(text, start) or not is_personal_mail(local.lstrip("."), _REFANGED.sub(".", after[0])):
            continue
        yield ("e-mail", start, after.end())
        owner = _OWNER.search(text, max(0, start - 64), start) if text[start - 1 : start] == "<" else None
        if owner is not None and is_person(owner[1]):
            yield ("name", owner.start(1), owner.end(1))
        password = _PASSWORD.match(text, after.end())
        if password is not None:
            yield ("credential", password.start(1), password.end(1))
    for user in _USERINFO.finditer(text):
        if is_account(user[0].partition(":")[0]):
            yield ("credential", user.start(), user.end())


def _is_url_user(text: str, start: int) -> bool:
    """https://bank.example@evil.example and https://user:word@host name no mailbox."""
    head = text[max(0, start - 68) : start]
    return head.endswith("//") or (head.endswith(":") and "//" in head and "mailto" not in head)
