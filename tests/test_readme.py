"""The README: its commands run, its tree is the tree, its results are those of the files beside it."""

from __future__ import annotations

import re
import shlex
import subprocess

import pytest
import yaml
from standin_client import client_environment
from standin_server import Server
from standin_state import ENTITY
from sweep_cases import COMMAND, ROOT

from analysis.readme import BEGIN, END, insert, render
from fashion_wb.cnn.config import NAMES
from fashion_wb.study.plan import METHODS

pytestmark = pytest.mark.processes

README = (ROOT / "README.md").read_text()
BLOCKS = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
COMMANDS = [line.partition("#")[0].strip() for block in BLOCKS for line in block.splitlines() if line.strip()]


PROJECT = "readme"


@pytest.fixture(scope="module")
def workplace(tmp_path_factory, data_dir):
    """A folder that looks like the repository's root, to be written into."""
    folder = tmp_path_factory.mktemp("readme")
    for name in ("train.py", "sweeps", "fashion_wb"):
        (folder / name).symlink_to(ROOT / name)
    return folder


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        config = yaml.safe_load((ROOT / "sweeps" / "random.yaml").read_text())
        config["run_cap"], config["parameters"]["epochs"] = 1, {"value": 1}
        server.state.add_sweep(PROJECT, yaml.safe_dump(config))
        yield server
        assert server.state.problems == []


def filled_in(command):
    """The command as a user with the stand-in's account and sweep would type it."""
    words = {"ENTITY": ENTITY, "PROJECT": PROJECT, "SWEEP_ID": "random1"}
    for name, value in words.items():
        command = command.replace(name, value)
    return command.replace("fashion-wb ", f"{shlex.join(COMMAND)} ", command.startswith("fashion-wb "))


@pytest.mark.parametrize("command", [command for command in COMMANDS if not command.startswith("make ")])
def test_every_command_runs(command, workplace, server):
    mode = {"WANDB_MODE": "offline"} if command.startswith("python ") else {}
    env = client_environment(server.url, workplace, **mode)
    done = subprocess.run(
        ["bash", "-c", filled_in(command)],
        cwd=workplace,
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def test_every_target_of_make_exists():
    targets = [shlex.split(command)[1] for command in COMMANDS if command.startswith("make ")]
    for target in targets:
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


def test_it_names_the_two_commands_before_any_other():
    assert COMMANDS[:2] == ["make study", "make test"]


def test_every_file_it_names_is_there():
    for name in re.findall(r"(?:sweeps|docs|benchmarks|fashion_wb|analysis)/[\w/]+\.\w+", README):
        assert (ROOT / name).is_file(), name


def test_the_tree_lists_every_file_once():
    tree = re.search(r"```\n(train\.py .*?)```", README, re.DOTALL)
    listed = sorted(re.findall(r"\w+\.py\b", tree[1]))
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
