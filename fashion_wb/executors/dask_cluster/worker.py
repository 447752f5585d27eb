"""A machine that runs trials: what the controller calls in its Dask worker, and the worker's own life."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import dask
from distributed import Worker

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.dask_cluster.host import Host
from fashion_wb.executors.dask_cluster.messages import ConnectionEnded, MachineBroken, Order, Report, Welcome
from fashion_wb.executors.dask_cluster.program import find_program
from fashion_wb.executors.dask_cluster.rendezvous import Rendezvous, read_rendezvous
from fashion_wb.executors.slots import Slot

if TYPE_CHECKING:
    from collections.abc import Sequence

# Dask's HTTP server cannot be switched off. It listens to this machine only, and answers nothing.
HTTP = "127.0.0.1:0"
SILENT: dict[str, list[str]] = {f"distributed.{role}.http.routes": [] for role in ("scheduler", "worker")}
# What was said last needs this long to be on its way.
_ANSWER_SECONDS = 0.3
# Seconds to try one address; then the file is read again, because a new controller has another address.
_JOIN_SECONDS = 5


@dataclass
class _State:
    """This process's slots and current host; a worker that Dask itself started has a slot for each thread."""

    slots: tuple[Slot, ...] | None = None
    host: Host | None = None
    ends_at: float | None = None
    leaving: str = ""
    grace: float = 0.0
    dismissed: bool = False
    problem: str = ""
    leave_task: asyncio.Future[None] | None = None
    done: asyncio.Event = field(default_factory=asyncio.Event)


_state = _State()


async def attach(welcome: Welcome, dask_worker: Worker) -> None:
    """Begin to run trials for a controller; those of an earlier one are killed.

    Raises:
        FashionWbError: this machine does not have the program.
    """
    await _close_host()
    try:
        found = find_program(welcome, Path.cwd())
    except FashionWbError as error:
        _state.problem = str(error)
        asyncio.get_running_loop().call_later(_ANSWER_SECONDS, _state.done.set)
        raise
    for name, value in welcome.variables.items():
        os.environ.setdefault(name, value)
    slots = _state.slots or (Slot(),) * dask_worker.state.nthreads
    scratch = Path(tempfile.mkdtemp(prefix="fashion-wb-", dir=dask_worker.local_directory))
    loop = asyncio.get_running_loop()
    _state.host = Host(found, slots, scratch, loop, _state.ends_at)
    if _state.leaving:
        _state.host.leave(_state.leaving, 0.0)
    _state.leave_task = asyncio.ensure_future(_leave_with(_state.host))


async def deliver(token: str, orders: list[Order]) -> None:
    """Take orders for trials."""
    _host(token).deliver(orders)


async def collect(token: str, longest: float) -> list[Report]:
    """Return what happened; wait up to a second for something.

    `longest` is how many seconds the longest trial of any machine has taken so far.
    """
    return await _host(token).collect(longest)


async def detach(token: str, dismiss: bool) -> None:
    """End this connection. A worker that is dismissed exits; another waits for the next controller."""
    _host(token)
    await _close_host()
    _state.dismissed = _state.dismissed or dismiss
    if dismiss:
        _state.done.set()


def _host(token: str) -> Host:
    host = _state.host
    if host is None or host.closed or host.welcome.token != token:
        if host is not None and host.problem:
            raise MachineBroken(host.problem)
        raise ConnectionEnded("the connection has ended")
    return host


async def _close_host() -> None:
    host, _state.host = _state.host, None
    if host is not None:
        await asyncio.to_thread(host.close)


def run_worker(
    place: str,
    slots: Sequence[Slot],
    wait: float,
    grace: float,
    ends_at: float | None,
    stream: TextIO,
) -> None:
    """Run trials for the sweep at `place` until it is over or this machine has to go.

    Args:
        place: a rendezvous file, a scheduler file of Dask's, or an address.
        slots: what each trial gets of this machine.
        wait: seconds to wait for a controller, at first and after one has gone.
        grace: seconds that trials may still run after SIGTERM.
        ends_at: time.time() at which the machine's time is up; None if it has no end.
        stream: where to say what happens.

    Raises:
        FashionWbError: no controller was found in time, or this machine does not have the program.
    """
    logging.getLogger("distributed").setLevel(logging.ERROR)
    dask.config.set({"distributed.worker.daemon": False, **SILENT})
    _state.slots, _state.grace, _state.ends_at = tuple(slots), grace, ends_at
    with tempfile.TemporaryDirectory(prefix="fashion-wb-worker-") as scratch:
        asyncio.run(_work(place, wait, scratch, stream))


async def _work(place: str, wait: float, scratch: str, stream: TextIO) -> None:
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, _leave, signal.Signals(number).name)
    deadline = time.monotonic() + wait
    while not (_state.dismissed or _state.leaving):
        rendezvous = await _find_controller(place, deadline)
        if rendezvous is None:
            break
        with contextlib.suppress(OSError, TimeoutError, RuntimeError):
            await _serve(rendezvous, scratch, stream)
            deadline = time.monotonic() + wait
        if _state.problem:
            raise FashionWbError(_state.problem)
        if time.monotonic() > deadline and not (_state.dismissed or _state.leaving):
            raise FashionWbError(f"{place}: no controller answered at {rendezvous.address} for {wait:g} s")
        await asyncio.sleep(0 if _state.dismissed or _state.leaving else 0.5)
    print("Left: " + (_state.leaving or "the sweep is over"), file=stream, flush=True)


async def _find_controller(place: str, deadline: float) -> Rendezvous | None:
    while not _state.leaving:
        try:
            return read_rendezvous(place)
        except FashionWbError:
            if time.monotonic() > deadline:
                raise
        await asyncio.sleep(0.5)
    return None


async def _serve(rendezvous: Rendezvous, scratch: str, stream: TextIO) -> None:
    worker = Worker(
        rendezvous.address,
        security=rendezvous.security(),
        nthreads=1,
        memory_limit=0,
        local_directory=scratch,
        dashboard_address=HTTP,
        death_timeout=_JOIN_SECONDS,
    )
    try:
        await worker
        print(f"Joined {rendezvous.address}", file=stream, flush=True)
        _state.done.clear()
        finished = asyncio.ensure_future(worker.finished())
        done = asyncio.ensure_future(_state.done.wait())
        await asyncio.wait([finished, done], return_when=asyncio.FIRST_COMPLETED)
        done.cancel()
    finally:
        await _close_host()
        with contextlib.suppress(OSError, TimeoutError):
            await worker.close(timeout=5, nanny=False)


def _leave(reason: str) -> None:
    _state.leaving = _state.leaving or f"the machine got {reason}"
    if _state.host is None or _state.host.closed:
        _state.done.set()
        return
    _state.host.leave(_state.leaving, _state.grace)


async def _leave_with(host: Host) -> None:
    """Leave once a host has left, for whatever reason."""
    while not host.has_left:
        if host.closed:
            return
        await asyncio.sleep(0.1)
    await asyncio.sleep(_ANSWER_SECONDS)
    _state.leaving = host.leaving
    _state.done.set()
