"""Folders of sweeps for the live page, made without processes, and the page served in a thread."""

from __future__ import annotations

import contextlib
import json
import random
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from analysis.view.app import make_server
from analysis.view.serve import LOOPBACK
from analysis.view.watch import Watch
from fashion_wb.early_stop import Stop
from fashion_wb.runlog.writing import WrittenRun, write_run
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import TrialState, stopped_early

TOKEN = "0123456789abcdef0123456789abcdef"
CONFIG: dict[str, Any] = {
    "method": "random",
    "program": "train.py",
    "run_cap": 60,
    "metric": {"name": "loss"},
    "parameters": {
        "x": {"min": 0.0, "max": 1.0},
        "lr": {"distribution": "log_uniform_values", "min": 1e-4, "max": 1e-1},
        "kind": {"values": ["a", "b"]},
    },
}
_CODES = {TrialState.FINISHED: 0, TrialState.STOPPED: 255, TrialState.FAILED: 1}
STARTED = 1.79e9


def new_sweep(folder: Path, name: str = "bayes-r0", **more: Any) -> SweepDir:
    """Make the folder of a sweep without trials; None in `more` leaves a key out."""
    folder.mkdir(parents=True, exist_ok=True)
    config = {key: value for key, value in {**CONFIG, "name": name, **more}.items() if value is not None}
    return open_sweep_dir(folder, make_sweep(config, name), seed=0)


def add_trial(
    sweep: SweepDir,
    number: int,
    losses: Sequence[float] = (1.0, 0.5),
    state: TrialState = TrialState.FINISHED,
    config: Mapping[str, Any] | None = None,
    stop: Stop | None = None,
    reason: str = "",
    started: float | None = None,
) -> Path:
    """Add a trial as an executor leaves it; the log of a running one has no end. Returns the log."""
    chance = random.Random(number)
    config = config or {"x": chance.random(), "lr": 10 ** chance.uniform(-4, -1), "kind": chance.choice("ab")}
    run_id = sweep.propose(number, config)
    rows = [
        {"loss": loss, "epoch": at, "_step": at - 1, "_runtime": float(at)}
        for at, loss in enumerate(losses, 1)
    ]
    code = _CODES.get(state, 0)
    run = WrittenRun(run_id, sweep.sweep_id, "", config, rows, code, started or STARTED + 4 * number)
    log = write_run(run, sweep.root)
    if state is TrialState.STOPPED:
        end = stopped_early(stop)
        sweep.record_outcome(run_id, end.state, end.reason, end.stop)
    elif state is TrialState.FAILED:
        sweep.record_outcome(run_id, state, reason)
    elif state is TrialState.RUNNING:
        # Without the record of the exit, the last one.
        log.write_bytes(log.read_bytes()[:-12])
    return log


def fill(sweep: SweepDir, trials: int, seed: int = 0) -> SweepDir:
    """Add finished, stopped and failed trials."""
    chance = random.Random(seed)
    for number in range(trials):
        level = chance.uniform(0.2, 0.6)
        losses = [level + 1 / epoch for epoch in range(1, 11)]
        if number % 5 == 3:
            stop = Stop("loss", 3, losses[2], 0.5, 9, 3)
            add_trial(sweep, number, losses[:3], TrialState.STOPPED, stop=stop)
        elif number % 17 == 9:
            add_trial(sweep, number, losses[:2], TrialState.FAILED, reason="ended with exit status 3")
        else:
            add_trial(sweep, number, losses)
    return sweep


def read_all(watch: Watch) -> Watch:
    """Read everything that is there, without the watch's thread."""
    watch.refresh()
    while not watch.ready:
        watch.refresh()
    return watch


@contextlib.contextmanager
def served(*roots: Path) -> Iterator[str]:
    """Serve the page of `roots` in a thread; gives its address, which ends in a slash."""
    listening = socket.socket()
    listening.bind(("127.0.0.1", 0))
    listening.listen(16)
    with Watch(roots) as watch:
        server = make_server(watch, TOKEN, LOOPBACK)
        thread = threading.Thread(target=server.run, args=([listening],))
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}/{TOKEN}/"
        finally:
            server.should_exit = True
            thread.join(10)
            listening.close()


def get(address: str, method: str = "GET", **headers: str) -> tuple[int, dict[str, str], bytes]:
    """Send a request; gives the status, the headers with small letters, and the body."""
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    request = urllib.request.Request(address, method=method, headers=named)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, _lower(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, _lower(error.headers), error.read()


def get_json(address: str) -> Any:
    """Get a JSON answer, which must not hold NaN or infinity: browsers refuse them."""

    def refuse(constant: str) -> float:
        raise AssertionError(f"{address} holds {constant}")

    status, _, body = get(address)
    assert status == 200, body
    return json.loads(body, parse_constant=refuse)


def ready(address: str) -> Any:
    """Wait until every trial has been read; gives the overview."""
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        overview = get_json(f"{address}api/overview")
        if overview["ready"] and overview["sweeps"]:
            return overview
        time.sleep(0.05)
    raise AssertionError("not read after a minute")


def _lower(headers: Any) -> dict[str, str]:
    return {name.lower(): value for name, value in headers.items()}
