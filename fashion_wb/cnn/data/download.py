"""Download Fashion-MNIST, with torchvision or from Debian's package, which is unpacked but not installed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fashion_wb.errors import FashionWbError

PACKAGE = "dataset-fashion-mnist"
PACKAGE_FOLDER = Path("usr/share/datasets/fashion-mnist")
SILENCE_S = 20  # time without data after which a connection is dropped
DEADLINE_S = 600.0

# Run in a child process, because only a process can be stopped reliably. A socket timeout covers neither name
# resolution nor a server that sends a byte now and then. Set in this process, it would also affect W&B.
_TORCHVISION = f"""
import socket, sys
socket.setdefaulttimeout({SILENCE_S})
from torchvision.datasets import FashionMNIST
FashionMNIST(sys.argv[1], download=True)
"""

# Clear the hooks of the system's apt: they would run, as root here, after an update and change the system.
_APT_CONF = """\
#clear APT::Update::Pre-Invoke;
#clear APT::Update::Post-Invoke;
#clear APT::Update::Post-Invoke-Success;
Dir::Cache "{scratch}/cache";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "{silence}";
Acquire::https::Timeout "{silence}";
"""


@dataclass(frozen=True)
class Route:
    """One way to download the files: a label for messages, and the function that does it.

    `fetch` takes an empty scratch folder and returns the folder in it that then holds the files, in any
    layout that `idx.find_copies` knows. It raises FashionWbError with the reason if it cannot get them.
    """

    label: str
    fetch: Callable[[Path], Path]


def with_torchvision(scratch: Path) -> Path:
    """Download with torchvision, which knows the mirrors, in at most DEADLINE_S seconds.

    Raises:
        FashionWbError: no network, no torchvision, or too slow.
    """
    done = _run([sys.executable, "-c", _TORCHVISION, str(scratch)], scratch)
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise FashionWbError(lines[-1] if lines else f"torchvision exited with status {done.returncode}")
    return scratch


def with_apt(scratch: Path) -> Path:
    """Download and unpack Debian's package, without root, an installation or changes to apt's state.

    If the system's package lists are missing or too old to find the package, fresh ones are downloaded into
    the scratch folder.

    Raises:
        FashionWbError: no apt-get or dpkg-deb, no network, no such package, or too slow.
    """
    for tool in ("apt-get", "dpkg-deb"):
        if shutil.which(tool) is None:
            raise FashionWbError(f"{tool} is not on this machine")
    _download_package(scratch)
    package = next(scratch.glob(f"{PACKAGE}_*.deb"), None)
    if package is None:
        raise FashionWbError("apt-get download left no package behind")
    unpacked = _run(["dpkg-deb", "-x", str(package), str(scratch / "root")], scratch)
    if unpacked.returncode != 0:
        raise FashionWbError(f"dpkg-deb cannot unpack {package.name}: {unpacked.stderr.strip()}")
    return scratch / "root" / PACKAGE_FOLDER


def _download_package(scratch: Path) -> None:
    lists = scratch / "lists"
    for folder in (lists / "partial", scratch / "cache" / "archives" / "partial"):
        folder.mkdir(parents=True)
    conf = scratch / "apt.conf"
    conf.write_text(_APT_CONF.format(scratch=scratch, silence=SILENCE_S), encoding="utf-8")
    apt = ["apt-get", "-qq", "-c", str(conf)]
    fresh = [*apt, "-o", f"Dir::State::Lists={lists}"]
    if _run([*apt, "download", PACKAGE], scratch).returncode == 0:
        return
    # The status of the update is ignored: a broken third-party source fails it, but may not matter.
    update = _run([*fresh, "update"], scratch)
    download = _run([*fresh, "download", PACKAGE], scratch)
    if download.returncode != 0:
        raise FashionWbError(_apt_reasons(download.stderr + update.stderr) or "apt-get download failed")


def _apt_reasons(stderr: str) -> str:
    lines = [line for line in stderr.splitlines() if line.startswith(("E:", "W: Failed"))]
    return "; ".join(list(dict.fromkeys(lines))[:3])


def _run(command: list[str], folder: Path, deadline: float = DEADLINE_S) -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            command,
            cwd=folder,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            env={**os.environ, "LC_ALL": "C"},
            timeout=deadline,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise FashionWbError(f"gave up after {deadline:g} s") from error
    except OSError as error:
        raise FashionWbError(f"{command[0]} cannot be started: {error.strerror}") from error


ROUTES = (
    Route("torchvision's download", with_torchvision),
    Route(f"Debian's package {PACKAGE}, with apt-get download", with_apt),
)
