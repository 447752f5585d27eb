"""Write the log of a run that no process made, as W&B's client writes one offline."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.files import replacing
from fashion_wb.runlog.record_file import write_records


@dataclass(frozen=True)
class WrittenRun:
    """What the log of a run tells.

    Attributes:
        run_id, sweep_id, project: as W&B's; the project may be empty.
        config: hyperparameters, plain values.
        rows: what it logged, each row with `_step` and `_runtime` in seconds.
        exit_code: W&B's codes: 0 finished, 255 stopped from outside, any other failed.
        started: seconds since 1970.
    """

    run_id: str
    sweep_id: str
    project: str
    config: Mapping[str, Any]
    rows: Sequence[Mapping[str, Any]]
    exit_code: int
    started: float


def write_run(run: WrittenRun, directory: Path) -> Path:
    """Write the folder `offline-run-TIME-ID` of a run in `directory`/wandb; return the path of its log.

    Each row also gets a `_timestamp`, and the summary has the last value of each key.
    """
    stamp = time.strftime("%Y%m%d_%H%M%S", time.localtime(run.started))
    folder = directory / "wandb" / f"offline-run-{stamp}-{run.run_id}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"run-{run.run_id}.wandb"
    # Half a log would look like a run that was killed.
    with replacing(path) as partial:
        write_records(_records(run), partial)
    return path


def _records(run: WrittenRun) -> Iterator[bytes]:
    from fashion_wb.wandb_private import Record

    record = Record(num=1)
    record.run.run_id, record.run.sweep_id, record.run.project = run.run_id, run.sweep_id, run.project
    record.run.start_time.FromNanoseconds(round(run.started * 1e9))
    for name, value in run.config.items():
        record.run.config.update.add(key=name, value_json=json.dumps(value))
    yield record.SerializeToString()
    summary: dict[str, Any] = {}
    for number, row in enumerate(run.rows, 2):
        whole = {**row, "_timestamp": run.started + row["_runtime"]}
        summary |= whole
        record = Record(num=number)
        record.history.step.num = row["_step"]
        for name, value in whole.items():
            record.history.item.add(nested_key=[name], value_json=json.dumps(value))
        yield record.SerializeToString()
    record = Record(num=len(run.rows) + 2)
    for name, value in summary.items():
        record.summary.update.add(nested_key=[name], value_json=json.dumps(value))
    yield record.SerializeToString()
    record = Record(num=len(run.rows) + 3)
    record.exit.exit_code = run.exit_code
    record.exit.SetInParent()  # protocol buffers omit a code of 0, the default, without this
    yield record.SerializeToString()
