"""Read what a sweep's Python program declares, from its source, without running it.

At its top level a program may set two names:

    FORK_SAFE = False    every trial starts as a new process
    SWEEP_HOOKS = {...}  functions and values of the program, each as "module:name"

All hooks are optional:

    parameters   maps the name of every parameter to a function that raises FashionWbError for a bad value
    prepare      function without arguments, called once before the first trial, for example to fetch data
    before_fork  function without arguments, called once in the process that trials are forked from
    conditions   function without arguments that returns what else results depend on, by name, such as
                 {"training images": 50000}; a study records it, and does not go on with other values

`train.py` uses all four. Thanks to them, the code that runs sweeps does not know its parameters or data.
"""

from __future__ import annotations

import ast
import contextlib
import importlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeGuard

from fashion_wb.errors import FashionWbError

HOOKS = ("parameters", "prepare", "before_fork", "conditions")


@dataclass(frozen=True)
class Program:
    """The Python script that a sweep trains with.

    Attributes:
        path: the script.
        imports: the modules that it imports at its top level, in order.
        fork_safe: False if it asks for a new process for every trial.
        hooks: its SWEEP_HOOKS.
        flags: the long options that it adds to an `argparse` parser, without their dashes.
    """

    path: Path
    imports: tuple[str, ...]
    fork_safe: bool = True
    hooks: Mapping[str, str] = field(default_factory=dict)
    flags: tuple[str, ...] = ()

    def takes(self, name: str) -> bool:
        """Tell whether the program is known to take parameter `name`: it declares it, or has such a flag.

        Raises:
            FashionWbError: the hook cannot be imported.
        """
        known = self.parameters()
        return name in self.flags if known is None else name in known

    def parameters(self) -> Mapping[str, Callable[[Any], object]] | None:
        """Load the check of each parameter that the program takes, by name; None if it declares none.

        Raises:
            FashionWbError: the hook cannot be imported.
        """
        found: Mapping[str, Callable[[Any], object]] | None = self._load("parameters")
        if found is not None and not isinstance(found, Mapping):
            kind = type(found).__name__
            raise FashionWbError(f"{self.path}: SWEEP_HOOKS['parameters'] must name a mapping, got a {kind}")
        return found

    def prepare(self) -> None:
        """Call the program's `prepare` hook, if it has one.

        Raises:
            FashionWbError: the hook cannot be imported, or the preparation fails.
        """
        function = self._load("prepare")
        if function is not None:
            function()

    def conditions(self) -> dict[str, Any]:
        """Return what the program says its results depend on, beside its parameters, by name.

        Raises:
            FashionWbError: the hook cannot be imported, or finds a setting that is wrong.
        """
        function = self._load("conditions")
        return {} if function is None else dict(function())

    def _load(self, name: str) -> Any:
        if name not in self.hooks:
            return None
        with _first_on_path(self.path.parent):
            try:
                return load_hook(self.hooks[name])
            except (ImportError, AttributeError, ValueError) as error:
                raise FashionWbError(
                    f"{self.path}: SWEEP_HOOKS[{name!r}] is {self.hooks[name]!r}, which cannot be imported "
                    f"({error}); write it as 'module:name'"
                ) from None


def read_program(path: Path) -> Program | None:
    """Read what a script declares; None if it is missing or is not valid Python.

    Raises:
        FashionWbError: SWEEP_HOOKS is not a literal mapping of known names to "module:name".
    """
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError):
        return None
    imports: list[str] = []
    fork_safe, hooks = True, {}
    for node in tree.body:
        if isinstance(node, ast.Import):
            imports += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            imports.append(node.module)
        elif _assigns(node, "FORK_SAFE"):
            fork_safe = not (isinstance(node.value, ast.Constant) and node.value.value is False)
        elif _assigns(node, "SWEEP_HOOKS"):
            hooks = _read_hooks(path, node)
    return Program(path, tuple(imports), fork_safe, hooks, tuple(_flags(tree)))


def syntax_error(path: Path) -> str:
    """Return why Python would not run a script, with file and line; "" if it would."""
    try:
        ast.parse(path.read_bytes())
    except SyntaxError as error:
        return f"{path}:{error.lineno or 1}: not valid Python: {error.msg}"
    except ValueError as error:
        return f"{path}: not valid Python: {error}"
    return ""


def load_hook(text: str) -> Any:
    """Import the object that "module:name" names.

    Raises:
        ImportError, AttributeError, ValueError: there is no such object, or the text has no colon.
    """
    module, colon, name = text.partition(":")
    if not colon:
        raise ValueError("it has no colon")
    return getattr(importlib.import_module(module), name)


def _flags(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
            continue
        for argument in node.args if node.func.attr == "add_argument" else []:
            if isinstance(argument, ast.Constant) and str(argument.value).startswith("--"):
                yield str(argument.value).removeprefix("--")


def _assigns(node: ast.stmt, name: str) -> TypeGuard[ast.Assign]:
    return isinstance(node, ast.Assign) and any(
        isinstance(target, ast.Name) and target.id == name for target in node.targets
    )


def _read_hooks(path: Path, node: ast.Assign) -> dict[str, str]:
    try:
        hooks = ast.literal_eval(node.value)
    except ValueError:
        hooks = None
    known = isinstance(hooks, dict) and set(hooks) <= set(HOOKS)
    if not known or not all(isinstance(value, str) for value in hooks.values()):
        raise FashionWbError(
            f"{path}:{node.lineno}: SWEEP_HOOKS must be a literal mapping of {', '.join(HOOKS)} to "
            f"'module:name', got {ast.unparse(node.value)}"
        )
    return dict(hooks)


@contextlib.contextmanager
def _first_on_path(folder: Path) -> Iterator[None]:
    sys.path.insert(0, str(folder))
    try:
        yield
    finally:
        sys.path.remove(str(folder))
