"""What a program declares, read without running it."""

from __future__ import annotations

import pytest
from sweep_cases import ROOT

from fashion_wb.cnn.config import NAMES
from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile.program import load_hook, read_program
from fashion_wb.sweepfile.sweep import read_sweep

SWEEP = """method: random
program: prog.py
parameters:
  x: {min: 0, max: 9}
"""


def script(folder, text):
    path = folder / "prog.py"
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    ("text", "imports", "fork_safe"),
    [
        ("import os, json as j\nfrom a.b import c\ndef f():\n    import late\n", ("os", "json", "a.b"), True),
        ("from . import sibling\n", (), True),
        ("FORK_SAFE = False\nimport os\n", ("os",), False),
        ("FORK_SAFE = True\nimport os\n", ("os",), True),
    ],
)
def test_imports_and_fork_safety_are_read_without_running_the_script(tmp_path, text, imports, fork_safe):
    program = read_program(script(tmp_path, text))
    assert (program.imports, program.fork_safe) == (imports, fork_safe)


@pytest.mark.parametrize("text", ["this is not python at all\n", "#!/bin/sh\necho $1\n"])
def test_a_missing_script_or_one_that_is_not_python_is_no_program(tmp_path, text):
    assert read_program(script(tmp_path, text)) is None
    assert read_program(tmp_path / "absent.py") is None


def test_every_hook_of_train_py_can_be_imported():
    program = read_program(ROOT / "train.py")
    assert set(program.hooks) == {"parameters", "prepare", "before_fork", "conditions"}
    assert all(callable(load_hook(program.hooks[name])) for name in ("prepare", "before_fork", "conditions"))
    assert tuple(program.parameters()) == NAMES


def test_a_program_in_another_folder_checks_its_own_parameters(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    script(tmp_path, 'SWEEP_HOOKS = {"parameters": "checks_of_prog:PARAMETERS"}\n')
    (tmp_path / "sweep.yaml").write_text(SWEEP)
    (tmp_path / "checks_of_prog.py").write_text(
        "from fashion_wb.errors import FashionWbError\n"
        "def check(value):\n"
        "    if value > 5:\n"
        "        raise FashionWbError(f'x must be at most 5, got {value}')\n"
        "PARAMETERS = {'x': check}\n"
    )
    with pytest.raises(FashionWbError, match=r"sweep.yaml:4: parameters.x.max: x must be at most 5, got 9"):
        read_sweep(tmp_path / "sweep.yaml")


@pytest.mark.parametrize(
    "hooks", ["[1]", "{'check': 'a:b'}", "{'prepare': 3}", "dict(prepare='a:b')", "{'prepare': name}"]
)
def test_hooks_that_cannot_be_read_give_an_error_with_the_line(tmp_path, hooks):
    with pytest.raises(FashionWbError, match=r"prog.py:2: SWEEP_HOOKS must be a literal mapping"):
        read_program(script(tmp_path, f"import os\nSWEEP_HOOKS = {hooks}\n"))


@pytest.mark.parametrize("target", ["absent_module:name", "os:absent_name", "os.path.join"])
def test_a_hook_that_cannot_be_imported_is_an_error(tmp_path, target):
    program = read_program(script(tmp_path, f"SWEEP_HOOKS = {{'prepare': {target!r}}}\n"))
    with pytest.raises(FashionWbError, match="which cannot be imported"):
        program.prepare()


def test_a_parameter_is_known_from_the_hook_or_else_from_the_flags(tmp_path):
    text = "import argparse\np = argparse.ArgumentParser()\np.add_argument('-s', '--seed', type=int)\n"
    program = read_program(script(tmp_path, text))
    assert program.flags == ("seed",) and program.takes("seed") and not program.takes("s")
    ours = read_program(ROOT / "train.py")
    assert ours.takes("seed") and not ours.takes("test")


def test_conditions_are_what_the_program_says(monkeypatch, tmp_path):
    monkeypatch.setenv("FASHION_WB_LIMIT", "300")
    assert read_program(ROOT / "train.py").conditions() == {"training images": 300}
    for wrong in ("many", "", "0", "-1", "50001", "9" * 5000):
        monkeypatch.setenv("FASHION_WB_LIMIT", wrong)
        with pytest.raises(FashionWbError, match=f"images from 1 to 50,000, got '{wrong[:40]}'"):
            read_program(ROOT / "train.py").conditions()
    assert read_program(script(tmp_path, "import os\n")).conditions() == {}
