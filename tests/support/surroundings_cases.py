"""Bad surroundings, made for real: full and read-only disks, systems and clocks that are not as expected."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sweep_cases import COMMAND, environment, states
from warm_cli import run_command

COUNT = 2
SWEEP = ("sweep", "sweep.yaml", "--count", str(COUNT), "--workers", "1")
# Every file that `fashion-wb` opens for writing, renames or makes durable counts; number AT and all later
# ones fail as on a full disk. Reading is not hindered.
_FULL_AT = """
import errno, os, sys
from fashion_wb.cli import main

here, at, seen, flags = os.getcwd(), int(os.environ["FULL_AT"]), [0], os.O_WRONLY | os.O_RDWR | os.O_CREAT

def count(path):
    if os.path.abspath(os.fsdecode(path)).startswith(here):
        seen[0] += 1
        if seen[0] >= at:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), path)

def hook(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes)) and (arguments[2] or 0) & flags:
        count(arguments[0])
    elif event in ("os.mkdir", "os.rename"):
        count(arguments[0])

fsync = os.fsync
def counted_fsync(descriptor):
    count(os.readlink(f"/proc/self/fd/{int(descriptor)}"))
    fsync(descriptor)

os.fsync = counted_fsync
sys.addaudithook(hook)
try:
    main()
finally:
    sys.stderr.flush()
    os.write(2, f"operations {seen[0]}\\n".encode())
"""
# What is missing on Windows, as far as a Linux can be made to lack it.
_WITHOUT_FORK = """
import os, sys
for name in ("fork", "sched_getaffinity", "sched_setaffinity", "killpg", "setpgid", "O_NOFOLLOW"):
    delattr(os, name)
for name in ("fcntl", "resource", "pwd", "grp", "termios"):
    sys.modules[name] = None
from fashion_wb.cli import main
main()
"""
# Found by every interpreter that is started with its folder on PYTHONPATH.
_CLOCK_SET_BACK = """
import time
_time, _ns, _looks = time.time, time.time_ns, [0]
def _back():
    _looks[0] += 1
    return 3600 if _looks[0] % 40 >= 20 else 0
time.time = lambda: _time() - _back()
time.time_ns = lambda: _ns() - _back() * 10**9
"""


def run_full_at(folder: Path, at: int, arguments: tuple[str, ...], **env: str):
    """Run `fashion-wb` where operation `at` on files and all later ones find the disk full.

    Returns the finished process and how many operations there were.
    """
    script = folder.parent / "full_at.py"
    script.write_text(_FULL_AT)
    done = run_command(list(arguments), folder, environment(FULL_AT=str(at), **env), 300, script)
    text, _, operations = done.stderr.rpartition("operations ")
    done.stderr = text
    return done, int(operations)


def in_shell(script: str) -> list[str]:
    """Return a command that runs `fashion-wb` by a line of shell, in which "$@" stands for it."""
    return ["sh", "-c", script, "sh", *COMMAND]


def without_fork(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb` as on a system without fork, file locks and CPU affinity."""
    return fresh(folder, *arguments, command=[sys.executable, "-c", _WITHOUT_FORK])


def clock_set_back(folder: Path) -> dict[str, str]:
    """Return the variable that sets back the clock of every Python process by an hour, again and again."""
    (folder / "sitecustomize.py").write_text(_CLOCK_SET_BACK)
    return {"PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}


def fresh(
    folder: Path, *arguments: str, command: list[str] = COMMAND, env: dict[str, str] | None = None, **popen
) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb` in a process of its own: its streams and limits are those of a user's shell."""
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | popen
    return subprocess.run(
        [*command, *arguments],
        cwd=folder,
        env=environment() if env is None else env,
        encoding="utf-8",
        errors="surrogateescape",
        timeout=300,
        check=False,
        **streams,
    )


@contextlib.contextmanager
def small_disk(folder: Path, kilobytes: int) -> Iterator[Path]:
    """Mount a file system of this size on a new folder; skip the test where that is not allowed."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={kilobytes}k", "tmpfs", str(folder)]
    _mount(command)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@contextlib.contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Make a folder read-only, for root too; skip the test where that is not allowed."""
    if os.geteuid() != 0:
        folder.chmod(0o500)
        yield
        folder.chmod(0o700)
        return
    _mount(["mount", "--bind", str(folder), str(folder)])
    try:
        subprocess.run(["mount", "-o", "remount,bind,ro", str(folder)], check=True)
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _mount(command: list[str]) -> None:
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"this user may not mount a file system ({done.stderr.strip()})")


def fill_up(folder: Path, left: int) -> Path:
    """Fill a file system but for `left` KiB; returns the file that does it."""
    ballast = folder / "ballast"
    free = os.statvfs(folder)
    ballast.write_bytes(bytes(max(0, free.f_bavail * free.f_frsize - left * 1024)))
    return ballast


def assert_one_message(done, *parts: str) -> None:
    """Check that a command failed with one message that has these parts."""
    assert done.returncode not in (0, None) and done.returncode > 0, done.stderr
    errors = [line for line in done.stderr.splitlines() if line.startswith("Error: ")]
    assert len(errors) == 1 and "Traceback" not in done.stderr + (done.stdout or ""), done.stderr
    assert all(part in errors[0] for part in parts), errors[0]


def assert_complete(folder: Path, count: int = COUNT) -> None:
    """Check that the one sweep below a folder has exactly its trials, finished, and nothing half-written."""
    assert states(folder) == ["finished"] * count
    assert leftovers(folder) == []


def leftovers(folder: Path) -> list[str]:
    """Return what a writer that was cut off has left."""
    return [path.name for path in folder.rglob("*") if path.suffix in (".tmp", ".partial")]
