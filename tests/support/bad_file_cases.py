"""Damaged files of our own, run logs, data and tables: what is damaged, and how."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

from bad_input_cases import BadInput
from bad_sweep_cases import HEAD, PROGRAM, X
from view_cases import CONFIG, add_trial

from fashion_wb.cnn.data.idx import FILES as DATA_FILES
from fashion_wb.early_stop import Stop
from fashion_wb.sweep_folder.attempts import Attempts, write_attempts
from fashion_wb.sweep_folder.opening import open_sweep_dir
from fashion_wb.sweep_folder.start import RedrawnTrial, Start, record_redrawn, write_start
from fashion_wb.sweep_folder.sweep_dir import SweepDir
from fashion_wb.sweepfile.sweep import make_sweep
from fashion_wb.trial import TrialState

Change = Callable[[Path], object]


def make_folder(folder: Path) -> SweepDir:
    """A sweep's folder with every file that a sweep writes: four trials, one of them stopped, one running."""
    root = folder / "runs" / "s"
    root.mkdir(parents=True)
    sweep = open_sweep_dir(root, make_sweep({**CONFIG, "name": "s"}, "s"), 0, "abcd1234")
    add_trial(sweep, 0)
    add_trial(sweep, 1, (1.0, 0.9), TrialState.STOPPED, stop=Stop("loss", 2, 0.9, 0.5, 2, 3))
    add_trial(sweep, 2, (1.0,), TrialState.FAILED, reason="ended with exit status 3")
    add_trial(sweep, 3, (1.0,), TrialState.RUNNING)
    write_attempts(Attempts(2, ("n1 does not answer",)), sweep, sweep.run_id(3))
    write_start(Start(({"x": 0.5},)), sweep)
    record_redrawn(1, RedrawnTrial(2, "suggested"), sweep)
    (root / "ask.json").write_text('{"cap": 60, "parallel": 4}\n')
    sweep.asked_file(sweep.run_id(3)).write_text('{"attempt": 2}\n')
    retrain = {
        "group": sweep.sweep_id,
        "name": "s",
        "seed_parameter": None,
        "config": dict(sweep.sweep.config),
    }
    (root / "retrain" / "wandb" / f"sweep-{sweep.sweep_id}-retrain").mkdir(parents=True)
    record = {**retrain, "runs": [[sweep.run_id(0), {"x": 0.5, "lr": 1e-2, "kind": "a"}]]}
    (root / "retrain" / "followup.json").write_text(json.dumps(record))
    (folder / "runs" / "conditions.json").write_text(json.dumps({"budget": {"trials": 4}, "machine": "m"}))
    return sweep


def _write(data: bytes) -> Change:
    return lambda path: path.write_bytes(data)


def _in_place_of(path: Path) -> None:
    path.unlink()
    path.mkdir()


