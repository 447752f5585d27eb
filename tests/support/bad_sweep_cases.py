"""Broken sweep files: what is in the file, and what the message has to name besides the file."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from bad_input_cases import BadInput
from bad_parameter_cases import PARAMETERS
from bad_yaml_cases import HEAD, YAML, X

PROGRAM = "import wandb\n\nwandb.init().log({'loss': 1})\n"
BAYES = HEAD.replace("random", "bayes")
GRID = HEAD.replace("random", "grid")
CUSTOM = HEAD.replace("random", "custom")

# name: (content of bad.yaml, what the message holds besides "bad.yaml")
KEYS: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "no-method": (HEAD.replace("method: random\n", "") + X, ("method",)),
    "method-null": (HEAD.replace("random", "") + X, ("method",)),
    "method-unknown": (HEAD.replace("random", "simulated-annealing") + X, (":1", "method", "bayes")),
    "method-number": (HEAD.replace("random", "7") + X, (":1", "method", "7")),
    "method-list": (HEAD.replace("random", "[random, grid]") + X, (":1", "method")),
    "method-upper": (HEAD.replace("random", "RANDOM") + X, (":1", "method")),
    "no-parameters": (HEAD, ("parameters",)),
    "parameters-null": (HEAD + "parameters:\n", (":5", "parameters")),
    "parameters-empty": (HEAD + "parameters: {}\n", (":5", "parameters")),
    "parameters-list": (HEAD + "parameters: [x, y]\n", (":5", "parameters")),
    "parameters-text": (HEAD + "parameters: x\n", (":5", "parameters")),
    "no-program": (HEAD.replace("program: prog.py\n", "") + X, ("program",)),
    "program-empty": (HEAD.replace("prog.py", "''") + X, ("program",)),
    "program-number": (HEAD.replace("prog.py", "7") + X, (":2", "program")),
    "program-list": (HEAD.replace("prog.py", "[prog.py]") + X, (":2", "program")),
    "program-missing": (HEAD.replace("prog.py", "absent.py") + X, ("absent.py",)),
    "program-folder": (HEAD.replace("prog.py", "folder") + X, ("folder",)),
    "program-not-python": (HEAD.replace("prog.py", "broken.py") + X, ("broken.py:2", "not valid Python")),
    "program-binary": (HEAD.replace("prog.py", "binary.py") + X, ("binary.py", "not valid Python")),
    "program-hooks-wrong": (HEAD.replace("prog.py", "hooks.py") + X, ("hooks.py:1", "SWEEP_HOOKS")),
    "program-hook-missing": (HEAD.replace("prog.py", "nohook.py") + X, ("nohook.py", "parameters")),
    "program-hook-no-mapping": (HEAD.replace("prog.py", "badhook.py") + X, ("badhook.py", "parameters")),
    "metric-text": (HEAD.replace("{name: loss}", "loss") + X, (":4", "metric")),
    "metric-list": (HEAD.replace("{name: loss}", "[loss]") + X, (":4", "metric")),
    "metric-null": (BAYES.replace("{name: loss}", "") + X, ("metric",)),
    "metric-without-name": (HEAD.replace("name: loss", "goal: minimize") + X, ("metric", "name")),
    "metric-name-number": (HEAD.replace("loss", "7") + X, ("metric.name",)),
    "metric-name-null": (HEAD.replace("loss", "") + X, ("metric.name",)),
    "metric-goal-unknown": (HEAD.replace("loss", "loss, goal: lower") + X, ("metric.goal", "minimize")),
    "metric-goal-number": (HEAD.replace("loss", "loss, goal: 1") + X, ("metric.goal",)),
    "metric-impute-unknown": (HEAD.replace("loss", "loss, impute: sometimes") + X, ("metric.impute",)),
    "metric-missing-bayes": (BAYES.replace("metric: {name: loss}\n", "") + X, ("metric",)),
    "metric-missing-early": (
        HEAD.replace("metric: {name: loss}\n", "early_terminate: {type: hyperband, min_iter: 1}\n") + X,
        ("metric",),
    ),
    "metrics": (HEAD + "metrics: [{name: a}, {name: b}]\n" + X, ("metrics",)),
    "no-run-cap": (HEAD.replace("run_cap: 2\n", "") + X, ("run_cap", "--count")),
    "run-cap-zero": (HEAD.replace("2", "0") + X, (":3", "run_cap")),
    "run-cap-negative": (HEAD.replace("2", "-1") + X, (":3", "run_cap")),
    "run-cap-text": (HEAD.replace("2", "many") + X, (":3", "run_cap")),
    "run-cap-quoted": (HEAD.replace("2", "'2'") + X, (":3", "run_cap")),
    "run-cap-fraction": (HEAD.replace("2", "2.5") + X, (":3", "run_cap")),
    "run-cap-inf": (HEAD.replace("2", ".inf") + X, (":3", "run_cap")),
    "run-cap-nan": (HEAD.replace("2", ".nan") + X, (":3", "run_cap")),
    "run-cap-true": (HEAD.replace("2", "true") + X, (":3", "run_cap")),
    "run-cap-list": (HEAD.replace("2", "[2]") + X, (":3", "run_cap")),
    "job": (HEAD + "job: team/project/job:latest\n" + X, ("job", "Launch")),
    "image-uri": (HEAD + "image_uri: an/image\n" + X, ("image_uri", "Launch")),
    "command-number": (HEAD + "command: 7\n" + X, ("command",)),
    "command-mapping": (HEAD + "command: {a: b}\n" + X, ("command",)),
    "command-nested": (HEAD + "command: [[python, prog.py]]\n" + X, ("command",)),
    "command-null-part": (HEAD + "command: [python, null]\n" + X, ("command",)),
    "command-only-unknown-macro": (HEAD + 'command: ["${nothing}"]\n' + X, ("command",)),
    # the search
    "grid-continuous": (GRID + X, (":6", "parameters.x", "grid")),
    "grid-log": (
        GRID + "parameters:\n  x: {distribution: log_uniform_values, min: 0.1, max: 1.0}\n",
        (":6", "parameters.x", "grid"),
    ),
    "grid-probabilities": (
        GRID + "parameters:\n  x: {values: [1, 2], probabilities: [0.5, 0.5]}\n",
        (":6", "parameters.x", "grid"),
    ),
    "bayes-constants": (BAYES + "parameters:\n  x: {value: 1}\n", ("parameters", "bayes")),
    "bayes-probabilities": (
        BAYES + "parameters:\n  x: {values: [1, 2], probabilities: [0.5, 0.5]}\n",
        (":6", "parameters.x", "bayes"),
    ),
    "bayes-impute-running": (
        BAYES.replace("loss", "loss, impute: best, impute_while_running: latest") + X,
        (":4", "metric.impute_while_running"),
    ),
    "custom-without-scheduler": (CUSTOM + X, (":1", "method", "scheduler")),
    "scheduler-text": (CUSTOM + "scheduler: optuna\n" + X, ("scheduler",)),
    "scheduler-null": (CUSTOM + "scheduler:\n" + X, ("scheduler",)),
    "scheduler-empty": (CUSTOM + "scheduler: {}\n" + X, ("scheduler",)),
    "engine-unknown": (CUSTOM + "scheduler: {engine: nothing}\n" + X, ("scheduler", "nothing")),
    "engine-number": (CUSTOM + "scheduler: {engine: 3}\n" + X, ("scheduler",)),
    "engine-ax": (CUSTOM + "scheduler: {engine: ax}\n" + X, ("scheduler",)),
    "source-missing": (
        CUSTOM + "scheduler: {engine: optuna, source: no.py, optimizer: make}\n" + X,
        ("scheduler.source", "no.py"),
    ),
    "source-folder": (
        CUSTOM + "scheduler: {engine: optuna, source: folder, optimizer: make}\n" + X,
        ("scheduler.source", "folder"),
    ),
    "source-number": (
        CUSTOM + "scheduler: {engine: optuna, source: 3, optimizer: make}\n" + X,
        ("scheduler",),
    ),
    "source-not-python": (
        CUSTOM + "scheduler: {engine: optuna, source: broken.py, optimizer: make}\n" + X,
        ("scheduler", "broken.py"),
    ),
    "source-exits": (
        CUSTOM + "scheduler: {engine: optuna, source: exits.py, optimizer: make}\n" + X,
        ("scheduler", "SystemExit"),
    ),
    "optimizer-missing": (
        CUSTOM + "scheduler: {engine: optuna, source: prog2.py, optimizer: absent}\n" + X,
        ("scheduler", "absent"),
    ),
    "optimizer-raises": (
        CUSTOM + "scheduler: {engine: optuna, source: prog2.py, optimizer: raises}\n" + X,
        ("scheduler", "no luck"),
    ),
    "optimizer-returns-nothing": (
        CUSTOM + "scheduler: {engine: optuna, source: prog2.py, optimizer: nothing}\n" + X,
        ("scheduler",),
    ),
    "optuna-nested": (
        CUSTOM + "scheduler: {engine: optuna}\nparameters:\n  x: {parameters: {y: {value: 1}}}\n",
        ("parameters.x", "nested"),
    ),
    "optuna-normal": (
        CUSTOM + "scheduler: {engine: optuna}\nparameters:\n  x: {distribution: normal, mu: 0, sigma: 1}\n",
        ("parameters.x",),
    ),
    "early-text": (HEAD + "early_terminate: hyperband\n" + X, ("early_terminate",)),
    "early-empty": (HEAD + "early_terminate: {}\n" + X, ("early_terminate",)),
    "early-null": (HEAD + "early_terminate:\n" + X, ("early_terminate",)),
    "early-unknown": (HEAD + "early_terminate: {type: median}\n" + X, ("early_terminate", "median")),
    "early-without-iter": (HEAD + "early_terminate: {type: hyperband}\n" + X, ("early_terminate",)),
    "early-both-iter": (
        HEAD + "early_terminate: {type: hyperband, min_iter: 1, max_iter: 9}\n" + X,
        ("early_terminate",),
    ),
    "early-iter-zero": (HEAD + "early_terminate: {type: hyperband, min_iter: 0}\n" + X, ("early_terminate",)),
    "early-iter-negative": (
        HEAD + "early_terminate: {type: hyperband, min_iter: -3}\n" + X,
        ("early_terminate",),
    ),
    "early-iter-text": (HEAD + "early_terminate: {type: hyperband, min_iter: a}\n" + X, ("early_terminate",)),
    "early-eta-one": (
        HEAD + "early_terminate: {type: hyperband, min_iter: 1, eta: 1}\n" + X,
        ("early_terminate",),
    ),
    "early-eta-nan": (
        HEAD + "early_terminate: {type: hyperband, min_iter: 1, eta: .nan}\n" + X,
        ("early_terminate",),
    ),
    "early-s-zero": (
        HEAD + "early_terminate: {type: hyperband, max_iter: 27, s: 0}\n" + X,
        ("early_terminate",),
    ),
    "early-strict-text": (
        HEAD + "early_terminate: {type: hyperband, min_iter: 1, strict: 'no'}\n" + X,
        ("early_terminate",),
    ),
}
TEXTS = YAML | KEYS | PARAMETERS
FILES = {
    "prog.py": PROGRAM,
    "prog2.py": "def raises(sweep):\n    raise RuntimeError('no luck')\n\n\ndef nothing(sweep): ...\n",
    "broken.py": "import wandb\nwandb.init(\n",
    "binary.py": bytes(range(256)),
    "exits.py": "import sys\n\nsys.exit(3)\n",
    "hooks.py": "SWEEP_HOOKS = {'nonsense': 'a:b'}\n",
    "nohook.py": "SWEEP_HOOKS = {'parameters': 'no_such_module:PARAMETERS'}\n",
    "badhook.py": "SWEEP_HOOKS = {'parameters': 'os:sep'}\n",
    "folder/file": "",
}


def sweep_cases() -> Iterator[BadInput]:
    """Yield a case for every text, and those that are no text."""
    for name, (text, says) in TEXTS.items():
        where = says if "hook" in name else ("bad.yaml", *says)
        yield BadInput(f"sweep-{name}", "sweep bad.yaml", where, {**FILES, "bad.yaml": text})
    good = {**FILES, "good.yaml": HEAD + X}
    yield BadInput("sweep-missing", "sweep absent.yaml", ("absent.yaml", "no such file"), good)
    yield BadInput("sweep-is-folder", "sweep folder", ("folder",), good)
    yield BadInput(
        "sweep-is-circle",
        "sweep circle.yaml",
        ("circle.yaml",),
        good,
        lambda folder: (folder / "circle.yaml").symlink_to("circle.yaml"),
    )
    yield BadInput("sweep-is-endless", "sweep zero.yaml", ("zero.yaml",), good, _endless)
    # A mistake is named by every command that reads the file.
    for command in ("ask runs --sweep bad.yaml", "slurm-script bad.yaml", "study bad.yaml"):
        name = command.split()[0]
        for what in ("tab", "method-unknown", "min-above-max", "billion-laughs"):
            text, says = TEXTS[what]
            yield BadInput(f"{name}-{what}", command, ("bad.yaml", *says), {**FILES, "bad.yaml": text})


def _endless(folder: Path) -> None:
    Path(folder, "zero.yaml").symlink_to("/dev/zero")
