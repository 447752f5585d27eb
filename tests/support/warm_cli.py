"""`fashion-wb` and train.py in processes that need not import anything: the tests run them some 300 times.

Each is forked from a process that has imported what they import. It gets its own directory, environment,
input, output, signals and exit status, like any command. Importing would cost 2 to 5 s of CPU each time.
"""

from __future__ import annotations

import atexit
import functools
import multiprocessing
import os
import runpy
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

    It has no input. `log` is a file that takes both outputs; without it they are kept apart. `script` is a
    Python script to run instead of `fashion-wb`.
    """

    def __init__(
        self,
        arguments: list[str],
        cwd: Path,
        env: dict[str, str],
        log: Path | None = None,
        script: Path | None = None,
    ) -> None:
        sys.audit("os.fork")  # for --no-processes: multiprocessing raises no such event
        _start_server()
        self.arguments = [str(script or "fashion-wb"), *arguments]
        self._folder = tempfile.TemporaryDirectory()
        self._out, self._err = (log or Path(self._folder.name) / name for name in ("out", "err"))
        for path in (self._out, self._err):
            path.touch()
        self._printed: tuple[str, str] | None = None
        paths = str(cwd), env, str(self._out), str(self._err)
        self._process = _CONTEXT.Process(target=_become, args=(self.arguments, *paths))
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
        if self.poll() is None:
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
        late = self._process.exitcode is None
        if late:
            os.killpg(self.pid, signal.SIGKILL)
            self._process.join()
        if self._printed is None:
            self._printed = self._out.read_text(), self._err.read_text()
            self._folder.cleanup()
        if late:
            raise subprocess.TimeoutExpired(self.arguments, timeout or 0, *self._printed)
        return self._printed


def run_command(
    arguments: list[str], cwd: Path, env: dict[str, str], timeout: float, script: Path | None = None
) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb`, or a script, with `arguments`, as `subprocess.run` would.

    Raises:
        subprocess.TimeoutExpired: as `Command.communicate`.
    """
    command = Command(arguments, cwd, env, script=script)
    out, err = command.communicate(timeout)
    assert command.returncode is not None
    return subprocess.CompletedProcess(command.arguments, command.returncode, out, err)


def _become(argv: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
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
    sys.argv = argv
    status = _call(argv[0])
    # What the interpreter does at the end of a process, and multiprocessing does not.
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _call(program: str) -> int:
    from fashion_wb.cli import main

    try:
        if program == "fashion-wb":
            main(sys.argv[1:])
        else:
            sys.path[0] = str(Path(program).parent)
            runpy.run_path(program, run_name="__main__")
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())
        return 1
    return 0
