"""Imports run one way, heavy ones where they are needed, private ones in one file."""

from __future__ import annotations

import ast
import functools
import re
import subprocess
import sys

import pytest
from sweep_cases import ROOT

# Bottom to top. A package or module imports from itself and from lines above its own.
FASHION_WB = [
    ["errors", "early_stop", "foreign_text", "json_file"],
    ["files", "progress_line", "trial", "wandb_private", "yaml_numbers"],
    ["standard_streams", "wandb_settings"],
    ["runlog", "server", "cnn"],
    ["sweepfile"],
    ["executors", "sweep_folder"],
    ["search"],
    ["offline"],
    ["replay"],
    ["push"],
    ["agent", "study"],
    ["commands"],
    ["cli"],
]
ANALYSIS = [
    ["formatting", "extra"],
    ["records"],
    ["sources", "statistics"],
    ["units"],
    ["evidence"],
    ["tables"],
    ["figures", "export"],
    ["html_report", "wandb_report"],
    ["fashion_mnist"],
    ["outputs"],
    ["deciding", "view"],
]
# Inside a package the modules have an order too; these are the ones with more than one floor of packages.
SEARCH = [
    ["protocol", "seeds", "plain_values", "one_thread", "hyperband", "domains"],
    ["parameter_domains", "earlier"],
    ["space"],
    ["optuna_samplers", "initial", "no_repeats"],
    ["wandb_engine", "scheduler"],
    ["factory", "studies"],
]
CNN = [["config", "kernels"], ["data"], ["model"], ["backend"], ["checkpoint"], ["training"]]
HOUSES = {"fashion_wb": FASHION_WB, "analysis": ANALYSIS, "fashion_wb.search": SEARCH, "fashion_wb.cnn": CNN}
MODULES = sorted(path for name in ("fashion_wb", "analysis") for path in (ROOT / name).rglob("*.py"))


def module_name(path):
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


NAMES = {module_name(path): path for path in MODULES}


@functools.cache
def imports(path):
    return tuple(_imports(path))


def _imports(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def floor(house, module):
    """The floor of `module` in `house`, and its package there; None where it is not inside."""
    if not module.startswith(house + "."):
        return None
    name = module.removeprefix(house + ".").partition(".")[0]
    return next(((level, name) for level, names in enumerate(HOUSES[house]) if name in names), None)


@pytest.mark.parametrize("house", HOUSES)
def test_a_package_imports_only_from_those_below_it(house):
    for name, path in NAMES.items():
        here = floor(house, name)
        for other in imports(path) if here else ():
            there = floor(house, other)
            assert there is None or there[1] == here[1] or there[0] < here[0], f"{name} imports {other}"


@pytest.mark.parametrize("house", HOUSES)
def test_every_package_has_its_floor(house):
    folder = NAMES[house].parent
    found = {p.stem for p in folder.iterdir() if p.suffix == ".py" or (p / "__init__.py").is_file()}
    assert found - {"__init__"} == {name for names in HOUSES[house] for name in names}


def test_no_two_modules_import_each_other():
    graph = {name: {other for other in imports(path) if other in NAMES} for name, path in NAMES.items()}
    done: set[str] = set()

    def visit(name, way):
        assert name not in way, f"a circle: {' -> '.join([*way[way.index(name) :], name])}"
        if name not in done:
            for other in sorted(graph[name]):
                visit(other, [*way, name])
            done.add(name)

    for name in NAMES:
        visit(name, [])


def test_a_package_holds_three_to_twelve_modules_and_says_what_it_is_for():
    packages = [path.parent for path in MODULES if path.name == "__init__.py"]
    for package in packages:
        docstring = ast.get_docstring(ast.parse((package / "__init__.py").read_text()))
        modules = [path for path in package.glob("*.py") if path.name != "__init__.py"]
        inner = [path for path in package.iterdir() if (path / "__init__.py").is_file()]
        assert docstring, package
        assert len(modules) + len(inner) >= 2 and len(modules) <= 13, package
        for path in modules:
            assert path.stem in re.findall(r"\w+", docstring), f"{package}: {path.stem} is not named"


def test_the_analysis_is_imported_by_the_commands_alone():
    users = {
        name.split(".")[1]
        for name, path in NAMES.items()
        if name.startswith("fashion_wb.")
        and any(other.split(".")[0] == "analysis" for other in imports(path))
    }
    assert users == {"commands"}


def test_the_cnn_is_known_to_its_program_and_to_the_options_for_its_data_only():
    users = {
        name
        for name, path in NAMES.items()
        if any(other.startswith("fashion_wb.cnn") for other in imports(path))
    }
    outside = {name for name in users if not name.startswith("fashion_wb.cnn")}
    assert outside == {"fashion_wb.commands.data", "fashion_wb.commands.options"}


def test_private_wandb_modules_are_imported_in_one_file():
    private = ("wandb.sdk", "wandb.proto", "wandb.util", "wandb.errors", "wandb.apis")
    users = [
        path.name
        for path in [*MODULES, ROOT / "train.py"]
        if any(name.startswith(private) for name in imports(path))
    ]
    assert users == ["wandb_private.py"]


@pytest.mark.parametrize(
    ("package", "users"),
    [
        ("torch", {"cnn.data.dataset", "cnn.model", "cnn.backend", "cnn.checkpoint", "cnn.training"}),
        ("numba", {"cnn.kernels.jit", "cnn.kernels.compile_apart", "cnn.backend"}),
    ],
)
def test_heavy_packages_are_imported_where_the_arithmetic_is(package, users):
    found = {n for n, path in NAMES.items() if any(name.split(".")[0] == package for name in imports(path))}
    assert found == {f"fashion_wb.{name}" for name in users}


@pytest.mark.parametrize("arguments", [["--help"], ["study", "--help"], ["sweep", "--help"], ["--version"]])
@pytest.mark.processes
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
