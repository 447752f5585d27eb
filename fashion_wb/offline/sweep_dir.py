"""The folder of one offline sweep: its identity, the proposals, and the runs' logs.

    DIR/sweep.json                                     the sweep: W&B id, config, seed
    DIR/wandb/sweep-ID/config-RUN.yaml                 a proposed trial, in W&B's agent's own format
    DIR/wandb/sweep-ID/outcome-RUN.json                how it ended, where the run's log cannot tell
    DIR/wandb/offline-run-TIME-RUN/run-RUN.wandb       the run: all that it measured
    DIR/wandb/interrupted/...                          what trials that are run again had logged
    DIR/output/RUN.log                                 what the trial printed

A log alone cannot tell a trial that was stopped from one that died, nor one that hung, nor one that never
started a run: those get an outcome file, and a stop gets it before the signal is sent.
"""

from __future__ import annotations

import difflib
import json
import secrets
import shutil
import string
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from fashion_wb.errors import FashionWbError
from fashion_wb.files import write_text
from fashion_wb.offline.older_folders import update_config
from fashion_wb.runlog.reader import RunLog, find_run_log, read_run_log
from fashion_wb.sweepfile.sweep import Sweep, make_sweep
from fashion_wb.trial import Job, Metric, Trial, TrialState

_SWEEP_FILE = "sweep.json"
# The same in C, ten times faster, where PyYAML was built with it.
_SafeLoader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_STOPPED_FROM_OUTSIDE = 255  # the exit code W&B gives a run that Ctrl-C or its server ended


@dataclass(frozen=True)
class SweepDir:
    """An offline sweep's folder.

    Attributes:
        root: the folder.
        sweep: what is searched.
        sweep_id: W&B's id of the sweep, eight letters and digits.
        seed: the search's seed.
        job: what its runs are to W&B where they are none of a sweep's; see `followup`.
    """

    root: Path
    sweep: Sweep
    sweep_id: str
    seed: int
    job: Job | None = None

    @property
    def proposals(self) -> Path:
        """Where configurations and outcomes are kept, a file each."""
        return self.root / "wandb" / f"sweep-{self.sweep_id}"

    def run_id(self, number: int) -> str:
        """The W&B run id of trial `number`, from 0."""
        return f"{self.sweep_id}-{number:04d}"

    def config_file(self, run_id: str) -> Path:
        """A trial's configuration, in the format in which W&B's agent hands it over."""
        return self.proposals / f"config-{run_id}.yaml"

    def output_file(self, run_id: str) -> Path:
        """What a trial prints."""
        return self.root / "output" / f"{run_id}.log"

    def find_log(self, run_id: str) -> Path | None:
        """A run's log, or None while there is none."""
        return find_run_log(self.root, run_id)

    def propose(self, number: int, config: Mapping[str, Any]) -> str:
        """Put a trial on record before it starts; returns its run id."""
        run_id = self.run_id(number)
        document = {"wandb_version": 1, **{name: {"desc": None, "value": v} for name, v in config.items()}}
        write_text(yaml.safe_dump(document, sort_keys=False), self.config_file(run_id))
        return run_id

    def record_outcome(self, run_id: str, state: TrialState, reason: str = "") -> None:
        """Put on record how a trial ended, or is about to end; RUNNING if it is to be run again."""
        write_text(json.dumps({"state": state, "reason": reason}) + "\n", self._outcome_file(run_id))

    def set_aside(self, run_id: str) -> None:
        """Move away what an interrupted trial logged, so that it can be run again under the same id."""
        while (log := self.find_log(run_id)) is not None:
            target = self.root / "wandb" / "interrupted" / log.parent.name
            target.parent.mkdir(exist_ok=True)
            while target.exists():
                target = target.with_name(target.name + "+")
            log.parent.rename(target)
        self._outcome_file(run_id).unlink(missing_ok=True)

    def read_trials(self) -> list[Trial]:
        """Every trial proposed so far, by number; interrupted ones as running.

        Raises:
            FashionWbError: a log or a proposal is damaged.
        """
        logs = {path.name[4:-6]: path for path in sorted(self.root.glob("wandb/*run-*/run-*.wandb"))}
        trials = []
        for path in sorted(self.proposals.glob("config-*.yaml")):
            run_id = path.stem.removeprefix("config-")
            log = read_run_log(logs[run_id]) if run_id in logs else None
            trials.append(self._trial(run_id, _read_config(path), log))
        return sorted(trials, key=lambda trial: trial.number)

    def outcome(self, run_id: str) -> tuple[TrialState, str] | None:
        """State and reason on record for a trial, or None if its log must tell."""
        try:
            record = json.loads(self._outcome_file(run_id).read_text())
        except FileNotFoundError:
            return None
        except ValueError:
            raise FashionWbError(
                f"{self._outcome_file(run_id)}: damaged; delete it to run the trial again"
            ) from None
        return TrialState(record["state"]), record["reason"]

    def _outcome_file(self, run_id: str) -> Path:
        return self.proposals / f"outcome-{run_id}.json"

    def _trial(self, run_id: str, config: dict[str, Any], log: RunLog | None) -> Trial:
        state, reason = self.outcome(run_id) or judge_log(log, self.sweep.metric)
        number = int(run_id.rpartition("-")[2])
        return Trial(number, run_id, config, state, tuple(log.history) if log else (), reason)


