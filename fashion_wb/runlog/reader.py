"""Read W&B run logs (.wandb files), complete or still being written; each record is a protocol buffer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fashion_wb.runlog.record_file import BLOCK, FILE_HEADER, RunLogError, check_header, read_records

# A checksum can be right and the record not, as when another program wrote it.
_UNREADABLE = (ValueError, TypeError, RecursionError, AttributeError)
__all__ = ["RunLog", "RunLogError", "read_run_log"]

# A log holds what its program printed: one that printed without end must not fill the memory of its reader.
_PIECE = 512 * BLOCK


@dataclass
class RunLog:
    """The part of a run's log that has been read.

    Attributes:
        path: the .wandb file.
        run_id, sweep_id, project: empty until the run record has been read.
        config: hyperparameters, plain values.
        history: rows logged so far, in order, each with W&B's `_step`, `_runtime` (seconds), `_timestamp`.
        summary: last value of each key.
        exit_code: None until the log has one.
        preempting: whether the program has called `run.mark_preempting()`.
        started: when the run started, in seconds since 1970; None until the run record has been read.
    """

    path: Path
    run_id: str = ""
    sweep_id: str = ""
    project: str = ""
    config: dict[str, Any] = field(default_factory=dict)
    history: list[Mapping[str, Any]] = field(default_factory=list)
    exit_code: int | None = None
    preempting: bool = False
    started: float | None = None
    _offset: int = 0
    _summary: dict[str, Any] = field(default_factory=dict)
    _summary_updates: list[Any] = field(default_factory=list)

    @property
    def summary(self) -> dict[str, Any]:
        """The last value of each key."""
        # Parsed on demand: parsing took a third of the time to read thousands of logs.
        try:
            for update in self._summary_updates:
                _update(self._summary, update)
        except _UNREADABLE as error:
            raise self._damaged("its summary cannot be read", error) from None
        self._summary_updates.clear()
        return self._summary

    @property
    def size_read(self) -> int:
        """How many bytes of the file have been read; the last record may be incomplete."""
        return self._offset

    def read_new(self) -> bool:
        """Read what was appended since the last call; an incomplete record waits for the next call.

        Returns:
            Whether anything was read.

        Raises:
            RunLogError: the file cannot be read, is not a W&B run log, or has a wrong checksum.
        """
        start, size = self._offset, _PIECE
        while True:
            before = self._offset
            if self._read_piece(size) < size:
                return self._offset > start
            # A record may be larger than a piece.
            size = _PIECE if self._offset > before else 2 * size

    def _read_piece(self, size: int) -> int:
        """Read at most `size` bytes of the file; return how many there were."""
        try:
            with self.path.open("rb") as file:
                # Start at a block boundary: chunks are laid out relative to blocks.
                base = self._offset - self._offset % BLOCK
                file.seek(base)
                data = file.read(size)
        except OSError as error:
            raise RunLogError(f"{self.path}: cannot be read: {error.strerror}") from None
        if self._offset == 0:
            if len(data) < len(FILE_HEADER):
                return len(data)
            check_header(data, self.path)
            self._offset = len(FILE_HEADER)
        parse = _parser()
        for end, payload in read_records(data, self._offset - base, self.path, base):
            try:
                self._apply(parse(payload))
            except _UNREADABLE as error:
                raise self._damaged(f"the record at byte {self._offset} cannot be read", error) from None
            self._offset = base + end
        return len(data)

    def _damaged(self, what: str, error: BaseException) -> RunLogError:
        advice = "restore the file from a copy, or move the run's folder elsewhere to leave the run out"
        return RunLogError(f"{self.path}: damaged: {what} ({error}); {advice}")

    def _apply(self, record: Any) -> None:
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
                self.started = run.start_time.seconds + 1e-9 * run.start_time.nanos or None
            case "exit":
                self.exit_code = record.exit.exit_code
            case "preempting":
                self.preempting = True


def read_run_log(path: Path) -> RunLog:
    """Read a log; a truncated one gives the part that it has, with `exit_code` None.

    Raises:
        RunLogError: missing, not a W&B run log, or damaged.
    """
    log = RunLog(path)
    log.read_new()
    return log


def _parser() -> Callable[[bytes], Any]:
    # Not at the top of the file: importing wandb takes a second, which a sweep spends while trials start.
    from fashion_wb.wandb_private import DecodeError, Record

    def parse(payload: bytes) -> Any:
        try:
            return Record.FromString(payload)
        except DecodeError as error:
            raise ValueError(error) from None

    return parse


def _key(item: Any) -> str:
    return ".".join(item.nested_key) if item.nested_key else item.key


def _values(items: Sequence[Any]) -> list[Any]:
    # One call for all: resuming ten thousand runs reads millions of values.
    values: list[Any] = json.loads(f"[{','.join(item.value_json for item in items)}]")
    return values


def _update(target: dict[str, Any], record: Any) -> None:
    for item, value in zip(record.update, _values(record.update), strict=True):
        parent, keys = target, list(item.nested_key) or [item.key]
        for key in keys[:-1]:
            child = parent.get(key)
            parent[key] = parent = child if isinstance(child, dict) else {}
        parent[keys[-1]] = value
    for item in record.remove:
        target.pop(_key(item), None)


def find_run_log(directory: Path, run_id: str) -> Path | None:
    """Find a run's newest log in `directory`/wandb; None if there is none yet."""
    return next(reversed(find_run_logs(directory, run_id)), None)


def find_run_logs(directory: Path, run_id: str) -> list[Path]:
    """Find all logs of a run in `directory`/wandb, the newest last: one for each attempt."""
    # wandb appends a number to the folder of an attempt that starts in the same second as the one before.
    found = (directory / "wandb").glob(f"*run-*-{run_id}*/run-{run_id}.wandb")
    return sorted(found, key=lambda path: path.stat().st_mtime)
