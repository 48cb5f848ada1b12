"""A program of others that evidence is kept in: an S3-compatible service."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.authorities import needed

# An independent S3 service that computes each signature anew, by botocore. Not among the project's own requirements: it needs older
# versions of libraries that the node uses.
S3_SERVICE = "moto[s3,server]==5.2.5"
_SERVE = """
import json, os, sys
os.environ["INITIAL_NO_AUTH_ACTION_COUNT"] = "4"  # those below; from then on it checks
import boto3
from moto.server import ThreadedMotoServer
server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
server.start()
url = "http://127.0.0.1:%d" % server.get_host_and_port()[1]
given = dict(endpoint_url=url, region_name="us-east-1", aws_access_key_id="x", aws_secret_access_key="y")
iam = boto3.client("iam", **given)
iam.create_user(UserName="node")
allowed = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*"}]}
iam.put_user_policy(UserName="node", PolicyName="store", PolicyDocument=json.dumps(allowed))
key = iam.create_access_key(UserName="node")["AccessKey"]
boto3.client("s3", **given).create_bucket(Bucket=sys.argv[1])
print(url, key["AccessKeyId"], key["SecretAccessKey"], flush=True)
sys.stdin.read()
"""


@dataclass(frozen=True)
class S3:
    """An S3-compatible service that runs, and who may use it."""

    url: str
    key_id: str
    secret: str


@cache
def installed(package: str) -> Path:
    """The programs of a package of others, in an environment of its own."""
    folder = Path(tempfile.mkdtemp(prefix="commonwatch-foreign-"))
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    got = subprocess.run(
        [folder / "bin" / "pip", "install", "--quiet", package], capture_output=True, text=True, check=False
    )
    needed(got.returncode == 0, f"{package}, which pip could not: {got.stderr[-300:]}")
    return folder / "bin"


@contextmanager
def s3_service(bucket: str) -> Iterator[S3]:
    """An S3-compatible service with one empty bucket, on a loopback port."""
    running = subprocess.Popen(
        [installed(S3_SERVICE) / "python", "-c", _SERVE, bucket],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={"PATH": os.environ["PATH"]},
    )
    assert running.stdout is not None and running.stdin is not None
    try:
        yield S3(*running.stdout.readline().split())
    finally:
        running.kill()
        running.wait()
        running.stdout.close()
        running.stdin.close()
