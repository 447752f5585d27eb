"""Malicious files and names, and what the tests look for afterwards."""

from __future__ import annotations

import ast
import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

TITLE = "\x1b]0;owned\x07\x1b[2J"
SCRIPT = "</script><script>alert(1)</script>"
# Each as the name of a sweep, a metric or a parameter, as a value, and as the reason of a failure.
HOSTILE = (
    f"=HYPERLINK(1){TITLE}",
    f"+1;rm -rf ~{TITLE}",
    f"@SUM(1)$(touch owned)`touch owned`{SCRIPT}",
    f"../../owned|x|{SCRIPT}\nError: owned",
)
_MODULES = ("pickle", "cloudpickle", "dill", "marshal", "shelve", "jsonpickle")
_CALLS = (
    *("eval", "exec", "os.system", "os.popen", "yaml.unsafe_load", "yaml.full_load", "yaml.load"),
    *("joblib.load", "pd.read_pickle", "pandas.read_pickle", "torch.load", "pty.spawn"),
)


class Bomb:
    """Makes the folder `trace` if it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self._trace = trace

    def __reduce__(self) -> tuple[Any, ...]:
        import os

        return os.makedirs, (str(self._trace), 0o777, True)


def pickled(trace: Path) -> bytes:
    """Return a pickle that makes the folder `trace`."""
    return pickle.dumps(Bomb(trace))


def dangerous(source: str) -> Iterator[str]:
    """Yield what in a Python source runs data as code, or text as a shell's command."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] in _MODULES)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in _MODULES:
            yield str(node.module)
        elif isinstance(node, ast.Call):
            name, given = ast.unparse(node.func), {one.arg: ast.unparse(one.value) for one in node.keywords}
            if given.get("shell", "False") != "False":
                yield f"{name}(shell=...)"
            if given.get("allow_pickle", "False") != "False":
                yield f"{name}(allow_pickle=...)"
            if name in _CALLS and given.get("weights_only") != "True":
                yield name


def holds(root: Path, *secrets: str) -> list[Path]:
    """Return the files below `root` that hold one of `secrets`, in their bytes."""
    wanted = [secret.encode() for secret in secrets]
    files = [path for path in sorted(root.rglob("*")) if path.is_file() and not path.is_symlink()]
    return [path for path in files if any(secret in path.read_bytes() for secret in wanted)]
