"""Problems with the account or server give a clear message, no traceback, and never show the API key."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from standin_cases import PROJECT, add_run, add_sweep
from standin_client import run_client
from standin_server import Server
from standin_state import ENTITY, KEY
from sweep_cases import yaml
from view_cases import fill, new_sweep

pytestmark = pytest.mark.processes

PATH = f"{ENTITY}/{PROJECT}"
QUICK = {"WANDB__GRAPHQL_RETRY_MAX": "1"}


@pytest.fixture(scope="module")
def server():
    with Server() as server:
        sweep = add_sweep(server.state)
        add_run(server.state, sweep, "a", [0.5])
        server.state.projects.add("empty")
        yield server
        assert server.state.problems == []


def failing_client(url, home, *arguments, **env):
    """Run `fashion-wb`, check what every failure has in common, and return its message."""
    done = run_client(url, home, *(arguments or ("compare", PATH)), **(QUICK | env))
    assert done.returncode == 1, done.stdout
    assert done.stdout == "" and "Traceback" not in done.stderr
    assert not (home / "comparison").exists(), "something was written"
    key = env.get("WANDB_API_KEY", KEY)
    written = [path for path in home.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]
    assert key == "" or (key not in done.stderr and not written)
    return done.stderr.strip()


def server_that_answers(status, content_type, body):
    """Create a server that gives every request the same answer."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(status)
            self.send_header("Content-Type", content_type)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format, *args):
            pass

    return ThreadingHTTPServer(("127.0.0.1", 0), Handler)


@pytest.mark.parametrize(
    ("env", "message"),
    [
        ({"WANDB_API_KEY": ""}, "no W&B API key for http://127.0.0.1:{port}: run `wandb login`, or set"),
        ({"WANDB_API_KEY": "b" * 40}, "refuses the API key: run `wandb login --relogin`"),
        ({"WANDB_API_KEY": "tooshort"}, "WANDB_API_KEY invalid: API key must have 40+ characters, has 8"),
    ],
    ids=["no key", "wrong key", "short key"],
)
def test_a_missing_or_bad_key_is_explained(server, tmp_path, env, message):
    assert message.format(port=server.server_port) in failing_client(server.url, tmp_path, **env)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (f"nobody/{PROJECT}", f"knows no project nobody/{PROJECT}, or this account may not see it"),
        (f"{ENTITY}/nothing", f"knows no project {ENTITY}/nothing, or this account may not see it"),
        (f"{PATH}/absent", f"{PATH} has no sweep absent; it has random1 (random)"),
        (f"{ENTITY}/empty", f"{ENTITY}/empty: there is nothing to compare. The project has no runs."),
        (f"{ENTITY}/empty/absent", "has no sweep absent; it has no sweeps"),
        ("a/b/c/d/e", "not a W&B path; give ENTITY/PROJECT"),
        ("nowhere", "nowhere: no such folder; for a project on W&B's server, give ENTITY/PROJECT"),
        ("./no/where", "./no/where: no such folder"),
    ],
)
def test_an_error_names_the_project_sweep_or_folder_that_is_missing(server, tmp_path, source, message):
    assert message in failing_client(server.url, tmp_path, "compare", source)


def test_a_project_whose_sweeps_have_no_runs_of_their_own_has_nothing_to_compare(tmp_path):
    with Server() as server:
        add_run(server.state, add_sweep(server.state, text=yaml(more="name: theirs\n")), "x", [])
        text = failing_client(server.url, tmp_path)
    assert (
        "there is nothing to compare" in text
        and "Left out (no runs): sweeps theirs (theirs1, by loss, minimize)" in text
    )


def test_runs_without_the_metric_count_as_failed_and_there_is_no_result(tmp_path):
    with Server() as server:
        add_run(server.state, add_sweep(server.state), "x", [])
        done = run_client(server.url, tmp_path, "compare", PATH)
    assert done.returncode == 0, done.stderr
    assert "No trial finished with a valid_loss (1 failed): there is no result" in done.stdout


def test_a_server_that_is_down_is_explained(tmp_path):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"
    text = failing_client(url, tmp_path)
    assert f"no W&B server can be reached at {url} (connection refused); check the network" in text


@pytest.mark.parametrize(
    ("status", "content_type", "body", "message"),
    [
        (200, "text/html", b"<html>Please log in</html>", "is not W&B: it sends a web page"),
        (403, "text/html", b"<html>Forbidden</html>", "is not W&B: it sends a web page, as a proxy"),
        (200, "application/json", b"{}", "refuses the API key"),
        (503, "text/plain", b"busy", "cannot answer now (HTTP 503, tried several times)"),
        (429, "text/plain", b"slow down", "limits requests (HTTP 429, tried several times)"),
        (500, "application/json", b'{"errors": [{"message": "oops"}]}', "(HTTP 500"),
    ],
)
def test_unexpected_answers_are_explained(tmp_path, status, content_type, body, message):
    server = server_that_answers(status, content_type, body)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        text = failing_client(f"http://127.0.0.1:{server.server_port}", tmp_path)
    finally:
        server.shutdown()
        server.server_close()
    assert message in text and "<html>" not in text


@pytest.mark.parametrize("address", ["", "nonsense", "http://", "ftp://example.com"])
@pytest.mark.parametrize("command", [("compare", PATH), ("push", ".", "--project", PROJECT), ("view", PATH)])
def test_an_address_that_is_none_is_named(server, tmp_path, address, command):
    if command[0] == "push":
        fill(new_sweep(tmp_path / "s"), 1)
    message = failing_client(server.url, tmp_path, *command, WANDB_BASE_URL=address)
    assert "WANDB_BASE_URL" in message and repr(address) in message
