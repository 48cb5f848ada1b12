"""Runs the tests: everything on SQLite, then what touches the database again on a real PostgreSQL.

Arguments go to pytest and then only the SQLite run is made (`./run test tests/core -k split`), unless
COMMONWATCH_DATABASE_URL says otherwise. Without PostgreSQL's server programs the second run is left out with a notice;
with CI=true that is a failure.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[1]
BROWSER = "tests/browser"
DOCS = "tests/docs"  # `./run check` has them
ON_BOTH = ["tests/base", "tests/capabilities", "tests/federation", "tests/properties"]


def pytest(*arguments: str, **environment: str) -> int:
    """Run pytest in the project and return its exit code."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", *arguments], cwd=ROOT, env={**os.environ, **environment}, check=False
    ).returncode


def server_programs() -> Path | None:
    """The folder with `initdb`, newest version first."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]), reverse=True)
    if found:
        return found[0].parent
    on_path = shutil.which("initdb")
    return Path(on_path).resolve().parent if on_path else None


@contextmanager
def postgresql(programs: Path, *, durable: bool = True) -> Iterator[str]:
    """A throw-away PostgreSQL on a Unix socket and a loopback port of its own; yields its URL.

    `durable=False` waits for no disk: what is killed is never the machine, so nothing that tests can see is different.
    """
    folder = Path(tempfile.mkdtemp(prefix="commonwatch-pg-"))
    as_user: list[str | Path] = []
    if os.getuid() == 0:  # PostgreSQL refuses to run as root
        shutil.chown(folder, "postgres", "postgres")
        as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    port = str(55_000 + os.getpid() % 5_000)

    def run(*command: str | Path, check: bool = True) -> None:
        subprocess.run([*as_user, *command], check=check, stdout=subprocess.DEVNULL, cwd=folder)

    made: list[str | Path] = ["-D", folder / "db", "-U", "commonwatch", "--auth=trust", "-E", "UTF8", "--locale=C"]
    run(programs / "initdb", *made)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c max_connections=200"
    if not durable:
        options += " -c fsync=off -c full_page_writes=off -c synchronous_commit=off"
    control: list[str | Path] = [programs / "pg_ctl", "-D", folder / "db", "-w", "-l", folder / "log"]
    run(*control, "-o", options, "start")
    try:
        yield f"postgresql://commonwatch@127.0.0.1:{port}/postgres"
    finally:
        run(*control, "-m", "immediate", "stop", check=False)
        shutil.rmtree(folder, ignore_errors=True)


def main() -> int:
    """Both runs; the exit code of the first that failed."""
    if sys.argv[1:]:
        return pytest(*sys.argv[1:])
    # The browser's driver leaves an event loop running in its process: nothing else can run one there.
    for chosen in (["--ignore", BROWSER, "--ignore", DOCS], [BROWSER]):
        if code := pytest("-n", "2", *chosen):
            return code
    programs = server_programs()
    if programs is None:
        print("PostgreSQL's server is not installed: the tests ran on SQLite only (apt-get install postgresql).")
        return 1 if os.environ.get("CI") else 0
    with postgresql(programs, durable=False) as url:
        print("\nAgain on PostgreSQL: " + " ".join(ON_BOTH), flush=True)
        return pytest("-n", "2", "-m", "database", *ON_BOTH, COMMONWATCH_DATABASE_URL=url)


if __name__ == "__main__":
    sys.exit(main())
