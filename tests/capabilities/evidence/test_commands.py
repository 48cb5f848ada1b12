"""The commands as a person gives them: what they say, the JSON that a script gets, and exit codes."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from commonwatch.base import terminal
from commonwatch.base.intake.own import Audience, write
from commonwatch.base.parties.queries import own_member
from commonwatch.base.terminal import Terminal, use
from commonwatch.capabilities.evidence.commands import items, requests
from commonwatch.cli import custody
from commonwatch.core.errors import Conflict, InvalidInput, NotAllowed
from commonwatch.core.stix.times import format_time
from tests.base.release.nodes import by
from tests.capabilities.evidence.conftest import OFFICER

Run = Callable[..., Any]


@pytest.fixture
def run(partnered: Path, capsys: pytest.CaptureFixture[str]) -> Iterator[Run]:
    """Call a command and get its JSON; `code`: with which it ends."""
    before = terminal.current()
    use(Terminal(json=True))

    def call(command: Callable[..., None], *given: Any, code: int = 0, **options: Any) -> Any:
        capsys.readouterr()
        try:
            command(*given, **options)
            assert code == 0
        except SystemExit as end:
            assert end.code == code
        return json.loads(capsys.readouterr().out)

    yield call
    use(before)


def incident(**more: Any) -> str:
    at = format_time(by().now_us, 3)
    case = {
        "type": "incident",
        "spec_version": "2.1",
        "id": f"incident--{uuid4()}",
        "created_by_ref": own_member().identity,
        "created": at,
        "modified": at,
        "name": "Wiper at two ports",
        "description": "Terminals were wiped on 20 November.",
        **more,
    }
    (made,) = write([case], Audience("TLP:AMBER", ("cert-no",)), by=by())
    return made


def test_from_a_file_to_one_that_verifies_and_back(run: Run, source: Path, tmp_path: Path) -> None:
    (tmp_path / "officer.key").write_text(str(OFFICER))
    key = [str(OFFICER.to_public())]
    made = run(items.add, source, "Mail server", "StPO 110", recipient=key, members=["cert-no"])
    item = made["item"]["id"]
    assert (made["item"]["state"], made["missing_stamps"]) == ("held-here", [])
    assert [one["id"] for one in run(items.list_items)] == [item]
    case = incident()
    other = run(items.add, source, "Of the case", "StPO 110", recipient=key, case=case)["item"]["id"]
    assert [one["id"] for one in run(items.list_items, limit=1, case=case)] == [other]
    assert run(items.list_items, case="incident--none") == []
    run(items.note, item, "examined", tool="plaso")
    assert run(items.stamp, item, code=1) == {"stamps": [], "missing": []}  # no authority is set: that is no success
    assert run(items.check)["troubles"] == []
    run(items.pack, item, tmp_path / "disk.tar")
    assert run(items.take, tmp_path / "disk.tar")["manifest"] == made["about"]["sealed"]["manifest"]
    opened = run(items.open_, item, tmp_path / "one.img", tmp_path / "officer.key")
    assert opened["sha256"] == made["item"]["sha256"]
    assert run(items.open_file, tmp_path / "disk.tar", tmp_path / "two.img", tmp_path / "officer.key") == {
        **opened,
        "file": str(tmp_path / "two.img"),
        "bytes": 15_000,
    }
    run(custody.export, item, tmp_path / "chain.json")
    said = run(custody.verify, tmp_path / "chain.json", content=source)
    assert said["holds"] and {one["what"] for one in said["checked"]} >= {"signature", "order", "content"}
    altered = (tmp_path / "chain.json").read_text().replace("StPO 110", "StPO 111")
    (tmp_path / "altered.json").write_text(altered)
    assert not run(custody.verify, tmp_path / "altered.json", code=1)["holds"]
    run(items.hand_over, item, "cert-no", "analysis")
    assert run(items.show, item)["item"]["state"] == "offered"
    assert run(items.case_uco, item)["@graph"]


def test_no_one_opens_to_a_place_that_is_taken(run: Run, source: Path, tmp_path: Path) -> None:
    (tmp_path / "officer.key").write_text(str(OFFICER))
    item = run(items.add, source, "Disk", "StPO 110", recipient=[str(OFFICER.to_public())])["item"]["id"]
    (tmp_path / ".taken.img.part").write_bytes(b"")
    with pytest.raises(InvalidInput, match="is there already"):
        run(items.open_, item, tmp_path / "taken.img", tmp_path / "officer.key")
    assert (tmp_path / ".taken.img.part").exists()  # it is another's
    with pytest.raises(InvalidInput, match="is there already"):
        run(items.open_, item, source, tmp_path / "officer.key")
    with pytest.raises(InvalidInput, match="no secret key"):
        run(items.open_, item, tmp_path / "x.img", source)


def test_a_form_is_filled_from_the_case(run: Run) -> None:
    case = incident()
    ways = run(requests.may_ask, "cert-no", "preserve", offence=["bud-2"])
    assert ways[0]["answer"] == "may" and ways[0]["checks"]
    assert run(requests.may_ask, "cert-ie", "preserve", code=1)[0]["answer"] == "may-not"
    form = run(requests.form, "cert-no", "preserve", offence=["bud-2"], case=case, code=1)
    assert form["fields"]["facts_summary"] == "Wiper at two ports: Terminals were wiped on 20 November."
    assert form["fields"]["reference_case_number"] == case
    assert form["fields"]["requesting_authority"] == "CERT.at (AT)"
    assert set(form["missing"]) == {"data_to_preserve", "link_to_offence", "necessity", "urgency"}
    given = [f"{name}=said" for name in form["missing"]]
    sent = run(requests.request, "cert-no", "preserve", "Logs", offence=["bud-2"], case=case, fields=given)
    (listed,) = run(requests.list_requests)
    assert (listed["id"], listed["state"], listed["ours"]) == (sent["id"], "asked", True)
    shown = run(requests.show, sent["id"])
    assert (shown["case"], shown["fields"]["necessity"]) == (case, "said")
    with pytest.raises(NotAllowed, match="Another member is asked"):
        run(requests.answer, sent["id"], "preserved")
    assert run(requests.withdraw, sent["id"], "Found here")["id"]
    with pytest.raises(InvalidInput, match="no NAME=TEXT"):
        run(requests.form, "cert-no", "preserve", fields=["nothing"])


def test_a_newer_list_of_a_lawyer_is_put_in_use_and_an_older_one_is_not(
    run: Run, partnered: Path, tmp_path: Path
) -> None:
    known = run(requests.show_instruments)
    newer = {**known, "as_of": "2026-12-24"}
    ireland = next(one for one in newer["instruments"][0]["parties"] if one["place"] == "IE")
    ireland["in_force"] = "2026-11-01"
    (tmp_path / "list.json").write_text(json.dumps(newer))
    assert run(requests.may_ask, "cert-ie", "preserve", code=1)[0]["answer"] == "may-not"
    try:
        assert run(requests.show_instruments, tmp_path / "list.json")["as_of"] == "2026-12-24"
        assert run(requests.may_ask, "cert-ie", "preserve")[0]["answer"] == "may"
        with pytest.raises(Conflict, match="Give a newer one"):
            run(requests.show_instruments, tmp_path / "list.json")
    finally:
        (partnered / "legal_instruments.json").unlink(missing_ok=True)
