"""Read and check a W&B sweep file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from fashion_wb.sweepfile.checks import (
    check_bounds,
    check_parameters,
    check_runnable_offline,
    check_schema,
)
from fashion_wb.sweepfile.ignored import without_ignored
from fashion_wb.sweepfile.plain_data import problems
from fashion_wb.sweepfile.yaml_lines import YamlSource, read_yaml
from fashion_wb.trial import Metric

# Below these keys everything is text, even if it looks like a number.
_TEXTS = ("name", "description", "project", "entity", "program", "command", "job", "image_uri")


@dataclass(frozen=True)
class Sweep:
    """A sweep that can be run offline.

    Attributes:
        name: its name in tables: the file's `name`, or else the name of the file itself.
        config: the content of the sweep file, as W&B takes it and without what W&B ignores.
        metric: the objective; None if the file has none (random and grid only).
        run_cap: maximum number of trials; None if the file sets none.
        notices: what the reader of the file should know, one line each.
        source: the file with its lines; None if the sweep was not read from a sweep file.
    """

    name: str
    config: Mapping[str, Any]
    metric: Metric | None
    run_cap: int | None
    notices: tuple[str, ...] = field(default=(), compare=False)
    source: YamlSource | None = field(default=None, compare=False, repr=False)

    @property
    def program(self) -> str | None:
        """The training script, relative to the folder that the trials run in; None if the file names none."""
        return self.config.get("program")

    def script(self, cwd: Path) -> Path | None:
        """Return the path of the training script for trials that run in `cwd`, or None."""
        return None if self.program is None else (cwd / self.program).resolve()

    @property
    def command(self) -> list[Any] | None:
        """The file's `command`, with W&B's ${macros}; None for W&B's default."""
        return self.config.get("command")

    def located(self, message: str) -> str:
        """Return a message that begins with a dotted key after file and line, or the sweep's name."""
        return f"{self.name}: {message}" if self.source is None else self.source.located(message)


def read_sweep(path: Path) -> Sweep:
    """Read and check a sweep file.

    Raises:
        FashionWbError: the file is missing, is not YAML, breaks a rule of W&B's sweep schema, asks for
            something that cannot work offline, or has a parameter that the program does not take (see
            `program.Program.parameters`).
    """
    source = read_yaml(path, _TEXTS)
    if not isinstance(source.data, dict):
        raise source.error(
            (), f"must be a mapping of keys such as method and parameters, got {source.data!r}"
        )
    check_bounds(source)
    source, warnings = without_ignored(_as_json(source))
    check_parameters(source)
    notices = (*_numbers_read(source), *warnings, *check_schema(source))
    check_runnable_offline(source)
    return replace(make_sweep(source.data, default_name=path.stem), notices=notices, source=source)


def _as_json(source: YamlSource) -> YamlSource:
    """Return the file with its data as W&B's client sends it: through JSON, where keys are texts.

    Raises:
        FashionWbError: JSON has no such value.
    """
    for key, text in problems(source.data):
        raise source.error(key, text)
    return replace(source, data=json.loads(json.dumps(source.data)))


def _numbers_read(source: YamlSource) -> list[str]:
    if not source.numbers:
        return []
    lines: dict[str, list[int]] = {}
    for key, text in source.numbers.items():
        lines.setdefault(text, []).append(source.lines.get(key) or source.lines.get(key[:-1], 1))
    where = [f"{text} (line {', '.join(map(str, sorted(set(found))))})" for text, found in lines.items()]
    return [f"{source.path}: read as numbers, as on W&B's server: {', '.join(where)}"]


def make_sweep(config: Mapping[str, Any], default_name: str) -> Sweep:
    """Make a Sweep from a config that has already been checked."""
    metric = config.get("metric")
    return Sweep(
        name=str(config.get("name") or default_name),
        config=config,
        metric=Metric(metric["name"], metric.get("goal", "minimize")) if metric else None,
        run_cap=None if config.get("run_cap") is None else int(config["run_cap"]),
    )
