"""The program whose trials a machine runs: where it is there, and whether it is the controller's."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from fashion_wb.errors import FashionWbError
from fashion_wb.executors.dask_cluster.messages import Welcome


def find_program(welcome: Welcome, own: Path) -> Welcome:
    """Return what the controller said, with this machine's own folder for trials.

    That is the controller's folder if the program is there too, as on a shared file system; otherwise the
    folder that the worker was started in.

    Raises:
        FashionWbError: the program is in neither, or it is another one.
    """
    if welcome.program is None:
        return replace(welcome, cwd=welcome.cwd if welcome.cwd.is_dir() else own)
    for cwd in (welcome.cwd, own):
        inside = welcome.program.is_relative_to(welcome.cwd)
        path = cwd / welcome.program.relative_to(welcome.cwd) if inside else welcome.program
        if path.is_file():
            if hashlib.sha256(path.read_bytes()).hexdigest() != welcome.digest:
                raise FashionWbError(f"{path} differs from the controller's; copy that to this machine")
            return replace(welcome, program=path, cwd=cwd)
    raise FashionWbError(
        f"{welcome.program.name} is neither in {welcome.cwd} nor in {own}; start the worker in its folder"
    )
