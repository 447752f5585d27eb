"""What strangers on the machine and on the network reach, and where secrets end up, while commands run."""

from __future__ import annotations

import http.client
import os
import socket
import ssl
import time

import psutil
import pytest
from cluster_cases import cluster
from push_cases import PROJECT, push
from security_cases import holds, pickled
from standin_client import client_environment
from standin_server import Server
from standin_state import KEY
from sweep_cases import GOOD, place, yaml
from warm_cli import Command

from fashion_wb.executors.dask_cluster.rendezvous import (
    Rendezvous,
    new_keys,
    read_rendezvous,
    write_rendezvous,
)

SECTION = "Security"
CANARY = "canary-7f3a91"
SECRETS = {"SECRET_CANARY": CANARY, "WANDB_API_KEY": KEY}
pytestmark = pytest.mark.processes


def processes(pid):
    """A process and all below it."""
    try:
        top = psutil.Process(pid)
        return [top, *top.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def listening(pid):
    """The addresses that a process and all below it listen on."""
    found = set()
    for process in processes(pid):
        try:
            found |= {tuple(one.laddr) for one in process.net_connections("inet") if one.status == "LISTEN"}
        except psutil.Error:
            continue
    return found


def is_refused(address, message, certificate="", key="", folder=None):
    """Whether nothing but an alert comes back; with TLS and these keys if there is a `folder` for them."""
    with socket.create_connection(address, timeout=60) as plain:
        try:
            if folder is None:
                plain.sendall(message)
                return plain.recv(100)[:1] in (b"", b"\x15")
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            if certificate:
                (folder / "pair.pem").write_text(certificate + key)
                context.load_cert_chain(folder / "pair.pem")
            with context.wrap_socket(plain) as secure:
                secure.sendall(message)
                return secure.recv(100) == b""
        except (ssl.SSLError, ConnectionError):
            return True


def status(port, path=""):
    """The HTTP status of a page on this machine; None if the port does not speak HTTP."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", f"/{path}")
        return connection.getresponse().status
    except (http.client.HTTPException, ConnectionError):
        return None
    finally:
        connection.close()


@pytest.mark.fault(
    SECTION,
    "the keys of a cluster",
    made="cluster.json is written while every file is made readable for all",
    promised="mode 0600 from the start",
)
def test_the_keys_of_a_cluster_are_the_owners(fault, tmp_path, monkeypatch):
    modes = []
    opened = os.fdopen
    monkeypatch.setattr(
        os,
        "fdopen",
        lambda number, *a, **k: modes.append(os.fstat(number).st_mode) or opened(number, *a, **k),
    )
    before = os.umask(0)
    try:
        write_rendezvous(Rendezvous("tls://h:1", "certificate", "key"), tmp_path / "cluster.json")
    finally:
        os.umask(before)
    modes.append((tmp_path / "cluster.json").stat().st_mode)
    assert [mode & 0o777 for mode in modes] == [0o600, 0o600]
    fault.observed("mode 0600 when it is made and when it is whole")


@pytest.mark.fault(
    SECTION,
    "strangers at a cluster's ports",
    made="connections to every port of a controller and a worker: without TLS, without and with other keys, "
    "each with a pickle that makes a folder",
    promised="refused before anything is read; status pages answer nothing, on loopback only",
)
def test_strangers_do_not_get_into_a_cluster(fault, tmp_path):
    (tmp_path / "prog.py").write_text(GOOD)
    message = pickled(tmp_path / "ran")
    with cluster(tmp_path, tmp_path / "prog.py") as (executor, workers):
        own = read_rendezvous(str(executor.rendezvous))
        main_port = int(own.address.rpartition(":")[2])
        addresses = listening(os.getpid()) | listening(workers[0].pid)
        ports = {port for _, port in addresses}
        pages = {port for port in ports if status(port) is not None}
        locked = ports - pages
        # A TLS port and a status page each.
        assert len(locked) == 2 == len(pages) and main_port in locked, addresses
        assert {host for host, port in addresses if port in pages} == {"127.0.0.1"}
        paths = ("", "health", "metrics", "info/main/workers.html", "json/identity.json", "status")
        assert {status(port, path) for port in pages for path in paths} == {404}
        for port in locked:
            address = ("127.0.0.1", port)
            assert is_refused(address, message)
            assert is_refused(address, message, folder=tmp_path)
            assert is_refused(address, message, *new_keys(), folder=tmp_path)
            assert not is_refused(address, b"", own.certificate, own.key, folder=tmp_path)
    assert not (tmp_path / "ran").exists()
    fault.observed(f"{3 * len(locked)} of {3 * len(locked)} refused; 2 status pages, all 404")


@pytest.mark.fault(
    SECTION,
    "secrets that leak",
    made="a sweep with its live page, and a push, with a key and a canary in the environment; searched are "
    "every file that they write, every command line, what they print and what the server gets",
    promised="the key and the canary are nowhere; the page's token is only where it is printed",
)
def test_secrets_are_nowhere(fault, tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\npause: {value: 2.0}", more="run_cap: 2\n"), GOOD)
    with Server() as server:
        env = client_environment(server.url, tmp_path, TMPDIR=str(tmp_path), **SECRETS)
        sweep = Command(["sweep", "sweep.yaml", "--workers", "1", "--view"], tmp_path, env, tmp_path / "log")
        lines, ports = set(), set()
        deadline = time.monotonic() + 300
        while sweep.poll() is None and time.monotonic() < deadline:
            for process in processes(sweep.pid):
                try:
                    lines |= set(process.cmdline())
                except psutil.Error:
                    continue
            ports |= listening(sweep.pid)
            time.sleep(0.05)
        assert sweep.wait(60) == 0, (tmp_path / "log").read_text()
        done = push(server, tmp_path, TMPDIR=str(tmp_path), **SECRETS)
        assert done.returncode == 0, done.stderr
        got = repr({name: vars(run) for name, run in server.state.runs.items()}) + repr(server.state.sweeps)
    printed = (tmp_path / "log").read_text() + done.stdout + done.stderr
    token = printed.partition("Live page: http://127.0.0.1:")[2].split("/")[1]
    assert len(token) == 32
    assert len(lines) > 10 and not any(one in line for one in (CANARY, KEY, token) for line in lines)
    # The live page, and wandb-core where it has no unix socket.
    assert ports and all(host in ("127.0.0.1", "::1") for host, *_ in ports), ports
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) > 10 and holds(tmp_path, CANARY, KEY) == []
    assert holds(tmp_path, token) == [tmp_path / "log"]
    assert all(one not in text for one in (CANARY, KEY) for text in (printed, got)) and PROJECT in printed
    assert not (tmp_path / ".netrc").exists()
    fault.observed(
        f"0 in {len(files)} files, {len(lines)} words of command lines, what was printed and {len(got):,} "
        f"characters at the server; {len(ports)} port, on loopback"
    )
