"""The page's server: what is watched as JSON, the parts of the page, and events while it is open."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import anyio.to_thread
import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response, StreamingResponse
from starlette.routing import Mount, Route

from analysis.view.access import Guard
from analysis.view.detail import find_file, trial_detail
from analysis.view.scopes import Scopes
from analysis.view.watch import Watch

PAGE = Path(__file__).parent / "page"
_STYLE = Path(__file__).parents[1] / "html_report" / "template" / "style.css"
_TYPES = {".js": "text/javascript", ".css": "text/css", ".svg": "image/svg+xml"}
# Several epochs that end at about the same time are one event.
_GATHER_SECONDS = 0.15
# Proxies and browsers take a silent connection for dead.
_HEARTBEAT_SECONDS = 15.0
_THREADS = 4
# How soon an open page notices that the server wants to end.
_GLANCE_SECONDS = 0.25


class Api:
    """Answers for one `Watch`."""

    def __init__(self, watch: Watch, closing: Callable[[], bool]) -> None:
        """Args: `closing` tells whether the server is about to end, so that open pages let go of it."""
        self._watch, self._scopes, self._closing = watch, Scopes(watch), closing

    def routes(self) -> list[Route]:
        """Return the routes below the page's address."""
        return [
            Route("/", self.page),
            Route("/static/{name}", self.static),
            Route("/api/overview", self.overview),
            Route("/api/events", self.events),
            Route("/api/trials/{key}", self.trials),
            Route("/api/scope/{key}", self.scope),
            Route("/api/trial/{key}/{run}", self.trial),
            Route("/api/file/{key}/{run}", self.file),
        ]

    async def page(self, request: Request) -> Response:
        """The page itself, which asks for everything else."""
        # Each thread keeps memory of its own. One page asks for a few things at once.
        anyio.to_thread.current_default_thread_limiter().total_tokens = _THREADS
        return HTMLResponse((PAGE / "index.html").read_text(encoding="utf-8"))

    async def static(self, request: Request) -> Response:
        """A script or style of the page, by its name in a fixed list."""
        name = request.path_params["name"]
        if name == "vega.js":
            from analysis.html_report.vega_bundle import vega_bundle

            return Response(await run_in_threadpool(vega_bundle), media_type=_TYPES[".js"])
        files = {path.name: path for path in (*PAGE.iterdir(), _STYLE) if path.suffix in _TYPES}
        if name not in files:
            raise HTTPException(404)
        return Response(files[name].read_bytes(), media_type=_TYPES[files[name].suffix])

    async def overview(self, request: Request) -> Response:
        """Everything at a glance."""
        return _json(await run_in_threadpool(self._watch.overview))

    async def trials(self, request: Request) -> Response:
        """All trials of a sweep, or of a group of sweeps."""
        keys = self._sweeps_of(request.path_params["key"])
        return _json(await run_in_threadpool(self._all_trials, keys))

    def _all_trials(self, keys: list[str]) -> dict[str, Any]:
        version = self._watch.version
        rows = [row for key in keys for row in tuple(self._watch.rows[key].values())]
        names = dict.fromkeys(name for key in keys for name in self._watch.parameters(key))
        return {"version": version, "parameters": list(names), "rows": rows}

    async def scope(self, request: Request) -> Response:
        """The figures, tables and sentences on a sweep or a group."""
        key = request.path_params["key"]
        return Response(
            await run_in_threadpool(self._scopes.get, key, self._sweeps_of(key)),
            media_type="application/json",
        )

    async def trial(self, request: Request) -> Response:
        """Everything about one trial."""
        key, run = self._trial_of(request)
        sweep, names = self._watch.sweeps[key], self._watch.parameters(key)
        return _json(await run_in_threadpool(trial_detail, sweep, run, names))

    async def file(self, request: Request) -> Response:
        """One of the files that a run has left; a browser saves it and never shows it."""
        key, run = self._trial_of(request)
        log = self._watch.sweeps[key].trials[run].log
        path = None if log is None else find_file(log.parent, request.query_params.get("name", ""))
        if path is None:
            raise HTTPException(404)
        return FileResponse(path, media_type="application/octet-stream", filename=path.name)

    async def events(self, request: Request) -> Response:
        """Server-sent events: the overview, and the changed trials of what is shown, after every change."""
        shown = request.query_params.get("shown", "")
        keys = set(self._sweeps_of(shown)) if shown else set()
        try:
            since = int(request.query_params.get("since", "0"))
        except ValueError:
            raise HTTPException(400) from None
        return StreamingResponse(self._events(keys, since), media_type="text/event-stream")

    async def _events(self, keys: set[str], since: int) -> AsyncIterator[str]:
        loop, changed = asyncio.get_running_loop(), asyncio.Event()

        def listener() -> None:
            loop.call_soon_threadsafe(changed.set)

        quiet = 0.0
        with self._watch.listening(listener):
            while not self._closing():
                version = self._watch.version
                if version > since:
                    yield f"data: {await run_in_threadpool(self._event, keys, since)}\n\n"
                    since, quiet = version, 0.0
                elif quiet >= _HEARTBEAT_SECONDS:
                    yield ": still here\n\n"
                    quiet = 0.0
                try:
                    await asyncio.wait_for(changed.wait(), _GLANCE_SECONDS)
                    await asyncio.sleep(_GATHER_SECONDS)
                except TimeoutError:
                    quiet += _GLANCE_SECONDS
                changed.clear()

    def _event(self, keys: set[str], since: int) -> str:
        runs = self._watch.changed_since(since, keys)
        rows = None
        if runs is not None:
            known = self._watch.rows
            rows = [known[key][run] for key, ids in runs.items() for run in ids if run in known[key]]
        return json.dumps(
            {"overview": self._watch.overview(), "rows": rows, "changed": bool(rows is None or rows)}
        )

    def _sweeps_of(self, key: str) -> list[str]:
        """Return the keys of a group's sweeps, or that of a sweep."""
        if key in self._watch.sweeps:
            return [key]
        found = [one.key for one in list(self._watch.sweeps.values()) if one.group == key]
        if not found:
            raise HTTPException(404)
        return found

    def _trial_of(self, request: Request) -> tuple[str, str]:
        key, run = request.path_params["key"], request.path_params["run"]
        if key not in self._watch.sweeps or run not in self._watch.sweeps[key].trials:
            raise HTTPException(404)
        return key, run


def make_server(watch: Watch, token: str, hosts: tuple[str, ...]) -> uvicorn.Server:
    """Make the server.

    Args:
        watch: what to show.
        token: the first part of every address.
        hosts: the names by which the server may be asked; any, if there are none.
    """
    api = Api(watch, lambda: server.should_exit)
    app = Starlette(
        routes=[Mount(f"/{token}", routes=api.routes())],
        middleware=[
            Middleware(Guard, token=token, hosts=hosts),
            Middleware(GZipMiddleware, minimum_size=2000, compresslevel=3),
        ],
    )
    # The token is in every address, so addresses are not logged.
    config = uvicorn.Config(
        app, log_level="error", access_log=False, lifespan="off", timeout_graceful_shutdown=5
    )
    server = uvicorn.Server(config)
    return server


def _json(content: Any) -> Response:
    return Response(json.dumps(content), media_type="application/json")
