"""The lists that come with the program: forms, skills, the states of a request."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

from commonwatch.capabilities.assistance.forms import Form, Forms, parse_forms
from commonwatch.capabilities.assistance.machine import Machine, parse_machine
from commonwatch.capabilities.assistance.skills import Skills, parse_skills
from commonwatch.core.errors import NotFound

_DATA = Path(__file__).parent / "data"


@lru_cache(maxsize=1)
def forms() -> Forms:
    """Every form."""
    return parse_forms((_DATA / "forms.json").read_bytes())


def form_named(name: str) -> Form:
    """One form; raises NotFound."""
    found = next((form for form in forms().forms if form.id == name), None)
    if found is None:
        raise NotFound("form-unknown", f"There is no form {name}.", "See `commonwatch assist forms`.")
    return found


@lru_cache(maxsize=1)
def skills() -> Skills:
    """Everything that can be asked for and offered."""
    return parse_skills((_DATA / "skills.json").read_bytes())


@lru_cache(maxsize=1)
def machine() -> Machine:
    """The states of a request, and which act leads where."""
    return parse_machine((_DATA / "states.json").read_bytes())
