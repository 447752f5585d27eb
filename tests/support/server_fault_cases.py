"""Pull, report, push and agent against a server with faults, and what each must end with."""

from __future__ import annotations

import json
import random
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import agent_cases
import push_cases
from report_cases import report
from standin_cases import fill
from standin_client import run_client
from standin_faults import Fault, Faults
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import place, run, yaml

from fashion_wb.sweepfile.sweeps_package import next_runs

PATH = f"{ENTITY}/fashion"
RATE = 0.2
RUNS, TRIALS = 300, 4
# A run's rows are sent at once, in several requests.
SOON = {"WANDB__FILE_STREAM_TRANSMIT_INTERVAL": "0.05"}
# A request without an answer is given up after 10 s, not 30 s or more.
SHORT = {f"WANDB__{client}_TIMEOUT_SECONDS": "10" for client in ("FILE_STREAM", "FILE_TRANSFER", "GRAPHQL")}
# A command that gives up says so; the same command is then run again, this often at most.
_ATTEMPTS = 6
_ROWS = 200
_PROGRAM = f"""
import wandb
run = wandb.init()
for step in range({_ROWS}):
    run.log({{"loss": run.config.x + 1 / (step + 1)}})
"""


@dataclass
class Ending:
    """How a command ended under faults.

    Attributes:
        command: pull, report, push or agent.
        hit: number of requests with a fault, and of all.
        gave_up: how often the command gave up with a message before it succeeded.
        lost, failed: for agents, numbers of trials that nobody started, and that failed.
    """

    command: str
    hit: tuple[int, int]
    gave_up: int
    lost: int = 0
    failed: int = 0


