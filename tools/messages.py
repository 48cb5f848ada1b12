"""Words of the console in six languages: collected, translated, compiled, checked. Needs no gettext programs.

    messages.py                 collect what pages say, keep what is translated, compile
    messages.py missing         what is not translated yet, as JSON to be filled in
    messages.py fill FILE       take such a file in: {"English": {"fr": "...", "ar": ["one form", "for each plural", ...]}}
    messages.py check           0 if every word has its translations and everything is compiled

A part of the console (`shell`, and each folder with an `area.py`) has a catalogue of its own, so that people who work on different
parts do not meet in one file. What `shell` says already is not repeated in an area. A context comes before its word, with U+0004.
An area has the words of rooms below, too, that make documents in several languages (reports, drafts of notices), and of their lists.

`below` is what the rooms under the console say in English sentences: errors, findings, reasons of rules, what settings mean. It has the patterns of these
sentences, values as `%(v1)s`, `%(v2)s`; `console.shell.told` finds a sentence again by its pattern. A pattern that ends in a value has to
say enough before it.
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import polib
from django.conf import settings
from django.template.base import Lexer, TokenType

from commonwatch.base.config import NodeSettings
from commonwatch.capabilities.assistance.forms import parse_forms
from commonwatch.capabilities.assistance.skills import parse_skills
from commonwatch.capabilities.duties import words as duties
from commonwatch.capabilities.duties.vocabulary import vocabulary
from commonwatch.console.response import list_words
from commonwatch.core.law import periods
from commonwatch.core.law.duties import parse_duties
from commonwatch.core.law.mutual_assistance import parse_instruments

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "commonwatch"
CONSOLE = PACKAGE / "console"
BELOW = CONSOLE / "below"
SENTENCES = BELOW / "sentences.json"
LANGUAGES = {"fr": "fr", "es": "es", "ar": "ar", "zh-hans": "zh_Hans", "ru": "ru"}
# As Django's own catalogues have them: catalogues with other plurals could not be joined with those.
PLURALS = {
    "fr": "nplurals=2; plural=(n > 1);",
    "es": "nplurals=2; plural=(n != 1);",
    "ar": "nplurals=6; plural=n==0 ? 0 : n==1 ? 1 : n==2 ? 2 : n%100>=3 && n%100<=10 ? 3 : n%100>=11 && n%100<=99 ? 4 : 5;",
    "zh-hans": "nplurals=1; plural=0;",
    "ru": "nplurals=3; plural=(n%10==1 && n%100!=11 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);",
}
# Rooms below the console that say something in the reader's language themselves, as the command line does too: reports, drafts.
ROOMS = {"response": ("assistance", "contacts", "duties", "evidence", "incidents")}
_DATA = (("duties", "duties"), ("assistance", "forms"), ("assistance", "skills"), ("evidence", "legal_instruments"))
LISTS = {
    "response": [PACKAGE / "capabilities" / room / "data" / f"{name}.json" for room, name in _DATA]
}  # of which they say words
FORMS = {language: int(text[9]) for language, text in PLURALS.items()}
CALLS: dict[str, tuple[int, int | None, int | None]] = {
    "_": (0, None, None),
    "gettext": (0, None, None),
    "gettext_lazy": (0, None, None),
    "ngettext": (0, 1, None),
}
CALLS |= {"ngettext_lazy": (0, 1, None), "pgettext": (1, None, 0), "pgettext_lazy": (1, None, 0)}
STRING = r"""("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')"""
TRANSLATE = re.compile(rf"^trans(?:late)?\s+{STRING}(?:.*?\bcontext\s+{STRING})?", re.DOTALL)
INLINE = re.compile(rf"""\b_\({STRING}\)""")
CONTEXT = re.compile(rf"\bcontext\s+{STRING}")
HOLE = re.compile(r"%\((\w+)\)s")
SENTENCE = re.compile(r"(?:[A-Z]|%\(v1\)s ).* .*[.!?]", re.DOTALL)
# What begins with a name, a number or a command; what begins with a place, or ends in a value, and says enough by itself; what ends
# in a command or a setting, which has no full stop.
OF_A_NAME = re.compile(r"[a-z0-9`][^|\\]* [^|\\]*[.!]")
OF_A_PLACE = re.compile(r"%\(v1\)s[,:] .* .*[.!?]", re.DOTALL)
TO_A_VALUE = re.compile(r"(?![A-Z]{4} ?[A-Z])(?:[A-Z]|%\(v1\)s ).* .* %\(v\d+\)s", re.DOTALL)  # and is no SQL
TO_A_COMMAND = re.compile(r"[A-Z][a-z].*: \S.*[^.!?:\s](?<!\)s)", re.DOTALL)
TELLING = 10  # letters of its own: with fewer a pattern would be found in sentences that it does not mean
LONGEST_SENTENCE = 400
NOT_SAID = {"help", "description", "epilog"}  # arguments: of the command line's and the API's own documents
NOT_SHOWN = ("api.py", "models.py", "settings.py")
IN_RULES = re.compile(r'^@(?:title|explain|law|remedy)\("((?:[^"\\]|\\.)*)"\)', re.MULTILINE)


class Word(NamedTuple):
    """Something that pages say."""

    text: str
    plural: str = ""
    context: str = ""

    @property
    def key(self) -> str:
        """How it is called in files of translations."""
        return f"{self.context}\u0004{self.text}" if self.context else self.text


def parts() -> list[str]:
    """`shell` first, then the areas."""
    return ["shell", *sorted(path.parent.name for path in CONSOLE.glob("*/area.py"))]


def sources(part: str) -> Iterator[Path]:
    """Files whose words belong to a part; `shell` has all that is no area's."""
    areas = parts()[1:]
    if part != "shell":
        yield from (CONSOLE / part).rglob("*.py")
        yield from (CONSOLE / "templates" / "console" / part).rglob("*.html")
        for room in ROOMS.get(part, ()):
            yield from (PACKAGE / "capabilities" / room).rglob("*.py")
        yield from LISTS.get(part, ())
        return
    folders = (CONSOLE, PACKAGE / "base" / "accounts", PACKAGE / "api" / "templates")
    for path in (path for folder in folders for path in folder.rglob("*") if path.suffix in (".py", ".html")):
        inside = path.relative_to(CONSOLE).parts if path.is_relative_to(CONSOLE) else ()
        area = inside[2] if inside[:2] == ("templates", "console") and len(inside) > 3 else inside[0] if inside else ""
        if area not in areas:
            yield path


def sentences() -> dict[Word, list[str]]:
    """What the rooms below say, and where."""
    found: dict[Word, list[str]] = {}
    rooms = [path for room in ("core", "base", "capabilities") for path in sorted((PACKAGE / room).rglob("*"))]
    for path in [*rooms, CONSOLE / "shell" / "errors.py", *sorted((CONSOLE / "desk").glob("*.py"))]:
        said = set(_sentences_in(path)) if path.suffix in (".py", ".cedar") and _is_shown(path) else ()
        for text in said:
            found.setdefault(Word(text), []).append(path.relative_to(PACKAGE).as_posix())
    for field in NodeSettings.model_fields.values():
        found[Word(field.description or "")] = ["base/config/settings.py"]
    return found


def _is_shown(path: Path) -> bool:
    """Whether people at pages may read what it says: not commands, whose readers sit at a terminal, nor documents of code."""
    is_command = any("commands" in part for part in path.relative_to(PACKAGE).parts)
    return not is_command and not path.name.endswith(NOT_SHOWN) and "migrations" not in path.parts


def _sentences_in(path: Path) -> Iterator[str]:
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".cedar":
        yield from IN_RULES.findall(text)
        return
    tree = ast.parse(text)
    passed = set(_passed_over(tree))
    for node in ast.walk(tree):
        said = "" if id(node) in passed else _pattern(node)
        if len(said) <= LONGEST_SENTENCE and _is_sentence(said):
            yield said


def _is_sentence(said: str) -> bool:
    if TO_A_VALUE.fullmatch(said) or OF_A_PLACE.fullmatch(said):
        return sum(letter.isalpha() for letter in HOLE.sub("", said)) >= TELLING
    return any(form.fullmatch(said) for form in (SENTENCE, OF_A_NAME, TO_A_COMMAND))


def _passed_over(tree: ast.AST) -> Iterator[int]:
    """Nodes of docstrings, of logs and of help texts, and the pieces of patterns."""
    for node in ast.walk(tree):
        over: list[ast.AST] = []
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            over = [node]
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            over = [node] if isinstance(node.func.value, ast.Name) and node.func.value.id == "log" else []
        elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CALLS:
            over = list(node.args)  # a word of a catalogue already
        elif isinstance(node, ast.keyword) and node.arg in NOT_SAID:
            over = [node.value]
        elif isinstance(node, ast.JoinedStr):
            over = list(ast.iter_child_nodes(node))
        yield from (id(inner) for one in over for inner in ast.walk(one))


def _pattern(node: ast.AST) -> str:
    """A text, or a text with values as holes; empty for anything else."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if not isinstance(node, ast.JoinedStr):
        return ""
    number, said = 0, ""
    for piece in node.values:
        if isinstance(piece, ast.Constant):
            said += str(piece.value)
        else:
            number += 1
            said += f"%(v{number})s"
    return said


def words_of(path: Path) -> Iterator[Word]:
    """What a file says."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".json":
        yield from _IN_LISTS[path.stem](text)
    else:
        yield from _in_python(text) if path.suffix == ".py" else _in_template(text)


def _in_duties(text: str) -> Iterator[Word]:
    """What pages and drafts say of the list; who is told only where that is no proper name."""
    found = parse_duties(text.encode())
    roles, sectors, flags = vocabulary(found)
    yield from (Word(duties.spelt(role), "", duties.ROLE) for role in roles)
    yield from (Word(duties.spelt(sector), "", duties.SECTOR) for sector in sectors)
    yield from (Word(duties.spelt(flag), "", duties.FLAG) for flag in flags)
    yield from (Word(duties.plain(start.means), "", duties.EVENT) for start in found.starts)
    said = [said for rule in found.countings for said in (rule.title, rule.hours_note) if said]
    yield from (Word(one, "", duties.COUNTING) for one in said)
    yield from (Word(duties.plain(word), "", duties.LIMIT) for word in periods.Word)
    for regime in found.regimes:
        if duties.is_described(regime.recipient):
            yield Word(regime.recipient, "", duties.RECIPIENT)
        yield from (Word(whom, "", duties.TOLD_TOO) for whom in regime.also_inform)
        for stage in regime.stages:
            yield Word(duties.plain(stage.stage), "", duties.STAGE)
            yield from (Word(field.text, "", duties.POINT) for field in stage.content)


def _in_forms(text: str) -> Iterator[Word]:
    """What is asked of who wants help."""
    for form in parse_forms(text.encode()).forms:
        said = [form.title, form.used_by, form.note]
        for field in form.fields:
            said += [field.label, field.help, *field.choices]
        yield from (Word(one, "", list_words.HELP) for one in said if one)


def _in_skills(text: str) -> Iterator[Word]:
    """What can be given, and its units where those are words."""
    for skill in parse_skills(text.encode()).skills:
        yield Word(skill.title, "", list_words.SKILL)
        if skill.unit.isalpha() and skill.unit.islower():
            yield Word(skill.unit, "", list_words.SKILL)


def _in_instruments(text: str) -> Iterator[Word]:
    """What is of our own wording: no names of treaties, and nothing of what their articles say."""
    found = parse_instruments(text.encode())
    said = [*found.purposes.values(), *(one.title for one in found.instruments)]
    said += [*(one.title for one in found.forms), *(one.title for one in found.offences)]
    for article in (article for one in found.instruments for article in one.articles):
        said += [article.title, article.asks, article.asked, article.text, *(clock.what for clock in article.clocks)]
    for ground in found.grounds:
        said += [ground.title, ground.question]
    for field in (field for form in found.forms for field in form.fields):
        said += [duties.plain(field.id), field.text]
    yield from (Word(one, "", list_words.LEGAL) for one in said if one)


_IN_LISTS = {"duties": _in_duties, "forms": _in_forms, "skills": _in_skills, "legal_instruments": _in_instruments}


def _in_python(text: str) -> Iterator[Word]:
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name) or node.func.id not in CALLS:
            continue
        said = [
            one.value if isinstance(one, ast.Constant) and isinstance(one.value, str) else None for one in node.args
        ]
        first, second, context = CALLS[node.func.id]
        if (word := said[first]) is not None:
            yield Word(
                word,
                said[second] or "" if second is not None else "",
                said[context] or "" if context is not None else "",
            )


