"""`commonwatch backup`, `restore`, `doctor`, `erase` and `follower`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from django.conf import settings

from commonwatch.base.journal import acts, followers
from commonwatch.base.journal.backup import make_backup, restore_backup
from commonwatch.base.journal.examine import examine
from commonwatch.base.terminal import Exit, current
from commonwatch.core.errors import InvalidInput
from commonwatch.core.stix.ids import parse_id

ACTOR = "command line"
EVIDENCE = "evidence"  # in `backup.beside`
followers_app = typer.Typer(no_args_is_help=True, help="Look after the followers of the journal.")


def backup(
    target: Annotated[Path, typer.Argument(help="A new folder for the backup.")],
    with_evidence: Annotated[
        bool, typer.Option("--with-evidence", help="Sealed content as well, as large as it is.")
    ] = False,
) -> None:
    """Write a consistent backup while the node runs: database, key, settings, and a manifest with digests.

    Example: commonwatch backup /srv/backups/2026-11-23
    """
    manifest = make_backup(settings.COMMONWATCH, target, also=(EVIDENCE,) if with_evidence else ())
    current().print(f"Backup of {manifest['versions']:,} object versions is in {target}.")
    for name, saved in manifest.get("beside", {}).items():
        current().print(f"With it, from {name}: {saved['pieces']:,} pieces, {saved['bytes']:,} bytes.")
    current().print(f"Keep it apart from the node. To check it: commonwatch restore {target} --data NEW_FOLDER")
    current().result(manifest)


def restore(source: Annotated[Path, typer.Argument(help="The folder that `backup` wrote.")]) -> None:
    """Make a node from a backup, in an empty data folder, and verify it.

    Example: commonwatch restore /srv/backups/2026-11-23 --data /srv/commonwatch
    """
    manifest = restore_backup(source, settings.COMMONWATCH)
    current().print(
        f"Restored and verified: {manifest['versions']:,} object versions, last entry {manifest['last_seq']}."
    )
    for name, saved in manifest.get("beside", {}).items():
        current().print(f"With it, into {name}: {saved['pieces']:,} pieces, {saved['bytes']:,} bytes.")
    current().result(manifest)


def doctor() -> None:
    """Look for what is wrong with the node, and say what to do about it.

    Example: commonwatch doctor
    """
    terminal = current()
    found = examine(settings.COMMONWATCH)
    for finding in found:
        terminal.print(f"{'ok' if finding.fine else 'PROBLEM':<8} {finding.sentence} {finding.remedy}".rstrip())
    terminal.result(found)
    if not all(finding.fine for finding in found):
        terminal.stop(Exit.NODE_UNABLE)


def erase(
    identifier: Annotated[str, typer.Argument(help="Id of the object.")],
    reason: Annotated[str, typer.Option(help="Why, for the record: law, order, request.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Destroy the bytes of every version of an object. A tombstone with their digest stays; this cannot be undone.

    Example: commonwatch erase indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f --reason "GDPR Art. 17, request 12"
    """
    named = parse_id(identifier)
    if named is None:
        raise InvalidInput("id-malformed", f"{identifier} is no STIX id.", "Give type--UUID.")
    if not yes and not typer.confirm(f"Destroy every version of {identifier} on this node?"):
        current().stop(Exit.WRONG_USE)
    gone = acts.erase(*named, actor=ACTOR, reason=reason)
    current().print(f"{gone} versions are erased." if gone else "This node holds no such object.")
    current().result({"id": identifier, "erased": gone})


@followers_app.command("list")
def list_followers() -> None:
    """List followers, how far each is, and where one stopped and why.

    Example: commonwatch follower list
    """
    found = followers.states()
    rows = [(s.name, s.cursor, s.failed_at or "", s.failure) for s in found]
    current().table(["name", "cursor", "stopped at", "why"], rows, "No follower has run yet: start the node.")
    current().result(
        [{"name": s.name, "cursor": s.cursor, "failed_at": s.failed_at, "failure": s.failure} for s in found]
    )


Name = Annotated[str, typer.Argument(help="Name, from `follower list`.")]


@followers_app.command("resume")
def resume(name: Name) -> None:
    """Let a stopped follower try again from the entry where it stopped.

    Example: commonwatch follower resume inventory
    """
    followers.resume(name)
    current().print(f"{name} goes on.")
    current().result({"name": name})


@followers_app.command("skip")
def skip(name: Name, reason: Annotated[str, typer.Option(help="Why, for the record.")]) -> None:
    """Let a stopped follower pass over the entry where it stopped, on record.

    Example: commonwatch follower skip inventory --reason "known fault, entry carries no count"
    """
    seq = followers.skip(name, actor=ACTOR, reason=reason)
    current().print(f"{name} skips entry {seq} and goes on.")
    current().result({"name": name, "skipped": seq})


@followers_app.command("rebuild")
def rebuild(name: Name) -> None:
    """Let a follower forget everything and read the journal again from its first entry.

    Example: commonwatch follower rebuild inventory
    """
    followers.ask_for_rebuild(name)
    current().print(f"{name} starts again from the first entry as soon as the node runs.")
    current().result({"name": name})
