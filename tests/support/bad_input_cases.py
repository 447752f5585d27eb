"""Run the command line on broken input, inside this process, and see how it ends.

A case is a row of a table: files, a command, and what the message has to name. The tables are in
`bad_sweep_cases`, `bad_command_cases`, `bad_file_cases` and `bad_answer_cases`.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shlex
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from click.testing import CliRunner

from fashion_wb.cli import main

# The promise is two seconds on a free machine; a busy one in CI may need more, and nothing may hang.
PROMISED_SECONDS, LONGEST_SECONDS = 2.0, 30.0
PROCESSES = {"subprocess.Popen", "os.fork", "os.posix_spawn", "os.system", "os.exec"}


@dataclass(frozen=True)
class BadInput:
    """One broken input.

    Attributes:
        name: its name, also that of its folder.
        command: the command line after `fashion-wb`, as for a shell.
        says: what its message must hold: the file, the key, the rule.
        files: by path, what is written before.
        make: makes what is not a file with a content, in the folder that it gets.
        env: variables of the environment.
    """

    name: str
    command: str
    says: tuple[str, ...]
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    make: Callable[[Path], object] | None = None
    env: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Ended:
    """How a command ended: its exit code, what it printed, what it did, and how long it took."""

    code: int
    printed: str
    message: str
    trace: str
    changed: list[str]
    processes: list[str]
    seconds: float

    def problems(self, case: BadInput) -> list[str]:
        """What is not as promised."""
        found = [] if self.code in (1, 2) else [f"exit code {self.code}"]
        if self.trace:
            found.append(f"a traceback: {self.trace}")
        if (
            "Traceback" in self.message
            or len(re.findall("^(?:Usage|Error): ", self.message, re.MULTILINE)) > 2
        ):
            found.append("more than a message")
        found += [f"does not say {text!r}" for text in case.says if text not in self.message]
        # A sweep's folder is locked while it is read; the lock is a file.
        found += [f"wrote {name}" for name in self.changed if not name.endswith("/s/.lock")]
        found += [f"started a process: {name}" for name in self.processes]
        if self.seconds > LONGEST_SECONDS:
            found.append(f"took {self.seconds:.1f} s")
        return found


class TooLong(BaseException):
    """A command did not end in time."""


def place(case: BadInput, folder: Path) -> None:
    """Make what the case needs in `folder`."""
    for name, content in case.files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    if case.make is not None:
        case.make(folder)


def run_inside(command: str, folder: Path, env: Mapping[str, str], home: Path) -> Ended:
    """Run `fashion-wb` in this process; its cache and its temporary files are in `home`."""
    unset = {name: None for name in os.environ if name.startswith(("WANDB", "FASHION_WB", "SLURM"))}
    own = {"HOME": str(home), "XDG_CACHE_HOME": str(home / "cache"), "WANDB_DIR": str(home)}
    before, started = tree(folder), time.perf_counter()
    with _no_processes() as processes, contextlib.chdir(folder), _at_most(LONGEST_SECONDS):
        done = CliRunner().invoke(main, shlex.split(command), env={**unset, **own, **env})
    seconds = time.perf_counter() - started
    trace = ""
    if done.exception is not None and not isinstance(done.exception, SystemExit):
        trace = "".join(traceback.format_exception(done.exception)[-4:])
    changed = sorted(f"{name}" for name, _ in set(tree(folder).items()) ^ set(before.items()))
    return Ended(done.exit_code, done.stdout, done.stderr, trace, changed, list(processes), seconds)


def tree(folder: Path) -> dict[str, str]:
    """What is in a folder: by path, a digest of each file; links are not followed."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in folders:
            found[os.path.relpath(Path(root, name), folder)] = "folder"
        for name in files:
            path = Path(root, name)
            plain = path.is_file() and not path.is_symlink()
            found[os.path.relpath(path, folder)] = (
                hashlib.sha256(path.read_bytes()).hexdigest() if plain else str(path.lstat().st_mode)
            )
    return found


_seen: list[str] = []
_watching = [False]


def _watch(event: str, arguments: tuple[object, ...]) -> None:
    if _watching[0] and event in PROCESSES:
        _seen.append(f"{event} {arguments[:2]!r}"[:200])


@contextlib.contextmanager
def _no_processes() -> Iterator[list[str]]:
    if not _seen and not hasattr(_watch, "added"):
        sys.addaudithook(_watch)
        _watch.added = True  # type: ignore[attr-defined]
    _seen.clear()
    _watching[0] = True
    try:
        yield _seen
    finally:
        _watching[0] = False


@contextlib.contextmanager
def _at_most(seconds: float) -> Iterator[None]:
    def late(number: int, frame: object) -> None:
        raise TooLong(f"not over after {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