def _in_template(text: str) -> Iterator[Word]:
    block: list[str] | None = None
    opening = ""
    for token in Lexer(text).tokenize():
        if token.token_type is TokenType.COMMENT:
            continue
        if block is not None and token.token_type is TokenType.TEXT:
            block[-1] += token.contents.replace("%", "%%")
        elif block is not None and token.token_type is TokenType.VAR:
            block[-1] += f"%({token.contents})s"
        elif token.contents.startswith("plural") and block is not None:
            block.append("")
        elif token.contents.startswith("endblocktrans") and block is not None:
            given = CONTEXT.search(opening)
            yield Word(block[0], block[1] if len(block) > 1 else "", _unquoted(given[1]) if given else "")
            block = None
        elif token.token_type is TokenType.BLOCK and token.contents.startswith("blocktrans"):
            block, opening = [""], token.contents
        elif match := TRANSLATE.match(token.contents):
            yield Word(_unquoted(match[1]), "", _unquoted(match[2]) if match[2] else "")
        elif token.token_type is not TokenType.TEXT:
            yield from (Word(_unquoted(found)) for found in INLINE.findall(token.contents))


def _unquoted(text: str) -> str:
    return str(ast.literal_eval(text))


def collected() -> dict[str, dict[Word, list[str]]]:
    """For each part what it says and in which files; words of `shell` are left out of areas."""
    found: dict[str, dict[Word, list[str]]] = {}
    for part in parts():
        said: dict[Word, list[str]] = {}
        for path in sorted(set(sources(part))):
            for word in words_of(path):
                if part == "shell" or word not in found["shell"]:
                    places = said.setdefault(word, [])
                    name = path.relative_to(PACKAGE).as_posix()
                    places += [] if name in places else [name]
        found[part] = said
    found["below"] = {word: places for word, places in sentences().items() if word not in found["shell"]}
    return found


