"""Read W&B run logs (.wandb files), finished or still being written: records, each a protocol buffer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_wb.runlog.record_file import BLOCK, FILE_HEADER, RunLogError, check_header, read_records

__all__ = ["RunLog", "RunLogError", "read_run_log"]


@dataclass
class RunLog:
    """A run as far as its log has been read.

    Attributes:
        path: the .wandb file.
        run_id, sweep_id, project: empty until the run record has been read.
        config: hyperparameters, plain values.
        history: rows logged so far, in order, each with W&B's `_step`, `_runtime` (seconds), `_timestamp`.
        summary: last value of each key.
        exit_code: None until the run has ended properly.
    """

    path: Path
    run_id: str = ""
    sweep_id: str = ""
    project: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[Mapping[str, Any]] = field(default_factory=list)
    exit_code: int | None = None
    _offset: int = 0
    _summary: dict[str, Any] = field(default_factory=dict)
    _summary_updates: list[Any] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """Its values are taken in when somebody asks: they were a third of reading thousands of logs."""
        for update in self._summary_updates:
            _update(self._summary, update)
        self._summary_updates.clear()
        return self._summary

    def read_new(self) -> bool:
        """Take in what has been appended since the last call; a record still being written waits.

        Returns:
            Whether anything was read.

        Raises:
            RunLogError: the file is gone, is not a W&B run log, or a checksum does not match.
        """
        try:
            with self.path.open("rb") as file:
                # A whole block at a time: chunks are laid out from the start of the file.
                base = self._offset - self._offset % BLOCK
                file.seek(base)
                data = file.read()
        except OSError as error:
            raise RunLogError(f"{self.path}: cannot be read: {error.strerror}") from None
        before = self._offset
        if self._offset == 0:
            if len(data) < len(FILE_HEADER):
                return False
            check_header(data, self.path)
            self._offset = len(FILE_HEADER)
        parse = _parser()
        for end, payload in read_records(data, self._offset - base, self.path, base):
            self._take(parse(payload))
            self._offset = base + end
        return self._offset > before

    def _take(self, record: Any) -> None:
        match record.WhichOneof("record_type"):
            case "history":
                items = record.history.item
                self.history.append(dict(zip(map(_key, items), _values(items), strict=True)))
            case "summary":
                self._summary_updates.append(record.summary)
            case "config":
                _update(self.config, record.config)
            case "run":
                run = record.run
                self.run_id, self.sweep_id, self.project = run.run_id, run.sweep_id, run.project
                _update(self.config, run.config)
            case "exit":
                self.exit_code = record.exit.exit_code


def read_run_log(path: Path) -> RunLog:
    """Read a whole log; one that was cut short gives what it has, with `exit_code` None.

    Raises:
        RunLogError: missing, not a W&B run log, or damaged.
    """
    log = RunLog(path)
    log.read_new()
    return log


def _parser() -> Callable[[bytes], Any]:
    # Not at the top: importing wandb takes a second, which a sweep spends while its workers start.
    from fashion_wb.wandb_private import Record

    return Record.FromString


def _key(item: Any) -> str:
    return ".".join(item.nested_key) if item.nested_key else item.key


def _values(items: Sequence[Any]) -> list[Any]:
    # In one go: to resume ten thousand runs is to read some millions of values.
    return json.loads(f"[{','.join(item.value_json for item in items)}]")


def _update(target: dict[str, Any], record: Any) -> None:
    for item, value in zip(record.update, _values(record.update), strict=True):
        place, keys = target, list(item.nested_key) or [item.key]
        for key in keys[:-1]:
            inner = place.get(key)
            place[key] = place = inner if isinstance(inner, dict) else {}
        place[keys[-1]] = value
    for item in record.remove:
        target.pop(_key(item), None)


def find_run_log(directory: Path, run_id: str) -> Path | None:
    """A run's newest log below `directory`/wandb, or None while there is none."""
    found = (directory / "wandb").glob(f"*run-*-{run_id}/run-{run_id}.wandb")
    return max(found, key=lambda path: path.stat().st_mtime, default=None)
