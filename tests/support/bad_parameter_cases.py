"""Sweep files with broken parameters: what is in the file, and what the message holds."""

from __future__ import annotations

from bad_yaml_cases import HEAD

BAYES = HEAD.replace("random", "bayes")
GRID = HEAD.replace("random", "grid")
CUSTOM = HEAD.replace("random", "custom")

# name: (content of bad.yaml, what the message holds besides "bad.yaml")
PARAMETERS: dict[str, tuple[str | bytes, tuple[str, ...]]] = {
    "parameter-number": (HEAD + "parameters:\n  x: 7\n", (":6", "parameters.x", "{value: 1}")),
    "parameter-list": (HEAD + "parameters:\n  x: [1, 2]\n", (":6", "parameters.x")),
    "parameter-null": (HEAD + "parameters:\n  x:\n", (":6", "parameters.x")),
    "parameter-empty": (HEAD + "parameters:\n  x: {}\n", (":6", "parameters.x")),
    "value-and-values": (HEAD + "parameters:\n  x: {value: 1, values: [1]}\n", (":6", "parameters.x")),
    "value-and-min": (HEAD + "parameters:\n  x: {value: 1, min: 1, max: 2}\n", (":6", "parameters.x")),
    "values-empty": (HEAD + "parameters:\n  x: {values: []}\n", (":6", "parameters.x")),
    "values-text": (HEAD + "parameters:\n  x: {values: abc}\n", (":6", "parameters.x")),
    "values-number": (HEAD + "parameters:\n  x: {values: 3}\n", (":6", "parameters.x")),
    "values-null": (HEAD + "parameters:\n  x: {values:}\n", (":6", "parameters.x")),
    "only-min": (HEAD + "parameters:\n  x: {min: 1}\n", (":6", "parameters.x")),
    "only-max": (HEAD + "parameters:\n  x: {max: 1.0}\n", (":6", "parameters.x")),
    "min-above-max": (HEAD + "parameters:\n  x: {min: 1.0, max: 0.0}\n", (":6", "parameters.x", "max")),
    "min-above-max-int": (HEAD + "parameters:\n  x: {min: 9, max: 1}\n", (":6", "parameters.x", "max")),
    "min-above-max-log": (
        HEAD + "parameters:\n  x: {distribution: log_uniform_values, min: 1.0, max: 0.1}\n",
        (":6", "parameters.x", "max"),
    ),
    "min-above-max-q": (
        HEAD + "parameters:\n  x: {distribution: q_uniform, min: 9, max: 1, q: 2}\n",
        (":6", "parameters.x", "max"),
    ),
    "bound-text": (HEAD + "parameters:\n  x: {min: low, max: 1.0}\n", (":6", "parameters.x")),
    "bound-quoted": (HEAD + 'parameters:\n  x: {min: "1e-4", max: 1.0}\n', (":6", "parameters.x")),
    "bound-list": (HEAD + "parameters:\n  x: {min: [0], max: 1}\n", (":6", "parameters.x")),
    "bound-null": (HEAD + "parameters:\n  x: {min: null, max: 1}\n", (":6", "parameters.x")),
    "bound-true": (HEAD + "parameters:\n  x: {min: false, max: true}\n", (":6", "parameters.x")),
    "bounds-mixed": (HEAD + "parameters:\n  x: {min: 0, max: 1.5}\n", (":6", "parameters.x", "integers")),
    "bound-exponent": (HEAD + "parameters:\n  x: {min: 1e-4, max: 1e-1}\n", (":6", "parameters.x", "1e-4")),
    "bound-inf": (HEAD + "parameters:\n  x: {min: 0.0, max: .inf}\n", (":6", "parameters.x", "finite")),
    "bound-minus-inf": (
        HEAD + "parameters:\n  x: {min: -.inf, max: 0.0}\n",
        (":6", "parameters.x", "finite"),
    ),
    "bound-nan": (HEAD + "parameters:\n  x: {min: .nan, max: 1.0}\n", (":6", "parameters.x", "finite")),
    "bound-too-large": (
        HEAD + f"parameters:\n  x: {{min: 0, max: 1{'0' * 400}}}\n",
        (":6", "parameters.x"),
    ),
    "bounds-too-far-apart": (
        HEAD + "parameters:\n  x: {min: -1.7e+308, max: 1.7e+308}\n",
        (":6", "parameters.x"),
    ),
    "log-zero": (
        HEAD + "parameters:\n  x: {distribution: log_uniform_values, min: 0.0, max: 1.0}\n",
        (":6", "parameters.x"),
    ),
    "log-negative": (
        HEAD + "parameters:\n  x: {distribution: log_uniform_values, min: -1.0, max: 1.0}\n",
        (":6", "parameters.x"),
    ),
    "log-exponent-too-large": (
        HEAD + "parameters:\n  x: {distribution: log_uniform, min: 0.0, max: 1000.0}\n",
        (":6", "parameters.x"),
    ),
    "q-zero": (
        HEAD + "parameters:\n  x: {distribution: q_uniform, min: 0, max: 1, q: 0}\n",
        (":6", "parameters.x"),
    ),
    "q-negative": (
        HEAD + "parameters:\n  x: {distribution: q_uniform, min: 0, max: 1, q: -1}\n",
        (":6", "parameters.x"),
    ),
    "q-text": (
        HEAD + "parameters:\n  x: {distribution: q_uniform, min: 0, max: 1, q: half}\n",
        (":6", "parameters.x"),
    ),
    "q-nan": (
        HEAD + "parameters:\n  x: {distribution: q_uniform, min: 0.0, max: 1.0, q: .nan}\n",
        (":6", "parameters.x"),
    ),
    "sigma-negative": (
        HEAD + "parameters:\n  x: {distribution: normal, mu: 0, sigma: -1}\n",
        (":6", "parameters.x"),
    ),
    "sigma-inf": (
        HEAD + "parameters:\n  x: {distribution: normal, mu: 0, sigma: .inf}\n",
        (":6", "parameters.x"),
    ),
    "distribution-unknown": (
        HEAD + "parameters:\n  x: {distribution: unifrom, min: 0, max: 1}\n",
        (":6", "parameters.x", "uniform"),
    ),
    "distribution-number": (
        HEAD + "parameters:\n  x: {distribution: 3, min: 0, max: 1}\n",
        (":6", "parameters.x"),
    ),
    "distribution-list": (
        HEAD + "parameters:\n  x: {distribution: [uniform], min: 0.0, max: 1.0}\n",
        (":6", "parameters.x"),
    ),
    "int-uniform-fraction": (
        HEAD + "parameters:\n  x: {distribution: int_uniform, min: 0.5, max: 3}\n",
        (":6", "parameters.x"),
    ),
    "beta-zero": (HEAD + "parameters:\n  x: {distribution: beta, a: 0, b: 0}\n", (":6", "parameters.x")),
    "probabilities-short": (
        HEAD + "parameters:\n  x: {values: [1, 2], probabilities: [1.0]}\n",
        (":6", "parameters.x"),
    ),
    "probabilities-sum": (
        HEAD + "parameters:\n  x: {values: [1, 2], probabilities: [0.9, 0.9]}\n",
        (":6", "parameters.x"),
    ),
    "probabilities-negative": (
        HEAD + "parameters:\n  x: {values: [1, 2], probabilities: [2.0, -1.0]}\n",
        (":6", "parameters.x"),
    ),
    "probabilities-text": (
        HEAD + "parameters:\n  x: {values: [1, 2], probabilities: [a, b]}\n",
        (":6", "parameters.x"),
    ),
    "nested-empty": (HEAD + "parameters:\n  x: {parameters: {}}\n", (":6", "parameters.x")),
    "nested-number": (HEAD + "parameters:\n  x: {parameters: {y: 3}}\n", (":6", "parameters.x", "y")),
    "nested-list": (HEAD + "parameters:\n  x: {parameters: [y]}\n", (":6", "parameters.x")),
}
