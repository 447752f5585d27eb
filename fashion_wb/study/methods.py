"""Methods: how to search, apart from what is searched. Each is the part of a sweep file that says how.

The methods that come with this package are the files in `sweeps/`, by name. A path names another sweep file.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fashion_wb.errors import FashionWbError
from fashion_wb.sweepfile.sweep import Sweep, make_sweep, read_sweep

# What a sweep file says about how to search; the rest says what is searched.
_KEYS = ("method", "scheduler", "early_terminate")
_PACKAGE = Path(__file__).resolve().parents[1]
# The folder of train.py and sweeps/.
PROJECT_ROOT = _PACKAGE.parent


@dataclass(frozen=True)
class Method:
    """A way to search.

    Attributes:
        name: its name in tables.
        search: the keys `method`, `scheduler` and `early_terminate` of its sweep file, those that it has.
    """

    name: str
    search: Mapping[str, Any]

    def applied_to(self, sweep: Sweep) -> Sweep:
        """Return `sweep` searched by this method: the same parameters, program, command and metric."""
        config = {key: copy.deepcopy(value) for key, value in sweep.config.items() if key not in _KEYS}
        config |= copy.deepcopy(dict(self.search))
        return make_sweep({**config, "name": self.name}, default_name=self.name)


def read_method(name: str) -> Method:
    """Return a method by the name of its file in `sweeps/`, or by the path of any sweep file.

    Raises:
        FashionWbError: there is no such method, or the file is not a sweep file.
    """
    path = sweep_path(name)
    config = read_sweep(path).config
    return Method(path.stem, {key: config[key] for key in _KEYS if key in config})


def sweep_path(method: str) -> Path:
    """Return the path of a method's sweep file.

    Raises:
        FashionWbError: the method has no sweep file.
    """
    given = Path(method)
    if given.suffix in (".yaml", ".yml"):
        return given
    path = _folder() / f"{method}.yaml"
    if not path.is_file():
        names = sorted(other.stem for other in path.parent.glob("*.yaml"))
        raise FashionWbError(
            f"unknown method {method!r}: choose from {', '.join(names)}, or give the path of a sweep file, "
            f"such as {method}.yaml"
        )
    return path


def _folder() -> Path:
    # An installed package holds a copy; in a checkout the folder lies beside the package.
    copied = _PACKAGE / "sweeps"
    return copied if copied.is_dir() else PROJECT_ROOT / "sweeps"
