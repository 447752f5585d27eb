"""Sweeps whose processes are killed at random moments, and what must hold afterwards.

Every sweep minimises `loss`. Its program notes each of its starts in `starts/RUN`, and the time of each row
in `rows/RUN`, outside of W&B.
"""

from __future__ import annotations

import contextlib
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import yaml
from sweep_cases import environment, only_sweep
from sweep_processes import ENDING, MARK, find, kill, left
from warm_cli import Command

from fashion_wb.files import is_locked
from fashion_wb.offline.ongoing import OngoingSearch
from fashion_wb.replay.search import replay_search
from fashion_wb.search.factory import start_search
from fashion_wb.sweep_folder.start import Start
from fashion_wb.sweepfile.sweep import make_sweep

WORKERS, ROWS = 2, 3
PROGRAM = """
import signal
import time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    with open(f"starts/{run.id}", "a") as file:
        file.write("x")
    if run.config.deaf:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    for step in range(run.config.rows):
        run.log({"loss": (run.config.x - 0.3) ** 2 + 1 / (step + 1)})
        with open(f"rows/{run.id}", "a") as file:
            file.write(f"{time.time()}\\n")
        time.sleep(run.config.pause)
"""
LIMIT_SECONDS = 240


def config(method, cap, rows=ROWS, pause=0.03, deaf=False):
    """The sweep file, as a mapping; trials that are `deaf` ignore SIGTERM."""
    return {
        "method": method,
        "program": "prog.py",
        "metric": {"name": "loss"},
        "run_cap": cap,
        "parameters": {
            "x": {"min": 0.0, "max": 1.0},
            "rows": {"value": rows},
            "pause": {"value": pause},
            "deaf": {"value": deaf},
        },
    }


def undisturbed(sweep, parallel):
    """The configurations of the same sweep if nothing happens to it."""

    def rows_of(found):
        losses = [(found["x"] - 0.3) ** 2 + 1 / (step + 1) for step in range(found["rows"])]
        return [{"loss": loss, "_step": step, "_runtime": 0.1 * step} for step, loss in enumerate(losses)]

    sampler, pruner = start_search(make_sweep(sweep, "sweep"), "s", 0, Start())
    search = OngoingSearch(sampler, pruner, sweep["run_cap"], parallel)
    replay_search(search, rows_of, "s")
    return [trial.config for trial in search.trials]


