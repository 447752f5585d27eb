"""Imports run one way, heavy ones where they are needed, private ones in one file."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest
from sweep_cases import ROOT

# Bottom to top: a module may import from its own line's left and from lines above it in this list.
LAYERS = [
    ["errors"],
    ["countline"],
    ["config", "files", "records", "yamlsource", "sweeps_package", "wandb_private", "wandbpath"],
    ["servererrors"],
    ["server", "pulledrun", "pullcache"],
    ["pages"],
    ["pull"],
    ["idxfiles"],
    ["datastamp", "fetch"],
    ["datafiles"],
    ["data"],
    ["model", "compiled"],
    ["adam", "convpool", "dense"],
    ["fusedcnn"],
    ["compute"],
    ["training"],
    ["recordfile"],
    ["sweepfile", "runlog", "runlogcopy", "budget"],
    ["samplers", "pruning"],
    ["lifeline", "agentcommand", "agentfiles", "breaker", "conditions", "sweepdir", "workers", "plan"],
    ["trialprocess", "activetrial"],
    ["coreservice", "offline", "summary", "followup"],
    ["forkserver", "winner", "audit"],
    ["progress"],
    ["controller"],
    ["run", "study", "push"],
    ["agent"],
    ["commands"],
    ["cli"],
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}
MODULES = sorted((ROOT / "fashion_wb").rglob("*.py"))


def imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def room(path):
    parts = path.relative_to(ROOT / "fashion_wb").with_suffix("").parts
    return parts[0]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_imports_from_below_only(path):
    here = room(path)
    if here == "__init__":
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "fashion_wb" and len(parts) > 1 and parts[1] in LEVEL and parts[1] != here:
            assert LEVEL[parts[1]] < LEVEL[here] or _same_floor_package(parts[1], here), (
                f"{here} imports {name}"
            )


def _same_floor_package(other, here):
    return {other, here} == {"samplers", "pruning"}


def test_every_module_has_its_floor():
    assert {room(path) for path in MODULES} - {"__init__"} == set(LEVEL)


def test_the_analysis_is_imported_by_the_command_line_alone():
    users = [
        room(path) for path in MODULES if any(name.split(".")[0] == "analysis" for name in imports(path))
    ]
    assert set(users) == {"commands"}


def test_private_wandb_modules_are_imported_in_one_file():
    private = ("wandb.sdk", "wandb.proto", "wandb.util", "wandb.errors", "wandb.apis")
    users = [
        path.name
        for path in [*MODULES, *(ROOT / "analysis").glob("*.py"), ROOT / "train.py"]
        if any(name.startswith(private) for name in imports(path))
    ]
    assert users == ["wandb_private.py"]


@pytest.mark.parametrize(
    ("package", "users"),
    [("torch", {"data", "model", "compute", "training"}), ("numba", {"compiled", "compute"})],
)
def test_heavy_packages_are_imported_where_the_arithmetic_is(package, users):
    found = {room(path) for path in MODULES if any(name.split(".")[0] == package for name in imports(path))}
    assert found == users


@pytest.mark.parametrize("arguments", [["--help"], ["study", "--help"], ["sweep", "--help"], ["--version"]])
def test_help_imports_neither_torch_nor_wandb(arguments):
    code = (
        "import sys\nfrom fashion_wb.cli import main\n"
        f"try: main({arguments!r})\nexcept SystemExit as end: assert end.code == 0\n"
        "heavy = {'torch', 'torchvision', 'numba', 'wandb', 'pandas', 'optuna', 'sweeps'}\n"
        "loaded = heavy & set(sys.modules)\n"
        "assert not loaded, loaded\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)


def test_the_sweeps_folder_does_not_shadow_the_package_of_that_name():
    assert not (ROOT / "sweeps" / "__init__.py").exists()


def test_the_code_passes_the_linter():
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "check", "--no-cache", str(ROOT)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
