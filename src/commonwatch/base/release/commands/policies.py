"""`commonwatch policy`: the rules themselves, and changing them with a report first."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commonwatch.base.clock import now_us
from commonwatch.base.parties.actions import By
from commonwatch.base.release.epochs import activate_policies
from commonwatch.base.release.expectations import expectations, tested
from commonwatch.base.release.explain import Asking, reach
from commonwatch.base.release.models import Epoch, PolicySet
from commonwatch.base.release.policies import SCHEMA, own_files
from commonwatch.base.release.report import ChangeReport
from commonwatch.base.release.shown import policy_text, shown_epoch, shown_policy
from commonwatch.base.terminal import Exit, current
from commonwatch.core.errors import NotFound

app = typer.Typer(no_args_is_help=True, help="Policies of release: read them, try changes, put them in force.")

ACTOR = "command line"
Folder = Annotated[
    Path, typer.Argument(exists=True, help="A .cedar file, or a folder of some: all of the node's own policies.")
]


@app.command("list")
def list_policies(
    gate: Annotated[str, typer.Option(help="Only this gate: handling, law, policy, obligation.")] = "",
) -> None:
    """List the policies in force today, those made from agreements and transfer regimes among them.

    Example: commonwatch policy list --gate law
    """
    book = Asking().world.book
    found = [shown_policy(one) for one in book.policies.values() if gate in ("", one.gate)]
    columns = ["id", "gate", "effect", "title", "law", "date"]
    current().table(columns, [[row[column] for column in columns] for row in found], "There are no such policies.")
    current().print(f"\nDigest of all: {book.digest}")
    current().result({"digest": book.digest, "policies": found})


@app.command()
def show(name: Annotated[str, typer.Argument(help="Id of a policy, from `policy list`.")]) -> None:
    """Show a policy as it is written.

    Example: commonwatch policy show law/transfer-eu
    """
    world = Asking().world
    policy = world.book.policies.get(name)
    if policy is None:
        raise NotFound("policy-unknown", f"There is no policy {name}.", "See `policy list`.")
    text = policy_text(world, policy)
    current().print(f"// {policy.file}\n{text}")
    current().result({**shown_policy(policy), "file": policy.file, "text": text})


@app.command()
def schema() -> None:
    """Show what policies may speak about.

    Example: commonwatch policy schema
    """
    current().print(SCHEMA)
    current().result({"schema": SCHEMA})


@app.command()
def diff(files: Folder) -> None:
    """Show who would gain and who would lose what if these were the node's own policies. Nothing is changed.

    Example: commonwatch policy diff policies/
    """
    given = _read(files)
    before = own_files()
    for name in sorted({*given, *before}):
        if given.get(name) != before.get(name):
            current().print(f"{name}: {'new' if name not in before else 'gone' if name not in given else 'changed'}")
    _tell(activate_policies(given, "preview", By(ACTOR, now_us()), preview=True))


@app.command()
def activate(files: Folder, reason: Annotated[str, typer.Option(help="Why, for the record.")]) -> None:
    """Put these in force in place of the node's own policies of before; the report is kept with the act.

    Example: commonwatch policy activate policies/ --reason "Board decision 12"
    """
    _tell(activate_policies(_read(files), reason, By(ACTOR, now_us()), preview=False))


@app.command()
def history(limit: Annotated[int, typer.Option(min=1, help="How many, newest first.")] = 20) -> None:
    """List what changed decisions: policies, members, agreements, days; with who gained and who lost how much.

    Example: commonwatch policy history
    """
    found = [shown_epoch(one) for one in Epoch.objects.order_by("-pk")[:limit]]
    columns = ["epoch", "made", "what", "by", "gained", "lost", "world"]
    current().table(columns, [[row[column] for column in columns] for row in found], "Nothing was decided yet.")
    current().result({"epochs": found, "policy_sets": PolicySet.objects.count()})


@app.command("reach")
def show_reach() -> None:
    """Show how much each member gets of everything that the node holds, in which variant.

    Example: commonwatch policy reach
    """
    found, examples, objects, classes = reach()
    columns = ["member", "purpose", "full", "pseudonymised", "stripped", "parts", "withheld"]
    rows = [[getattr(one, column) for column in columns] for one in found]
    current().table(columns, rows, "Nothing is held yet.")
    current().print(f"\n{objects:,} object versions in {classes:,} release classes.")
    current().result({"recipients": found, "examples": examples, "objects": objects, "classes": classes})


@app.command()
def test(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="JSON list of expectations.")],
) -> None:
    """Check expectations: a list of {"object", "to", "purpose", "outcome", "variant"}, against the policies in force.

    Example: commonwatch policy test expectations.json
    """
    found = tested(expectations(file.read_bytes()))
    rows = [
        (one["object"], one["to"], one["outcome"], one["got"]["outcome"], "ok" if one["passed"] else "FAILED")
        for one in found
    ]
    current().table(["object", "to", "expected", "got", ""], rows, "The file holds no expectations.")
    current().result(found)
    if not all(one["passed"] for one in found):
        current().stop(Exit.NOT_ALL_ADMITTED)


def _tell(report: ChangeReport) -> None:
    for line in report.lines():
        current().print(line)
    current().result(report.data())


def _read(files: Path) -> dict[str, str]:
    paths = sorted(files.glob("*.cedar")) if files.is_dir() else [files]
    return {path.name: path.read_text() for path in paths}