def catalogue(part: str, language: str) -> Path:
    """Where a part's words in a language are."""
    return CONSOLE / part / "locale" / LANGUAGES[language] / "LC_MESSAGES" / "django.po"


def read(part: str, language: str) -> dict[str, polib.POEntry]:
    """What is translated, by key."""
    path = catalogue(part, language)
    entries = polib.pofile(str(path)) if path.exists() else []
    return {Word(one.msgid, "", one.msgctxt or "").key: one for one in entries}


def written(part: str, language: str, said: dict[Word, list[str]], new: dict[str, Any]) -> polib.POFile:
    """A part's catalogue of today: what is said, with the translations that were there or are new."""
    before = read(part, language)
    file = polib.POFile(wrapwidth=120)
    file.metadata = {
        "Language": LANGUAGES[language],
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": PLURALS[language],
    }
    for word in sorted(said):
        entry = polib.POEntry(
            msgid=word.text,
            msgctxt=word.context or None,
            occurrences=[(place, "") for place in said[word]],
            flags=["python-format"] if HOLE.search(word.text) else [],
        )
        old = before.get(word.key)
        given = new.get(word.key)
        if word.plural:
            entry.msgid_plural = word.plural
            kept = (
                [old.msgstr_plural.get(number, "") for number in range(FORMS[language])]
                if old
                else [""] * FORMS[language]
            )
            entry.msgstr_plural = dict(enumerate(given or kept))
        else:
            entry.msgstr = given or (old.msgstr if old else "")
        file.append(entry)
    return file


