"""Start a trial that W&B's server has assigned, and determine its outcome when its process exits."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals
from typing import Any

from fashion_wb.agent.files import AgentFiles
from fashion_wb.agent.protocol import Command, SweepOnServer
from fashion_wb.executors.command import RESUME_DIR, agent_environment, build_command
from fashion_wb.executors.protocol import Executor, Launch
from fashion_wb.runlog.last_record import wait_for_last_record
from fashion_wb.runlog.reader import RunLog, RunLogError, find_run_log, find_run_logs, read_run_log
from fashion_wb.sweepfile.sweep import Sweep
from fashion_wb.trial import Trial, TrialState

# The exit code that W&B records for a run stopped from outside, by the stop flag or by Ctrl-C.
_STOPPED_EXIT_CODE = 255
# W&B's own variable for `wandb.init(resume=...)`. Without it, a requeued run begins again at step 0.
_RESUME_VARIABLE = "WANDB_RESUME"


@dataclass
class RunningTrial:
    """The running process of a trial; `fashion_wb.trial.Trial` is the trial itself.

    Attributes:
        trial: the trial, numbered among this agent's trials.
        resumed: whether it goes on with a run that was preempted.
        started_at: time.monotonic() when its process was started.
        stop_sent_at: time.monotonic() when it was sent SIGTERM; None if it was not.
        killed: whether it was also sent SIGKILL.
    """

    trial: Trial
    resumed: bool
    started_at: float
    stop_sent_at: float | None = None
    killed: bool = False

    @property
    def seconds(self) -> float:
        """How long its process has been running."""
        return time.monotonic() - self.started_at


@dataclass(frozen=True)
class Launcher:
    """Starts trials as W&B's agent does, but forks them from the fork server where the command allows it.

    Attributes:
        target: the sweep.
        files: where trials keep their files.
        cwd: the directory that trials run in.
        executor: runs the trials.
        warm: whether to fork trials from the fork server.
    """

    target: SweepOnServer
    files: AgentFiles
    cwd: Path
    executor: Executor
    warm: bool

    def start(self, command: Command, number: int) -> RunningTrial:
        """Start the run that the server assigned, as this agent's trial `number`.

        Raises:
            FashionWbError: the command is empty, or the fork server died.
        """
        sweep, run_id, path = self.target.sweep, command.run_id, self.target.path
        if command.program is not None and command.program != sweep.program:
            sweep = replace(sweep, config={**sweep.config, "program": command.program})
        command = _without_additions(command, sweep)
        self.files.write_config(run_id, command.arguments)
        built = build_command(sweep, command.config, self.files.args_json_file(run_id), self.cwd)
        root, config_file = self.files.root, self.files.config_file(run_id)
        process = Launch(
            key=run_id,
            argv=built.argv,
            env=agent_environment(path.entity, path.project, self.files.sweep_id, run_id, root, config_file)
            | self._resume_environment(command),
            cwd=self.cwd,
            home=root,
            output=self.files.output_file(run_id),
            script=built.script if self.warm else None,
            script_argv=built.script_argv,
            run_id=run_id,
        )
        self.executor.start(process)
        trial = Trial(number, run_id, command.config, TrialState.RUNNING)
        return RunningTrial(trial, command.resumes, time.monotonic())

    def _resume_environment(self, command: Command) -> dict[str, str | None]:
        folder = self.files.resume_dir(command.run_id)
        folder.mkdir(parents=True, exist_ok=True)
        env: dict[str, str | None] = {RESUME_DIR: str(folder)}
        if command.resumes and not os.environ.get(_RESUME_VARIABLE):
            env[_RESUME_VARIABLE] = "allow"
        return env

    def outcome(self, running: RunningTrial, status: int) -> Trial:
        """Return the trial with its outcome, the same that W&B shows for the run.

        A run that was marked as preempting and has not finished is still running: W&B hands it out again.
        Otherwise its checkpoints are removed.

        Args:
            running: the trial whose process exited.
            status: the exit status; negative for a signal.
        """
        log = self._read_log(running.trial.run_id, status)
        state, reason = _outcome_and_reason(running, status, log)
        history = () if log is None else tuple(log.history)
        if state is not TrialState.FINISHED and log is not None and log.preempting:
            return replace(running.trial, history=history)
        self.files.forget_checkpoint(running.trial.run_id)
        if running.resumed:
            history = self._whole_history(running.trial.run_id)
        return replace(running.trial, state=state, history=history, reason=reason)

    def _whole_history(self, run_id: str) -> tuple[Mapping[str, Any], ...]:
        """Return the rows of all attempts on this machine; the newest row of a step counts."""
        rows: dict[int, Mapping[str, Any]] = {}
        for path in find_run_logs(self.files.root, run_id):
            with suppress(RunLogError):
                rows |= {int(row["_step"]): row for row in read_run_log(path).history}
        return tuple(rows[step] for step in sorted(rows))

    def _read_log(self, run_id: str, status: int) -> RunLog | None:
        path = find_run_log(self.files.root, run_id)
        if path is None:
            return None
        log = RunLog(path)

        def read() -> bool:
            log.read_new()
            return log.exit_code is not None

        try:
            wait_for_last_record(read, status)
        except RunLogError:
            return None  # only the printed line misses the values; the server has the run
        return log


def _without_additions(command: Command, sweep: Sweep) -> Command:
    """Return the command with the sweep's parameters only, as the run got them the first time.

    For a run that is resumed, the server has been seen to send all that the run had put into its config, with
    W&B's own entry `_wandb` (https://github.com/wandb/wandb/issues/4237).
    """
    known = sweep.config.get("parameters")
    if not command.resumes or not known:
        return command
    kept = {name: value for name, value in command.arguments.items() if name in known}
    return replace(command, arguments=kept)


def _outcome_and_reason(running: RunningTrial, status: int, log: RunLog | None) -> tuple[TrialState, str]:
    exit_code = status if log is None or log.exit_code is None else log.exit_code
    if status == 0 and exit_code == 0:
        return TrialState.FINISHED, ""
    if running.stop_sent_at is not None or exit_code == _STOPPED_EXIT_CODE:
        return TrialState.STOPPED, ""
    if status < 0:
        return TrialState.FAILED, f"was killed by {Signals(-status).name}"
    if log is not None and log.summary.get("failure"):
        return TrialState.FAILED, str(log.summary["failure"])
    return TrialState.FAILED, f"exited with status {status or exit_code}"
