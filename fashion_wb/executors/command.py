"""The command and the variables that `wandb agent` would give a trial."""

from __future__ import annotations

import math
import os
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile.sweep import Sweep
from fashion_wb.trial import Job

# Names the folder where a trial finds the checkpoint of its last attempt, and leaves one for its next.
RESUME_DIR = "FASHION_WB_RESUME_DIR"
# wandb-core writes a run's log to disk every 15 s by default, too late to stop trials with short epochs.
_LOG_FLUSH, _LOG_FLUSH_SECONDS = "WANDB__TRANSACTION_LOG_FLUSH_INTERVAL", "0.05"


@dataclass(frozen=True)
class TrialCommand:
    """A trial's command.

    Attributes:
        argv: the whole command, as W&B's agent would run it.
        script: the Python script, if the command only runs a script in an interpreter; otherwise None.
        script_argv: the script's sys.argv: its name as in the command, and its arguments.
    """

    argv: tuple[str, ...]
    script: Path | None
    script_argv: tuple[str, ...]


def build_command(sweep: Sweep, config: Mapping[str, Any], args_json_file: Path, cwd: Path) -> TrialCommand:
    """Fill in the sweep's command for one configuration.

    W&B's own code fills in the macros, so they mean the same as for its agent.

    Args:
        sweep: the sweep; without a `command` it has W&B's default `${env} ${interpreter} ${program} ${args}`.
        config: hyperparameters, plain values.
        args_json_file: the file for ${args_json_file}; written here, only if the command names it.
        cwd: the directory that the trial runs in.

    Raises:
        FashionWbError: the command is empty.
    """
    # Not at the top: importing wandb takes a second, which a sweep spends while its fork server starts.
    from fashion_wb.wandb_private import create_sweep_command, create_sweep_command_args

    template = create_sweep_command(list(sweep.command) if sweep.command else None)
    macros = create_sweep_command_args({"args": {name: {"value": value} for name, value in config.items()}})
    macros["env"] = ["/usr/bin/env"]
    macros["interpreter"] = ["python"]
    macros["program"] = [sweep.program] if sweep.program else []
    macros["args_json_file"] = [str(args_json_file)]
    if "${args_json_file}" in template:
        args_json_file.write_text(macros["args_json"][0])
    argv: list[str] = []
    for part in map(str, template):
        if part.startswith("${") and part.endswith("}"):
            argv += macros.get(part[2:-1]) or []
        else:
            argv.append(part)
    if not argv:
        raise FashionWbError(
            "the sweep's command is empty once its macros are filled in; give program or command"
        )
    return _as_script(tuple(argv), cwd)


def _as_script(argv: tuple[str, ...], cwd: Path) -> TrialCommand:
    rest = argv[1:] if argv[0] == "/usr/bin/env" else argv
    plain = len(rest) > 1 and rest[0] in ("python", "python3", sys.executable) and rest[1].endswith(".py")
    if not plain:
        return TrialCommand(argv, None, ())
    return TrialCommand(argv, (cwd / rest[1]).resolve(), rest[1:])


def agent_environment(
    entity: str | None, project: str | None, sweep_id: str, run_id: str, directory: Path, parameters: Path
) -> dict[str, str | None]:
    """Return the variables that W&B's agent sets for a trial; None removes one.

    Args:
        entity, project: the sweep's entity and project; None keeps the user's own.
        sweep_id, run_id: W&B's ids.
        directory: the folder that gets the folder `wandb/`.
        parameters: the file with the trial's configuration, in the agent's format.
    """
    env: dict[str, str | None] = {
        "WANDB_SWEEP_ID": sweep_id,
        "WANDB_RUN_ID": run_id,
        "WANDB_SWEEP_PARAM_PATH": str(parameters),
        "WANDB_DIR": str(directory),
    }
    for name, value in (("WANDB_PROJECT", project), ("WANDB_ENTITY", entity)):
        if value is not None:
            env[name] = str(value)
    return env


def offline_environment(
    sweep: Sweep, sweep_id: str, run_id: str, directory: Path, parameters: Path, job: Job | None = None
) -> dict[str, str | None]:
    """Return the variables of an offline trial: those of `agent_environment`, and what offline runs need.

    Entity and project are the sweep file's, if it has them. A run with a `job` does not belong to the sweep,
    but gets its configuration as a trial of the sweep does. The job's type and group replace those of the
    user's environment.
    """
    entity, project = sweep.config.get("entity"), sweep.config.get("project")
    env = agent_environment(entity, project, sweep_id, run_id, directory, parameters)
    env["WANDB_MODE"] = "offline"
    env[_LOG_FLUSH] = os.environ.get(_LOG_FLUSH, _LOG_FLUSH_SECONDS)
    if job is not None:
        env |= {"WANDB_SWEEP_ID": None, "WANDB_JOB_TYPE": job.type, "WANDB_RUN_GROUP": job.group}
    return env


def kill_delay() -> float:
    """Return the seconds from SIGTERM to SIGKILL, as for W&B's agent: WANDB_AGENT_KILL_DELAY, by default 30.

    Raises:
        FashionWbError: WANDB_AGENT_KILL_DELAY is not a number of seconds.
    """
    text = os.environ.get("WANDB_AGENT_KILL_DELAY") or "30"
    try:
        seconds = float(text)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < math.inf:
        raise FashionWbError(f"WANDB_AGENT_KILL_DELAY must be a number of seconds, at least 0, got {text!r}")
    return seconds
