"""Start a trial that W&B's server has assigned, and determine its outcome when its process exits."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals

from fashion_wb.agent.files import AgentFiles
from fashion_wb.agent.protocol import Command, SweepOnServer
from fashion_wb.executors.command import agent_environment, build_command
from fashion_wb.executors.protocol import Executor, Launch
from fashion_wb.runlog.last_record import wait_for_last_record
from fashion_wb.runlog.reader import RunLog, RunLogError, find_run_log
from fashion_wb.trial import Trial, TrialState

# The exit code that W&B records for a run stopped from outside, by the stop flag or by Ctrl-C.
_STOPPED_EXIT_CODE = 255


@dataclass
class RunningTrial:
    """The running process of a trial; `fashion_wb.trial.Trial` is the trial itself.

    Attributes:
        trial: the trial, numbered among this agent's trials.
        started_at: time.monotonic() when its process was started.
        stop_sent_at: time.monotonic() when it was sent SIGTERM; None if it was not.
        killed: whether it was also sent SIGKILL.
    """

    trial: Trial
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
        self.files.write_config(run_id, command.arguments)
        built = build_command(sweep, command.config, self.files.args_json_file(run_id), self.cwd)
        root, config_file = self.files.root, self.files.config_file(run_id)
        process = Launch(
            key=run_id,
            argv=built.argv,
            env=agent_environment(path.entity, path.project, self.files.sweep_id, run_id, root, config_file),
            cwd=self.cwd,
            home=root,
            output=self.files.output_file(run_id),
            script=built.script if self.warm else None,
            script_argv=built.script_argv,
            run_id=run_id,
        )
        self.executor.start(process)
        return RunningTrial(Trial(number, run_id, command.config, TrialState.RUNNING), time.monotonic())

    def outcome(self, running: RunningTrial, status: int) -> Trial:
        """Return the trial with its outcome, the same that W&B shows for the run.

        Args:
            running: the trial whose process exited.
            status: the exit status; negative for a signal.
        """
        log = self._read_log(running.trial.run_id, status)
        state, reason = _outcome_and_reason(running, status, log)
        history = () if log is None else tuple(log.history)
        return replace(running.trial, state=state, history=history, reason=reason)

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