@dataclass
class Storm:
    """One sweep under kills.

    Attributes:
        folder: an empty folder.
        sweep: the sweep file, as a mapping.
        generator: chooses whom to kill, and when.
        kills: how often each kind of process was killed.
        hit: how many trials ran at the kills: at most so many may start again, or have failed.
        gone_after: after each death of the command, the seconds until its last process was gone.
    """

    folder: Path
    sweep: dict
    generator: random.Random
    parallel: int = WORKERS
    kills: Counter = field(default_factory=Counter)
    hit: int = 0
    gone_after: list = field(default_factory=list)
    command: Command | None = None
    settled: dict = field(default_factory=dict)

    def __post_init__(self):
        for name in ("starts", "rows", "runs"):
            (self.folder / name).mkdir(parents=True)
        (self.folder / "prog.py").write_text(PROGRAM)
        (self.folder / "sweep.yaml").write_text(yaml.safe_dump(self.sweep))

    def start(self, script=None, before=()):
        """Give the command, as at first; or a script, with arguments `before` those of the command."""
        options = ("--workers", str(WORKERS), "--parallel", str(self.parallel))
        arguments = [*before, "sweep", "sweep.yaml", *options]
        self.command = Command(arguments, self.folder, environment(**{MARK: str(self.folder)}), script=script)

    def starts(self):
        """How often each trial has started, by run id."""
        return {path.name: path.stat().st_size for path in (self.folder / "starts").iterdir()}

    def strike(self, victim):
        """Kill one kind of process at a random moment, and start the command again if it ended by that."""
        if self.command is None:
            self.start()
        self._wait_for_moment()
        while not kill(victim, self.command.pid, self.generator):
            if self.command.poll() is not None:
                return  # the sweep is over
            self._wait_for_moment()
        self.kills[victim] += 1
        self.hit += 1 if victim == "trial" else WORKERS
        if victim in ENDING:
            self._bury(victim)
            self.start()

    def terminate(self, everyone, grace):
        """Send SIGTERM to the command or to every process, and SIGKILL to what is left after `grace` seconds.

        Returns:
            When SIGKILL came; None if nothing was left.
        """
        found = find("everything" if everyone else "controller", self.command.pid, self.generator)
        for process in found:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate()
        self.hit += WORKERS
        deadline, killed_at = time.monotonic() + grace, None
        while self.command.poll() is None or left(self.folder):
            if killed_at is None and time.monotonic() > deadline:
                killed_at = time.time()
                kill("everything", self.command.pid, self.generator)
            assert time.monotonic() < deadline + LIMIT_SECONDS, "processes outlive SIGKILL"
            time.sleep(0.02)
        self.command.communicate()
        return killed_at

    def logged(self):
        """When each row was logged, by run id."""
        return {
            path.name: [*map(float, path.read_text().split())] for path in (self.folder / "rows").iterdir()
        }

    def finish(self):
        """Let the sweep end, and check it."""
        if self.command is None or self.command.poll() not in (None, 0):
            self.start()
        _, printed = self.command.communicate(LIMIT_SECONDS)
        assert self.command.returncode == 0, printed
        self.wait_until_gone()
        self.check()

    def check(self):
        """Check the record of the sweep that has ended."""
        trials, cap = only_sweep(self.folder).read_trials(), self.sweep["run_cap"]
        assert [trial.number for trial in trials] == list(range(cap))
        assert [trial.config for trial in trials] == undisturbed(self.sweep, self.parallel)
        failed = [trial for trial in trials if str(trial.state) == "failed"]
        assert all(trial.reason == "was killed by SIGKILL" for trial in failed), failed
        assert len(failed) <= self.kills["trial"]
        whole = [trial for trial in trials if str(trial.state) == "finished"]
        assert len(whole) + len(failed) == cap and all(len(t.history) == t.config["rows"] for t in whole)
        assert sum(self.starts().values()) <= cap + self.hit, (self.starts(), self.kills)
        self.check_settled()
        runs = Counter(path.name[-4:] for path in self.folder.glob("runs/sweep/wandb/offline-run-*"))
        assert set(runs.values()) == {1} and len(runs) >= cap - len(failed)

    def _wait_for_moment(self):
        """Wait for a moment of the start, or for one shortly after a trial has started."""
        if self.generator.random() < 0.25:
            time.sleep(self.generator.uniform(0, 1.5))
            return
        before, deadline = sum(self.starts().values()), time.monotonic() + LIMIT_SECONDS
        while sum(self.starts().values()) == before and self.command.poll() is None:
            assert time.monotonic() < deadline, "no trial starts"
            time.sleep(0.005)
        time.sleep(self.generator.uniform(0, 0.5))

    def _bury(self, victim):
        """Check what the command leaves behind when it has died."""
        _, printed = self.command.communicate(LIMIT_SECONDS)
        if victim in ("controller", "everything"):
            assert self.command.returncode == -signal.SIGKILL
        else:
            # The kill may have come after the last trial.
            assert self.command.returncode in (0, 1), printed
            assert self.command.returncode == 0 or "exited unexpectedly" in printed, printed
            assert "Traceback" not in printed
        self.wait_until_gone()
        self.check_settled()

    def wait_until_gone(self):
        began = time.monotonic()
        while left(self.folder):
            assert time.monotonic() < began + 30, [process.cmdline() for process in left(self.folder)]
            time.sleep(0.02)
        self.gone_after.append(time.monotonic() - began)
        assert not is_locked(self.folder / "runs" / "sweep")

    def check_settled(self):
        """Check that what had ended has not started again; note what has ended by now."""
        starts = self.starts()
        assert {run_id: starts.get(run_id) for run_id in self.settled} == self.settled
        if (self.folder / "runs" / "sweep" / "sweep.json").exists():
            trials = only_sweep(self.folder).read_trials()
            self.settled = {t.run_id: starts.get(t.run_id) for t in trials if t.state.ended}
