"""What a stranger can bring in: files that hold code, names that lead elsewhere, files that never end."""

from __future__ import annotations

import csv
import gzip
import json
import pickle
import subprocess
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from security_cases import HOSTILE, SCRIPT, TITLE, dangerous, pickled
from sweep_cases import ROOT
from view_cases import CONFIG, add_trial, new_sweep

from fashion_wb.cli import main
from fashion_wb.cnn.checkpoint import FILE, load_checkpoint
from fashion_wb.cnn.data.idx import BLOCK, FILES, Copy, verify
from fashion_wb.errors import FashionWbError
from fashion_wb.files import locked
from fashion_wb.offline.start.initial_file import read_initial
from fashion_wb.replay.table import read_table
from fashion_wb.runlog.reader import read_run_log
from fashion_wb.search.space import make_space
from fashion_wb.server.cache import cache_file, open_cache
from fashion_wb.server.path import WandbPath, parse_path
from fashion_wb.sweep_folder.opening import read_sweep_dir
from fashion_wb.sweepfile.sweep import read_sweep
from fashion_wb.trial import TrialState

SECTION = "Security"
# A forked trial runs the user's own program; the loader is PyYAML's safe one.
KNOWN = {
    ("fashion_wb/executors/trial_process.py", "exec"),
    ("fashion_wb/sweep_folder/config_file.py", "yaml.load"),
}
LEADING_OUT = ("../../x", "/etc/x", "..", "a/b", "a;rm -rf", "$(touch x)", "a\nb", "a\0b", "\x1b[2J", "", 7)


@pytest.mark.fault(
    SECTION,
    "data that is run as code",
    made="every call in the source that unpickles, evaluates or starts a shell is listed",
    promised="none but the trial's own program",
)
def test_no_place_runs_data_as_code(fault):
    files = [ROOT / "train.py"]
    for name in ("fashion_wb", "analysis", "benchmarks", "examples"):
        files += sorted((ROOT / name).rglob("*.py"))
    found = {
        (path.relative_to(ROOT).as_posix(), what)
        for path in files
        for what in dangerous(path.read_text(encoding="utf-8"))
    }
    assert found == KNOWN
    fault.observed(
        f"{len(files)} files, {len(found)} known places: the trial's program, PyYAML's safe loader"
    )


@pytest.mark.fault(
    SECTION,
    "a pickle in every file that is read",
    made="a pickle, or a YAML tag, that makes a folder when it is read",
    promised="refused or ignored; nothing runs",
)
def test_a_planted_pickle_runs_nothing(fault, tmp_path):
    trace = tmp_path / "ran"
    bomb, tag = pickled(trace), f"!!python/object/apply:os.makedirs ['{trace}']"
    pickle.loads(bomb)
    assert trace.is_dir()  # it does work
    trace.rmdir()
    sweep = new_sweep(tmp_path / "s")
    log = add_trial(sweep, 0)
    paths = {name: tmp_path / name for name in (FILE, "plain.npz", "table.npz", "tag.yaml", "run.wandb")}
    for path in paths.values():
        path.write_bytes(bomb)
    (tmp_path / "tag.yaml").write_text(tag)
    with (tmp_path / "table.npz").open("wb") as file:
        np.savez(file, **dict.fromkeys(("filters", "lr", "seeds"), np.array([_object(bomb)], dtype=object)))
    _, said = load_checkpoint(tmp_path, {})
    assert "cannot be read" in said
    refused = [
        lambda: read_table(tmp_path / "plain.npz"),
        lambda: read_table(tmp_path / "table.npz"),
        lambda: read_sweep(tmp_path / "tag.yaml"),
        lambda: read_initial(tmp_path / "tag.yaml", make_space(CONFIG), False),
        lambda: read_run_log(tmp_path / "run.wandb"),
    ]
    for read in refused:
        with pytest.raises(FashionWbError):
            read()
    for path in (sweep.config_file(sweep.run_id(0)), log, sweep.root / "sweep.json"):
        kept = path.read_bytes()
        for content in (bomb, tag.encode()):
            path.write_bytes(content)
            with pytest.raises(FashionWbError):
                read_sweep_dir(sweep.root).read_trials()
        path.write_bytes(kept)
    (tmp_path / "cache.sqlite").write_bytes(bomb)
    with open_cache(tmp_path / "cache.sqlite") as cache:
        assert cache.get("a", "b") is None
    assert not trace.exists()
    fault.observed("13 of 13 planted files ran nothing")


def _object(bomb):
    """The object in a pickle, without running it: np.savez pickles it again."""
    return type("Planted", (), {"__reduce__": lambda self: (pickle.loads, (bomb,))})()


