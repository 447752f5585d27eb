"""Copies of W&B run logs that tell the same run to another sweep: what an upload is made from."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.runlog.record_file import FILE_HEADER, check_header, read_records, write_records


@dataclass(frozen=True)
class Destination:
    """Where a run shall go.

    Attributes:
        entity, project: of the server.
        sweep_id: the server's sweep.
        group_of: a group of this name, the offline sweep's id, becomes `sweep_id`.
    """

    entity: str
    project: str
    sweep_id: str
    group_of: str


@dataclass(frozen=True)
class Ending:
    """How a run ended.

    Attributes:
        exit_code: 0 finished, 255 stopped from outside, any other failed: W&B's own numbers.
        failure: why it failed, put into the summary where the run did not do so itself; empty otherwise.
    """

    exit_code: int
    failure: str = ""


def copy_run_log(
    source: Path, target: Path, destination: Destination, ending: Ending, skip_rows: int = 0
) -> None:
    """Copy a whole log, with another destination and the ending that its sweep has on record.

    Config, history, summary, console output, system metrics and files are those of the log.

    Args:
        source: the log; one that was cut short is copied as far as it goes.
        target: a new file.
        destination: where the run goes.
        ending: how it ended, whatever the log says or leaves out.
        skip_rows: how many rows of the history to leave out, from its start: those the server has.

    Raises:
        RunLogError: `source` is not a run log, or is damaged.
    """
    data = source.read_bytes()
    check_header(data, source)
    records = (payload for _, payload in read_records(data, len(FILE_HEADER), source, 0))
    write_records(_changed(records, destination, ending, skip_rows), target)


def write_run_log(
    target: Path,
    run_id: str,
    config: Mapping[str, Any],
    started: float,
    destination: Destination,
    ending: Ending,
) -> None:
    """Write the log of a run that ended before it could write one: nothing but config and ending.

    Args:
        started: seconds since 1970.
    """
    from fashion_wb.wandb_private import Record

    record = Record()
    record.run.run_id = run_id
    record.run.start_time.FromNanoseconds(round(started * 1e9))
    for name, value in config.items():
        record.run.config.update.add(key=name, value_json=json.dumps(value))
    write_records(_changed(iter([record.SerializeToString()]), destination, ending, 0), target)


def _changed(
    records: Iterator[bytes], destination: Destination, ending: Ending, skip_rows: int
) -> Iterator[bytes]:
    from fashion_wb.wandb_private import Record

    rows, exit_record, explained = 0, Record(), False
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
                explained = explained or any(item.key == "failure" for item in record.summary.update)
        yield payload
    if ending.failure and not explained:
        summary = Record()
        summary.summary.update.add(key="failure", value_json=json.dumps(ending.failure))
        yield summary.SerializeToString()
    exit_record.exit.exit_code = ending.exit_code
    exit_record.exit.SetInParent()  # a code of 0 is a protocol buffer's default and would leave no trace
    yield exit_record.SerializeToString()


def _redirect(run: Any, destination: Destination) -> None:
    run.entity, run.project, run.sweep_id = destination.entity, destination.project, destination.sweep_id
    if run.run_group == destination.group_of:
        run.run_group = destination.sweep_id
