"""Servers under measurement, each a process of its own on loopback: ours, medallion 3.0.0, opentaxii 0.9.3.

The peers live in virtual environments of their own under bench/.peers, made on first use from PyPI.
"""

from __future__ import annotations

import base64
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from bench import meter

ROOT = Path(__file__).parents[1]
PEERS = ROOT / "bench" / ".peers"
COLLECTION = "365fed99-08fa-fdcd-a1b3-fb247eb41d01"
MEDALLION = ["medallion==3.0.0"]
# opentaxii 0.9.3 names no upper bounds; these are the libraries of its time.
OPENTAXII = [
    "opentaxii==0.9.3",
    "flask<2.2",
    "werkzeug<2.2",
    "sqlalchemy<1.5",
    "marshmallow<3.20",
    "blinker<1.7",
    "pyjwt<2.9",
    "psycopg2-binary",
]


@dataclass
class Server:
    """A running server and how to reach its one collection."""

    name: str
    port: int
    path: str  # of the collection, ends with a slash
    authorization: str
    pids: list[int]  # the processes that answer
    folder: Path
    database_pids: list[int] = field(default_factory=list)

    def cpu(self) -> float:
        """CPU seconds so far of the server and of its database."""
        return meter.cpu_seconds(self.pids) + meter.cpu_seconds(self.database_family())

    def database_family(self) -> list[int]:
        """The database server with its present back ends."""
        return [pid for root in self.database_pids for pid in meter.family(root)]


@contextlib.contextmanager
def commonwatch(database_url: str = "", database_pids: list[int] | None = None) -> Iterator[Server]:
    """Our node as a user starts it; the processes that answer are counted, the worker is not."""
    folder = Path(tempfile.mkdtemp(prefix="bench-commonwatch-"))
    environment = {**os.environ, "COMMONWATCH_DATA": str(folder), "COMMONWATCH_DATABASE_URL": database_url}
    if not database_url:
        del environment["COMMONWATCH_DATABASE_URL"]
    environment.pop("DJANGO_SETTINGS_MODULE", None)

    def command(*words: str) -> dict[str, object]:
        run = [sys.executable, "-m", "commonwatch", *words, "--json"]
        answer: dict[str, object] = json.loads(
            subprocess.run(run, env=environment, check=True, capture_output=True).stdout
        )
        return answer

    secret = command("token", "create", "--name", "bench", "--role", "contributor")["secret"]
    port = _free_port()
    run = [sys.executable, "-m", "commonwatch", "serve", "--port", str(port)]
    with _process(run, port, environment, folder) as process:
        server = Server(
            "commonwatch",
            port,
            "/taxii2/root/collections/main/",
            f"Bearer {secret}",
            [process.pid, *_beside(process.pid)],
            folder,
            database_pids or [],
        )
        yield server


def _beside(pid: int) -> list[int]:
    """The further processes that answer, once they are up; the worker is not one of them."""
    time.sleep(3)
    children = [int(one) for file in Path(f"/proc/{pid}/task").glob("*/children") for one in file.read_text().split()]
    return [child for child in children if b"\0web\0" in Path(f"/proc/{child}/cmdline").read_bytes()]


@contextlib.contextmanager
def medallion() -> Iterator[Server]:
    """medallion with its memory back end, as its README starts it."""
    python = _environment("medallion", MEDALLION)
    folder = Path(tempfile.mkdtemp(prefix="bench-medallion-"))
    port = _free_port()
    data = {
        "/discovery": {
            "title": "bench",
            "default": f"http://127.0.0.1:{port}/api/",
            "api_roots": [f"http://127.0.0.1:{port}/api/"],
        },
        "api": {
            "information": {
                "title": "bench",
                "versions": ["application/taxii+json;version=2.1"],
                "max_content_length": 10**9,
            },
            "status": [],
            "collections": [
                {
                    "id": COLLECTION,
                    "title": "bench",
                    "can_read": True,
                    "can_write": True,
                    "media_types": ["application/stix+json;version=2.1"],
                    "objects": [],
                    "manifest": [],
                }
            ],
        },
    }
    (folder / "data.json").write_text(json.dumps(data))
    config = {
        "backend": {
            "module": "medallion.backends.memory_backend",
            "module_class": "MemoryBackend",
            "filename": str(folder / "data.json"),
        },
        "users": {"bench": "bench"},
        "taxii": {"max_page_size": 1000},
    }
    (folder / "config.json").write_text(json.dumps(config))
    run = [str(python.parent / "medallion"), "--port", str(port), "--log-level", "ERROR", str(folder / "config.json")]
    with _process(run, port, dict(os.environ), folder) as process:
        yield Server("medallion", port, f"/api/collections/{COLLECTION}/", _basic(), [process.pid], folder)


