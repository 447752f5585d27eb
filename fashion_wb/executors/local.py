"""The client of the fork server: start trials, signal them, hear of their ends."""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile.program import read_program

# What `wandb.init` imports on first use; half a second in every child if the server did not.
_WANDB_MODULES = ("yaml", "wandb.apis.public", "wandb.sdk.launch")
_START_TIMEOUT = 120.0


@dataclass(frozen=True)
class Launch:
    """A trial to be started.

    Attributes:
        key: names the trial in signals and exits.
        argv: the command; for a warm trial what the program finds in sys.argv.
        env: the whole environment.
        cwd: the directory to run in.
        output: file that takes what the trial prints.
        program: the Python script to run warm, or None to run the command as a fresh process.
        run_id: the W&B run to be ended for a warm trial that dies without ending it, before its exit is
            reported; None to leave its log without an end.
    """

    key: str
    argv: Sequence[str]
    env: Mapping[str, str]
    cwd: Path
    output: Path
    program: Path | None
    run_id: str | None = None


@dataclass(frozen=True)
class Exit:
    """The end of a trial's process; `status` is negative for a signal, as subprocess has it."""

    key: str
    status: int


class LocalExecutor:
    """A fork server and the trials it runs. Use as a context manager: leaving it kills what still runs.

    Attributes:
        program: the script whose trials can be warm, as it was given.
    """

    def __init__(self, program: Path | None, hold: Sequence[int] = ()) -> None:
        """Start the server.

        Args:
            hold: descriptors to keep open as long as any trial may run: locks, so that they outlast a
                client that was killed until its trials are gone too.
            program: the script whose trials are to be warm; None, or a script that cannot be (see
                `sweepfile.program`), gives a server that starts every trial as a fresh process.
        """
        found = None if program is None else read_program(program)
        forkable = found if found is not None and found.fork_safe else None
        self.program = program
        ours, theirs = socket.socketpair()
        env = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        # The server itself never speaks to W&B, whatever is imported; each trial has its own environment.
        env["WANDB_MODE"] = "offline"
        env.pop("WANDB_SERVICE", None)  # it starts one of its own, to be killed at the end
        self._server = subprocess.Popen(
            [sys.executable, "-m", "fashion_wb.executors.fork_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno(), *hold],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # out of reach of the terminal's Ctrl-C
            env=env,
        )
        theirs.close()
        self._socket = ours
        self._received = b""
        self._exits: list[Exit] = []
        self._ready = forkable is None
        self._unsafe = "" if forkable is not None else "the program is not Python or asks for fresh processes"
        if forkable is not None:
            self._send(
                {
                    "do": "preload",
                    "modules": [*_WANDB_MODULES, *forkable.imports],
                    "directory": str(forkable.path.resolve().parent),
                    "before_fork": forkable.hooks.get("before_fork"),
                }
            )

    def __enter__(self) -> LocalExecutor:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Kill every trial still running, and the server."""
        self._socket.close()
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def cannot_fork(self) -> str:
        """Why trials cannot be warm, or nothing; waits for the imports.

        Raises:
            FashionWbError: the server died or did not answer within two minutes.
        """
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._ready:
            if time.monotonic() > deadline:
                raise FashionWbError(f"the worker process did not start within {_START_TIMEOUT:.0f} s")
            self._receive(0.5)
        return self._unsafe

    def start(self, trial: Launch) -> None:
        """Start a trial; its end comes through `exits`.

        Raises:
            FashionWbError: the server died.
        """
        self._send(
            {
                "do": "start",
                "key": trial.key,
                "argv": list(trial.argv),
                "env": dict(trial.env),
                "cwd": str(trial.cwd),
                "output": str(trial.output),
                "program": None if trial.program is None else str(trial.program),
                "run_id": trial.run_id,
            }
        )

    def signal(self, key: str, number: signal.Signals) -> None:
        """Send a signal to a running trial; nothing happens if it has ended."""
        self._send({"do": "signal", "key": key, "number": int(number)})

    def exits(self, timeout: float) -> list[Exit]:
        """Trials that have ended since the last call, waiting up to `timeout` seconds for the first."""
        if not self._exits:
            self._receive(timeout)
        exits, self._exits = self._exits, []
        return exits

    def _receive(self, timeout: float) -> None:
        readable, _, _ = select.select([self._socket], [], [], timeout)
        if not readable:
            return
        try:
            data = self._socket.recv(1 << 16)
        except ConnectionError:
            data = b""
        if not data:
            raise self._died()
        *lines, self._received = (self._received + data).split(b"\n")
        for line in lines:
            message = json.loads(line)
            if message["event"] == "exited":
                self._exits.append(Exit(message["key"], message["status"]))
            else:
                self._ready, self._unsafe = True, message["unsafe"]

    def _send(self, message: dict[str, object]) -> None:
        try:
            self._socket.sendall(json.dumps(message).encode() + b"\n")
        except OSError:
            raise self._died() from None

    def _died(self) -> FashionWbError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(timeout=1)
        return FashionWbError(
            f"the worker process ended unexpectedly (status {self._server.returncode}), perhaps for want of "
            "memory; what has been logged is kept, the same command goes on from there"
        )