@pytest.mark.filterwarnings("ignore:Glyph")  # no font draws an escape
@pytest.mark.fault(
    SECTION,
    "names that are paths, commands, markup, formulas or escapes",
    made="sweeps, parameters, values and reasons with such names, exported, compared and shown",
    promised="they stay text; looking at a folder runs no program in it",
)
def test_names_stay_text(fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train.py").write_text("import pathlib\npathlib.Path('owned').touch()\n")
    for position, name in enumerate(HOSTILE):
        values = {"values": [name, "b"]}
        sweep = new_sweep(tmp_path / f"in/{position}", name, parameters={name: values})
        for number in range(3):
            add_trial(sweep, number, config={name: name if number else "b"})
        add_trial(sweep, 3, state=TrialState.FAILED, config={name: name}, reason=name)
    before = sorted(tmp_path.rglob("*"))
    commands = (
        ["export", "in", "--csv", "out/t.csv", "--steps", "out/s.csv", "--optuna", "out/o.log"],
        ["view", "in", "--text"],
        ["compare", "in/0", "--out", "out/compared"],
    )
    for command in commands:
        done = CliRunner().invoke(main, command)
        assert done.exit_code == 0, done.output
        assert "\x1b" not in done.output and "\x07" not in done.output
        assert "\nError: owned" not in done.output
    made = [path for path in sorted(tmp_path.rglob("*")) if path not in before]
    assert all(path.is_relative_to(tmp_path / "out") for path in made if path.name != ".lock"), made
    tables = [path for path in made if path.suffix == ".csv"]
    cells = [cell for path in tables for row in _rows(path) for cell in row]
    assert any(TITLE in cell for cell in cells)
    assert not any(cell.startswith(("=", "+", "@")) for cell in cells)
    for path in (path for path in made if path.suffix == ".html"):
        assert SCRIPT not in path.read_text(encoding="utf-8")
    fault.observed(
        f"{len(HOSTILE)} names in {len(commands)} commands, {len(tables)} CSV files and the report"
    )


def _rows(path):
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.reader(file))


@pytest.mark.fault(
    SECTION,
    "ids that lead out of a folder",
    made="such ids in sweep.json, in a server's commands, and in the path of a project",
    promised="refused before a file is touched",
)
def test_ids_lead_nowhere(fault, tmp_path):
    from fashion_wb.agent.protocol import _command

    sweep = new_sweep(tmp_path / "s")
    add_trial(sweep, 0)
    record = json.loads((sweep.root / "sweep.json").read_text())
    for name in LEADING_OUT:
        (sweep.root / "sweep.json").write_text(json.dumps({**record, "sweep_id": name}))
        with pytest.raises(FashionWbError, match="damaged"):
            read_sweep_dir(sweep.root)
        with pytest.raises(FashionWbError, match="run id"):
            _command({"type": "run", "run_id": name if isinstance(name, str) else "", "args": {}})
    for text in ("../..", "a/..", "./a", "a/b/..", "https://w/..%2f../a/b%00"):
        with pytest.raises(FashionWbError, match="not a W&B path"):
            parse_path(text)
    folder = cache_file("https://h", WandbPath("a", "b")).parents[1]
    assert folder.name == "h" and folder.parent.name == "pulled"
    fault.observed(f"{2 * len(LEADING_OUT) + 5} of {2 * len(LEADING_OUT) + 5} refused")


@pytest.mark.processes
@pytest.mark.fault(
    SECTION,
    "the name of a sweep file as a command",
    made="a job script for Slurm from a file with quotes, $(...) and a newline in its name, run by bash",
    promised="quoted: it is one argument",
)
def test_a_job_script_quotes_names(fault, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    name = "a'b $(touch owned)`touch owned`;touch owned\ntouch owned #.yaml"
    Path(name).write_text("method: random\nprogram: fit.py\nparameters: {x: {min: 0.0, max: 1.0}}\n")
    for tool in ("srun", "fashion-wb"):
        Path(tool).write_text('#!/bin/sh\nprintf "%s\\0" "$@" >> arguments\n')
        Path(tool).chmod(0o755)
    done = CliRunner().invoke(main, ["slurm-script", name])
    assert done.exit_code == 0, done.output
    # Not as it is printed: there a newline in a quoted argument is one too.
    subprocess.run(
        ["bash", "-c", done.output], env={"PATH": f"{tmp_path}:/usr/bin:/bin"}, timeout=60, check=True
    )
    given = Path("arguments").read_text().split("\0")
    assert name in given and not Path("owned").exists()
    assert all(
        " " not in line.partition("--")[2] for line in done.output.splitlines() if line[:7] == "#SBATCH"
    )
    fault.observed("1 script: the name arrived as it is, nothing of it ran")


@pytest.mark.fault(
    SECTION,
    "a gzip bomb as a data file",
    made="a file that unpacks to 1,000 times its size",
    promised="unpacking stops at the size that the file must have",
)
def test_a_bomb_is_not_unpacked(fault, tmp_path, monkeypatch):
    file, path = FILES[1], tmp_path / "bomb.gz"
    size = fault.times(64, 2048) << 20
    with gzip.open(path, "wb", compresslevel=1) as out:
        for _ in range(size // BLOCK):
            out.write(bytes(BLOCK))
    read = []
    unpack = gzip.GzipFile.read
    monkeypatch.setattr(gzip.GzipFile, "read", lambda self, n: read.append(n) or unpack(self, n))
    with pytest.raises(FashionWbError, match="larger than that"):
        verify(Copy(file, path, "Replace it"))
    assert sum(read) == BLOCK
    fault.observed(f"of {size >> 20} MB, 1 MB was unpacked")


@pytest.mark.fault(
    SECTION,
    "a link in place of a lock",
    made="a sweep's folder from somebody else, whose .lock is a link to a file of yours",
    promised="refused; the file stays as it is",
)
def test_a_link_is_no_lock(fault, tmp_path):
    (tmp_path / "s").mkdir()
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "s/.lock").symlink_to(tmp_path / "mine")
    with pytest.raises(OSError, match="symbolic links"), locked(tmp_path / "s"):
        pass
    assert (tmp_path / "mine").read_text() == "mine"
    fault.observed("1 of 1 refused")
