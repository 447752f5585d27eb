"""`fashion-wb view`: its address, its errors, and --view beside a sweep."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request

import pytest
from click.testing import CliRunner
from sweep_cases import COMMAND, environment, place, yaml
from view_cases import fill, get_json, new_sweep, ready

from analysis.view.serve import announcement, has_display
from fashion_wb.cli import main

UNTIL_SEEN = """
import pathlib, time
import wandb

if __name__ == "__main__":
    run = wandb.init()
    run.log({"loss": run.config.x})
    while not pathlib.Path("seen").exists():
        time.sleep(0.1)
    run.finish()
"""


def call(*arguments):
    return CliRunner().invoke(main, ["view", *arguments])


def start(folder, *arguments):
    return subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=folder,
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )


def address_of(process):
    for line in process.stderr:
        if found := re.search(r"http://\S+/", line):
            return found[0]
    raise AssertionError("it printed no address")


@pytest.mark.parametrize("source", ["missing", "./missing", "/missing/folder", "a/b/c/d"])
def test_a_source_that_is_neither_folder_nor_project_is_refused(source):
    done = call(source)
    assert done.exit_code == 1 and done.output.startswith(f"Error: {source}: ")


def test_a_port_in_use_is_named(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        done = call(str(tmp_path), "--port", str(port))
    assert done.exit_code == 1
    assert f"cannot listen on 127.0.0.1 port {port}" in done.output and "--port" in done.output


def test_a_host_that_is_not_this_machine_is_named(tmp_path):
    done = call(str(tmp_path), "--host", "192.0.2.1")
    assert done.exit_code == 1 and "cannot listen on 192.0.2.1" in done.output


def test_over_ssh_it_says_how_to_reach_the_page():
    lines = announcement("http://127.0.0.1:5/t/", "127.0.0.1", 5, {"SSH_CONNECTION": "1 2 3 4"})
    assert any(re.search(r"ssh -L 5:127\.0\.0\.1:5 \S+@\S+", line) for line in lines)
    assert len(announcement("http://127.0.0.1:5/t/", "127.0.0.1", 5, {})) == 2
    assert "not encrypted" in announcement("http://0.0.0.0:5/t/", "0.0.0.0", 5, {})[-1]


def test_a_browser_opens_only_where_someone_sees_it(monkeypatch):
    monkeypatch.setattr("sys.platform", "linux")
    assert not has_display({})
    assert has_display({"DISPLAY": ":0"}) and has_display({"WAYLAND_DISPLAY": "w"})
    assert not has_display({"DISPLAY": ":0", "SSH_CONNECTION": "1 2 3 4"})


@pytest.mark.processes
def test_it_serves_until_ctrl_c_and_leaves_the_sweep_as_it_was(tmp_path):
    fill(new_sweep(tmp_path / "s"), 5)
    before = sorted(tmp_path.rglob("*"))
    process = start(tmp_path, "view", str(tmp_path), "--no-browser")
    try:
        overview = ready(address_of(process))
        assert overview["sweeps"][0]["counts"]["finished"] == 4
    finally:
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=30)
    assert process.returncode == 0 and "Traceback" not in errors
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.processes
@pytest.mark.parametrize("end", ["by itself", "killed"])
def test_beside_a_sweep_the_page_lives_as_long_as_the_sweep(tmp_path, end):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}"), UNTIL_SEEN)
    process = start(tmp_path, "sweep", "sweep.yaml", "--count", "2", "--workers", "2", "--view")
    address = address_of(process)
    deadline, seen = time.monotonic() + 60, []
    while time.monotonic() < deadline and not seen:
        seen = get_json(f"{address}api/overview")["running"]
        time.sleep(0.1)
    assert seen and seen[0]["config"]["x"] is not None
    if end == "killed":
        os.kill(process.pid, signal.SIGKILL)
    else:
        (tmp_path / "seen").touch()
    _, errors = process.communicate(timeout=90)
    assert process.returncode == (-signal.SIGKILL if end == "killed" else 0), errors
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        try:
            urllib.request.urlopen(address, timeout=5).close()
        except (urllib.error.URLError, ConnectionError):
            return
        time.sleep(0.1)
    raise AssertionError("the page outlives the sweep")


@pytest.mark.processes
@pytest.mark.long
def test_beside_a_study_the_page_shows_it(tmp_path):
    place(tmp_path, yaml("x: {min: 0.0, max: 1.0}\npause: {value: 0.3}", more="run_cap: 2\n"))
    options = ("--methods", "random", "--trials", "2", "--retrain-seeds", "0", "--audit", "0", "--view")
    process = start(tmp_path, "study", "sweep.yaml", *options, "--workers", "1")
    address = address_of(process)
    deadline, groups = time.monotonic() + 60, []
    while time.monotonic() < deadline and not groups:
        groups = get_json(f"{address}api/overview")["groups"]
        time.sleep(0.1)
    assert [(group["name"], group["study"]) for group in groups] == [(str(tmp_path / "study-sweep"), True)]
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 0, errors
    assert "to look again: fashion-wb view study-sweep" in errors


def test_a_replay_has_no_page():
    done = CliRunner().invoke(main, ["study", "--replay", "--view"])
    assert done.exit_code == 1 and "--view: cannot be used with --replay" in done.output
