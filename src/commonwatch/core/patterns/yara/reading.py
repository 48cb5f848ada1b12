"""Read a YARA text through yara-x: which rules it holds, what they need, what is wrong and where; a broken one costs itself.

1. Includes are refused: a rule never reads a file of this node. Modules that need a sandbox's or a service's answer
   (`cuckoo`, `vt`) are refused, since nothing is ever fetched; rules that use them are named.
2. The outside variables that public rules use (`filename`, `filepath`, `extension`, `filetype`) are there.
3. At most a megabyte of text. yara-x bounds nesting, expressions and the time of a scan itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from commonwatch.core.stix.values import Finding

MAX_LENGTH = 1_000_000
REFUSED_MODULES = ("cuckoo", "vt")
OUTSIDE = ("filename", "filepath", "extension", "filetype")
# Modules that read the structure of a file and so can never hold for the text of an event.
FILE_MODULES = frozenset({"crx", "dex", "dotnet", "elf", "lnk", "macho", "pe", "zip"})


class YaraReading(msgspec.Struct, frozen=True):
    """All that one text gave. `rules` are the names of those that are executable; `modules` what they import."""

    text: str = ""
    rules: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    problems: tuple[Finding, ...] = ()


def read(text: str) -> YaraReading:
    """The text's rules and problems. Never raises, whatever the text."""
    if len(text) > MAX_LENGTH:
        sentence = f"The text has {len(text):,} characters; at most {MAX_LENGTH:,} are read."
        return YaraReading(problems=(Finding("yara-length", "refuse", "", sentence, "Split it."),))
    compiler = new_compiler()
    add(compiler, text)
    problems = tuple(_problems(compiler))
    rules = compiler.build()
    names = tuple(rule.identifier for rule in rules)
    if not names and not problems:
        problems = (Finding("yara-empty", "refuse", "", "There is no rule in it.", "Put a YARA rule there."),)
    return YaraReading(text if names else "", names, tuple(rules.imports()), problems)


def new_compiler() -> Any:
    """A compiler that reads nothing but the text it is given, and leaves out what does not compile."""
    import yara_x

    compiler = yara_x.Compiler(includes_enabled=False, relaxed_re_syntax=True)
    compiler.ignore_invalid_rules(True)
    for module in REFUSED_MODULES:
        compiler.ignore_module(module)
    for name in OUTSIDE:
        compiler.define_global(name, "")
    return compiler


def add(compiler: Any, text: str) -> None:
    """Add one text; what is wrong with it stays in `compiler.errors()`."""
    import yara_x

    try:
        compiler.add_source(text)
    except yara_x.CompileError:
        return


def _problems(compiler: Any) -> Iterator[Finding]:
    for error in compiler.errors():
        yield _finding(error, "refuse", "Correct the rule there.")
    for ignored in compiler.ignored_rules():
        if "ignored module" in ignored.message:
            yield Finding(
                "yara-module",
                "refuse",
                f"rule {ignored.name}",
                f"The rule {ignored.message}, which this node never asks.",
                "Write the rule without it.",
            )
    for warning in compiler.warnings():
        if not warning["title"].startswith("module `"):  # said above, for the rule that it concerns
            yield _finding(warning, "note", "See whether that is meant.")


def _finding(report: Mapping[str, Any], severity: Any, remedy: str) -> Finding:
    label = next((label["text"] for label in report["labels"] if label.get("text")), "")
    title = str(report["title"])
    sentence = f"{title[:1].upper()}{title[1:]}{': ' if label else ''}{label}."
    return Finding(
        f"yara-{report['code']}", severity, f"line {report['line']}, column {report['column']}", sentence, remedy
    )
