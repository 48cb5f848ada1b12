"""The running node as its keeper knows it: starts, is killed, starts again by itself, ends when told."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import httpx2
import pytest

from tests.capabilities.partners import MAIN, PATIENCE, TAXII, indicator

ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if not name.startswith("COMMONWATCH_") and name != "DJANGO_SETTINGS_MODULE"
}


def command(data: Path, *words: str) -> Any:
    run = [sys.executable, "-m", "commonwatch", *words, "--data", str(data), "--json"]
    return json.loads(subprocess.run(run, env=ENVIRONMENT, capture_output=True, check=True).stdout)


@contextmanager
def serving(data: Path, **settings: str) -> Iterator[tuple[subprocess.Popen[bytes], dict[str, str]]]:
    """A node in a process of its own; yields it and what it said at the start."""
    run = [sys.executable, "-m", "commonwatch", "serve", "--port", "0", "--data", str(data), "--json"]
    with subprocess.Popen(
        run, env={**ENVIRONMENT, **settings}, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        try:
            assert process.stdout is not None
            yield process, json.loads(process.stdout.readline())
        finally:
            process.kill()


def until(condition: Callable[[], bool]) -> None:
    for _ in range(PATIENCE * 20):
        if condition():
            return
        time.sleep(0.05)
    raise AssertionError("it did not come to be")


def children(pid: int, word: str) -> list[int]:
    """Those started as `commonwatch <word>`, by any of the node's threads."""
    found = [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    return [one for one in found if Path(f"/proc/{one}/comm").read_text().strip() == f"cw {word}"]


def has(pid: int, **counts: int) -> bool:
    return all(len(children(pid, word)) == count for word, count in counts.items())


def memory_kb(pid: int, kind: str) -> int:
    """Of what a process has written, or got from its parent as it was."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{kind}:"))


def is_alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "node"


def partner(data: Path, address: str) -> httpx2.Client:
    secret = command(data, "token", "create", "--name", "p", "--role", "contributor", "--label", str(time.time()))[
        "secret"
    ]
    headers = {"Authorization": f"Bearer {secret}", "Accept": TAXII, "Content-Type": TAXII}
    return httpx2.Client(base_url=address, headers=headers, timeout=PATIENCE)


def held(client: httpx2.Client) -> set[str]:
    found, following = set(), ""
    while True:
        body = client.get(f"{MAIN}objects/?match[version]=all{following}").json()
        found |= {one["id"] for one in body.get("objects", [])}
        if not body.get("more"):
            return found
        following = f"&next={body['next']}"


def test_a_fresh_node_gives_an_administrators_link_that_works(data: Path) -> None:
    with serving(data) as (_, said):
        assert httpx2.get(said["address"], timeout=PATIENCE).status_code == 200
        page = httpx2.get(said["setup"], timeout=PATIENCE)
        assert page.status_code == 200 and "password" in page.text
        assert httpx2.get(said["taxii"], headers={"Accept": TAXII}, timeout=PATIENCE).status_code == 401


def test_what_was_acknowledged_outlives_a_kill_in_the_middle_of_ingest(data: Path) -> None:
    acknowledged: set[str] = set()
    number = 0
    for _ in range(4):
        with serving(data) as (process, said), partner(data, said["address"].rstrip("/")) as client:
            assert acknowledged <= held(client)
            started = time.monotonic()
            while True:
                batch = [indicator(number + n) for n in range(40)]
                number += 40
                if time.monotonic() - started > 0.7 and process.poll() is None:
                    process.send_signal(signal.SIGKILL)
                try:
                    answer = client.post(f"{MAIN}objects/", content=json.dumps({"objects": batch}).encode())
                except httpx2.TransportError:
                    break
                assert answer.status_code == 202
                acknowledged |= {one["id"] for one in batch}
    with serving(data) as (_, said), partner(data, said["address"].rstrip("/")) as client:
        found = held(client)
    assert len(acknowledged) > 200 and acknowledged <= found
    # A batch that was not acknowledged is in as a whole, or not at all.
    assert (len(found) - len(acknowledged)) % 40 == 0
    assert all(one["fine"] for one in command(data, "doctor"))


@pytest.mark.parametrize("word", ["worker", "web"])
def test_a_process_that_dies_is_started_again_and_ends_with_the_node(data: Path, word: str) -> None:
    with serving(data, COMMONWATCH_WEB_PROCESSES="2") as (process, said):
        until(partial(has, process.pid, worker=1, web=1))
        (first,) = children(process.pid, word)
        os.kill(first, signal.SIGKILL)
        until(lambda: bool(children(process.pid, word)) and children(process.pid, word) != [first])
        (second,) = children(process.pid, word)
        assert httpx2.get(said["address"], timeout=PATIENCE).status_code == 200
        time.sleep(1)  # it has to be reading its pipe
        process.kill()
        until(lambda: not is_alive(second))


def test_processes_share_the_port_and_the_journal(data: Path) -> None:
    with serving(data, COMMONWATCH_WEB_PROCESSES="3") as (process, said):
        until(partial(has, process.pid, worker=1, web=2))
        time.sleep(2)  # they have to be listening
        for child in children(process.pid, "web"):
            assert memory_kb(child, "Shared_Dirty") > memory_kb(child, "Private_Dirty"), "what is loaded is not shared"
        objects = [indicator(n) for n in range(60)]
        with partner(data, said["address"].rstrip("/")) as client:
            headers = client.headers
        for one in objects:  # each over a connection of its own, so by any of the processes
            sent = httpx2.post(
                f"{said['taxii']}root/collections/main/objects/",
                json={"objects": [one]},
                headers=headers,
                timeout=PATIENCE,
            )
            assert sent.status_code == 202
        body = httpx2.get(f"{said['taxii']}root/collections/main/objects/", headers=headers, timeout=PATIENCE).json()
        assert [one["id"] for one in body["objects"]] == [one["id"] for one in objects]


def test_an_end_that_is_asked_for_is_clean(data: Path) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        with serving(data) as (process, _):
            until(partial(has, process.pid, worker=1))
            (worker,) = children(process.pid, "worker")
            time.sleep(1)  # both are up
            process.send_signal(number)
            process.wait(PATIENCE)
            assert process.returncode == 0 and not is_alive(worker)
            assert process.stderr is not None
            said = process.stderr.read()
            assert b"Traceback" not in said and b"Fatal" not in said


def test_followers_catch_up_by_themselves(data: Path, tmp_path: Path) -> None:
    with serving(data):
        source = tmp_path / "in.ndjson"
        source.write_text("\n".join(json.dumps(indicator(n)) for n in range(50)))
        command(data, "import", str(source))
        until(lambda: command(data, "status")["types"] == {"indicator": 50})


def test_a_port_that_is_taken_is_said_to_be(data: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = [sys.executable, "-m", "commonwatch", "serve", "--port", port, "--data", str(data)]
        done = subprocess.run(run, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    assert done.returncode == 3 and "--port" in done.stderr and "Traceback" not in done.stderr
