"""The files of a trial of a sweep on W&B's server, in the places where W&B's own agent puts them.

    DIR/wandb/sweep-ID/config-RUN.yaml       the configuration that the server sent
    DIR/wandb/sweep-ID/config-RUN.json       the same for ${args_json_file}, if the command names it
    DIR/wandb/sweep-ID/output-RUN.log        what the trial printed (W&B's agent prints it to the terminal)
    DIR/wandb/sweep-ID/resume/RUN/           checkpoints that the trial leaves for its next attempt
    DIR/wandb/run-TIME-RUN/run-RUN.wandb     the run's log (offline-run-TIME-RUN with WANDB_MODE=offline)

DIR is WANDB_DIR, or the directory that the agent was started in.
"""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fashion_wb.files import write_text


@dataclass(frozen=True)
class AgentFiles:
    """Paths of the files of one sweep's trials; `root` is DIR."""

    root: Path
    sweep_id: str

    @property
    def folder(self) -> Path:
        """The sweep's folder."""
        return self.root / "wandb" / f"sweep-{self.sweep_id}"

    def config_file(self, run_id: str) -> Path:
        """The file with a trial's configuration."""
        return self.folder / f"config-{run_id}.yaml"

    def args_json_file(self, run_id: str) -> Path:
        """The file that ${args_json_file} stands for."""
        return self.folder / f"config-{run_id}.json"

    def output_file(self, run_id: str) -> Path:
        """The file with what a trial printed."""
        return self.folder / f"output-{run_id}.log"

    def resume_dir(self, run_id: str) -> Path:
        """The folder for a trial's checkpoints."""
        return self.folder / "resume" / run_id

    def forget_checkpoint(self, run_id: str) -> None:
        """Remove the folder for a trial's checkpoints: the run will not go on."""
        shutil.rmtree(self.resume_dir(run_id), ignore_errors=True)

    def write_config(self, run_id: str, arguments: Mapping[str, Any]) -> None:
        """Write a configuration in the form the server sends: {name: {"value": ...}}."""
        self.folder.mkdir(parents=True, exist_ok=True)
        document = {"wandb_version": 1, **arguments}
        write_text(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), self.config_file(run_id))
