"""The controller's connection to a cluster: an event loop in a thread of its own.

It finds the workers, attaches to each, and carries orders out and reports in. Whatever goes wrong with a
worker ends the connection to it. If the worker is still there, a new connection begins.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import uuid
from dataclasses import dataclass, field, replace
from typing import Any

import dask
from distributed import Client, Scheduler
from distributed.comm.core import CommClosedError

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.dask_cluster import worker
from fashion_wb.executors.dask_cluster.messages import ConnectionEnded, MachineBroken, Order, Report, Welcome
from fashion_wb.executors.dask_cluster.rendezvous import Rendezvous, new_keys

_MEMBERS_SECONDS = 0.25
_ATTACH_AGAIN_SECONDS = 2.0
_CLOSE_SECONDS = 10.0
# Of what trials send, no more reports than this wait for the controller, which may be busy.
_MOST_WAITING = 64


@dataclass(frozen=True)
class Gone:
    """The connection to a worker has ended; `reason` says why.

    `broken` is whether its machine could not go on, as with a full disk.
    """

    reason: str
    broken: bool = False


@dataclass
class _Connection:
    address: str
    token: str
    orders: asyncio.Queue[Order] = field(default_factory=asyncio.Queue)


class Link:
    """A scheduler of our own or a running one, and a connection to each worker.

    Attributes:
        inbox: what the workers report, with the connection's token and the worker's address.
        rendezvous: where the scheduler is.
        longest: seconds that the longest trial has taken so far; the workers are told.
    """

    def __init__(self, welcome: Welcome, running: Rendezvous | None, listen: str | None) -> None:
        """Start the thread, and wait until there is a scheduler.

        Args:
            welcome: what each worker is told; the token is replaced.
            running: the scheduler to join; None starts one here.
            listen: the address of this machine that our scheduler listens on; None means all, with TLS.

        Raises:
            FashionWbError: the scheduler cannot be started or reached.
        """
        logging.getLogger("distributed").setLevel(logging.CRITICAL)
        self.inbox: queue.SimpleQueue[tuple[str, str, Report | Gone]] = queue.SimpleQueue()
        self.rendezvous: Rendezvous | None = None
        self.longest = 0.0
        self._welcome, self._running, self._listen = welcome, running, listen
        self._connections: dict[str, _Connection] = {}
        self._refused: set[str] = set()
        self._dismiss = False
        self._ready = threading.Event()
        self._problem = ""
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), name="cluster")
        self._thread.start()
        self._ready.wait()
        if self._problem:
            self._thread.join()
            raise FashionWbError(self._problem)

    def send(self, token: str, order: Order) -> None:
        """Send an order to the worker at the other end of connection `token`; orders arrive in order."""
        self._loop.call_soon_threadsafe(self._enqueue, token, order)

    def drop(self, token: str, reason: str) -> None:
        """End a connection; `inbox` reports it as gone."""
        self._loop.call_soon_threadsafe(self._gone, token, reason)

    def close(self, dismiss: bool) -> None:
        """End every connection, and a scheduler of our own.

        Args:
            dismiss: whether the workers of our own scheduler exit too, because there is nothing left to run.
        """
        self._dismiss = dismiss
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join()

    async def _main(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        settings = {
            # Longer than Dask's sockets outlive an outage (30 s). Otherwise a worker that came back after a
            # short one is attached, and then removed because of its old heartbeat.
            "distributed.scheduler.worker-ttl": f"{max(120, int(2 * self._welcome.lost_after))}s",
            # Otherwise every message to a worker is a new TLS connection.
            "distributed.scheduler.reuse-broadcast-comm": True,
            **worker.SILENT,
        }
        async with contextlib.AsyncExitStack() as stack:
            try:
                stack.enter_context(dask.config.set(settings))
                self.rendezvous = self._running or await self._start_scheduler(stack)
                self._client = await stack.enter_async_context(
                    Client(
                        self.rendezvous.address,
                        security=self.rendezvous.security(),
                        asynchronous=True,
                        set_as_default=False,
                    )
                )
            except (OSError, TimeoutError, RuntimeError, ValueError) as error:
                self._problem = f"the cluster cannot be used: {error}"
                return
            finally:
                self._ready.set()
            await self._watch_members()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await self._detach_all()

    async def _start_scheduler(self, stack: contextlib.AsyncExitStack) -> Rendezvous:
        certificate, key = new_keys()
        draft = Rendezvous("", certificate, key)
        scheduler = await stack.enter_async_context(
            Scheduler(
                host=self._listen,
                port=0,
                protocol="tls",
                security=draft.security(),
                dashboard=False,
                dashboard_address=worker.HTTP,
            )
        )
        return replace(draft, address=scheduler.address)

    async def _watch_members(self) -> None:
        tasks: set[asyncio.Task[None]] = set()
        while not self._stop.is_set():
            try:
                present = set(await self._client.nthreads())
            except (OSError, TimeoutError) as error:
                present = set()
                for token in list(self._connections):
                    self._gone(token, f"the scheduler does not answer ({error})")
            attached = {connection.address for connection in self._connections.values()}
            for token, connection in list(self._connections.items()):
                if connection.address not in present:
                    self._gone(token, "the machine has gone")
            for address in present - attached - self._refused:
                connection = _Connection(address, uuid.uuid4().hex)
                self._connections[connection.token] = connection
                tasks.add(asyncio.ensure_future(self._serve(connection)))
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_MEMBERS_SECONDS):
                    await self._stop.wait()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, connection: _Connection) -> None:
        token = connection.token
        sender = asyncio.ensure_future(self._send_orders(connection))
        try:
            await self._call(connection, worker.attach, replace(self._welcome, token=token))
            while token in self._connections:
                while self.inbox.qsize() > _MOST_WAITING:
                    # The worker must know that it has not been forgotten.
                    await self._call(connection, worker.deliver, token, [])
                    await asyncio.sleep(_MEMBERS_SECONDS)
                for report in await self._call(connection, worker.collect, token, self.longest):
                    self._put(connection, report)
                if sender.done():
                    sender.result()
        except ConnectionEnded as error:
            broken = isinstance(error, MachineBroken)
            self._gone(token, str(error), _ATTACH_AGAIN_SECONDS, broken)
        except FashionWbError as error:
            self._refused.add(connection.address)  # the worker does not have the program
            self._gone(token, str(error))
        except (OSError, TimeoutError, RuntimeError) as error:
            self._gone(token, self._reason(error), _ATTACH_AGAIN_SECONDS)
        finally:
            sender.cancel()

    def _reason(self, error: Exception) -> str:
        if isinstance(error, CommClosedError):
            return "the connection broke"
        if isinstance(error, TimeoutError):
            return f"no answer for {self._welcome.lost_after:g} s"
        return f"it does not answer ({str(error) or type(error).__name__})"

    async def _send_orders(self, connection: _Connection) -> None:
        while True:
            orders = [await connection.orders.get()]
            while not connection.orders.empty():
                orders.append(connection.orders.get_nowait())
            await self._call(connection, worker.deliver, connection.token, orders)

    async def _call(self, connection: _Connection, function: Any, *arguments: Any) -> Any:
        # Not wait_for: before Python 3.12 it forgets that it was cancelled if the answer comes just then.
        async with asyncio.timeout(self._welcome.lost_after):
            answers = await self._client.run(function, *arguments, workers=[connection.address])
        return answers[connection.address]

    def _enqueue(self, token: str, order: Order) -> None:
        if token in self._connections:
            self._connections[token].orders.put_nowait(order)

    def _put(self, connection: _Connection, report: Report | Gone) -> None:
        # An answer may come in just after the connection was given up; then its trials are lost already.
        if connection.token in self._connections:
            self.inbox.put((connection.token, connection.address, report))

    def _gone(self, token: str, reason: str, keep_away: float = 0.0, broken: bool = False) -> None:
        if token not in self._connections:
            return
        connection = self._connections[token]
        self._put(connection, Gone(reason, broken))
        del self._connections[token]
        if keep_away:
            self._refused.add(connection.address)
            self._loop.call_later(keep_away, self._refused.discard, connection.address)

    async def _detach_all(self) -> None:
        dismiss = self._dismiss and self._running is None
        calls = [
            self._client.run(worker.detach, c.token, dismiss, workers=[c.address])
            for c in self._connections.values()
        ]
        await asyncio.gather(*calls, return_exceptions=True)
