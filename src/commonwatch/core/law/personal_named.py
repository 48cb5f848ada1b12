"""What a word announces in text: user paths, credentials, accounts, names of persons, suspects."""

from __future__ import annotations

import re
from collections.abc import Iterator

from commonwatch.core.law.personal_mail import Hit
from commonwatch.core.law.personal_values import CAPITAL, NAME, is_account, is_person

_ONE = rf"{CAPITAL}[\w'’-]{{1,30}}(?: {CAPITAL}(?:\.(?= {CAPITAL})|[\w'’-]{{1,30}})){{0,2}}"
_WINDOWS = re.compile(
    r"(?<![A-Za-z0-9_])(?:[A-Za-z]:)?(?:\\{1,4}|/)(?:Users|Documents and Settings)(?:\\{1,4}|/)"
    r"(?P<name>[^\\/:*?\"<>|%$\r\n\t'{}\[\]`,;&=()]{2,40}+(?=[\\/])|[\w.-]{2,40}+(?![\w\\/]))",
    re.IGNORECASE,
)
_HOME = re.compile(r"(?<![\w.~*})>-])/home/(?P<name>[A-Za-z_][\w.-]{1,31}+)(?![*<$%{])")
_FILE_END = re.compile(r"\.(?:txt|sh|py|php|html?|exe|dll|conf|log|js|zip|gz)$", re.IGNORECASE)
_SECRET = re.compile(
    r"(?<![^\W_])(?<![?&])(?:passw(?:or[dt]|d)|pass|pwd|passphrase|passcode|kennwort|contrase[ñn]a|senha|mot de passe|wachtwoord|"
    r"l[öo]senord|пароль|密码|密碼|パスワード|비밀번호|كلمة المرور|api[-_ ]?key|(?:client|shared|aws)?[-_ ]?secret(?:[-_ ]?key)?|"
    r"(?:access|auth|refresh|session|bearer)?[-_ ]?token)"
    r"['\"]?[ \t]{0,2}(?P<sign>is|was|:|：|=>|=)[ \t]{0,2}(?P<quote>['\"`]?)(?P<value>[^\s'\"`,;<>（）]{4,128})",
    re.IGNORECASE,
)
_KEYS = re.compile(
    r"(?<![A-Za-z0-9])(?:AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|eyJ[\w-]{10,1000}+\.eyJ[\w-]{10,2000}+\.[\w-]{10,1000}+)"
    r"(?![A-Za-z0-9])|-----BEGIN (?:[A-Z]{2,9} ){0,2}PRIVATE KEY-----[A-Za-z0-9+/=\s]{0,8192}"
    r"|(?<=[Bb]earer )[A-Za-z0-9._~+/-]{20,2000}+=*"
)
_ACCOUNT = re.compile(
    r"(?<![^\W_])(?P<label>user ?name|user ?id|login name|login|account name|account|handle|nickname|jabber|skype|acct|user)"
    r"(?: (?:account|handle|id|name))?[ \t]{0,2}(?:[:=：][ \t]{0,2}['\"]?|['\"])(?P<name>[\w.\\-]{2,40})",
    re.IGNORECASE,
)
_SID = re.compile(r"(?<![\w-])S-1-5-21-(?:[0-9]{1,10}-){3}[0-9]{4,10}(?![\w-])")
_HANDLE = re.compile(
    r"(?<![^\W_])(?:telegram|twitter|discord|instagram|tiktok|mastodon|weibo|handle|account|channel|user|nick(?:name)?|аккаунт|канал)"
    r"(?: (?:account|handle|channel|user|id|name))?[ :：]{1,3}@(?P<name>\w[\w.]{2,31})",
    re.IGNORECASE,
)
_LABELLED_NAME = re.compile(
    r"(?<![^\W_])(?:[Ff]ull [Nn]ame|[Rr]egistrant(?: [Nn]ame)?|[Cc]ontact (?:[Pp]erson|[Nn]ame)|Ansprechpartner(?:in)?|"
    r"(?:[Cc]ard|[Aa]ccount)[ -]?[Hh]older(?: [Nn]ame)?|[Ee]mployee|[Vv]ictim|[Kk]ontoinhaber(?:in)?)[ ]?[:=][ ]?"
    rf"(?P<name>{NAME})|(?<![^\W_])[Hh]older (?P<holder>{NAME})"
)
_HONORIFIC = re.compile(
    rf"(?<![\w.-])(?:(?:Mr|Mrs|Ms|Sra?(?=\.)|Herrn?|Frau|Mme|Monsieur|Madame|[Ss]ig(?:\.?ra)?(?=\.)|г-н|г-жа|госпожа)\.? (?P<one>{_ONE})"
    rf"|(?:Dr|Prof|M(?=\.))\.? (?:Dr\. )?(?P<two>{NAME}))"
)
_FOREIGN_NAME = re.compile(
    r"(?:ФИО|氏名|姓名|名前|성명|이름|الاسم|नाम|ім'я)[ ]?[:：][ ]?(?P<name>[^\W\d_]{2,20}(?:[ ・·][^\W\d_]{2,20}){0,3})"
)
_SUSPECT = re.compile(
    r"(?<![^\W_])(?:[Ss]uspects?|[Dd]efendant|[Aa]ccused|[Pp]erpetrator|[Bb]eschuldigte[rn]?|[Tt]atverd(?:ä|ae)chtige[rn]?|"
    r"[Ss]ospechos[oa]|[Aa]cusad[oa]|[Mm]is en cause|[Пп]одозреваем\w{2,3}|[Оо]бвиняем\w{2,3})"
    rf"(?:,? (?:is|was|named|identified as|called|namens|nommé))?[ :,]{{1,2}}(?P<name>{NAME})"
)
_CHARGED = re.compile(
    rf"(?<!\w)(?P<name>{NAME})(?:, [0-9]{{2}},| \([0-9]{{2}}\))? (?:was|were|has been|is) "
    r"(?:arrested|indicted|charged|convicted|sentenced|extradited)(?!\w)"
)
_NOT_SURNAMES = frozenset({"Web", "Robot", "Black", "Who", "No", "Evil"})


