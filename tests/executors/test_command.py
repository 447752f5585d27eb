"""A trial's command and environment: W&B's macros and variables, the default command, the kill delay."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.command import agent_environment, build_command, kill_delay, offline_environment
from fashion_wb.sweepfile.sweep import make_sweep

CONFIG = {"lr": 0.001, "zero": 0, "flag": True, "off": False, "none": None, "deep": {"a": 1}}
PLAIN = ["--lr=0.001", "--zero=0", "--flag=True", "--off=False", "--none=None", "--deep={'a': 1}"]


def build(command, tmp_path, program="prog.py"):
    sweep = make_sweep({"program": program, **({"command": command} if command else {})}, "s")
    return build_command(sweep, CONFIG, tmp_path / "args.json", Path("/there"))


def test_the_default_command_runs_the_program_with_every_value_as_a_flag(tmp_path):
    command = build(None, tmp_path)
    assert command.argv == ("/usr/bin/env", "python", "prog.py", *PLAIN)
    assert (command.script, command.script_argv) == (Path("/there/prog.py"), ("prog.py", *PLAIN))


@pytest.mark.parametrize(
    ("macro", "expected"),
    [
        ("${args_no_hyphens}", [flag[2:] for flag in PLAIN]),
        ("${args_no_boolean_flags}", [*PLAIN[:2], "--flag", *PLAIN[4:]]),
        ("${args_json}", [json.dumps(CONFIG)]),
        ("${args_append_hydra}", ["+" + flag[2:] for flag in PLAIN]),
        ("${unknown}", []),
    ],
)
def test_each_macro_is_filled_in_as_wandb_documents_it(macro, expected, tmp_path):
    assert build(["run", macro], tmp_path).argv == ("run", *expected)


def test_the_file_for_args_json_file_holds_the_configuration(tmp_path):
    command = build(["run", "${args_json_file}"], tmp_path)
    assert json.loads(Path(command.argv[1]).read_text()) == CONFIG


@pytest.mark.parametrize(
    "command",
    [
        ["${interpreter}", "-u", "${program}", "${args}"],
        ["torchrun", "${program}", "${args}"],
        ["${env}", "python", "-m", "package", "${args}"],
    ],
)
def test_a_command_that_does_more_than_run_a_script_has_no_script(command, tmp_path):
    assert build(command, tmp_path).script is None


def test_an_empty_command_is_refused(tmp_path):
    with pytest.raises(FashionWbError, match="empty once its macros are filled in"):
        build(["${unknown}"], tmp_path)


def test_an_offline_environment_is_the_agents_with_offline_mode(tmp_path):
    sweep = make_sweep({"project": "p"}, "s")
    env = offline_environment(sweep, "sid", "rid", tmp_path, tmp_path / "config.yaml")
    assert {
        name: env[name] for name in ("WANDB_MODE", "WANDB_SWEEP_ID", "WANDB_RUN_ID", "WANDB_PROJECT")
    } == {**{"WANDB_MODE": "offline", "WANDB_SWEEP_ID": "sid", "WANDB_RUN_ID": "rid", "WANDB_PROJECT": "p"}}
    assert env["WANDB_DIR"] == str(tmp_path)
    assert env["WANDB_SWEEP_PARAM_PATH"] == str(tmp_path / "config.yaml")


def test_online_the_mode_is_the_users_and_the_project_is_the_sweeps(tmp_path):
    env = agent_environment("e", "p", "sid", "rid", tmp_path, tmp_path / "config.yaml")
    assert "WANDB_MODE" not in env and "WANDB__TRANSACTION_LOG_FLUSH_INTERVAL" not in env
    assert (env["WANDB_ENTITY"], env["WANDB_PROJECT"]) == ("e", "p")
    env = agent_environment(None, None, "sid", "rid", tmp_path, tmp_path / "config.yaml")
    assert "WANDB_ENTITY" not in env and "WANDB_PROJECT" not in env


def test_the_kill_delay_must_be_a_number_of_seconds(monkeypatch):
    monkeypatch.delenv("WANDB_AGENT_KILL_DELAY", raising=False)
    assert kill_delay() == 30
    monkeypatch.setenv("WANDB_AGENT_KILL_DELAY", "0")
    assert kill_delay() == 0
    for text in ("soon", "-1", "inf", "nan"):
        monkeypatch.setenv("WANDB_AGENT_KILL_DELAY", text)
        with pytest.raises(FashionWbError, match=f"at least 0, got '{text}'"):
            kill_delay()
