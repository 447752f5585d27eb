"""Serve the page: a port, a secret address, a browser if there is one."""

from __future__ import annotations

import getpass
import os
import socket
import sys
import threading
import webbrowser
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

import uvicorn

from analysis.view.access import new_token
from analysis.view.app import make_server
from analysis.view.remote import RemoteProjects
from analysis.view.watch import Watch
from fashion_wb.errors import FashionWbError
from fashion_wb.server.path import WandbPath

# A tenth of the processor time of a trial, where both want it.
_NICENESS = 10
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def serve(
    roots: Sequence[Path],
    projects: Sequence[WandbPath],
    host: str,
    port: int,
    browser: bool,
    stream: TextIO,
    beside: bool = False,
) -> None:
    """Serve the page until Ctrl-C or SIGTERM.

    Args:
        roots: folders of sweeps.
        projects: projects on W&B's server.
        host: address to listen on; other machines can reach it unless it is one of LOOPBACK.
        port: 0 for a free one.
        browser: whether to open a browser, if there is one.
        stream: where the address is printed.
        beside: whether a command started this process to show what it runs: then standard input closes when
            the command ends, which ends the page, and the trials come first on the processor.

    Raises:
        FashionWbError: the address cannot be listened on, or W&B's server refuses a project.
    """
    listening = _listen(host, port)
    token, number = new_token(), listening.getsockname()[1]
    address = f"http://{_name(host)}:{number}/{token}/"
    with RemoteProjects(projects, stream) as remote, Watch(roots, [remote.sweeps]) as watch:
        server = make_server(watch, token, LOOPBACK if host in LOOPBACK else ())
        for line in announcement(address, host, number, os.environ):
            print(line, file=stream, flush=True)
        if browser and has_display(os.environ):
            webbrowser.open(address)
        if beside:
            os.nice(_NICENESS)
            threading.Thread(target=_end_with_input, args=(server,), daemon=True).start()
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            pass
        finally:
            listening.close()


def announcement(address: str, host: str, port: int, environment: Mapping[str, str]) -> list[str]:
    """Say where the page is, and how to reach it from another machine."""
    lines = [f"Live page: {address}", "Whoever has this address can read it. Ctrl-C ends it."]
    if "SSH_CONNECTION" in environment and host in LOOPBACK:
        here = f"{getpass.getuser()}@{socket.gethostname()}"
        lines.append(
            f"From your own machine: ssh -L {port}:127.0.0.1:{port} {here}, then open the address there."
        )
    if host not in LOOPBACK:
        lines.append("It is not encrypted: others on the network can read along. ssh -L is safer.")
    return lines


def has_display(environment: Mapping[str, str]) -> bool:
    """Tell whether a browser would open in front of the user."""
    if "SSH_CONNECTION" in environment:
        return False
    return sys.platform in ("darwin", "win32") or any(
        environment.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY")
    )


def _end_with_input(server: uvicorn.Server) -> None:
    sys.stdin.buffer.read()
    server.should_exit = True


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, port))
        listening.listen(128)
    except (OSError, OverflowError) as error:
        listening.close()
        reason = getattr(error, "strerror", None) or error
        raise FashionWbError(
            f"cannot listen on {host} port {port}: {reason}; give another --host or --port"
        ) from None
    return listening


def _name(host: str) -> str:
    if host in ("0.0.0.0", "::"):
        return socket.gethostname()
    return f"[{host}]" if ":" in host else host