def _circle(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


# How a file of ours is damaged, whatever it holds.
DAMAGES: dict[str, Change] = {
    "empty": _write(b""),
    "cut": lambda path: path.write_bytes(path.read_bytes()[: len(path.read_bytes()) // 2]),
    "binary": _write(bytes(range(128, 256))),
    "list": _write(b"[1, 2]"),
    "text": _write(b'"text"'),
    "null": _write(b"null"),
    "deep": _write(b'{"config": ' + b"[" * 100_000),
    "folder": _in_place_of,
    "circle": _circle,
}
# The command that reads a file, by its pattern below runs/.
READERS = {
    "s/sweep.json": "compare runs --out out",
    "s/wandb/sweep-*/config-*-0000.yaml": "compare runs --out out",
    "s/wandb/sweep-*/outcome-*-0001.json": "compare runs --out out",
    "s/wandb/sweep-*/start.json": "ask runs/s",
    "s/wandb/sweep-*/attempts-*-0003.json": "tell runs/s abcd1234-0003 --attempt 2 --status 0",
    "s/ask.json": "ask runs/s",
    "s/retrain/followup.json": "compare runs --out out",
    "conditions.json": "compare runs --out out",
}
# One key of a file set to what it cannot be: (pattern, keys, value).
WRONG: list[tuple[str, tuple[str, ...], object]] = [
    ("s/sweep.json", ("sweep_id",), "../../elsewhere"),
    ("s/sweep.json", ("sweep_id",), 7),
    ("s/sweep.json", ("seed",), "zero"),
    ("s/sweep.json", ("config",), None),
    ("s/sweep.json", ("config",), [1]),
    ("s/sweep.json", ("config", "parameters"), None),
    ("s/sweep.json", ("config", "parameters"), [1]),
    ("s/sweep.json", ("config", "parameters", "x"), 3),
    ("s/sweep.json", ("config", "metric"), "loss"),
    ("s/sweep.json", ("config", "metric"), {"goal": "minimize"}),
    ("s/sweep.json", ("config", "metric"), {"name": 3}),
    ("s/sweep.json", ("config", "metric"), {"name": "loss", "goal": "sideways"}),
    ("s/sweep.json", ("config", "run_cap"), "many"),
    ("s/sweep.json", ("config", "scheduler"), 3),
    ("s/wandb/sweep-*/outcome-*-0001.json", ("state",), "sleeping"),
    ("s/wandb/sweep-*/outcome-*-0001.json", ("stop",), {"rung": 1}),
    ("s/wandb/sweep-*/outcome-*-0001.json", ("stop",), 3),
    ("s/wandb/sweep-*/start.json", ("initial",), 3),
    ("s/wandb/sweep-*/start.json", ("initial",), ["x"]),
    ("s/wandb/sweep-*/start.json", ("earlier",), [{"run": "a"}]),
    ("s/wandb/sweep-*/start.json", ("earlier",), [3]),
    ("s/wandb/sweep-*/attempts-*-0003.json", ("started",), "often"),
    ("s/wandb/sweep-*/attempts-*-0003.json", ("losses",), 3),
    ("s/ask.json", ("cap",), "many"),
    ("s/ask.json", ("parallel",), None),
    ("s/ask.json", ("parallel",), 0),
    ("s/retrain/followup.json", ("runs",), 3),
    ("s/retrain/followup.json", ("runs",), [["no-such-run", {}]]),
    ("s/retrain/followup.json", ("runs",), [[1, 2, 3]]),
    ("s/retrain/followup.json", ("group",), "../../elsewhere"),
    ("s/retrain/followup.json", ("config",), []),
    ("conditions.json", ("budget",), "all"),
    ("conditions.json", ("also",), 7),
    ("conditions.json", ("final_metric",), 7),
    ("conditions.json", ("extras",), 3),
]


def _damaged(pattern: str, change: Change) -> Callable[[Path], None]:
    def make(folder: Path) -> None:
        make_folder(folder)
        (path,) = (folder / "runs").glob(pattern)
        change(path)

    return make


def _with(keys: tuple[str, ...], value: object) -> Change:
    def change(path: Path) -> None:
        record = inner = json.loads(path.read_text())
        for key in keys[:-1]:
            inner = inner[key]
        inner[keys[-1]] = value
        path.write_text(json.dumps(record))

    return change


def _name(pattern: str) -> str:
    name = pattern.rpartition("/")[2]
    return name if "*" not in name else name.partition("*")[0]


def folder_cases() -> Iterator[BadInput]:
    """Yield a case for each of our files and each damage."""
    for pattern, command in READERS.items():
        for damage, change in DAMAGES.items():
            if damage == "null" and pattern == "conditions.json":
                continue
            yield BadInput(
                f"{_name(pattern)} {damage}", command, (_name(pattern),), {}, _damaged(pattern, change)
            )
    for pattern, keys, value in WRONG:
        yield BadInput(
            f"{_name(pattern)} {'.'.join(keys)} {json.dumps(value)}",
            READERS[pattern],
            (_name(pattern),),
            {},
            _damaged(pattern, _with(keys, value)),
        )


LOG = "s/wandb/offline-run-*-0000/run-*.wandb"
LOG_DAMAGES: dict[str, Change] = {
    "text": _write(b"not a log at all"),
    "other-version": _write(b":W&B\xe1\xbe\x01" + bytes(100)),
    "gzip": _write(b"\x1f\x8b\x08" + bytes(100)),
    "flipped-in-data": lambda path: path.write_bytes(_flipped(path.read_bytes(), 20)),
    "flipped-in-checksum": lambda path: path.write_bytes(_flipped(path.read_bytes(), 8)),
    "flipped-in-kind": lambda path: path.write_bytes(_flipped(path.read_bytes(), 13)),
    "folder": _in_place_of,
    "circle": _circle,
}


def _flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x40]) + data[at + 1 :]


def log_cases() -> Iterator[BadInput]:
    """Yield a case for each command that reads logs and each damage."""
    for damage, change in LOG_DAMAGES.items():
        for command in ("compare runs --out out", "export runs --csv out.csv"):
            name = f"log {damage}: {command.split()[0]}"
            yield BadInput(name, command, ("-0000.wandb",), {}, _damaged(LOG, change))


INITIAL: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "empty.yaml": ("", ("empty",)),
    "mapping.yaml": ("x: 1\n", (":1", "list")),
    "text.yaml": ("hello\n", (":1", "list")),
    "numbers.yaml": ("- 1\n- 2\n", (":1", "mapping")),
    "unknown.yaml": ("- {x: 0.5}\n- {y: 0.5}\n", (":2", "y")),
    "outside.yaml": ("- {x: 7.0}\n", (":1", "x")),
    "wrong-type.yaml": ("- {x: [1]}\n", (":1", "x")),
    "nan.yaml": ("- {x: .nan}\n", (":1", "x")),
    "twice.yaml": ("- {x: 0.5}\n- {x: 0.5}\n", (":2", "same")),
    "nothing.yaml": ("- {}\n", (":1", "parameter")),
    "no-entries.yaml": ("[]\n", ("configurations",)),
    "broken.yaml": ("- {x: 0.5\n", ("not valid YAML",)),
    "binary.yaml": (bytes(range(256)), ("as text",)),
    "date.yaml": ("- {x: 2026-13-01}\n", (":1", "not valid YAML")),
    "empty.csv": ("", ("empty",)),
    "header.csv": ("x\n", ("configurations",)),
    "unknown.csv": ("y\n0.5\n", (":2", "y")),
    "outside.csv": ("x\n7\n", (":2", "x")),
    "twice.csv": ("x,x\n0.5,0.5\n", (":1", "x")),
    "nameless.csv": ("x,\n0.5,1\n", (":1", "column 2")),
    "too-many.csv": ("x\n0.5,1\n", (":2", "2 cells")),
    "binary.csv": (bytes(range(256)), ("CSV",)),
    "date.csv": ("x\n2026-13-01\n", (":2", "x")),
    "huge-cell.csv": ("x\n" + "9" * 200_000 + "\n", ("huge-cell.csv",)),
    "nul.csv": ("x\n0.5\x00\n", ("nul.csv",)),
}


