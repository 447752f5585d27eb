"""One trial of a sweep on W&B's server: how it is started, and how it ended."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from signal import Signals

from fashion_wb.agent.files import AgentFiles
from fashion_wb.agent.protocol import Command, SweepOnServer
from fashion_wb.executors.command import agent_environment, build_command
from fashion_wb.executors.local import Launch, LocalExecutor
from fashion_wb.runlog.reader import RunLog, RunLogError, find_run_log, read_run_log
from fashion_wb.trial import Trial, TrialState

# The exit code W&B records for a run that was stopped from outside, by the stop flag or by Ctrl-C.
_STOPPED = 255


@dataclass
class AgentRun:
    """A trial whose process runs.

    Attributes:
        trial: number among this agent's trials, run id, configuration.
        started: by time.monotonic().
        told_to_end: by time.monotonic(), when it was sent SIGTERM; None if it was not.
        killed: whether it was sent SIGKILL as well.
    """

    trial: Trial
    started: float
    told_to_end: float | None = None
    killed: bool = False

    @property
    def seconds(self) -> float:
        """How long its process has run."""
        return time.monotonic() - self.started


@dataclass(frozen=True)
class Launcher:
    """Starts trials as W&B's agent would, in a executor's warm process where the command allows it.

    Attributes:
        target: the sweep.
        files: where trials keep their files.
        cwd: the directory that trials run in.
        executor: runs them.
        warm: whether to fork them from the executor's preloaded process.
        threads: how many threads a trial may compute with; None leaves it to the program.
    """

    target: SweepOnServer
    files: AgentFiles
    cwd: Path
    executor: LocalExecutor
    warm: bool
    threads: int | None

    def start(self, command: Command, number: int) -> AgentRun:
        """Start the run that the server gave out, as this agent's trial `number`.

        Raises:
            FashionWbError: the command is empty, or the worker process died.
        """
        sweep, run_id, path = self.target.sweep, command.run_id, self.target.path
        if command.program is not None and command.program != sweep.program:
            sweep = replace(sweep, config={**sweep.config, "program": command.program})
        self.files.write_config(run_id, command.arguments)
        built = build_command(sweep, command.config, self.files.args_json_file(run_id), self.cwd)
        warm = self.warm and built.script == self.executor.program and not self.executor.cannot_fork()
        root, config_file = self.files.root, self.files.config_file(run_id)
        process = Launch(
            key=run_id,
            argv=built.script_argv if warm else built.argv,
            env=agent_environment(
                path.entity, path.project, self.files.sweep_id, run_id, root, config_file, self.threads
            ),
            cwd=self.cwd,
            output=self.files.output_file(run_id),
            program=built.script if warm else None,
            run_id=run_id,
        )
        self.executor.start(process)
        return AgentRun(Trial(number, run_id, command.config, TrialState.RUNNING), time.monotonic())

    def outcome(self, active: AgentRun, status: int) -> Trial:
        """The trial with its outcome, which is the one that W&B shows for the run.

        Args:
            active: the trial whose process ended.
            status: how; negative for a signal.
        """
        log = self._read_log(active.trial.run_id)
        state, reason = _judge(active, status, log)
        history = () if log is None else tuple(log.history)
        return replace(active.trial, state=state, history=history, reason=reason)

    def _read_log(self, run_id: str) -> RunLog | None:
        path = find_run_log(self.files.root, run_id)
        try:
            return None if path is None else read_run_log(path)
        except RunLogError:
            return None  # the server has what it has; only the line about the trial is the poorer


def _judge(active: AgentRun, status: int, log: RunLog | None) -> tuple[TrialState, str]:
    exit_code = status if log is None or log.exit_code is None else log.exit_code
    if status == 0 and exit_code == 0:
        return TrialState.FINISHED, ""
    if active.told_to_end is not None or exit_code == _STOPPED:
        return TrialState.STOPPED, ""
    if status < 0:
        return TrialState.FAILED, f"was killed by {Signals(-status).name}"
    if log is not None and log.summary.get("failure"):
        return TrialState.FAILED, str(log.summary["failure"])
    return TrialState.FAILED, f"ended with exit status {status or exit_code}"
