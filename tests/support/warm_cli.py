"""`fashion-wb` in a process of its own that need not import anything: the tests run it some 300 times.

Each command is forked from a process that has imported what the commands import. It gets its own directory,
environment, input, output and exit status, like any command. Importing would cost 2 to 5 s of CPU each time.
Tests that are about the start or the sudden death of a process start a fresh one instead.
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


def run_command(
    arguments: list[str], cwd: Path, env: dict[str, str], timeout: float
) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb` with `arguments`, as `subprocess.run` would with captured text and no input.

    Raises:
        subprocess.TimeoutExpired: it ran longer than `timeout` seconds; it is killed with all it started.
    """
    _start_server()
    with tempfile.TemporaryDirectory() as folder:
        out, err = Path(folder) / "out", Path(folder) / "err"
        process = _CONTEXT.Process(target=_become, args=(arguments, str(cwd), env, str(out), str(err)))
        process.start()
        process.join(timeout)
        if process.exitcode is None:
            assert process.pid is not None
            os.killpg(process.pid, signal.SIGKILL)
            process.join()
            raise subprocess.TimeoutExpired(
                ["fashion-wb", *arguments], timeout, out.read_text(), err.read_text()
            )
        return subprocess.CompletedProcess(
            ["fashion-wb", *arguments], process.exitcode, out.read_text(), err.read_text()
        )


def _become(arguments: list[str], cwd: str, env: dict[str, str], out: str, err: str) -> None:
    os.setpgid(0, 0)
    for number, name in ((0, os.devnull), (1, out), (2, err)):
        target = os.open(name, os.O_RDONLY if number == 0 else os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(target, number)
        os.close(target)
    sys.stdout = open(1, "w", encoding="utf-8", closefd=False)  # noqa: SIM115 -- open until the process ends
    sys.stderr = open(2, "w", encoding="utf-8", closefd=False, buffering=1)  # noqa: SIM115
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    from fashion_wb.cli import main

    sys.argv = ["fashion-wb", *arguments]
    try:
        main(arguments)
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        sys.excepthook(*sys.exc_info())  # type: ignore[arg-type]
        status = 1
    # What the interpreter does at the end of a process, and multiprocessing does not.
    threading._shutdown()  # type: ignore[attr-defined]
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
