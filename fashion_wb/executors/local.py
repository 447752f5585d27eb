"""Run trials on this machine: the client of the fork server."""

from __future__ import annotations

import contextlib
import json
import os
import platform
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.memory import can_be_measured
from fashion_wb.executors.protocol import Event, Exited, Launch, Logged, Started
from fashion_wb.executors.slots import Slot
from fashion_wb.sweepfile.program import read_program
from fashion_wb.wandb_settings import check_wandb_settings, without_run_settings

# `wandb.init` imports these on first use: half a second in every trial, unless the server has done it.
_WANDB_MODULES = ("yaml", "wandb.apis.public", "wandb.sdk.launch")
# Imports from a network disk that nobody has read lately, or the CNN compiled on a busy machine: minutes.
_START_TIMEOUT = 600.0


def check_system() -> None:
    """Check that this system can run trials.

    Raises:
        FashionWbError: it has no fork, as Windows.
    """
    if not hasattr(os, "fork"):
        raise FashionWbError(
            f"trials are forked from another process, and this system ({platform.system()}) cannot do that: "
            "run trials on Linux or macOS, or in WSL on Windows. compare, export, report and view work here"
        )


class LocalExecutor:
    """A fork server and the trials it runs. Use it as a context manager: leaving it kills what still runs."""

    def __init__(self, program: Path | None, slots: Sequence[Slot], keep_open: Sequence[int] = ()) -> None:
        """Start the server.

        Args:
            program: the script whose trials should be forked. With None, or a script that must not be forked
                (see `sweepfile.program`), the server starts every trial as a fresh process.
            slots: what each trial gets of this machine; as many trials run at once.
            keep_open: descriptors that the server keeps open while any trial may be running. Locks among them
                outlast this process if it is killed, until its trials are gone too.

        Raises:
            FashionWbError: wandb would refuse a variable of the environment in every trial.
        """
        found = None if program is None else read_program(program)
        forkable = found if found is not None and found.fork_safe else None
        self._program = program
        self._free = dict(enumerate(slots))
        self._slots = len(slots)
        self._busy: dict[str, tuple[int, Slot]] = {}
        ours, theirs = socket.socketpair()
        # Each trial has an environment of its own, and the server starts a service of its own.
        env = without_run_settings(os.environ)
        env.setdefault("OMP_NUM_THREADS", "1")
        env["WANDB_MODE"] = "offline"  # the server itself never connects to W&B, whatever it imports
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
        self._events: list[Event] = []
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
        try:
            check_wandb_settings(without_run_settings(os.environ))  # while the server imports
        except FashionWbError:
            self.close()
            raise

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
            FashionWbError: the server died or did not answer within ten minutes.
        """
        deadline = time.monotonic() + _START_TIMEOUT
        while not self._ready:
            if time.monotonic() > deadline:
                raise FashionWbError(
                    f"the imports before the first trial did not end within {_START_TIMEOUT:.0f} s: run the "
                    "command again, or see whether importing the program hangs"
                )
            self._receive(0.5)
        return self._unsafe

    @property
    def machine_count(self) -> int:
        """One: this machine."""
        return 1

    @property
    def slots(self) -> int:
        """How many trials can run at once."""
        return self._slots

    @property
    def free(self) -> int:
        """How many slots are free."""
        return len(self._free)

    def fileno(self) -> int:
        """Return the descriptor that becomes readable when `events` has something to return."""
        return self._socket.fileno()

    def start(self, launch: Launch) -> None:
        """Start a trial in the first free slot.

        Raises:
            FashionWbError: the server died, or this system cannot limit a trial's memory.
        """
        if launch.memory is not None and not can_be_measured():
            raise FashionWbError(
                "--trial-memory: this system does not say how much memory processes use (Linux does, in "
                "/proc/PID/smaps_rollup); leave the option out"
            )
        number = min(self._free)
        slot = self._free.pop(number)
        self._busy[launch.key] = number, slot
        warm = launch.script is not None and launch.script == self._program and not self.cannot_fork()
        self._send(
            {
                "do": "start",
                "key": launch.key,
                "argv": list(launch.script_argv if warm else launch.argv),
                "env": _environment(launch, slot),
                "cwd": str(launch.cwd),
                "output": str(launch.output),
                "program": str(launch.script) if warm else None,
                "run_id": launch.run_id,
                "cpus": list(slot.cpus),
                "memory": launch.memory,
            }
        )
        self._events.append(Started(launch.key, str(slot)))

    def signal(self, key: str, number: signal.Signals) -> None:
        """Send a signal to a running trial; nothing happens if it has exited."""
        self._send({"do": "signal", "key": key, "number": int(number)})

    def trial_ended(self, exited: Exited, failed: bool) -> None:
        """Nothing follows from it: there is no other machine."""

    def events(self, timeout: float) -> list[Event]:
        """Return what happened since the last call; wait up to `timeout` seconds for an exit.

        Every running trial counts as having logged, because only its log tells.
        """
        if not self._events:
            self._receive(timeout)
        events, self._events = self._events, []
        return [*events, *map(Logged, self._busy)]

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
                self._trial_exited(message["key"], message["status"], message["reason"])
            elif message["event"] == "died":
                raise _died(message["what"])
            else:
                self._ready, self._unsafe = True, message["unsafe"]

    def _trial_exited(self, key: str, status: int, reason: str) -> None:
        number, slot = self._busy.pop(key)
        self._free[number] = slot
        self._events.append(Exited(key, status, reason))

    def _send(self, message: dict[str, object]) -> None:
        # If the server is gone, `events` says so, with what it said last.
        with contextlib.suppress(OSError):
            self._socket.sendall(json.dumps(message).encode() + b"\n")

    def _server_died(self) -> FashionWbError:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(timeout=1)
        return _died(f"the fork server (status {self._server.returncode})")


def _died(what: str) -> FashionWbError:
    return FashionWbError(
        f"{what} exited unexpectedly, perhaps for lack of memory. Everything logged so far is kept; run the "
        "same command again to continue."
    )


def _environment(launch: Launch, slot: Slot) -> dict[str, str]:
    """Return the whole environment of a trial that runs in `slot` of this machine."""
    env = dict(os.environ)
    env.pop("WANDB_SERVICE", None)
    # `python` means this interpreter first, even if its virtual environment is not activated.
    env["PATH"] = os.pathsep.join([str(Path(sys.executable).parent), env.get("PATH", os.defpath)])
    for name, value in launch.env.items():
        if value is None:
            env.pop(name, None)
        else:
            env[name] = value
    slot.set_environment(env)
    return env
