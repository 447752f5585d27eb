"""The folder of one offline sweep: what is searched, the configurations and the logs of the runs.

    DIR/sweep.json                                     the sweep: W&B id, name, config, seed
    DIR/wandb/sweep-ID/config-RUN.yaml                 a trial's configuration, in the format of W&B's agent
    DIR/wandb/sweep-ID/outcome-RUN.json                its outcome, where its log cannot tell it
    DIR/wandb/sweep-ID/attempts-RUN.json               how often it started, if more than once; see `attempts`
    DIR/wandb/sweep-ID/start.json, redrawn.json        what it starts from besides its file; see `start`
    DIR/wandb/offline-run-TIME-RUN/run-RUN.wandb       the log of its run
    DIR/wandb/interrupted/...                          earlier logs of trials that ran again
    DIR/output/RUN.log                                 what the trial printed
    DIR/resume/RUN/...                                 its checkpoint, until it has ended

A log alone does not tell whether a trial was stopped, died, hung or never started a run. Such a trial gets an
outcome file. When a trial is stopped, the file is written before the signal is sent.
"""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.early_stop import Stop
from fashion_wb.files import make_folder, sync
from fashion_wb.runlog.reader import RunLog, RunLogError, find_run_log
from fashion_wb.sweep_folder.config_file import read_config, write_config
from fashion_wb.sweep_folder.outcome_file import read_outcome, write_outcome
from fashion_wb.sweepfile.sweep import Sweep
from fashion_wb.trial import Job, Metric, Outcome, Trial, TrialState

_STOPPED_EXIT_CODE = 255  # what W&B records for a run that Ctrl-C or its server stopped


