"""What to start for a trial: its command, variables and files."""

from __future__ import annotations

from pathlib import Path

from fashion_wb.executors.checkpoint_files import is_whole
from fashion_wb.executors.command import RESUME_DIR, build_command, offline_environment
from fashion_wb.executors.protocol import Launch
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.trial import Trial


def make_launch(
    folder: SweepDir, trial: Trial, attempt: int, cwd: Path, warm: bool, memory: int | None = None
) -> Launch:
    """Write the files that a trial reads beside its configuration, and say how to start it.

    Args:
        folder: the trial's sweep.
        trial: the trial; its configuration is on disk.
        attempt: 1 at first, and one more each time it starts again.
        cwd: the directory to run in.
        warm: whether it may be forked from a warm process where the command allows it.
        memory: bytes of memory that it may use; None means no limit.
    """
    config_file = folder.config_file(trial.run_id)
    args_json_file = config_file.with_suffix(".json")
    command = build_command(folder.sweep, trial.config, args_json_file, cwd)
    resume_dir = folder.resume_dir(trial.run_id)
    resume_dir.mkdir(parents=True, exist_ok=True)
    checkpoint = sorted(
        path for path in resume_dir.rglob("*") if is_whole(path.relative_to(resume_dir), path)
    )
    return Launch(
        key=trial.run_id,
        argv=command.argv,
        env=offline_environment(
            folder.sweep, folder.sweep_id, trial.run_id, folder.root, config_file, folder.job
        )
        | {RESUME_DIR: str(resume_dir)},
        cwd=cwd,
        home=folder.root,
        output=folder.output_file(trial.run_id),
        script=command.script if warm else None,
        script_argv=command.script_argv,
        files=(*(path for path in (config_file, args_json_file) if path.exists()), *checkpoint),
        attempt=attempt,
        memory=memory,
    )