def named_hits(text: str) -> Iterator[Hit]:
    """Everything a word announces; suspects before names, for the same name may be both."""
    for pattern in (_WINDOWS, _HOME):
        for found in pattern.finditer(text):
            name = found["name"].strip()
            if is_account(name) and _FILE_END.search(name) is None:
                yield ("path", found.start("name"), found.start("name") + len(found["name"].rstrip()))
    yield from credential_hits(text)
    for pattern in (_SUSPECT, _CHARGED):
        for found in pattern.finditer(text):
            if is_person(found["name"]):
                yield ("suspicion", found.start("name"), found.end("name"))
    yield from _name_hits(text)
    for found in _SID.finditer(text):
        yield ("account", found.start(), found.end())
    for found in _ACCOUNT.finditer(text):
        if _is_named_account(found):
            yield ("account", found.start("name"), found.start("name") + len(found["name"].rstrip(".")))


def handle_hits(text: str) -> Iterator[Hit]:
    """Names with an @ in front on social networks, where a word says that they are one."""
    for found in _HANDLE.finditer(text):
        yield ("account", found.start("name"), found.start("name") + len(found["name"].rstrip(".")))


def credential_hits(text: str) -> Iterator[Hit]:
    """Passwords, keys and tokens; a word such as "password" alone is none."""
    for found in _KEYS.finditer(text):
        yield ("credential", found.start(), found.end())
    for found in _SECRET.finditer(text):
        value = found["value"].rstrip(".)]}" if not found["quote"] else "")
        if _is_secret(value, spoken=found["sign"].isalpha()):
            yield ("credential", found.start("value"), found.start("value") + len(value))


def _is_secret(value: str, spoken: bool) -> bool:
    if value[:1] in "%${<*[(" or len(value) < 4 or "://" in value or value.upper().startswith(("CVE-", "0X")):
        return False
    letters, numbers = any(map(str.isalpha, value)), any(map(str.isdigit, value))
    marks = any(part in "!@#$%^&*?~_+" for part in value)
    return (letters and numbers) or (marks and letters and not spoken) or (numbers and value.isdigit() and not spoken)


def _name_hits(text: str) -> Iterator[Hit]:
    for found in _LABELLED_NAME.finditer(text):
        which = "name" if found["name"] else "holder"
        if is_person(found[which]):
            yield ("name", found.start(which), found.end(which))
    for found in _FOREIGN_NAME.finditer(text):
        yield ("name", found.start("name"), found.end("name"))
    for found in _HONORIFIC.finditer(text):
        which = "one" if found["one"] else "two"
        if found[which].split()[0] not in _NOT_SURNAMES:
            yield ("name", found.start(which), found.end(which))


def _is_named_account(found: re.Match[str]) -> bool:
    name = found["name"].rstrip(".")
    if not is_account(name) or len(name) < 3:
        return False
    if any(part in "._\\0123456789" for part in name):
        return not name.replace(".", "").isdigit()
    return found["label"].lower().replace(" ", "") in ("username", "userid", "loginname", "accountname", "acct")
