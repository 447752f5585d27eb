"""The benchmarks run. What they measure is not checked."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

import pytest
from sweep_cases import ROOT, environment
from warm_cli import run_command

pytestmark = [pytest.mark.processes, pytest.mark.long, pytest.mark.usefixtures("data_dir")]

# Imported by the others, or run in Ray Tune's environment.
NO_SCRIPTS = {"measure", "rivals", "raytune", "same_search", "simulated"}
SCRIPTS = sorted({path.stem for path in (ROOT / "benchmarks").glob("*.py")} - NO_SCRIPTS)


def run(script, *options):
    command = [sys.executable, ROOT / "benchmarks" / f"{script}.py", *options]
    done = subprocess.run(
        command, capture_output=True, text=True, check=False, env=os.environ | {"OMP_NUM_THREADS": "1"}
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.parametrize("script", SCRIPTS)
def test_help_shows_usage(script, tmp_path):
    path = ROOT / "benchmarks" / f"{script}.py"
    done = run_command(["--help"], tmp_path, environment(), timeout=60, script=path)
    assert done.returncode == 0 and "Usage" in done.stdout, done.stderr


def test_evidence_times_the_whole_analysis():
    assert "all of it, with texts and figures" in run("evidence", "100")


def test_a_training_of_the_table_is_made_again():
    """Whether it is the same depends on the processor: another one may round sums differently."""
    path = ROOT / "benchmarks" / "table.py"
    done = run_command(["check", "1"], ROOT, environment(), timeout=300, script=path)
    assert "1 trainings, at most" in done.stdout, done.stderr
    assert done.returncode == 0 or "some training is not reproduced" in done.stderr


def test_replayed_studies_are_timed():
    assert "trials/s" in run("replay", "--replicates", "1", "--trials", "3", "--rounds", "1")


def test_the_same_search_is_replayed_under_several_names():
    assert "## Five times the same search, replayed" in run("aa", "2")


def test_the_answer_in_the_docs_is_what_the_kept_searches_give(tmp_path):
    shutil.copytree(ROOT / "docs" / "evidence", tmp_path / "docs" / "evidence")
    for name in (pages := ("README.md", "docs/index.md", "docs/evidence/answer.md")):
        shutil.copyfile(ROOT / name, tmp_path / name)
    run("deciding", "write", "--docs", str(tmp_path / "docs"))
    for name in pages:
        assert (tmp_path / name).read_text() == (ROOT / name).read_text(), name


def test_real_searches_are_collected_replicate_by_replicate(tmp_path):
    folder, docs = tmp_path / "evidence", tmp_path / "docs"
    (folder / "real").mkdir(parents=True)
    (folder / "real" / "conditions.json").write_text("{}")
    for rows in (["b,0,1.0", "a,0,2.0"], ["a,1,3.0", "b,0,4.0"]):
        for name in ("searches", "trials"):
            (folder / "real" / f"{name}.csv").write_text("\n".join(["method,replicate,final", *rows, ""]))
        run("deciding", "collect", "--folder", str(folder), "--docs", str(docs))
    text = (docs / "evidence" / "real" / "searches.csv").read_text()
    assert text.splitlines() == ["method,replicate,final", "a,0,2.0", "a,1,3.0", "b,0,4.0"]
