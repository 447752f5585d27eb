"""A server of W&B that is not there, is another one, or never answers: commands give up and say so."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ssl import PROTOCOL_TLS_SERVER, SSLContext

import pytest
from distributed.security import Security
from server_fault_cases import PATH, assert_explained
from standin_cases import fill
from standin_client import client_environment, run_client
from standin_faults import Fault, Faults
from standin_server import Server
from sweep_cases import place, run, yaml

from fashion_wb.push.sync import sync
from fashion_wb.server.errors import Unanswered

pytestmark = pytest.mark.processes

SECTION = "Server faults"
NOWHERE = "a message with the address and what to check, exit status 1, nothing written, within {}"


def give_up(fault, tmp_path, url, seconds, *reasons, **env):
    """Run commands that cannot reach W&B side by side; check their messages and how long they take."""
    offline = place(tmp_path, yaml(more="run_cap: 1\n"), "import wandb; wandb.init().log({'loss': 1})\n")
    assert run(tmp_path, "sweep", offline.name, "--dir", "runs").returncode == 0
    sources = {
        ("compare", PATH): "comparison",
        ("report", PATH): "nothing",
        ("push", "runs", "--project", "fashion"): "nothing",
        ("agent", f"{PATH}/sweep1"): "wandb/sweep-sweep1",
    }
    commands = list(sources)[: fault.times(1, 4)]

    def timed(arguments):
        began = time.monotonic()
        done = run_client(url, tmp_path, *arguments, timeout=300, **env)
        return done, time.monotonic() - began

    with ThreadPoolExecutor(len(commands)) as threads:
        found = list(threads.map(timed, commands))
    for (done, took), written in zip(found, sources.values(), strict=False):
        message = assert_explained(done, url)
        assert any(reason in message for reason in reasons), message
        assert took < seconds and done.stdout == "" and not (tmp_path / written).exists()
    longest = max(took for _, took in found)
    fault.observed(
        f"{len(found)} of {len(found)} commands gave up with a message, after {longest:.0f} s at most"
    )


@pytest.mark.long
@pytest.mark.fault(
    SECTION,
    "a server that accepts and never answers",
    made="every request is taken and left without an answer; the time limits are those of everyday use",
    promised=NOWHERE.format("a minute"),
)
def test_a_server_that_accepts_and_never_answers(fault, tmp_path):
    with Server() as server:
        server.faults = Faults(1.0, (Fault.SILENT,))
        give_up(fault, tmp_path, server.url, 60 + 30, "did not answer in time")


@pytest.mark.long
@pytest.mark.fault(
    SECTION,
    "a server that falls silent during an upload",
    made="the server takes everything but the rows of runs, which stay without an answer; time limit of 20 s",
    promised="the upload is stopped at its time limit (600 s and 20 s a megabyte) and the message says so; "
    "the same command goes on",
)
def test_a_server_that_falls_silent_during_an_upload(fault, tmp_path, monkeypatch):
    place(tmp_path, yaml(more="run_cap: 1\n"), "import wandb; wandb.init().log({'loss': 1})\n")
    assert run(tmp_path, "sweep", "sweep.yaml", "--dir", "runs").returncode == 0
    (log,) = tmp_path.rglob("offline-run-*/run-*.wandb")
    for name, value in client_environment("", tmp_path).items():
        monkeypatch.setenv(name, value)
    with Server() as server:
        server.faults = Faults(1.0, (Fault.SILENT,), hits=lambda name: name == "file_stream")
        began = time.monotonic()
        with pytest.raises(Unanswered, match=r"did not take 1 run within 20 s.*Run the same command again"):
            sync([log], tmp_path, server.url, longest=20.0)
        took = time.monotonic() - began
        assert took < 30 and server.faults.seen[Fault.SILENT] > 0
    fault.observed(f"stopped after {took:.0f} s")


@pytest.mark.long
@pytest.mark.fault(
    SECTION,
    "a name that cannot be resolved",
    made="WANDB_BASE_URL names a host that does not exist",
    promised=NOWHERE.format("two minutes"),
)
def test_a_name_that_cannot_be_resolved(fault, tmp_path):
    # How long it takes is the machine's resolver's affair, six times.
    give_up(
        fault, tmp_path, "http://nowhere.invalid", 150, "no such host", "server misbehaving", "i/o timeout"
    )


@pytest.mark.long
@pytest.mark.fault(
    SECTION,
    "a certificate that is not trusted, or of another host",
    made="a TLS server with a certificate of its own; then with one that is trusted and names another host",
    promised=NOWHERE.format("half a minute"),
)
@pytest.mark.parametrize("trusted", [False, True])
def test_a_certificate_that_is_wrong(fault, tmp_path, trusted):
    made = Security.temporary()
    certificate, key = tmp_path / "certificate.pem", tmp_path / "key.pem"
    certificate.write_text(made.tls_scheduler_cert)
    key.write_text(made.tls_scheduler_key)
    context = SSLContext(PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate, key)
    with Server() as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        url = server.url.replace("http:", "https:")
        trust = {"SSL_CERT_FILE": str(certificate)} if trusted else {}
        give_up(fault, tmp_path, url, 60, "certificate", **trust)
        assert server.faults.seen.total() == 0, "a request was sent"


class _Elsewhere(BaseHTTPRequestHandler):
    """Redirects every request to another address of the same server."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(self.server.status)
        self.send_header("Location", f"{self.path}/on")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def do_GET(self):
        self.do_POST()

    def log_message(self, format, *args):
        pass


@pytest.mark.fault(
    SECTION,
    "a loop of redirects",
    made="every request is answered with 302, 307 or 308 to another address of the same server",
    promised=NOWHERE.format("half a minute"),
)
def test_a_loop_of_redirects(fault, tmp_path):
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Elsewhere)
    server.status = fault.generator.choice([302, 307, 308])
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        give_up(fault, tmp_path, f"http://127.0.0.1:{server.server_port}", 60, "stopped after 10 redirects")
    finally:
        server.shutdown()
        server.server_close()


class _Pauses(Faults):
    """Refuses the first request of each name with Retry-After, and notes how long its repetition takes."""

    def __init__(self, seconds):
        super().__init__(retry_after=seconds)
        self.first, self.waited = {}, {}

    def draw(self, name):
        now = time.monotonic()
        known = name in self.first
        if not known:
            self.first[name] = now
        elif name not in self.waited:
            self.waited[name] = now - self.first[name]
        fault = Fault.NONE if known else Fault.PAUSED
        self.seen[fault] += 1
        return fault


@pytest.mark.long
@pytest.mark.fault(
    SECTION,
    "Retry-After",
    made="the first request of each kind is refused with 429 and Retry-After",
    promised="no request comes before the server wants it, by more than a tenth of a second",
)
def test_retry_after(fault, tmp_path):
    seconds = 4
    with Server() as server:
        fill(server.state, runs=3, epochs=2)
        server.faults = _Pauses(seconds)
        done = run_client(server.url, tmp_path, "compare", PATH)
        assert done.returncode == 0, done.stderr
        waited = server.faults.waited.values()
        assert len(waited) >= 3 and min(waited) >= seconds - 0.1
    fault.observed(
        f"asked for {seconds} s, {len(waited)} of {len(waited)} kinds of requests waited that long"
    )
