"""What a process has used, from the operating system's own books (Linux /proc)."""

from __future__ import annotations

import os
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pids: list[int]) -> float:
    """User and system seconds of these processes, each with the children it has waited for."""
    total = 0
    for pid in pids:
        try:
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except FileNotFoundError:
            continue
        total += sum(int(fields[position]) for position in (11, 12, 13, 14))
    return total / TICKS


def memory_mb(pids: list[int]) -> float:
    """Proportional set size in MB (10^6 bytes): shared pages are split among those who share them."""
    total = 0
    for pid in pids:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                total += int(line.split()[1])
    return total * 1024 / 1e6


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    found = [pid]
    for thread in Path(f"/proc/{pid}/task").glob("*/children"):  # a child belongs to the thread that started it
        for child in thread.read_text().split():
            found += family(int(child))
    return found
