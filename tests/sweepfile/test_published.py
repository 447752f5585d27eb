"""Sweep files with the traits of those that people publish: what runs, is warned about or is refused.

Each file in `published/` begins with its verdict, the types that its program sees, and what W&B does if that
differs. The oracle is W&B's unmodified client, and the schema by which its server warns.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml
from sweep_cases import place, run, trials

from fashion_wb.errors import FashionWbError
from fashion_wb.search.factory import make_search
from fashion_wb.sweepfile.sweep import read_sweep
from fashion_wb.sweepfile.sweeps_package import schema_violations_from_proposed_config
from fashion_wb.trial import Trial, TrialState
from fashion_wb.yaml_numbers import load_yaml

FOLDER = Path(__file__).parent / "published"
FILES = sorted(path.stem for path in FOLDER.glob("*.yaml"))
DRAWS = 40


def header(name):
    """The comments at the top of a file, by their first word."""
    lines = re.findall(r"^# (.*)$", (FOLDER / f"{name}.yaml").read_text(), re.MULTILINE)
    verdict, _, text = lines[0].partition(": ")
    found = {"verdict": verdict, "text": text}
    for line in lines[1:]:
        word, _, rest = line.partition(": ")
        found[word] = rest
    return found


def our_verdict(path):
    try:
        sweep = read_sweep(path)
    except FashionWbError as error:
        return "refused", str(error)
    warnings = [notice for notice in sweep.notices if "read as numbers" not in notice]
    return ("warns" if warnings else "runs"), "\n".join(warnings)


def wandb_verdict(path):
    """What the client does, and the server with what the client sends it."""
    from wandb.apis.public.sweeps import _validate_config_and_fill_distribution
    from wandb.sdk.launch.sweeps.utils import load_sweep_config

    config = load_sweep_config(str(path))
    if config is None:
        return "refused"
    try:
        sent = yaml.dump(json.loads(json.dumps(_validate_config_and_fill_distribution(config))))
        violations = schema_violations_from_proposed_config(load_yaml(sent))
    except (TypeError, ValueError, AttributeError, RecursionError):
        return "refused"
    return "warns" if violations else "runs"


@pytest.mark.parametrize("name", FILES)
def test_the_verdict_is_the_stated_one(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # no program is there, so none is read
    expected, path = header(name), FOLDER / f"{name}.yaml"
    verdict, text = our_verdict(path)
    assert verdict == expected["verdict"], text
    assert expected["text"] in text
    assert all(line.startswith(str(path)) for line in text.splitlines())


# The client leaves the file open.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("name", FILES)
def test_w_and_bs_client_and_schema_agree_or_the_file_says_why_not(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path, stated = FOLDER / f"{name}.yaml", header(name)
    theirs = wandb_verdict(path)
    if f"W&B {theirs}" in stated or (theirs == "runs" and "W&B runs it" in stated):
        assert stated["verdict"] != theirs
    elif stated["verdict"] == "refused" and theirs == "warns":
        # W&B makes the sweep, warns that it "may behave in unexpected ways", and its search cannot use it.
        assert "W&B" not in stated
    else:
        assert stated["verdict"] == theirs


@pytest.mark.parametrize("name", [name for name in FILES if "types" in header(name)])
def test_suggestions_have_the_stated_types(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    sweep = read_sweep(FOLDER / f"{name}.yaml")
    sampler, _ = make_search(sweep, "abcd1234", seed=0)
    expected = {}
    for entry in header(name)["types"].split():
        parameter, _, types = entry.rpartition("=")
        expected[parameter] = set(types.split("|"))
    shown: list[Trial] = []
    seen: dict[str, set[str]] = {parameter: set() for parameter in expected}
    for number in range(DRAWS if sweep.config["method"] == "random" else 1):
        config = sampler.ask(shown)
        if config is None:
            break
        for parameter in expected:
            seen[parameter].add(type(config[parameter]).__name__)
        shown.append(Trial(number, f"abcd1234-{number:04d}", config, TrialState.RUNNING))
    assert all(found and found <= expected[parameter] for parameter, found in seen.items()), seen


SEEN_BY_PROGRAM = """
import json, sys, wandb

run = wandb.init()
print("SEEN", json.dumps({"config": dict(run.config), "argv": sys.argv[1:]}))
run.log({"loss": 1.0})
"""


@pytest.mark.processes
def test_the_program_sees_numbers_and_everything_else_as_written(tmp_path):
    place(
        tmp_path,
        "method: random\nprogram: prog.py\nmetric: {name: loss}\nrun_cap: 1\ncount: 3\nparameters:\n"
        "  lr: {value: 1e-4}\n  text: {value: '1e-4'}\n  none: {value: null}\n  list: {value: [1e-3, 2]}\n"
        "  flag: {value: false}\n  zero: {value: 0}\n  model.units: {value: 8}\n"
        "  opt:\n    parameters:\n      wd: {value: 1E-6}\n",
        SEEN_BY_PROGRAM,
    )
    done = run(tmp_path, "sweep", "sweep.yaml")
    assert done.returncode == 0, done.stderr
    assert "read as numbers, as on W&B's server: 1e-4 (line 7), 1e-3 (line 10), 1E-6 (line 16)" in done.stderr
    assert "sweep.yaml:5: count: unknown key, ignored as W&B ignores it" in done.stderr
    (trial,) = trials(tmp_path)
    (output,) = tmp_path.glob("runs/sweep/output/*.log")
    seen = json.loads(next(line for line in output.read_text().splitlines() if line.startswith("SEEN"))[5:])
    assert seen["config"] == trial.config
    assert seen["config"] == {
        **{"lr": 1e-4, "text": "1e-4", "none": None, "list": [1e-3, 2], "flag": False, "zero": 0},
        **{"model.units": 8, "opt": {"wd": 1e-6}},
    }
    assert "--lr=0.0001" in seen["argv"]


@pytest.mark.processes
def test_a_sweep_whose_trials_all_fail_exits_with_1_and_the_last_reason(tmp_path):
    place(
        tmp_path,
        "method: grid\nprogram: prog.py\nmetric: {name: loss}\nparameters: {x: {values: [1, 2]}}\n",
        "import sys, wandb\nrun = wandb.init()\nsys.exit(3 if run.config.x == 2 else 4)\n",
    )
    for _ in range(2):  # also when it has ended before
        done = run(tmp_path, "sweep", "sweep.yaml", "--workers", "1")
        assert done.returncode == 1
        assert "2 failed" in done.stdout
        reason = "every trial failed. The last one, trial 1: ended with exit code 3. Its output: "
        assert reason in done.stderr