def wrong(entry: polib.POEntry, language: str) -> str:
    """What is wrong with a translation; empty if nothing."""
    forms = list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]
    if not all(forms) or (entry.msgid_plural and len(forms) != FORMS[language]):
        return "not translated"
    holes = set(HOLE.findall(entry.msgid)) | set(HOLE.findall(entry.msgid_plural or ""))
    for form in forms:
        found = set(HOLE.findall(form))
        if found - holes or (holes - found and not entry.msgid_plural):
            return f"holds {sorted(found)} instead of {sorted(holes)}"
    return ""


def patterns() -> str:
    """The patterns of the rooms below, as the console reads them."""
    return json.dumps(sorted(word.text for word in sentences()), ensure_ascii=False, indent=0) + "\n"


def update(new: dict[str, dict[str, Any]]) -> None:
    """Write and compile every catalogue."""
    BELOW.mkdir(exist_ok=True)
    SENTENCES.write_text(patterns(), encoding="utf-8")
    for part, said in collected().items():
        for language in LANGUAGES:
            file = written(
                part, language, said, {key: forms[language] for key, forms in new.items() if language in forms}
            )
            path = catalogue(part, language)
            path.parent.mkdir(parents=True, exist_ok=True)
            file.save(str(path))
            file.save_as_mofile(str(path.with_suffix(".mo")))


