"""What sealing evidence costs: both sums, age and the store in one pass, beside `sha256sum` and age alone; peak memory; a kill.

    .venv/bin/python -m bench.evidence_sealing [--gigabytes 10] [--folder /var/tmp] [--recipients 3]

The content is random bytes of 64 MiB, repeated, on disk. Sealing runs in a process of its own with Django and the whole node
loaded, as the command has it; its peak memory is VmHWM of /proc. Killed half way, the second process goes on; how much was hashed, sealed and
put again is counted. Opening, as a recipient does it, is measured as well.
"""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from time import perf_counter

MIB = 2**20

WORK = """
import os, sys, time
from pathlib import Path
os.environ["COMMONWATCH_NO_NODE"] = "1"
os.environ["DJANGO_SETTINGS_MODULE"] = "commonwatch.site.settings"
import django
django.setup()
from commonwatch.cli import commands
from commonwatch.capabilities.evidence import carrying, sealing
from commonwatch.capabilities.evidence.store.folder import FolderStore
what, folder, source = sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3])
store = FolderStore(folder / "store")
total = 0
def told(done):
    global total
    total += done
    if what == "seal":
        print(total, flush=True)
if what == "seal":
    made = sealing.seal(source, store, sys.argv[4:], folder / "notes", told)
    print("manifest", made.manifest, made.content.sha256, flush=True)
else:
    manifest = sealing.manifest_of(store.get(sys.argv[4]))
    out = open(os.devnull, "wb")
    found = sealing.unseal(manifest, store.get, sealing.identities_of(sys.argv[5]), out.write, told)
    print("opened", found.sha256, flush=True)
peak = [line for line in open("/proc/self/status") if line.startswith("VmHWM")][0].split()[1]
print("peak", peak, flush=True)
"""


def main() -> None:
    """Make the content, measure, print."""
    options = argparse.ArgumentParser()
    options.add_argument("--gigabytes", type=float, default=10)
    options.add_argument("--folder", default=tempfile.gettempdir())
    options.add_argument("--recipients", type=int, default=3)
    given = options.parse_args()
    folder = Path(tempfile.mkdtemp(prefix="commonwatch-sealing-", dir=given.folder))
    try:
        _measure(folder, round(given.gigabytes * 1000**3) // (64 * MIB) or 1, given.recipients)
    finally:
        shutil.rmtree(folder)


def _measure(folder: Path, blocks: int, recipients: int) -> None:
    import pyrage

    source = folder / "content"
    block = os.urandom(64 * MIB)
    with source.open("wb") as out:
        for _ in range(blocks):
            out.write(block)
    size = source.stat().st_size
    print(f"{size / 1000**3:.1f} GB")
    begun = perf_counter()
    subprocess.run(["sha256sum", source], check=True, stdout=subprocess.DEVNULL)
    _say("sha256sum", size, perf_counter() - begun)
    keys = [pyrage.x25519.Identity.generate() for _ in range(recipients)]
    to = [str(key.to_public()) for key in keys]
    begun = perf_counter()
    for _ in range(4):
        pyrage.encrypt(block, [key.to_public() for key in keys])
    _say("age alone, one core, in memory", 4 * len(block), perf_counter() - begun)

    begun = perf_counter()
    lines = _run(folder, "seal", source, *to)
    seconds = perf_counter() - begun
    _say(f"seal: SHA-256, SHA-512, age for {recipients}, durable store", size, seconds)
    print(f"  peak memory {int(lines[-1].split()[1]) / 1024:.0f} MiB")
    _, manifest, sha256 = lines[-2].split()

    begun = perf_counter()
    lines = _run(folder, "open", source, manifest, str(keys[0]))
    _say("open: age, both sums", size, perf_counter() - begun)
    print(f"  peak memory {int(lines[-1].split()[1]) / 1024:.0f} MiB")
    assert lines[-2].split()[1] == sha256

    shutil.rmtree(folder / "store")
    shutil.rmtree(folder / "notes")
    killed = _killed_half_way(folder, source, size, to)
    before = len(list((folder / "store").rglob("*")))
    begun = perf_counter()
    _run(folder, "seal", source, *to)
    print(
        f"killed after {killed / 1000**3:.1f} GB; the rest took {perf_counter() - begun:.1f} s; {before} files were there"
    )


def _killed_half_way(folder: Path, source: Path, size: int, to: list[str]) -> int:
    child = _start(folder, "seal", source, *to)
    assert child.stdout is not None
    for line in child.stdout:
        if int(line) * 2 > size:
            child.send_signal(signal.SIGKILL)
            child.wait()
            return int(line)
    raise AssertionError("it ended before it was killed")


def _run(folder: Path, what: str, source: Path, *more: str) -> list[str]:
    child = _start(folder, what, source, *more)
    out, _ = child.communicate()
    assert child.returncode == 0
    return out.splitlines()


def _start(folder: Path, what: str, source: Path, *more: str) -> subprocess.Popen[str]:
    command: list[str | Path] = [sys.executable, "-c", WORK, what, folder, source, *more]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def _say(what: str, size: int, seconds: float) -> None:
    print(f"{what}: {size / MIB / seconds:,.0f} MiB/s ({seconds:.1f} s)")


if __name__ == "__main__":
    main()
