"""The client of the fork server: start trials, signal them and collect their exits."""

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

# `wandb.init` imports these on first use: half a second in every trial, unless the server has done it.
_WANDB_MODULES = ("yaml", "wandb.apis.public", "wandb.sdk.launch")
_START_TIMEOUT = 120.0


@dataclass(frozen=True)
class Launch:
    """A trial to start.

    Attributes:
        key: identifies the trial in signals and exits.
        argv: the command; for a warm trial, the program's sys.argv.
        env: the whole environment.
        cwd: the directory to run in.
        output: the file for what the trial prints.
        program: the Python script to run in a forked process (a warm trial); None runs `argv` in a fresh one.
        run_id: id of the W&B run to finish if a warm trial dies without finishing it, before its exit is
            reported; None leaves the run unfinished.
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
    """The exit of a trial's process; `status` is negative for a signal, as in `subprocess`."""

    key: str
    status: int


class LocalExecutor:
    """A fork server and the trials it runs. Use it as a context manager: leaving it kills what still runs.

    Attributes:
        program: the script as it was given; `cannot_fork` tells whether its trials can be forked.
    """

    def __init__(self, program: Path | None, keep_open: Sequence[int] = ()) -> None:
        """Start the server.

        Args:
            program: the script whose trials should be forked. With None, or a script that must not be forked
                (see `sweepfile.program`), the server starts every trial as a fresh process.
            keep_open: descriptors that the server keeps open while any trial may be running. Locks among them
                outlast this process if it is killed, until its trials are gone too.
        """
        found = None if program is None else read_program(program)
        forkable = found if found is not None and found.fork_safe else None
        self.program = program
        ours, theirs = socket.socketpair()
        env = {**os.environ, "OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", "1")}
        # The server itself never connects to W&B, whatever it imports; each trial has its own environment.
        env["WANDB_MODE"] = "offline"
        env.pop("WANDB_SERVICE", None)  # it starts a service of its own and kills it later
        self._server = subprocess.Popen(
            # -P: modules come from the installed packages and the program's folder, not from this directory.
            [sys.executable, "-P", "-m", "fashion_wb.executors.fork_server", str(theirs.fileno())],
            pass_fds=[theirs.fileno(), *keep_open],
            stdin=subprocess.DEVNULL,
            start_new_session=True,  # so that the terminal's Ctrl-C does not reach it
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
        """Kill every trial that is still running, and the server."""
        self._socket.close()
        try:
            self._server.wait(timeout=10)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()

    def cannot_fork(self) -> str:
        """Wait for the imports; say why trials cannot be forked, or return "" if they can.

        Raises:
            FashionWbError: the server died or did not answer within two minutes.
        """
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._ready:
            if time.monotonic() > deadline:
                raise FashionWbError(f"the fork server did not start within {_START_TIMEOUT:.0f} s")
            self._receive(0.5)
        return self._unsafe

    def start(self, launch: Launch) -> None:
        """Start a trial; `exits` reports its exit.

        Raises:
            FashionWbError: the server died.
        """
        self._send(
            {
                "do": "start",
                "key": launch.key,
                "argv": list(launch.argv),
                "env": dict(launch.env),
                "cwd": str(launch.cwd),
                "output": str(launch.output),
                "program": None if launch.program is None else str(launch.program),
                "run_id": launch.run_id,
            }
        )

    def signal(self, key: str, number: signal.Signals) -> None:
        """Send a signal to a running trial; nothing happens if it has exited."""
        self._send({"do": "signal", "key": key, "number": int(number)})

    def exits(self, timeout: float) -> list[Exit]:
        """Return the exits since the last call; wait up to `timeout` seconds for the first."""
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
            raise self._server_died()
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
            raise self._server_died() from None

    def _server_died(self) -> FashionWbError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(timeout=1)
        return FashionWbError(
            f"the fork server exited unexpectedly (status {self._server.returncode}), perhaps for lack of "
            "memory; everything logged so far is kept. Run the same command again to continue."
        )