@dataclass(frozen=True)
class SweepDir:
    """The folder of an offline sweep, or of reruns.

    Attributes:
        root: absolute path of the folder.
        sweep: the checked sweep file.
        sweep_id: W&B's id of the sweep, eight letters and digits; for reruns see `reruns`.
        seed: seed of the search.
        job: W&B's job type and group of the runs if they belong to no sweep, as reruns do; otherwise None.
    """

    root: Path
    sweep: Sweep
    sweep_id: str
    seed: int
    job: Job | None = None

    @property
    def proposals(self) -> Path:
        """The folder with the configurations and outcomes, one file for each."""
        return self.root / "wandb" / f"sweep-{self.sweep_id}"

    def run_id(self, number: int) -> str:
        """Return the W&B run id of trial `number`, from 0."""
        return f"{self.sweep_id}-{number:04d}"

    def config_file(self, run_id: str) -> Path:
        """Return the path of a trial's configuration, in the format of W&B's agent."""
        return self.proposals / f"config-{run_id}.yaml"

    def output_file(self, run_id: str) -> Path:
        """Return the path of the file with what a trial printed."""
        return self.root / "output" / f"{run_id}.log"

    def resume_dir(self, run_id: str) -> Path:
        """Return the folder where a trial that has not ended keeps its checkpoint."""
        return self.root / "resume" / run_id

    def forget_checkpoint(self, run_id: str) -> None:
        """Delete the checkpoint of a trial that has ended: it does not start again."""
        shutil.rmtree(self.resume_dir(run_id), ignore_errors=True)

    def attempts_file(self, run_id: str) -> Path:
        """Return the path of the file that says how often a trial has started; see `attempts`."""
        return self.proposals / f"attempts-{run_id}.json"

    def asked_file(self, run_id: str) -> Path:
        """Return the path of the file that is there while someone else runs the trial; see `ask_tell`."""
        return self.proposals / f"asked-{run_id}.json"

    def find_log(self, run_id: str) -> Path | None:
        """Return the path of a run's log; None if there is none yet."""
        return find_run_log(self.root, run_id)

    def propose(self, number: int, config: Mapping[str, Any]) -> str:
        """Record a trial's configuration before the trial starts; return its run id."""
        run_id = self.run_id(number)
        write_config(config, self.config_file(run_id))
        return run_id

    def record_outcome(
        self, run_id: str, state: TrialState, reason: str = "", stop: Stop | None = None
    ) -> None:
        """Record the outcome of a trial that has ended or soon will; RUNNING means that it will run again."""
        write_outcome(Outcome(state, reason, stop), self._outcome_file(run_id))

    def set_aside(self, run_id: str) -> None:
        """Move away the run of an interrupted trial, so that it can run again under the same run id."""
        # Also a folder without a log: its trial, or this process, was killed just after it was made.
        # A second run within one second has a number after its id.
        runs, aside = self.root / "wandb", self.root / "wandb" / "interrupted"
        found = sorted([*runs.glob(f"*run-*-{run_id}"), *runs.glob(f"*run-*-{run_id}-[0-9]")])
        for folder in found:
            make_folder(aside)
            target = aside / folder.name
            while target.exists():
                target = target.with_name(target.name + "+")
            folder.rename(target)
        for changed in (aside, runs) if found else ():
            sync(changed)
        self._outcome_file(run_id).unlink(missing_ok=True)

    def sync_log(self, log: RunLog) -> None:
        """Return when a run's log is on disk; W&B leaves that to the operating system."""
        for path in (log.path, log.path.parent, log.path.parent.parent):
            with contextlib.suppress(FileNotFoundError):  # a trial may have deleted its own run
                sync(path)

    def read_trials(self) -> list[Trial]:
        """Read all trials so far, by number; interrupted ones have the state RUNNING.

        Raises:
            FashionWbError: a log or a configuration is damaged.
        """
        return sorted(self.each_trial(), key=lambda trial: trial.number)

    def each_trial(self) -> Iterator[Trial]:
        """Read one trial after the other, in any order; otherwise as `read_trials`."""
        logs = {path.name[4:-6]: path for path in sorted(self.root.glob("wandb/*run-*/run-*.wandb"))}
        for path in sorted(self.proposals.glob("config-*.yaml")):
            run_id = path.stem.removeprefix("config-")
            log = self._read_log(run_id, logs[run_id]) if run_id in logs else None
            yield self.trial(run_id, self.read_config(run_id), log)

    def count_trials(self) -> int:
        """Return how many trials there are, without reading them."""
        return sum(1 for _ in self.proposals.glob("config-*.yaml"))

    def _read_log(self, run_id: str, path: Path) -> RunLog:
        log = RunLog(path)
        try:
            log.read_new()
        except RunLogError:
            # The outcome may be just that. Without one, the trial may have ended well or not at all.
            outcome = self.outcome(run_id)
            if outcome is None or not outcome.state.ended:
                raise
        return log

    def read_config(self, run_id: str) -> dict[str, Any]:
        """Read a trial's configuration.

        Raises:
            FashionWbError: it is missing or damaged.
        """
        return read_config(self.config_file(run_id))

    def trial(self, run_id: str, config: dict[str, Any], log: RunLog | None) -> Trial:
        """Return a trial by its configuration and its run's log; None if there is no log yet.

        Raises:
            FashionWbError: its outcome is damaged.
        """
        end = self.outcome(run_id) or state_from_log(log, self.sweep.metric)
        number, history = int(run_id.rpartition("-")[2]), tuple(log.history) if log else ()
        return Trial(number, run_id, config, end.state, history, end.reason, end.stop)

    def outcome(self, run_id: str) -> Outcome | None:
        """Return a trial's recorded outcome; None if none is recorded, so that its log tells.

        Raises:
            FashionWbError: the outcome file is damaged.
        """
        return read_outcome(self._outcome_file(run_id))

    def _outcome_file(self, run_id: str) -> Path:
        return self.proposals / f"outcome-{run_id}.json"


def state_from_log(log: RunLog | None, metric: Metric | None) -> Outcome:
    """Return the state of a trial as its run's log tells it, and the reason if it failed.

    RUNNING means that the log has no last record yet, or that the run was stopped from outside. Only the
    recorded outcome tells whether such a trial was stopped, failed or will run again.
    """
    if log is None or log.exit_code in (None, _STOPPED_EXIT_CODE):
        return Outcome(TrialState.RUNNING)
    if log.exit_code != 0:
        reason = str(log.summary.get("failure") or f"ended with exit code {log.exit_code}")
        return Outcome(TrialState.FAILED, reason)
    if metric is not None and metric.best(log.history) is None:
        return Outcome(TrialState.FAILED, f"finished without a finite value of {metric.name}")
    return Outcome(TrialState.FINISHED)