def missing() -> dict[str, dict[str, Any]]:
    """What is still to be translated."""
    found: dict[str, dict[str, Any]] = {}
    for part, said in collected().items():
        for language in LANGUAGES:
            for entry in written(part, language, said, {}):
                if wrong(entry, language):
                    empty: Any = [""] * FORMS[language] if entry.msgid_plural else ""
                    found.setdefault(Word(entry.msgid, "", entry.msgctxt or "").key, {})[language] = empty
    return found


def check() -> list[str]:
    """What is wrong, line by line."""
    is_of_today = SENTENCES.exists() and SENTENCES.read_text(encoding="utf-8") == patterns()
    problems = [] if is_of_today else [f"{SENTENCES.name} is not of today: run tools/messages.py"]
    for part, said in collected().items():
        for language in LANGUAGES:
            path = catalogue(part, language)
            today = written(part, language, said, {})
            for entry in today:
                if problem := wrong(entry, language):
                    problems.append(f"{part}/{language}: {entry.msgid!r} {problem}")
            if not path.exists() or path.read_text(encoding="utf-8") != str(today) + (
                "" if str(today).endswith("\n") else "\n"
            ):
                problems.append(f"{part}/{language}: {path.name} is not of today: run tools/messages.py")
            elif path.with_suffix(".mo").read_bytes() != today.to_binary():
                problems.append(
                    f"{part}/{language}: {path.with_suffix('.mo').name} is not compiled: run tools/messages.py"
                )
    return problems


def main(words: list[str]) -> int:
    """0 if all is well."""
    if words == ["missing"]:
        print(json.dumps(missing(), ensure_ascii=False, indent=1))
    elif len(words) == 2 and words[0] == "fill":
        update(json.loads(Path(words[1]).read_text(encoding="utf-8")))
    elif words == ["check"]:
        problems = check()
        print("\n".join(problems) or "Every word has its translations.")
        return 1 if problems else 0
    elif not words:
        update({})
    else:
        print(__doc__)
        return 2
    return 0


if __name__ == "__main__":
    settings.configure()
    sys.exit(main(sys.argv[1:]))
