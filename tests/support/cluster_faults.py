"""Sweeps on a cluster of this machine, disturbed at random moments; after each, the record has to be whole.

    .venv/bin/python tests/support/cluster_faults.py --rounds 100 [--seed 0]

Every round runs one sweep with two workers and a few faults: kill -9 of a worker, of its fork server, of
its wandb-core, of a trial or of the controller; a worker that stands still for longer than `--lost-after`,
and wakes up again; the worker's connection to the scheduler cut. What is killed starts again. In the end the
sweep must have exactly its trials, each with one run, and the suggestions and histories of the same sweep
undisturbed on one machine.
A trial that was killed itself has failed, as anywhere; it must say so, and its sweep is a random search, so
that the suggestions can be compared.
"""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import click
import psutil
from cluster_cases import start_worker, trials_of
from sweep_cases import COMMAND, environment, only_sweep, place, run, yaml

CAP = 8
LOST_AFTER = 3.0
OPTIONS = ("--parallel", "3", "--seed", "3")
FAULTS = ("worker", "fork server", "wandb-core", "controller", "stand still", "connection")
# A trial that is lost three times has failed, so a round does fewer of these.
LOSING = {"worker", "fork server", "wandb-core", "stand still", "connection"}
LIMIT_SECONDS = 120


def sweep_file(method, steps=4):
    """The sweep; a trial takes 0.15 s a step."""
    more = f"  pause: {{value: 0.15}}\n  steps: {{value: {steps}}}\n"
    return yaml(method=method, more=f"run_cap: {CAP}\n") + more


def results(folder):
    trials = only_sweep(folder).read_trials()
    return [
        (t.number, t.config["x"], str(t.state), [row["loss"] for row in t.history], t.reason) for t in trials
    ]


def undisturbed(folder, method, steps=4):
    """The results of the sweep on one machine; `folder` is made."""
    folder.mkdir()
    place(folder, sweep_file(method, steps))
    done = run(folder, "sweep", "sweep.yaml", "--dir", "near", *OPTIONS, "--workers", "2")
    assert done.returncode == 0, done.stderr
    return results(folder)


@dataclass
class Round:
    """One sweep, its controller and its workers."""

    folder: Path
    generator: random.Random
    workers: list[subprocess.Popen] = field(default_factory=list)
    controller: subprocess.Popen | None = None
    asleep: dict[int, float] = field(default_factory=dict)
    done: list[str] = field(default_factory=list)
    trials_killed: int = 0

    def start_controller(self):
        options = ("--executor", "dask", "--listen", "127.0.0.1", "--lost-after", str(LOST_AFTER))
        with (self.folder / "controller.log").open("ab") as log:
            self.controller = subprocess.Popen(
                [*COMMAND, "sweep", "sweep.yaml", "--dir", "far", *OPTIONS, *options],
                cwd=self.folder,
                env=environment(),
                stdout=log,
                stderr=log,
            )

    def start_worker(self):
        file = self.folder / "far" / "sweep" / "cluster.json"
        self.workers.append(start_worker(self.folder, file, "--workers", 1, "--wait", 60))

    def strike(self, fault):
        """Do one fault; what has nothing to strike at is left out."""
        if fault in LOSING and sum(name in LOSING for name in self.done) == 2:
            return
        worker = self.generator.choice([w for w in self.workers if w.poll() is None] or [None])
        if worker is None or worker.pid in self.asleep:
            return
        with contextlib.suppress(psutil.NoSuchProcess, ProcessLookupError):
            if getattr(self, "_" + fault.replace(" ", "_").replace("-", "_"))(worker) is not False:
                self.done.append(fault)

    def _worker(self, worker):
        os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()
        self.start_worker()

    def _fork_server(self, worker):
        return _kill_first(psutil.Process(worker.pid).children())

    def _trial(self, worker):
        hit = _kill_first(trials_of(worker))
        self.trials_killed += hit
        return hit

    def _wandb_core(self, worker):
        below = psutil.Process(worker.pid).children(recursive=True)
        return _kill_first([child for child in below if child.name() == "wandb-core"])

    def _controller(self, worker):
        self.controller.kill()
        self.controller.wait()
        self.start_controller()

    def _stand_still(self, worker):
        os.kill(worker.pid, signal.SIGSTOP)
        self.asleep[worker.pid] = time.monotonic() + LOST_AFTER + 2

    def _connection(self, worker):
        """Cut the worker's connection to the scheduler; the port that it came from is closed."""
        for connection in psutil.Process(worker.pid).net_connections("tcp"):
            if connection.status == psutil.CONN_ESTABLISHED:
                port = connection.laddr.port
                command = ["ss", "--kill", "sport", "=", f":{port}"]
                return subprocess.run(command, check=False, capture_output=True).returncode == 0
        return False

    def wake(self, everyone=False):
        for pid, until in list(self.asleep.items()):
            if everyone or time.monotonic() > until:
                del self.asleep[pid]
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGCONT)

    def stop(self):
        self.wake(everyone=True)
        for process in (self.controller, *self.workers):
            with contextlib.suppress(ProcessLookupError):
                if process is self.controller:
                    process.kill()
                else:
                    os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _kill_first(processes):
    for process in processes[:1]:
        process.kill()
    return bool(processes)