@contextlib.contextmanager
def opentaxii(database_url: str = "", database_pids: list[int] | None = None) -> Iterator[Server]:
    """opentaxii's TAXII 2.1 service under its own development server, threads on."""
    python = _environment("opentaxii", OPENTAXII)
    folder = Path(tempfile.mkdtemp(prefix="bench-opentaxii-"))
    port = _free_port()
    url = database_url.replace("postgresql://", "postgresql+psycopg2://") or f"sqlite:///{folder}/data.db"
    (folder / "config.yml").write_text(
        f"""
domain: "127.0.0.1:{port}"
support_basic_auth: yes
auth_api:
  class: opentaxii.auth.sqldb.SQLDatabaseAPI
  parameters: {{db_connection: "sqlite:///{folder}/auth.db", create_tables: yes, secret: bench}}
taxii1:
taxii2:
  title: bench
  contact: bench
  description: bench
  default_api_root:
  max_content_length: 1000000000
  public_discovery: true
  allow_custom_properties: true
  persistence_api:
    class: opentaxii.persistence.sqldb.Taxii2SQLDatabaseAPI
    parameters: {{db_connection: "{url}", create_tables: yes}}
return_server_error_details: yes
logging: {{opentaxii: error, root: error}}
"""
    )
    environment = {**os.environ, "OPENTAXII_CONFIG": str(folder / "config.yml")}
    (folder / "serve.py").write_text(_OPENTAXII_SERVE.format(port=port))
    with _process([str(python), str(folder / "serve.py")], port, environment, folder) as process:
        path = (folder / "path").read_text()
        yield Server("opentaxii", port, path, _basic(), [process.pid], folder, database_pids or [])


_OPENTAXII_SERVE = """
import pathlib
from opentaxii.middleware import create_app
from opentaxii.server import TAXIIServer
from opentaxii.config import ServerConfig
from opentaxii.entities import Account
from opentaxii.local import context
# 0.9.3 answers 500 wherever an answer holds a UUID; with this its routes work and can be measured.
import functools, json, types
import opentaxii.taxii2.http
opentaxii.taxii2.http.json = types.SimpleNamespace(dumps=functools.partial(json.dumps, default=str))
server = TAXIIServer(ServerConfig())
app = create_app(server)
with app.app_context():
    context.account = Account(id=None, username="admin", permissions={{}}, is_admin=True)
    server.auth.api.create_account("bench", "bench", is_admin=True)
    api = server.servers.taxii2.persistence.api
    root = api.add_api_root("bench", "bench", True)
    collection = api.add_collection(root.id, "bench", "bench", None, True, True)
    here = pathlib.Path(__file__).parent
    (here / "path").write_text(f"/taxii2/{{root.id}}/collections/{{collection.id}}/")
app.run(host="127.0.0.1", port={port}, threaded=True)
"""


@contextlib.contextmanager
def _process(run: list[str], port: int, environment: dict[str, str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
    with (folder / "server.log").open("wb") as log:
        process = subprocess.Popen(run, env=environment, stdout=log, stderr=log, cwd=folder)
    try:
        _wait(port, process, folder)
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(20)
        process.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _wait(port: int, process: subprocess.Popen[bytes], folder: Path) -> None:
    for _ in range(300):
        if process.poll() is not None:
            raise SystemExit(f"It did not start:\n{(folder / 'server.log').read_text()[-2000:]}")
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.1)
    raise SystemExit(f"Nothing listens on port {port}.")


def _environment(name: str, requirements: list[str]) -> Path:
    python = PEERS / name / "bin" / "python"
    if not python.exists():
        print(f"Installing {' '.join(requirements)} (once) ...", flush=True)
        where = {**os.environ, "PYTHONPATH": str(ROOT / ".tools")}
        uv = [sys.executable, "-m", "uv", "--quiet"]
        subprocess.run([*uv, "venv", str(PEERS / name)], check=True, env=where)
        subprocess.run([*uv, "pip", "install", "--python", str(python), *requirements], check=True, env=where)
    return python


def _basic() -> str:
    return "Basic " + base64.b64encode(b"bench:bench").decode()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(server: Server) -> str:
    """What the collection resource says, to see that the server is really there."""
    request = urllib.request.Request(
        f"http://127.0.0.1:{server.port}{server.path}",
        headers={"Authorization": server.authorization, "Accept": "application/taxii+json;version=2.1"},
    )
    with urllib.request.urlopen(request) as response:
        return str(response.read().decode())
