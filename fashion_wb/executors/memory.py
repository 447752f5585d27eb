"""The memory of trials that have a limit, looked at twice a second. Linux only.

What counts is what only the trial's processes keep in memory: private pages, shared memory and swap. A page
that several processes share counts in parts, so a forked trial does not pay for what the fork server has
imported. Mapped files do not count: the kernel drops them when memory is short. A limit on addresses
(RLIMIT_AS, RLIMIT_DATA) would stop programs that merely reserve them, as torch and CUDA do.
"""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections import defaultdict
from pathlib import Path

_SECONDS = 0.5
# Looking takes at most one part in so many of a core.
_RARITY = 20
_PAGE = os.sysconf("SC_PAGE_SIZE")
_COUNTED = (b"Pss_Anon:", b"Pss_Shmem:", b"SwapPss:")


def can_be_measured() -> bool:
    """Tell whether this system says how much memory processes use."""
    return Path("/proc/self/smaps_rollup").exists()


class MemoryWatch:
    """Kills trials that use more memory than they may."""

    def __init__(self) -> None:
        self._limits: dict[int, int] = {}
        self._next_look = 0.0

    @property
    def wait(self) -> float | None:
        """Seconds until `kill_too_large` has something to do; None if no trial has a limit."""
        return max(0.0, self._next_look - time.monotonic()) if self._limits else None

    def add(self, pid: int, limit: int) -> None:
        """Watch the trial whose first process is `pid`, which leads a process group; `limit` is in bytes."""
        self._limits[pid] = limit

    def remove(self, pid: int) -> None:
        """Forget a trial; nothing happens if it is not watched."""
        self._limits.pop(pid, None)

    def kill_too_large(self) -> dict[int, str]:
        """Kill the trials above their limits; return why, by pid. A call that is too early does nothing."""
        if not self._limits or time.monotonic() < self._next_look:
            return {}
        killed, cost = {}, time.thread_time()
        members = _members(set(self._limits))
        for pid, limit in list(self._limits.items()):
            used = _used(members[pid], limit)
            if used > limit:
                _kill(pid, members[pid])
                killed[pid] = f"used {size_text(used)} of memory, above its limit of {size_text(limit)}"
                self.remove(pid)
        cost = time.thread_time() - cost
        self._next_look = time.monotonic() + max(_SECONDS, _RARITY * cost)
        return killed


def size_text(size: int) -> str:
    """Return a number of bytes as a person reads it, such as "4.00 GiB"."""
    for unit, shift in (("GiB", 30), ("MiB", 20)):
        if size >= 1 << shift:
            return f"{size / (1 << shift):.4g} {unit}"
    return f"{size / 1024:.4g} KiB"


def _members(leaders: set[int]) -> dict[int, set[int]]:
    """Return the processes of each trial: its process group, and what descends from it."""
    children: dict[int, list[int]] = defaultdict(list)
    found: dict[int, set[int]] = {leader: {leader} for leader in leaders}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            with contextlib.suppress(OSError, ValueError):
                # The name of the program may hold anything, but what follows its bracket is numbers.
                fields = (entry / "stat").read_bytes().rpartition(b")")[2].split()
                pid, parent, group = int(entry.name), int(fields[1]), int(fields[2])
                children[parent].append(pid)
                if group in found:
                    found[group].add(pid)
    for members in found.values():
        waiting = list(members)
        while waiting:
            new = [child for child in children[waiting.pop()] if child not in members]
            members.update(new)
            waiting += new
    return found


def _used(pids: set[int], limit: int) -> int:
    """Return how many bytes processes use together; an upper bound of it if that is not above `limit`."""
    # The upper bound, all resident pages, costs a hundredth of the exact answer.
    upper = sum(_resident(pid) for pid in pids)
    return upper if upper <= limit else sum(_own(pid) for pid in pids)


def _resident(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        return int(Path(f"/proc/{pid}/statm").read_bytes().split()[1]) * _PAGE
    return 0


def _own(pid: int) -> int:
    with contextlib.suppress(OSError, IndexError, ValueError):
        lines = Path(f"/proc/{pid}/smaps_rollup").read_bytes().splitlines()
        return sum(int(line.split()[1]) << 10 for line in lines if line.startswith(_COUNTED))
    return 0


def _kill(leader: int, pids: set[int]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(leader, signal.SIGKILL)
    for pid in pids - {leader}:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, signal.SIGKILL)
