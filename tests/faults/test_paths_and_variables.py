"""Paths, names and environment variables that are not as a program expects them."""

from __future__ import annotations

import pytest
from surroundings_cases import (
    SWEEP,
    assert_complete,
    assert_one_message,
    fresh,
)
from sweep_cases import environment, place, run, states, yaml

pytestmark = pytest.mark.processes

SECTION = "Bad surroundings"
PATHS = pytest.mark.fault(
    SECTION,
    "Strange paths and names",
    made="folders and sweep files with spaces, quotes, other letters, %, {}, $(), a leading dash; a linked "
    "folder; a sweep named ../../x",
    promised="everything works, and nothing is written elsewhere",
)
HOME = pytest.mark.fault(
    SECTION,
    "No home, no temporary folder, no cache",
    made="HOME, TMPDIR and XDG_CACHE_HOME name folders that cannot be made; HOME is unset",
    promised="everything works",
)
VARIABLES = pytest.mark.fault(
    SECTION,
    "Environment variables that make no sense",
    made="variables that W&B, Python's libraries or this project read get nonsense, or what another run left",
    promised="the sweep works; or no trial starts, and one message names variable, rule and value",
)
REFUSED = {
    "WANDB_BASE_URL": ("", "nonsense", "ftp://example.com"),
    "WANDB_SILENT": ("maybe",),
    "WANDB_TAGS": (",",),
    "WANDB_RESUME": ("nonsense",),
    "WANDB_PROJECT": ("a/b",),
    "WANDB_CONSOLE": ("nonsense",),
    "WANDB_INIT_TIMEOUT": ("soon",),
    "WANDB__TRANSACTION_LOG_FLUSH_INTERVAL": ("abc",),
    "WANDB_AGENT_KILL_DELAY": ("soon",),
}
IGNORED = {
    "WANDB_MODE": "nonsense",
    "WANDB_DIR": "/proc/nowhere",
    "WANDB_API_KEY": "short",
    "WANDB_RUN_ID": "a/b",
    "WANDB_SWEEP_ID": "old",
    "WANDB_SWEEP_PARAM_PATH": "/nowhere/old.yaml",
    "WANDB_NAME": "old",
    "WANDB_RUN_GROUP": "old",
    "WANDB_ENTITY": "somebody",
    "WANDB_SERVICE": "2-1-tcp-localhost-1",
    "OMP_NUM_THREADS": "abc",
    "CUDA_VISIBLE_DEVICES": "nonsense",
    "FASHION_WB_RESUME_DIR": "/proc/nowhere",
    "COLUMNS": "0",
    "LINES": "many",
    "TERM": "dumb",
    "NO_COLOR": "1",
    "PYTHONHASHSEED": "7",
}


@PATHS
def test_strange_paths_and_names_change_nothing(tmp_path, fault):
    every = [
        "ünï 'q' \"雪\" %s {} $(touch x) ;&",
        "-dash",
        " ",
        "%d%n",
        "a" * 200,
        "x[y]*?",
        "{0}",
        "runs\n2",
    ]
    tried = fault.times(every[:1], every)
    for number, name in enumerate(tried):
        home = tmp_path / f"home{number}"
        (home / name).mkdir(parents=True)
        folder = home / "link"
        folder.symlink_to(name)
        (folder / f"{name}.yaml").write_text(yaml(more="name: ../../x\n"), encoding="utf-8")
        place(folder, yaml())
        (folder / "sweep.yaml").unlink()
        done = run(folder, "sweep", "--count", "2", "--workers", "1", "--", f"{name}.yaml")
        assert done.returncode == 0, done.stderr
        assert_complete(folder)
        done = run(folder, "view", "--text", "runs")
        assert done.returncode == 0, done.stderr
        assert sorted(path.name for path in home.iterdir()) == sorted(["link", name])
        assert sorted(path.name for path in folder.iterdir()) == sorted([f"{name}.yaml", "prog.py", "runs"])
    fault.observed(f"{len(tried)} of {len(tried)} names worked")


@HOME
@pytest.mark.long
def test_a_home_that_cannot_be_written_is_not_needed(tmp_path, fault):
    place(tmp_path, yaml())
    nowhere = dict.fromkeys(("HOME", "TMPDIR", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"), "/proc/nowhere")
    tried = fault.times([nowhere], [nowhere, {"HOME": None}, {"HOME": "", "TMPDIR": ""}])
    for case in tried:
        env = {name: value for name, value in (environment() | case).items() if value is not None}
        for command in (SWEEP, *fault.times([], [("view", "--text", "runs"), ("compare", "runs")])):
            done = fresh(tmp_path, *command, env=env)
            assert done.returncode == 0 and "Traceback" not in done.stderr, done.stderr
        assert_complete(tmp_path)
    what = "sweep, view and compare" if fault.full else "sweep"
    fault.observed(f"{what} worked in {len(tried)} of {len(tried)} cases")


@VARIABLES
def test_a_variable_that_wandb_refuses_is_named_before_a_trial_starts(tmp_path, fault):
    place(tmp_path, yaml())
    every = [(name, value) for name, values in REFUSED.items() for value in values]
    tried = fault.times([("WANDB_BASE_URL", "")], every)
    for number, (name, value) in enumerate(tried):
        cold = ("--cold",) if number % 2 else ()
        done = run(tmp_path, *SWEEP, *cold, **{name: value})
        assert_one_message(done, name, repr(value))
        assert states(tmp_path) == []
    done = run(tmp_path, *SWEEP)
    assert done.returncode == 0, done.stderr
    fault.observed(f"{len(tried)} of {len(tried)} refused values named before the first trial")


@VARIABLES
def test_variables_that_a_sweep_does_not_need_are_ignored(tmp_path, fault):
    together = [dict(IGNORED)]
    cases = together + fault.times([], [{name: value} for name, value in IGNORED.items()])
    for number, case in enumerate(cases):
        folder = tmp_path / str(number)
        folder.mkdir()
        place(folder, yaml())
        done = run(folder, *SWEEP, **case)
        assert done.returncode == 0, (case, done.stderr)
        assert_complete(folder)
        done = run(folder, "view", "--text", "runs", **case)
        assert done.returncode == 0 and "sweep" in done.stdout, (case, done.stderr)
    fault.observed(
        f"{len(IGNORED)} other variables, each alone and all at once: {len(cases)} of {len(cases)} worked"
    )
