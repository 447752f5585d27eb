"""`fashion-wb` in a process of its own that need not import anything: the tests run it some 300 times.

Each command is forked from a process that has imported what the commands import. It gets its own directory,
environment, input, output, signals and exit status, like any command. Importing would cost 2 to 5 s of CPU
each time.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
import os
import signal
import subprocess
import sys
import tempfile
import threading
from multiprocessing import forkserver
from pathlib import Path

import pytest

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["warm_imports"])


@functools.cache
def _start_server() -> None:
    # By the environment, because this server finds its modules there and nowhere else (Python 3.11 and 3.12).
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join(sys.path))
        forkserver.ensure_running()


class Command:
    """A running `fashion-wb`, with what the tests use of `subprocess.Popen`.

    It has no input. `log` is a file that takes both outputs; without it they are kept apart.
    """

    def __init__(self, arguments: list[str], cwd: Path, env: dict[str, str], log: Path | None = None) -> None:
        _start_server()
        self.arguments = ["fashion-wb", *arguments]
        self._folder = tempfile.TemporaryDirectory()
        self._out, self._err = (log or Path(self._folder.name) / name for name in ("out", "err"))
        for path in (self._out, self._err):
            path.touch()
        paths = str(cwd), env, str(self._out), str(self._err)
        self._process = _CONTEXT.Process(target=_become, args=(arguments, *paths))
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def wait(self, timeout: float | None = None) -> int:
        """Wait for its end; its exit status.

        Raises:
            subprocess.TimeoutExpired: as `communicate`.
        """
        self.communicate(timeout)
        assert self.returncode is not None
        return self.returncode

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """Wait for its end; what it printed to stdout and stderr.

        Raises:
            subprocess.TimeoutExpired: it ran longer than `timeout` seconds; it is killed with all it started.
        """
        self._process.join(timeout)
        if self._process.exitcode is None:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.join()
            raise subprocess.TimeoutExpired(
                self.arguments, timeout or 0, self._out.read_text(), self._err.read_text()
            )
        return self._out.read_text(), self._err.read_text()


def run_command(
    arguments: list[str], cwd: Path, env: dict[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb` with `arguments`, as `subprocess.run` would.

    Raises:
        subprocess.TimeoutExpired: as `Command.communicate`.
    """
    command = Command(arguments, cwd, env)
    out, err = command.communicate(timeout)
    assert command.returncode is not None
    return subprocess.CompletedProcess(command.arguments, command.returncode, out, err)


def _become(arguments: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    os.setpgid(0, 0)
    # Of a test run in the background the shell has Ctrl-C ignored.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, name, flags in ((0, os.devnull, os.O_RDONLY), (1, out, os.O_WRONLY), (2, err, os.O_WRONLY)):
        target = os.open(name, flags | os.O_APPEND)
        os.dup2(target, number)
        os.close(target)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- open until the process ends
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    sys.argv = ["fashion-wb", *arguments]
    status = _call(arguments)
    # What the interpreter does at the end of a process, and multiprocessing does not.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _call(arguments: list[str]) -> int:
    from fashion_wb.cli import main

    try:
        main(arguments)
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0
