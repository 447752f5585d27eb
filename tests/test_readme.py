"""The README: its commands run, its tree is the tree, its results are those of the files beside it."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from sweep_cases import COMMAND, ROOT, environment

from analysis.readme import BEGIN, END, insert, render
from fashion_wb.config import NAMES
from fashion_wb.study import METHODS

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]


def ours(command):
    return shlex.split(command)[0] in ("fashion-wb", "python")


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, data_dir):
    """A folder that looks like the repository's root, to be written into."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("train.py", "sweeps", "fashion_wb"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.mark.parametrize("command", [command for command in COMMANDS if ours(command)])
def test_every_command_of_ours_runs(command, workplace):
    words = shlex.split(command)
    program = [*COMMAND, *words[1:]] if words[0] == "fashion-wb" else [sys.executable, *words[1:]]
    env = environment(FASHION_WB_LIMIT="300", WANDB_MODE="offline")
    done = subprocess.run(
        program, cwd=workplace, env=env, capture_output=True, text=True, timeout=180, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("command", [command for command in COMMANDS if not ours(command)])
def test_every_other_command_exists(command):
    words = shlex.split(command)
    if words[0] == "make":
        assert re.search(rf"^{words[1]}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    else:
        assert words[0] == "wandb" and words[1] in ("sweep", "agent", "sweep-scheduler")


def test_it_names_the_two_commands_before_any_other():
    assert COMMANDS[:2] == ["make study", "make test"]


def test_every_file_it_names_is_there():
    for name in re.findall(r"(?:sweeps|docs|benchmarks|fashion_wb|analysis)/[\w/]+\.\w+", README):
        assert (ROOT / name).is_file(), name


def test_the_tree_lists_every_file_once():
    tree = re.search(r"```\n(train\.py .*?)```", README, re.DOTALL)
    names = re.findall(r"^ *([\w/.*]+)", tree[1], re.MULTILINE)
    listed = sorted(name.rpartition("/")[2] for name in names if name.endswith(".py"))
    folders = ("fashion_wb", "analysis", "benchmarks")
    files = [*ROOT.glob("*.py"), *(path for folder in folders for path in (ROOT / folder).rglob("*.py"))]
    expected = sorted(path.name for path in files if path.name != "__init__.py")
    assert listed == expected


def test_the_results_are_generated_from_the_study_beside_them():
    assert insert(README, render(ROOT / "docs" / "study")) == README
    assert README.count(BEGIN) == README.count(END) == 1


def test_every_method_and_hyperparameter_is_named():
    for method in METHODS:
        assert f"sweeps/{method}.yaml" in README
    for name in NAMES:
        assert f"--{name}" in README
