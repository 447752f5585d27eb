"""Reruns of a search: some of its configurations, trained to the end outside the sweep but in its folder.

    SWEEP_DIR/TYPE/followup.json         the configurations to train
    SWEEP_DIR/TYPE/wandb/..., output/    as in every sweep's folder; see `sweep_dir`

Each rerun is an ordinary W&B run. Its job type is TYPE, and its group is the sweep's id.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.files import make_folder, write_text
from fashion_wb.foreign_text import is_path_part
from fashion_wb.json_file import read_object
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.sweep_folder.older_folders import update_config
from fashion_wb.sweep_folder.recorded_config import checked_config
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.parameters import value_of
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import Job, Trial

_FILE = "followup.json"


@dataclass(frozen=True)
class RerunSet:
    """The reruns of a search that have the same job type.

    Attributes:
        search: the search's own folder.
        folder: the folder of the reruns, like that of a sweep's trials.
        sources: for each rerun, the id of the search's run that it reruns.
        configs: the configuration of each rerun.
        seed_parameter: the parameter in which reruns of one configuration differ; None if in none.
    """

    search: SweepDir
    folder: SweepDir
    sources: tuple[str, ...]
    configs: tuple[Mapping[str, Any], ...]
    seed_parameter: str | None = None

    @property
    def file(self) -> Path:
        """The path of its record."""
        return self.folder.root / _FILE

    @property
    def complete(self) -> bool:
        """Whether every rerun has ended."""
        trials = self.folder.read_trials()
        return len(trials) >= len(self.configs) and all(trial.state.ended for trial in trials)

    def trials(self) -> list[tuple[str, Trial]]:
        """Return pairs in order: the id of a search's run, and its rerun; only reruns that have started."""
        return list(zip(self.sources, self.folder.read_trials(), strict=False))

    def seed(self, trial: Trial) -> int:
        """Return a rerun's seed, or its number if there is no parameter for a seed."""
        name = self.seed_parameter
        return trial.number if name is None else int(value_of(trial.config, name))

    def summary(self, trial: Trial) -> Mapping[str, Any]:
        """Return the W&B summary of a rerun; empty if its run never started."""
        log = self.folder.find_log(trial.run_id)
        return {} if log is None else read_run_log(log).summary


class ListSampler:
    """Proposes the configurations of a list, in order."""

    needs_results = False

    def __init__(self, configs: Sequence[Mapping[str, Any]]) -> None:
        self._configs = configs

    def ask(self, trials: Sequence[Trial], attempt: int = 0) -> dict[str, Any] | None:
        """Return the next configuration of the list, or None at its end."""
        return dict(self._configs[len(trials)]) if len(trials) < len(self._configs) else None


def open_reruns(
    search: SweepDir,
    job_type: str,
    entries: Sequence[tuple[str, Mapping[str, Any]]],
    command: Sequence[str] | None = None,
    seed_parameter: str | None = None,
) -> RerunSet:
    """Open the reruns of `search` of one job type; create them if there are none.

    If `entries` is longer than the existing list of reruns, it must start with that list, which then grows.
    If it is shorter, the existing list must start with it, and nothing changes.

    Args:
        search: a search that is complete.
        job_type: W&B's job type, also the name of the folder.
        entries: the id of the search's run and the configuration, for each rerun; at least one.
        command: the command of the reruns, with W&B's ${macros}; None for the sweep's own.
        seed_parameter: the parameter in which the reruns of one configuration differ; None if in none.

    Raises:
        FashionWbError: the folder holds reruns of other configurations, or by another command.
    """
    root = search.root / job_type
    found = read_reruns(search, job_type)
    known = [] if found is None else list(zip(found.sources, found.configs, strict=True))
    wanted = [(source, dict(config)) for source, config in entries]
    shorter = min(len(known), len(wanted))
    if known[:shorter] != wanted[:shorter]:
        raise FashionWbError(
            f"{root}: holds reruns of other configurations than the search now needs; delete the folder to "
            "train those that it needs"
        )
    if found is not None and command is not None and found.folder.sweep.command != [*command]:
        was = " ".join(map(str, found.folder.sweep.command or ()))
        raise FashionWbError(
            f"{root}: holds reruns by another command ({was or 'that of the sweep'}): delete the folder to "
            "train them anew, or give that command again"
        )
    if found is not None and len(known) >= len(wanted):
        return found
    config = dict(search.sweep.config) if command is None else {**search.sweep.config, "command": [*command]}
    record = {
        "group": search.sweep_id,
        "name": search.sweep.name,
        "seed_parameter": seed_parameter,
        "config": config,
        "runs": wanted,
    }
    for folder in (root, root / "output", root / "wandb" / f"sweep-{search.sweep_id}-{job_type}"):
        make_folder(folder)
    write_text(json.dumps(record, indent=2) + "\n", root / _FILE)
    return _rerun_set(search, job_type, record)


def read_reruns(search: SweepDir, job_type: str) -> RerunSet | None:
    """Read the reruns of `search` of one job type; None if there are none.

    Raises:
        FashionWbError: their followup.json is damaged.
    """
    path = search.root / job_type / _FILE
    try:
        return _rerun_set(search, job_type, read_object(path))
    except FileNotFoundError:
        return None
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise FashionWbError(f"{path}: damaged ({error!r}); restore it from a copy") from None


def _rerun_set(search: SweepDir, job_type: str, record: Mapping[str, Any]) -> RerunSet:
    name = f"{record['name']} {job_type}"
    config = update_config(checked_config(record["config"]))
    sweep = make_sweep({**config, "name": name}, default_name=job_type)
    group = record["group"]
    if not is_path_part(group):
        raise ValueError(f"group {group!r} cannot be part of a file's name")
    folder = SweepDir(
        (search.root / job_type).resolve(), sweep, f"{group}-{job_type}", 0, Job(job_type, group)
    )
    sources = tuple(str(source) for source, _ in record["runs"])
    configs = tuple(dict(config) for _, config in record["runs"])
    # Older versions knew no other seed parameter.
    return RerunSet(search, folder, sources, configs, record.get("seed_parameter", "seed"))
