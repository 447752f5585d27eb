"""Measure the live page: 10,000 trials, how soon a logged value shows, and what watching costs a sweep.

    .venv/bin/python benchmarks/view.py [--trials 10000] [--pairs 5] [--events 20]

The first part serves a sweep of that many replayed trials: seconds until the page and its first data are
there, until every trial has been read, and memory. The second logs values in a run and measures the time
until the event that tells of them. The third runs one sweep with and without the page, a reader of its
events connected, in turns; the ratio is of wall seconds.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import click
from measure import machine, spread

COMMAND = [sys.executable, "-c", "from fashion_wb.cli import main; main()"]
PROGRAM = """
import time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    for step in range(run.config.steps):
        time.sleep(run.config.pause)
        run.log({"loss": (run.config.x - 0.3) ** 2 + 1 / (step + 1), "at": time.time()})
"""
SWEEP = """program: fit.py
method: random
run_cap: {trials}
metric: {{name: loss, goal: minimize}}
parameters:
  x: {{min: 0.0, max: 1.0}}
  steps: {{value: {steps}}}
  pause: {{value: {pause}}}
"""


@click.command()
@click.option("--trials", default=10_000, show_default=True)
@click.option("--events", default=20, show_default=True)
@click.option("--pairs", default=5, show_default=True)
def main(trials: int, events: int, pairs: int) -> None:
    """Print the three parts."""
    with tempfile.TemporaryDirectory() as folder:
        many(Path(folder), trials)
        soon(Path(folder), events)
        beside(Path(folder), pairs)
    print(f"\n{machine()}")


def many(folder: Path, trials: int) -> None:
    """Serve a sweep of `trials` trials, n = 1."""
    study = [*COMMAND, "study", "--replay", "--write-runs", "--methods", "random", "--replicates", "1"]
    out = folder / "many"
    subprocess.run([*study, "--trials", str(trials), "--out", str(out)], check=True, capture_output=True)
    # The page's scripts are bundled once on a machine, not on each start.
    with _page(out) as (_, address):
        _get(f"{address}static/vega.js")
    with _page(out) as (process, address):
        started = time.monotonic() - _age(process.pid)
        _get(address)
        _get(f"{address}api/overview")
        page = time.monotonic() - started
        while not (overview := json.loads(_get(f"{address}api/overview")))["ready"]:
            time.sleep(0.1)
        read = time.monotonic() - started
        key = overview["sweeps"][0]["key"]
        took = {}
        for name in (f"api/trials/{key}", f"api/scope/{key}"):
            before = time.monotonic()
            _get(address + name)
            took[name.split("/")[1]] = time.monotonic() - before
        print(f"{trials:,} trials, n = 1")
        print(f"  page and first data after     {page:6.2f} s")
        print(f"  every trial read after        {read:6.2f} s")
        print(f"  table of all trials           {took['trials']:6.2f} s")
        print(f"  figures, the first time       {took['scope']:6.2f} s")
        print(f"  peak memory                   {_peak(process.pid):6.0f} MiB")
        idle = _cpu(process.pid)
        time.sleep(10)
        print(
            f"  processor while nothing runs  {10 * (_cpu(process.pid) - idle):6.2f} % of a core", flush=True
        )


def soon(folder: Path, events: int) -> None:
    """Measure the time from a logged value to the event that tells of it."""
    place = _place(folder / "soon", trials=1, steps=events, pause=1.0)
    process = subprocess.Popen(
        [*COMMAND, "sweep", "sweep.yaml", "--workers", "1"],
        cwd=place,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    (place / "runs").mkdir(exist_ok=True)
    with _page(place / "runs") as (_, address):
        delays = list(_delays(address, process))
    process.wait()
    slowest = sorted(delays)[max(0, int(0.95 * len(delays)) - 1)]
    delay = f"{spread(delays, 2)} s, 95% below {slowest:.2f} s"
    print(f"\nfrom a logged value to its event, n = {len(delays)}: {delay}")


def beside(folder: Path, pairs: int) -> None:
    """Run a sweep with and without the page, in turns."""
    found: dict[bool, list[float]] = {True: [], False: []}
    shares: list[float] = []
    for pair in range(pairs):
        for watched in (True, False) if pair % 2 else (False, True):
            seconds, share = _seconds(folder / f"beside-{pair}-{watched}", watched)
            found[watched].append(seconds)
            shares += [share] if watched else []
    ratios = [a / b for a, b in zip(found[True], found[False], strict=True)]
    print(f"\na sweep of 60 trials, 2 at once, n = {pairs} pairs")
    print(f"  without the page  {spread(found[False], 2)} s")
    print(f"  with the page     {spread(found[True], 2)} s")
    print(f"  the page takes    {spread(shares, 2)} % of a core meanwhile")
    error = statistics.stdev(ratios) / len(ratios) ** 0.5 if len(ratios) > 1 else float("nan")
    print(f"  ratio             {spread(ratios, 4)}, mean {statistics.mean(ratios):.4f} ± {error:.4f} (SE)")


def _seconds(folder: Path, watched: bool) -> tuple[float, float]:
    """Return the wall seconds of a sweep, and the share of a core that the page took, in percent."""
    place = _place(folder, trials=60, steps=10, pause=0.05)
    command = [*COMMAND, "sweep", "sweep.yaml", "--workers", "2"]
    if not watched:
        start = time.monotonic()
        subprocess.run(command, cwd=place, check=True, capture_output=True)
        return time.monotonic() - start, 0.0
    # One trial first: the page imports what reads logs when there is one, once.
    earlier = _place(folder / "earlier", trials=1, steps=1, pause=0.0)
    subprocess.run(
        [*command, "--dir", str(place / "runs/earlier")], cwd=earlier, check=True, capture_output=True
    )
    with _page(place / "runs") as (page, address):
        threading.Thread(target=_read_events, args=(address,), daemon=True).start()
        time.sleep(5)
        start, before = time.monotonic(), _cpu(page.pid)
        subprocess.run(command, cwd=place, check=True, capture_output=True)
        seconds = time.monotonic() - start
        return seconds, 100 * (_cpu(page.pid) - before) / seconds


def _place(folder: Path, **values: Any) -> Path:
    folder.mkdir(parents=True)
    (folder / "fit.py").write_text(PROGRAM)
    (folder / "sweep.yaml").write_text(SWEEP.format(**values))
    return folder


@contextmanager
def _page(folder: Path) -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [*COMMAND, "view", str(folder), "--no-browser"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found is not None
        yield process, found[0]
    finally:
        process.terminate()
        process.wait()


def _events(address: str) -> Iterator[Any]:
    place = urlsplit(address)
    assert place.hostname is not None
    connection = http.client.HTTPConnection(place.hostname, place.port, timeout=60)
    connection.request("GET", f"{place.path}api/events?since=0")
    answer = connection.getresponse()
    while line := answer.readline():
        if line.startswith(b"data: "):
            yield json.loads(line.removeprefix(b"data: "))


def _read_events(address: str) -> None:
    try:
        for _ in _events(address):
            pass
    except OSError:
        pass


def _delays(address: str, process: subprocess.Popen[bytes]) -> Iterator[float]:
    """Yield, for each value that an event tells of first, the seconds since it was logged."""
    seen = 0
    for event in _events(address):
        now = time.time()
        for row in event["overview"]["running"]:
            if row["steps"] > seen:
                seen = row["steps"]
                yield now - row["updated"]
        if seen and not event["overview"]["running"]:
            return


def _get(address: str) -> bytes:
    with urllib.request.urlopen(address, timeout=600) as answer:
        content: bytes = answer.read()
        return content


def _age(pid: int) -> float:
    """Return the seconds since a process started."""
    ticks = int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19])
    return float(Path("/proc/uptime").read_text().split()[0]) - ticks / os.sysconf("SC_CLK_TCK")


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _peak(pid: int) -> float:
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


if __name__ == "__main__":
    main()
