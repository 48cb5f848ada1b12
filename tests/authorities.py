"""Time-stamping authorities of others: `openssl ts` behind HTTP."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest


def needed(present: bool, what: str) -> None:
    """Whether a program is there; without it the test says so, and in CI fails."""
    if not present:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(f"Not verified: install {what}.")


@dataclass
class Authority:
    """A local time-stamping authority: `openssl ts` behind HTTP. `down`: it answers 503."""

    name: str
    folder: Path
    url: str = ""
    down: bool = False
    asked: int = 0
    server: ThreadingHTTPServer | None = field(default=None, repr=False)

    @property
    def root(self) -> bytes:
        return (self.folder / "root.pem").read_bytes()

    def answer(self, query: bytes) -> bytes:
        """What openssl answers to a request."""
        self.asked += 1
        (self.folder / "query").write_bytes(query)
        done = subprocess.run(
            ["openssl", "ts", "-reply", "-config", "ts.cnf", "-queryfile", "query", "-out", "reply"],
            cwd=self.folder,
            capture_output=True,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return (self.folder / "reply").read_bytes()


def named(settings: Any, roots: Path, **authorities: Authority) -> None:
    """Let the node's settings name these, and believe their roots, which go into that file."""
    roots.write_bytes(b"".join(one.root for one in authorities.values()))
    settings.COMMONWATCH = settings.COMMONWATCH.model_copy(
        update={
            "stamp_authorities": [f"{name}={one.url}" for name, one in authorities.items()],
            "stamp_roots": str(roots),
            "outbound_networks": ["127.0.0.0/8"],
        }
    )


_CONFIG = """
[tsa]
default_tsa = tsa_config
[tsa_config]
dir = .
serial = ./serial
crypto_device = builtin
signer_cert = ./signer.pem
signer_key = ./signer.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha384, sha512
accuracy = secs:1
ordering = no
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[signer]
basicConstraints = CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[req]
distinguished_name = dn
[dn]
"""


def make_authority(folder: Path, name: str) -> Authority:
    """An authority with its own root."""
    needed(shutil.which("openssl") is not None, "openssl")
    folder.mkdir(parents=True)
    (folder / "ts.cnf").write_text(_CONFIG)
    (folder / "serial").write_text("01\n")

    def openssl(*arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=folder, check=True, capture_output=True)

    new = ["req", "-newkey", "rsa:2048", "-nodes", "-config", "ts.cnf"]
    openssl(*new, "-x509", "-days", "3650", "-extensions", "root", "-subj", f"/CN={name} root", "-keyout", "root.key", "-out", "root.pem")  # fmt: skip
    openssl(*new, "-subj", f"/CN={name}", "-keyout", "signer.key", "-out", "signer.csr")
    openssl("x509", "-req", "-in", "signer.csr", "-CA", "root.pem", "-CAkey", "root.key", "-CAcreateserial", "-days", "3650", "-extfile", "ts.cnf", "-extensions", "signer", "-out", "signer.pem")  # fmt: skip
    return Authority(name, folder)


@contextmanager
def authority(folder: Path, name: str) -> Iterator[Authority]:
    """The same, answering on a loopback port."""
    made = make_authority(folder, name)

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"
        of: ClassVar[Authority] = made

        def do_POST(self) -> None:
            query = self.rfile.read(int(self.headers["content-length"]))
            if self.of.down or self.headers["content-type"] != "application/timestamp-query":
                self.send_error(503)
                return
            reply = self.of.answer(query)
            self.send_response(200)
            self.send_header("content-type", "application/timestamp-reply")
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing."""

    made.server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    made.url = f"http://127.0.0.1:{made.server.server_address[1]}"
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    try:
        yield made
    finally:
        made.server.shutdown()
        made.server.server_close()
        thread.join()
