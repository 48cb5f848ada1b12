"""Which words a list decides by: what members are, their sectors, what may hold in a case. Pure."""

from __future__ import annotations

from typing import NamedTuple

from commonwatch.core.law.duties import Duties

# Asked in every case, the first ones first.
FIRST = ("personal_data", "high_risk_to_people", "significant", "malicious", "cross_border", "payment_made")
_PROCESSOR = "processor"  # no instrument names it as whom it binds, and stages ask for it


class Vocabulary(NamedTuple):
    """The words as the list spells them."""

    roles: tuple[str, ...]
    sectors: tuple[str, ...]
    flags: tuple[str, ...]


def vocabulary(duties: Duties) -> Vocabulary:
    """What a form asks for the list."""
    stages = [stage for one in duties.regimes for stage in one.stages]
    flags = {flag for one in duties.regimes for flag in one.needs}
    flags |= {flag for stage in stages for flag in (stage.when, stage.never_rolls) if flag}
    flags |= {variant.when for stage in stages for variant in stage.variants}
    flags = {flag.removeprefix("!") for flag in flags}
    return Vocabulary(
        tuple(sorted({role for one in duties.regimes for role in one.entities} | {_PROCESSOR})),
        tuple(sorted({sector for one in duties.regimes for sector in one.sectors})),
        (*FIRST, *sorted(flags - set(FIRST))),
    )
