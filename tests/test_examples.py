"""The examples: the studies that their README shows run, smaller; kept results are those of its commands."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil

import pandas as pd
import pytest
from doc_commands import read_blocks
from sweep_cases import ROOT
from warm_cli import run_command

EXAMPLES = ROOT / "examples"
README = EXAMPLES / "README.md"
# The words of the command to type in the folder of each example.
STUDIES = {
    block.commands[0].rpartition("/")[2]: shlex.split(block.commands[1]) for block in read_blocks(README)
}


def option(name, key):
    return STUDIES[name][STUDIES[name].index(key) + 1]


def methods(name):
    return [method.removesuffix(".yaml") for method in option(name, "--methods").split(",")]


def test_every_example_has_a_command_and_every_link_leads_to_a_file():
    assert set(STUDIES) == {path.parent.name for path in EXAMPLES.glob("*/sweep.yaml")} and len(STUDIES) == 3
    for link in re.findall(r"\]\(([^)]+)\)", README.read_text()):
        assert (EXAMPLES / link).is_file(), link


@pytest.mark.long
@pytest.mark.processes
@pytest.mark.parametrize("name", sorted(STUDIES))
def test_its_study_runs(name, tmp_path):
    folder = tmp_path / name
    shutil.copytree(EXAMPLES / name, folder, ignore=shutil.ignore_patterns("results", "__pycache__"))
    smaller = ["--replicates", "1", "--retrain-seeds", "0", "--out", "out"]
    smaller += ["--budget-steps", "6"] if "--budget-steps" in STUDIES[name] else ["--trials", "1"]
    if "--final-command" in STUDIES[name]:
        smaller += ["--retrain-seeds", "1"]
    env = {"PATH": os.environ["PATH"], "HOME": str(tmp_path), "LANG": "C.UTF-8"}
    done = run_command([*STUDIES[name][1:], *smaller], folder, env, 180)
    assert done.returncode == 0, done.stderr
    trials = pd.read_csv(folder / "out" / "trials.csv")
    assert trials["method"].unique().tolist() == methods(name)
    assert len(trials) == 4 and set(trials["state"]) == {"finished"}
    if "--final-metric" in STUDIES[name]:
        winners = pd.read_csv(folder / "out" / "winners.csv")
        assert winners["mean"].between(0.8, 1).all()


@pytest.mark.parametrize("name", sorted(STUDIES))
def test_the_kept_results_are_those_of_its_command(name):
    kept = EXAMPLES / name / "results"
    trials = pd.read_csv(kept / "trials.csv")
    assert trials["method"].unique().tolist() == methods(name) and len(methods(name)) == 4
    assert (trials.groupby("method")["sweep"].nunique() == int(option(name, "--replicates"))).all()
    conditions = json.loads((kept / "conditions.json").read_text())
    ((unit, amount),) = conditions["budget"].items()
    assert str(amount) == option(name, "--budget-steps" if unit == "steps" else "--trials")
    assert conditions["final_metric"] == (
        [option(name, "--final-metric")] if "--final-metric" in STUDIES[name] else []
    )
    assert f"n = {option(name, '--replicates')}" in (kept / "comparison.md").read_text()