@dataclass
class Cases:
    """What the commands start from, and what they end with if nothing is disturbed; made when first used."""

    home: Path
    _kept: dict[str, object] = field(default_factory=dict)

    def ending(self, command: str, kinds: tuple[Fault, ...], seed: int) -> Ending:
        """Run a command under faults until it succeeds, and check what it ended with."""
        folder = self.home / f"{command}-{kinds[0].name}"
        folder.mkdir()
        with Server() as server:
            faults = Faults(RATE, kinds, chance=random.Random(seed))
            ending: Ending = getattr(self, f"_{command}")(server, folder, faults)
            # After a web page, wandb goes on as if its rows had arrived; a gap is refused, and filled later.
            gaps = [text for text in server.state.problems if "rows from" in text]
            assert server.state.problems == (gaps if Fault.PAGE in kinds else [])
        return ending

    def prepare(self) -> None:
        """Make what several commands need, one after the other."""
        for name in ("pull", "report", "push"):
            self._undisturbed(name)

    def _undisturbed(self, name: str) -> object:
        if name not in self._kept:
            folder = self.home / f"undisturbed-{name}"
            folder.mkdir()
            with Server() as server:
                self._kept[name] = getattr(self, f"_{name}_once")(server, folder, Faults())[1]
        return self._kept[name]

    def _pull(self, server: Server, folder: Path, faults: Faults) -> Ending:
        gave_up, found = self._pull_once(server, folder, faults)
        assert found == self._undisturbed("pull")
        return _ending("pull", faults, gave_up)

    def _pull_once(self, server: Server, folder: Path, faults: Faults) -> tuple[int, object]:
        _fill(server)
        server.faults = faults
        gave_up, _ = _persistently(
            lambda: run_client(server.url, folder, "compare", PATH, **_env(faults)), server
        )
        return gave_up, (folder / "comparison" / "trials.csv").read_text()

    def _report(self, server: Server, folder: Path, faults: Faults) -> Ending:
        gave_up, found = self._report_once(server, folder, faults)
        assert found == self._undisturbed("report")
        return _ending("report", faults, gave_up)

    def _report_once(self, server: Server, folder: Path, faults: Faults) -> tuple[int, object]:
        _fill(server)
        server.faults = faults
        gave_up, _ = _persistently(lambda: report(server, folder, PATH, **_env(faults)), server)
        (view,) = server.state.views.values()
        blocks = json.loads(view.spec)["blocks"]
        return gave_up, (
            view.title,
            [block["type"] for block in blocks],
            re.findall(r"run \w{10}", view.spec),
        )

    def _push(self, server: Server, folder: Path, faults: Faults) -> Ending:
        gave_up, found = self._push_once(server, folder, faults)
        assert found == self._undisturbed("push")
        return _ending("push", faults, gave_up)

    def _push_once(self, server: Server, folder: Path, faults: Faults) -> tuple[int, object]:
        shutil.copytree(self._offline(), folder / "runs", symlinks=True)
        server.faults = faults
        gave_up, _ = _persistently(lambda: push_cases.push(server, folder, **_env(faults)), server)
        # A sweep that was made twice cannot be deleted: its copy stays, canceled and without runs.
        copies = [sweep for sweep in server.state.sweeps.values() if not server.state.runs_of(sweep.name)]
        assert all(sweep.state == "CANCELED" for sweep in copies)
        assert len(copies) <= faults.seen[Fault.DOUBLED]
        for sweep in copies:
            del server.state.sweeps[sweep.name]
        return gave_up, push_cases.contents(server.state)

    def _offline(self) -> Path:
        """Make an offline sweep of three runs, each long enough for several requests."""
        folder = self.home / "offline"
        if not folder.exists():
            folder.mkdir()
            place(folder, yaml(more="run_cap: 3\n"), _PROGRAM)
            assert run(folder, "sweep", "sweep.yaml", "--dir", "runs").returncode == 0
        return folder / "runs"

    def _agent(self, server: Server, folder: Path, faults: Faults) -> Ending:
        path = agent_cases.add_sweep(server, folder, agent_cases.grid(TRIALS))
        server.faults = faults
        options = ("--workers", "2")
        env = push_cases.FAST | _env(faults)
        next_runs(server.state.sweeps["sweep1"].config, [])  # the first takes seconds: it imports a lot
        gave_up, said = _persistently(
            lambda: agent_cases.agent(server, folder, path, *options, timeout=400, **env), server
        )
        runs = {run.name: run for run in agent_cases.runs_of(server, path)}
        assert sorted(run.values()["x"] for run in runs.values()) == list(range(TRIALS))
        outcomes = re.findall(r"^\[ *\d+\]  (\S+)  (finished|failed)", said, re.MULTILINE)
        assert len({name for name, _ in outcomes}) == len(outcomes), "a run was trained twice"
        finished = [runs[name] for name, outcome in outcomes if outcome == "finished"]
        assert all((run.state, len(run.history)) == ("finished", 3) for run in finished)
        assert all(map(agent_cases.is_complete, finished))
        lost = set(runs) - {name for name, _ in outcomes}
        assert all(re.search(rf"W&B handed out .*{name}.*, and no agent", said) for name in lost), said
        return _ending("agent", faults, gave_up, len(lost), len(outcomes) - len(finished))


def _env(faults: Faults) -> dict[str, str]:
    return SOON | (SHORT if Fault.SILENT in faults.kinds else {})


def _fill(server: Server) -> None:
    fill(server.state, runs=RUNS, epochs=3)
    for each in server.state.runs.values():
        each.created = "2026-01-01T00:00:00Z"  # trials are numbered by it


def _persistently(command, server: Server) -> tuple[int, str]:
    """Run a command until it succeeds; return how often it gave up, and all it wrote to stderr."""
    said = ""
    for attempt in range(_ATTEMPTS):
        done = command()
        said += done.stderr
        if done.returncode == 0:
            return attempt, said
        assert_explained(done, server.url)
    raise AssertionError(f"{_ATTEMPTS} attempts failed: {said}")


def assert_explained(done, url: str) -> str:
    """Check that a failed command says what, where and what to do, and return its message."""
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    message = done.stderr.partition("Error: ")[2]
    assert url in message or re.search(
        r"runs? ha(s|ve) not arrived|trials in a row failed|W&B lacks", message
    )
    assert re.search(r"check|again|try|the last trial|wandb sync", message, re.IGNORECASE), message
    return message


def _ending(command: str, faults: Faults, gave_up: int, lost: int = 0, failed: int = 0) -> Ending:
    total = faults.seen.total()
    return Ending(command, (total - faults.seen[Fault.NONE], total), gave_up, lost, failed)
