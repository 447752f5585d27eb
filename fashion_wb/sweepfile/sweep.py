"""Read and check a W&B sweep file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.sweepfile.checks import check_parameters, check_runnable_offline, check_schema
from fashion_wb.sweepfile.yaml_lines import read_yaml
from fashion_wb.trial import Metric


@dataclass(frozen=True)
class Sweep:
    """A sweep that can be run offline.

    Attributes:
        name: its name in tables: the file's `name`, or else the name of the file itself.
        config: the content of the sweep file, exactly as W&B takes it.
        metric: the objective; None if the file has none (random and grid only).
        run_cap: maximum number of trials; None if the file sets none.
    """

    name: str
    config: Mapping[str, Any]
    metric: Metric | None
    run_cap: int | None

    @property
    def program(self) -> str | None:
        """The training script, relative to the folder that the trials run in; None if the file names none."""
        return self.config.get("program")

    def script(self, cwd: Path) -> Path | None:
        """Return the path of the training script for trials that run in `cwd`, or None."""
        return None if self.program is None else (cwd / self.program).resolve()

    @property
    def command(self) -> list[Any] | None:
        """The file's `command`, with W&B's ${macros}; None for W&B's default."""
        return self.config.get("command")


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep file.

    Raises:
        FashionWbError: the file is missing, is not YAML, breaks a rule of W&B's sweep schema, asks for
            something that cannot work offline, or has a parameter that the program does not take (see
            `program.Program.parameters`).
    """
    source = read_yaml(path)
    if not isinstance(source.data, dict):
        raise source.error(
            (), f"must be a mapping of keys such as method and parameters, got {source.data!r}"
        )
    check_parameters(source)
    check_schema(source)
    check_runnable_offline(source)
    return make_sweep(source.data, default_name=path.stem)


def make_sweep(config: Mapping[str, Any], default_name: str) -> Sweep:
    """Make a Sweep from a config that has already been checked."""
    metric = config.get("metric")
    return Sweep(
        name=str(config.get("name") or default_name),
        config=config,
        metric=Metric(metric["name"], metric.get("goal", "minimize")) if metric else None,
        run_cap=config.get("run_cap"),
    )
