"""The words by which text is found, the same for what is indexed and for what is asked. Pure.

1. Letters count without case, diacritics, vowel signs, width or ligature (Unicode NFKD); `ё` is `е`, `é` is `e`. In Arabic alef
   is one letter with and without hamza, final yeh is yeh, teh marbuta is heh, and a word is also found without its article.
2. Chinese and Japanese (and scripts of South-East Asia) are written without blanks: each pair of neighbouring characters is a
   word, and the last character alone.
3. What `.`, `-`, `_`, `@` or `:` joins is a word as a whole, and so are its parts and every rest of it: `c2.evil.example` is found by
   itself, by `evil.example` and by `c2`. Short numbers are no words of their own. `CobaltStrike` is `cobalt` and `strike` as well.
4. A question is words that must all occur. `word*` is every word that begins so, `-word` must not occur, quotation marks keep
   nothing together: order does not count.
5. Characters that only format (bidirectional overrides, zero width) are passed over; controls and punctuation separate.

Not a stemmer: `attacks` is not `attack`; ask `attack*`.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from commonwatch.core.errors import InvalidInput

LONGEST_WORD = 64  # characters; the rest of a longer one is not looked at
MOST_WORDS = 300  # of one object
MOST_ASKED = 16  # words of one question
LONGEST_QUESTION = 500
_LONGEST_TEXT = 4_000  # characters of one description that are indexed
_LONGEST_OF_ALL = 20_000  # of all texts of an object
_MOST_PARTS = 12
_ASCII = re.compile(r"[0-9a-z]+(?:[.\-_@:]+[0-9a-z]+)*")
_WORD = re.compile(r"[^\W_]+(?:[.\-_@:]+[^\W_]+)*")
_JOINT = re.compile(r"[.\-_@:]+")
_NUMBERS = re.compile(r"[0-9.\-_@:]{1,6}")
_HUMPED = re.compile(r"\b[A-Z]*[a-z]{2,}[A-Z][A-Za-z]*\b")
_CAMEL = re.compile(r"[A-Z]?[a-z]{2,}|[A-Z]{2,}(?![a-z])")
# Kana, Han with its extensions; Thai, Lao, Myanmar, Khmer.
_UNSPACED = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]+"
)
_ALIKE = str.maketrans({"ى": "ي", "ة": "ه", "ـ": None, "ک": "ك", "ی": "ي"})
_ARTICLES = (
    ("وال", 6),
    ("بال", 6),
    ("كال", 6),
    ("فال", 6),
    ("ال", 5),
    ("لل", 5),
)  # with the shortest word that has one


class Term(msgspec.Struct, frozen=True):
    """One word of a question."""

    word: str
    prefix: bool = False
    excluded: bool = False


def words_of(texts: Iterable[str]) -> list[str]:
    """The words of an object's texts, each once, sorted."""
    text = "\n".join([text[:_LONGEST_TEXT] for text in texts])[:_LONGEST_OF_ALL]
    plain = folded(text)
    found: set[str] = set()
    for joined in set((_ASCII if plain.isascii() else _WORD).findall(plain)):
        found.update(_words_in(joined))
    for word in _HUMPED.findall(text):
        found.update(part.lower()[:LONGEST_WORD] for part in _CAMEL.findall(word))
    return sorted(found)[:MOST_WORDS]


def terms_of(question: str) -> tuple[Term, ...]:
    """The words of a question; raises InvalidInput where there is none to look for."""
    found: list[Term] = []
    for part in question[:LONGEST_QUESTION].split():
        excluded = part[:1] == "-" and len(part) > 1
        prefix = part.rstrip("\"'”»,;").endswith("*")
        found += [msgspec.structs.replace(term, excluded=excluded) for term in _asked(part, prefix=prefix)]
    terms = tuple(dict.fromkeys(found))[:MOST_ASKED]
    if not any(not term.excluded for term in terms):
        raise InvalidInput("words-missing", "There is no word in it to look for.", "Give a word or a number.")
    return terms


def folded(text: str) -> str:
    """The text as rules 1 and 5 have it."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join([char for char in apart if unicodedata.category(char) not in ("Mn", "Cf")])
    return unicodedata.normalize("NFC", kept).translate(_ALIKE)


@lru_cache(maxsize=65_536)
def _words_in(joined: str) -> tuple[str, ...]:
    """Rules 2 and 3. Remembered: a feed says the same few words in every object."""
    found: list[str] = []
    for run, spaced in _runs(joined):
        if spaced:
            words = list(_rests(run))
            found += words
            found += [bare for word in words if (bare := _without_article(word)) != word]
        else:
            found += [run[n : n + 2] for n in range(len(run))]
    return tuple(found)


def _asked(text: str, *, prefix: bool) -> Iterator[Term]:
    for joined in _WORD.findall(folded(text)):
        runs = list(_runs(joined))
        for number, (run, spaced) in enumerate(runs):
            last = prefix and number == len(runs) - 1
            if spaced:
                yield Term((run if last else _without_article(run))[:LONGEST_WORD], last)
            elif len(run) == 1:
                yield Term(run, prefix=True)
            else:
                yield from (Term(run[n : n + 2]) for n in range(len(run) - 1))


def _runs(word: str) -> Iterator[tuple[str, bool]]:
    """Stretches of a word, and whether blanks stand between the words of their script."""
    if word.isascii():
        yield word, True
        return
    end = 0
    for match in _UNSPACED.finditer(word):
        if rest := word[end : match.start()].strip(".-_@:"):
            yield rest, True
        yield match[0], False
        end = match.end()
    if rest := word[end:].strip(".-_@:"):
        yield rest, True


def _rests(joined: str) -> Iterator[str]:
    """Rule 3."""
    yield joined[:LONGEST_WORD]
    parts = _JOINT.split(joined, maxsplit=_MOST_PARTS)
    if len(parts) == 1:
        return
    start = 0
    for part in parts:
        start = joined.index(part, start)
        if not (part.isdigit() and len(part) < 4):
            yield part[:LONGEST_WORD]
        rest = joined[start : start + LONGEST_WORD]
        if start and not _NUMBERS.fullmatch(rest):
            yield rest
        start += len(part)


def _without_article(word: str) -> str:
    if word.isascii():
        return word
    for article, shortest in _ARTICLES:
        if word.startswith(article) and len(word) >= shortest:
            return word[len(article) :]
    return word
