"""Points of contact over the API: the calls of the document's examples, and what a partner's own people get."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.api import examples_contacts as examples
from tests.api.conftest import Partner

Partners = Callable[..., Partner]


def test_every_route_answers_as_its_example_says(keyed: Path, partner: Partners) -> None:
    examples.prepare()
    contributor = partner("contributor")
    seen: dict[str, Any] = {}
    for method, address, make in examples.CALLS:
        asked = make(seen)
        filled = address
        for name, value in asked.get("path", {}).items():
            filled = filled.replace("{" + name + "}", value)
        status, body = contributor(method, filled, asked.get("body"), **asked.get("query", {}))
        assert status == 200, (method, address, body)
        seen[f"{method} {address}"] = body
    [ping] = seen["GET /contacts/{identity}"]["pings"]
    assert (ping["standing"], ping["answer"]) == ("answered", "We are here")
    assert [one["id"] for one in seen["GET /contacts/duty"]] == [examples.THEIRS]
    assert [one["answered"] for one in seen["GET /contacts/measures"] if one["p50_seconds"] is not None] == [1]
    assert seen["GET /contact-profiles/{name}"]["sections"]["3.2"] == "Networks in Austria."


def test_a_partner_reads_its_contacts_and_changes_none_here(keyed: Path, partner: Partners) -> None:
    examples.prepare()
    _, made = partner("contributor")("POST", "/contacts", examples.CONTACT)
    theirs = partner("contributor", "cert-fi")
    assert theirs("GET", f"/contacts/{made['id']}")[0] == 200
    status, refused = theirs("POST", f"/contacts/{made['id']}/confirmation")
    assert (status, refused["code"]) == (403, "other-member")
    assert partner("reader")("POST", "/contacts", examples.CONTACT)[0] == 403
    assert theirs("GET", "/contacts/duty", member="nobody")[0] == 404