def open_sweep_dir(root: Path, sweep: Sweep, seed: int) -> SweepDir:
    """The folder of `sweep`, made if need be; once it has a trial, it is that sweep's with that seed.

    Raises:
        FashionWbError: the folder holds another sweep, or this one with a changed file or seed.
    """
    path = root / _SWEEP_FILE
    if path.exists():
        found = read_sweep_dir(root)
        if any(found.proposals.glob("config-*.yaml")):
            _check_same(found, sweep, seed)
            return found
        # Nothing was ever proposed here, as after a mistake in the file: there is nothing to protect.
        shutil.rmtree(found.proposals, ignore_errors=True)
    alphabet = string.ascii_lowercase + string.digits
    sweep_id = "".join(secrets.choice(alphabet) for _ in range(8))
    result = SweepDir(root.resolve(), sweep, sweep_id, seed)
    result.proposals.mkdir(parents=True, exist_ok=True)
    (root / "output").mkdir(exist_ok=True)
    record = {"sweep_id": sweep_id, "name": sweep.name, "seed": seed, "config": sweep.config}
    write_text(json.dumps(record, indent=2) + "\n", path)
    return result


def read_sweep_dir(root: Path) -> SweepDir:
    """The sweep kept in folder `root`.

    Raises:
        FashionWbError: there is none, or its sweep.json is damaged.
    """
    path = root / _SWEEP_FILE
    try:
        record = json.loads(path.read_text())
        sweep = make_sweep(update_config(record["config"]), default_name=record["name"])
        return SweepDir(root.resolve(), sweep, record["sweep_id"], record["seed"])
    except FileNotFoundError:
        raise FashionWbError(f"{root}: no offline sweep here (no {_SWEEP_FILE})") from None
    except (ValueError, KeyError, TypeError) as error:
        raise FashionWbError(f"{path}: damaged ({error!r}); restore it from a copy") from None


def find_sweep_dirs(root: Path) -> list[SweepDir]:
    """Every offline sweep at or below `root`, in order of path.

    Raises:
        FashionWbError: the folder is missing, or holds none.
    """
    if not root.is_dir():
        raise FashionWbError(f"{root}: no such folder")
    found = [read_sweep_dir(path.parent) for path in sorted(root.rglob(_SWEEP_FILE))]
    if not found:
        raise FashionWbError(
            f"{root}: no offline sweep at or below it (no {_SWEEP_FILE}); run one with --dir first"
        )
    return found


def judge_log(log: RunLog | None, metric: Metric | None) -> tuple[TrialState, str]:
    """What a run's log alone says of its trial, with the reason for a failure.

    RUNNING stands for a log without an end, and for one ended from outside: whether such a trial was
    stopped, has failed or is to be run again is for the outcome on record to say.
    """
    if log is None or log.exit_code in (None, _STOPPED_FROM_OUTSIDE):
        return TrialState.RUNNING, ""
    if log.exit_code != 0:
        return TrialState.FAILED, str(log.summary.get("failure") or f"ended with exit code {log.exit_code}")
    if metric is not None and metric.best(log.history) is None:
        return TrialState.FAILED, f"finished without a finite value of {metric.name}"
    return TrialState.FINISHED, ""


def _check_same(found: SweepDir, sweep: Sweep, seed: int) -> None:
    changes = []
    if found.seed != seed:
        changes.append(f"  seed was {found.seed}, is now {seed}")
    before = yaml.safe_dump(found.sweep.config, sort_keys=True).splitlines()
    after = yaml.safe_dump(json.loads(json.dumps(sweep.config)), sort_keys=True).splitlines()
    changes += [
        f"  {line}" for line in difflib.unified_diff(before, after, lineterm="", n=0) if line[:2] != "@@"
    ][2:]
    if before != after or found.seed != seed:
        lines = "\n".join(change for change in changes if change.strip())
        raise FashionWbError(
            f"{found.root}: holds another sweep; what differs:\n{lines}\n"
            "Give another --dir, or the file and seed it was begun with."
        )


def _read_config(path: Path) -> dict[str, Any]:
    try:
        document = yaml.load(path.read_text(), _SafeLoader)
        return {name: entry["value"] for name, entry in document.items() if name != "wandb_version"}
    except (yaml.YAMLError, AttributeError, TypeError, KeyError):
        raise FashionWbError(f"{path}: damaged; delete it to have the trial proposed again") from None