def play_round(folder, seed, expected):
    """Run one disturbed sweep and check it; returns the faults that struck.

    `expected` maps each method to the results of `undisturbed`.
    """
    generator = random.Random(seed)
    kills_trials = generator.random() < 0.3
    method = "random" if kills_trials else generator.choice(list(expected))
    faults = (*FAULTS, "trial", "trial") if kills_trials else FAULTS
    folder.mkdir()
    place(folder, sweep_file(method))
    game = Round(folder, generator)
    try:
        game.start_controller()
        for _ in range(2):
            game.start_worker()
        _play(game, [generator.choice(faults) for _ in range(generator.randint(2, 4))])
        _check(game, method, expected[method])
    finally:
        game.stop()
    return game.done


def _play(game, faults):
    deadline, strike_at = time.monotonic() + LIMIT_SECONDS, time.monotonic() + 2
    while game.controller.poll() is None:
        assert time.monotonic() < deadline, (game.done, _logs(game))
        started = any(game.folder.glob("far/sweep/wandb/offline-run-*"))
        if faults and started and time.monotonic() > strike_at:
            game.strike(faults.pop())
            strike_at = time.monotonic() + game.generator.uniform(0.1, 1.0)
        game.wake()
        time.sleep(0.02)
    assert game.controller.returncode == 0, (game.done, _logs(game))
    game.wake(everyone=True)


def _check(game, method, expected):
    found = results(game.folder / "far")
    assert len(found) == CAP, (game.done, found)
    failed = [entry for entry in found if entry[2] == "failed"]
    assert len(failed) <= game.trials_killed, (game.done, failed)
    assert all(entry[4] == "was killed by SIGKILL" for entry in failed), (game.done, failed)
    for entry, before in zip(found, expected, strict=True):
        assert entry[:2] == before[:2], (game.done, found, expected)
        assert entry == before or entry in failed, (game.done, found, expected)
    runs = Counter(path.name[-4:] for path in game.folder.glob("far/sweep/wandb/offline-run-*"))
    twice = [str(path) for path in game.folder.glob("far/sweep/wandb/offline-run-*/*")]
    assert set(runs.values()) <= {1}, (game.done, twice, _logs(game))
    assert len(runs) >= CAP - len(failed), (game.done, runs)


def _logs(game):
    return "\n".join((game.folder / name).read_text() for name in ("controller.log", "workers.log"))


@click.command()
@click.option("--rounds", type=click.IntRange(min=1), default=100, show_default=True)
@click.option("--seed", type=int, default=0, show_default=True, help="Seed of the first round.")
def main(rounds, seed):
    """Play rounds, and count the faults."""
    with tempfile.TemporaryDirectory() as place_name:
        top, counts, began = Path(place_name), Counter(), time.monotonic()
        expected = {method: undisturbed(top / method, method) for method in ("random", "bayes")}
        for number in range(seed, seed + rounds):
            done = play_round(top / f"round-{number}", number, expected)
            counts.update(done)
            click.echo(f"round {number}: {', '.join(done) or 'no fault struck'}: ok")
        seconds = time.monotonic() - began
        struck = ", ".join(f"{name} {count}" for name, count in counts.most_common())
        click.echo(f"{rounds} rounds in {seconds:.0f} s, all whole; faults: {struck}")


if __name__ == "__main__":
    main()
