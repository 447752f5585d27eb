"""The processes of a running sweep, looked at from outside: file handles, memory and CPU."""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from load import COMMAND
from sweep_cases import environment

_TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Look:
    """What was seen at one moment.

    Attributes:
        ended: how many trials had ended.
        handles: open file handles, by role: "controller", "fork server" or "wandb-core".
        memory: resident memory in KiB, by role.
        cpu: the controller's seconds of CPU so far.
    """

    ended: int
    handles: dict[str, int]
    memory: dict[str, int]
    cpu: float


def watched_sweep(home: Path, *arguments: str, pause: float = 0.5, limit: float = 3600) -> list[Look]:
    """Run `fashion-wb sweep small.yaml` in `home`, and look at its processes until it ends well."""
    log, deadline, looks = home / "lines.txt", time.monotonic() + limit, []
    with log.open("w") as lines:
        process = subprocess.Popen(
            [*COMMAND, "sweep", "small.yaml", *arguments],
            cwd=home,
            env=environment(OMP_NUM_THREADS="1"),
            stdout=lines,
            stderr=subprocess.STDOUT,
        )
        try:
            while process.poll() is None:
                assert time.monotonic() < deadline, log.read_text()[-2000:]
                look = _look(process.pid, log)
                looks += [] if look is None else [look]
                time.sleep(pause)
        finally:
            process.kill()
            process.wait()
    assert process.returncode == 0, log.read_text()[-2000:]
    return looks


def _look(controller: int, log: Path) -> Look | None:
    """Return what is seen now; None if a process has not started yet or is gone."""
    try:
        below = _below(controller)
        server = next(pid for pid in below if "executors.fork_server" in _command(pid))
        core = next(pid for pid in below if "wandb-core" in _command(pid).partition("\0")[0])
        pids = {"controller": controller, "fork server": server, "wandb-core": core}
        handles = {role: len(os.listdir(f"/proc/{pid}/fd")) for role, pid in pids.items()}  # noqa: PTH208
        memory = {role: _resident(pid) for role, pid in pids.items()}
        return Look(log.read_text().count("\n["), handles, memory, _cpu(controller))
    except (OSError, StopIteration):
        return None


def _below(top: int) -> list[int]:
    """Return all processes below one, parents before children."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            parents[int(path.parent.name)] = int(path.read_text().rpartition(")")[2].split()[1])
    found = [top]
    for pid in found:
        found += [child for child, parent in parents.items() if parent == pid]
    return found[1:]


def _command(pid: int) -> str:
    return Path(f"/proc/{pid}/cmdline").read_text()


def _resident(pid: int) -> int:
    return int(Path(f"/proc/{pid}/status").read_text().split("VmRSS:")[1].split()[0])


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS
