"""The languages in which documents are said: reports, drafts. By command and API English unless another is asked for."""

from __future__ import annotations

from typing import Annotated

import typer
from django.conf import settings

from commonwatch.core.errors import InvalidInput

InLanguage = Annotated[str, typer.Option("--language", help="Say it in this language: en, fr, es, ar, zh-hans, ru.")]


def known_language(language: str) -> str:
    """The same; raises InvalidInput where there are no words in it."""
    if language not in dict(settings.LANGUAGES):
        known = ", ".join(sorted(dict(settings.LANGUAGES)))
        raise InvalidInput("language-unknown", f"There are no words in {language[:40]}.", f"Use one of {known}.")
    return language
