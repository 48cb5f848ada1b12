"""Requests made from the OpenAPI document itself, good and bad: none ends in an error of ours, each answer is documented."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import schemathesis
from django.core.wsgi import get_wsgi_application
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode

from commonwatch.base.accounts.models import Role
from tests.base.release.nodes import indicator, member, post
from tests.capabilities.partners import token

EXAMPLES = 6  # for each route, of good requests and of bad ones: with these it takes half a minute
_BOUNDED = settings(
    max_examples=EXAMPLES,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


def test_no_request_made_from_the_document_ends_in_an_error_of_ours(keyed: Path) -> None:
    member("friend")
    post([indicator(1, "GREEN")])
    headers = {"Authorization": f"Bearer {token('a', Role.ADMINISTRATOR)}"}
    document = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", get_wsgi_application())
    asked = 0
    for found in document.get_all_operations():
        operation: Any = found.ok()  # type: ignore[union-attr]  # what cannot be read in the document raises
        good, bad = (operation.as_strategy(generation_mode=mode) for mode in GenerationMode)

        @_BOUNDED
        @given(case=st.one_of(good, bad))
        def ask(case: Any) -> None:
            nonlocal asked
            asked += 1
            answer = case.call(headers=headers)
            where = f"{case.method} {case.formatted_path} {case.query} {case.body}"
            theirs = (
                answer.status_code == 502 and "/peers" in case.formatted_path
            )  # the example's invitation leads to a node that is not there
            assert answer.status_code < 500 or theirs, (where, answer.text)
            body = json.loads(answer.content)
            if answer.status_code >= 400:
                assert set(body) == {"code", "sentence", "advice", "data"}, (where, body)

        run: Callable[[], None] = ask
        run()
    assert asked >= 40 * EXAMPLES