def initial_cases() -> Iterator[BadInput]:
    """Yield a case for each file of initial configurations."""
    for name, (content, says) in INITIAL.items():
        files = {"good.yaml": HEAD + X, "prog.py": PROGRAM, f"initial/{name}": content}
        command = f"sweep good.yaml --initial initial/{name}"
        yield BadInput(f"initial {name}", command, (name, *says), files)


def data_cases() -> Iterator[BadInput]:
    """Yield a case for each damage to a file of Fashion-MNIST."""
    images, labels = DATA_FILES[0].name, DATA_FILES[1].name
    good = {file.name: b"" for file in DATA_FILES}
    gz = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03"
    for name, change in {
        "empty": {},
        "wrong-magic": {images: b"\x00\x00\x08\x01" + bytes(100)},
        "wrong-content": {images: bytes(DATA_FILES[0].size)},
        "text": {images: b"<html>not found</html>"},
        "gz-cut": {f"{images}.gz": gz + b"\x01\x02", images: None},
        "gz-not": {f"{images}.gz": b"no gzip", images: None},
        "gz-empty": {f"{images}.gz": b"", images: None},
    }.items():
        files = {f"data/{key}": value for key, value in {**good, **change}.items() if value is not None}
        yield BadInput(f"data {name}", "data --data-dir data", (images, "SHA-256"), files)
    yield BadInput("data missing", "data --data-dir data", (labels, "lacks"), {f"data/{images}": b""})
