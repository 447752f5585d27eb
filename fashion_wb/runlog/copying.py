"""Copy W&B run logs so that the same run belongs to another sweep; uploads start from these copies."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.runlog.record_file import FILE_HEADER, check_header, read_records, write_records


@dataclass(frozen=True)
class Destination:
    """Where a copied run belongs.

    Attributes:
        entity, project: names on the server.
        sweep_id: the server's sweep.
        group_of: the offline sweep's id; a run group of this name becomes `sweep_id`.
    """

    entity: str
    project: str
    sweep_id: str
    group_of: str


@dataclass(frozen=True)
class ExitStatus:
    """How a run exited.

    Attributes:
        exit_code: W&B's codes: 0 finished, 255 stopped from outside, any other failed.
        failure: why it failed, added to the summary if the run's log has no reason; empty if it did not fail.
    """

    exit_code: int
    failure: str = ""


def copy_run_log(
    source: Path, target: Path, destination: Destination, status: ExitStatus, skip_rows: int = 0
) -> None:
    """Copy a log, with another destination and the exit status that its sweep recorded.

    Config, history, summary, console output, system metrics and files stay as in the log.

    Args:
        source: the log; a truncated one is copied up to where it breaks off.
        target: a new file.
        destination: where the copied run belongs.
        status: how the run exited; replaces what the log says, if anything.
        skip_rows: number of history rows to skip from the start, because the server has them.

    Raises:
        RunLogError: `source` is not a run log, or is damaged.
    """
    data = source.read_bytes()
    check_header(data, source)
    records = (payload for _, payload in read_records(data, len(FILE_HEADER), source, 0))
    write_records(_rewrite(records, destination, status, skip_rows), target)


def write_run_log(
    target: Path,
    run_id: str,
    config: Mapping[str, Any],
    started: float,
    destination: Destination,
    status: ExitStatus,
) -> None:
    """Write the log of a run that exited before it wrote one: only its config and exit status.

    Args:
        target: a new file.
        run_id: the run's id.
        config: its hyperparameters.
        started: seconds since 1970.
        destination: where the run belongs.
        status: how it exited.
    """
    from fashion_wb.wandb_private import Record

    record = Record()
    record.run.run_id = run_id
    record.run.start_time.FromNanoseconds(round(started * 1e9))
    for name, value in config.items():
        record.run.config.update.add(key=name, value_json=json.dumps(value))
    write_records(_rewrite(iter([record.SerializeToString()]), destination, status, 0), target)


def _rewrite(
    records: Iterator[bytes], destination: Destination, status: ExitStatus, skip_rows: int
) -> Iterator[bytes]:
    from fashion_wb.wandb_private import Record

    rows, exit_record, has_reason = 0, Record(), False
    for payload in records:
        record = Record.FromString(payload)
        match record.WhichOneof("record_type"):
            case "exit":
                exit_record = record
                continue
            case "history":
                rows += 1
                if rows <= skip_rows:
                    continue
            case "run":
                _redirect(record.run, destination)
                yield record.SerializeToString()
                continue
            case "summary":
                has_reason = has_reason or any(item.key == "failure" for item in record.summary.update)
        yield payload
    if status.failure and not has_reason:
        summary = Record()
        summary.summary.update.add(key="failure", value_json=json.dumps(status.failure))
        yield summary.SerializeToString()
    exit_record.exit.exit_code = status.exit_code
    exit_record.exit.SetInParent()  # protocol buffers omit a code of 0, the default, without this
    yield exit_record.SerializeToString()


def _redirect(run: Any, destination: Destination) -> None:
    run.entity, run.project, run.sweep_id = destination.entity, destination.project, destination.sweep_id
    if run.run_group == destination.group_of:
        run.run_group = destination.sweep_id
