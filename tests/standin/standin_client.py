"""The environment of a user with an account on the stand-in, and `fashion-wb` run in it."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
from pathlib import Path

from standin_state import KEY
from sweep_cases import environment
from warm_cli import run_command

from analysis.html_report.vega_bundle import cache_file
from fashion_wb.cnn.data import locate


def client_environment(url: str, home: Path, **extra: str) -> dict[str, str]:
    """Return the environment of a user whose W&B server is at `url` and whose files are below `home`.

    Here wandb repeats a failed request after one second. By default it waits longer each time, up to half a
    minute, which is too slow for a test.
    """
    _share_vega_bundle(home)
    settings = {
        "WANDB_BASE_URL": url,
        "WANDB_API_KEY": KEY,
        "WANDB_ERROR_REPORTING": "false",
        "WANDB_DIR": str(home),
        "WANDB_CONFIG_DIR": str(home / "config"),
        "WANDB_CACHE_DIR": str(home / "cache"),
        "WANDB__GRAPHQL_RETRY_WAIT_MIN_SECONDS": "1",
        "WANDB__GRAPHQL_RETRY_WAIT_MAX_SECONDS": "1",
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "FASHION_WB_DATA": str(locate.cache_dir()),
        "FASHION_WB_LIMIT": "300",
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
    }
    return environment(**(settings | extra))


def _share_vega_bundle(home: Path) -> None:
    # Vega's scripts, which every report.html holds: bundling them takes a second, once for each user.
    shared, folder = cache_file().parent, home / "cache" / "fashion-wb"
    shared.mkdir(parents=True, exist_ok=True)
    with contextlib.suppress(OSError):  # it is there, or the test has something else in its place
        folder.mkdir(parents=True, exist_ok=True)
        (folder / shared.name).symlink_to(shared)


def run_client(
    url: str, home: Path, *arguments: str, timeout: float = 120, **extra: str
) -> subprocess.CompletedProcess[str]:
    """Run `fashion-wb` with `arguments` in the folder `home`."""
    return run_command(list(arguments), home, client_environment(url, home, **extra), timeout)
