"""A stand-in for W&B's server, on this machine only.

It supports what the unmodified client needs for sweeps: GraphQL, the file_stream that runs log through, and
addresses for uploading files. It refuses any other request and records it in `State.problems`.
"""

from __future__ import annotations

import base64
import contextlib
import gzip
import json
import re
import socket
import struct
import sys
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import standin_answers
import standin_filestream
from standin_faults import REFUSALS, Fault, Faults
from standin_graphql import execute
from standin_state import KEY, Refused, Run, State

_FILE_STREAM = re.compile(r"/files/[^/]+/(?P<project>[^/]+)/(?P<run>[^/]+)/file_stream")
_CREDENTIALS = "Basic " + base64.b64encode(f"api:{KEY}".encode()).decode()
_OPERATION = re.compile(r"(?:query|mutation)(?:\s|\\n)+(\w+)")
_SILENT_SECONDS = 600
Respond = Callable[[bytes], tuple[int, dict[str, Any]]]


class Server(ThreadingHTTPServer):
    """The server; a context manager that serves while it is open.

    Attributes:
        state: its data.
        faults: the faults that it injects.
        url: the value of WANDB_BASE_URL for clients.
    """

    daemon_threads = True
    request_queue_size = 128  # many clients connect at the same time

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.state = State()
        self.faults = Faults()
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.roots = standin_answers.roots(self.state, self._upload_url)

    def __enter__(self) -> Server:
        threading.Thread(target=self.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: object, client_address: object) -> None:
        """Record errors outside any answer; a client may close its connection at any time."""
        if not isinstance(sys.exception(), ConnectionError):
            self.state.problems.append(traceback.format_exc())

    def shutdown_request(self, request: Any) -> None:
        """Close a connection; without the usual farewell if it is to be reset."""
        lingers, _ = struct.unpack("ii", request.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, 8))
        (self.close_request if lingers else super().shutdown_request)(request)

    def _upload_url(self, run: Run, name: str) -> str:
        return f"{self.url}/upload/{run.name}/{name}"


class _Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"  # keeps connections open, as the client expects

    def do_POST(self) -> None:
        """Serve GraphQL and file_stream."""
        self._serve(self._respond)

    def _serve(self, respond: Respond) -> None:
        """Carry a request out and answer it, unless a fault is drawn for it."""
        body, faults = self._body(), self.server.faults
        with self.server.state.lock:
            fault = faults.draw(self._name(body))
            if fault in REFUSALS:
                refusal, pause = {"error": "try again later"}, str(faults.retry_after)
                more = {"Retry-After": pause} if fault is Fault.PAUSED else {}
                self._send(REFUSALS[fault], refusal, more)
                return
            if fault not in (Fault.REFUSED, Fault.PAGE):
                status, answer = respond(body)
            if fault is Fault.DOUBLED:
                status, answer = respond(body)
        if _FILE_STREAM.fullmatch(self.path):
            time.sleep(faults.delay)
        if fault in (Fault.REFUSED, Fault.LOST, Fault.SILENT):
            self._hang_up(fault)
        elif fault is Fault.PAGE:
            self._send_page()
        else:
            time.sleep(faults.late if fault is Fault.LATE else 0)
            sent = faults.change(answer) if fault is Fault.WRONG else answer
            self._send(status, sent, cut=fault is Fault.CUT)

    def _hang_up(self, fault: Fault) -> None:
        """Close the connection without an answer: at once, or when the client has given up."""
        self.close_connection = True
        if fault is Fault.REFUSED:  # closing then resets the connection
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        elif fault is Fault.SILENT:
            self.connection.settimeout(_SILENT_SECONDS)
            with contextlib.suppress(OSError):
                self.connection.recv(1)

    def _send_page(self) -> None:
        self._send_bytes(200, "text/html", b"<html><body>Please log in</body></html>", {})

    def _respond(self, body: bytes) -> tuple[int, dict[str, Any]]:
        if self.headers.get("Authorization") != _CREDENTIALS:
            return 401, {"errors": [{"message": "user is not logged in"}]}
        try:
            return 200, self._answer(json.loads(body))
        except Refused as refusal:
            return refusal.status, {"data": None, "errors": [{"message": str(refusal)}]}
        except Exception:
            problem = f"{self.command} {self.path}: {body[:2000]!r}\n{traceback.format_exc()}"
            self.server.state.problems.append(problem)
            return 400, {"errors": [{"message": "the stand-in cannot answer this"}]}

    def do_PUT(self) -> None:
        """Accept an uploaded file and ignore its content."""
        self._serve(self._accept)

    def _accept(self, body: bytes) -> tuple[int, dict[str, Any]]:
        if not self.path.startswith("/upload/"):
            self.server.state.problems.append(f"PUT {self.path}")
        return 200, {}

    def do_GET(self) -> None:
        """Refuse: the client has no reason to send GET."""
        self.server.state.problems.append(f"GET {self.path}")
        self._send(404, {})

    def _name(self, body: bytes) -> str:
        """Name the request: its GraphQL operation, "file_stream" or "upload"."""
        if self.path == "/graphql":
            named = _OPERATION.search(body.decode())
            return named[1] if named else "unnamed"
        return "file_stream" if _FILE_STREAM.fullmatch(self.path) else "upload"

    def _answer(self, request: dict[str, Any]) -> dict[str, Any]:
        if self.path == "/graphql":
            variables = request.get("variables") or {}
            self.server.state.asked[self._name(request["query"].encode())] += 1
            return {"data": execute(request["query"], variables, self.server.roots)}
        match = _FILE_STREAM.fullmatch(self.path)
        if match is None:
            raise LookupError(f"unknown address {self.path}")
        return standin_filestream.take(self.server.state, match["project"], match["run"], request)

    def _body(self) -> bytes:
        if "chunked" in self.headers.get("Transfer-Encoding", ""):
            body = self._chunks()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return gzip.decompress(body) if self.headers.get("Content-Encoding") == "gzip" else body

    def _chunks(self) -> bytes:
        parts = []
        while size := int(self.rfile.readline(), 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _send(
        self, status: int, answer: dict[str, Any], more: Mapping[str, str] | None = None, cut: bool = False
    ) -> None:
        self._send_bytes(status, "application/json", json.dumps(answer).encode(), more or {}, cut)

    def _send_bytes(
        self, status: int, kind: str, data: bytes, more: Mapping[str, str], cut: bool = False
    ) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(data)), **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data[: len(data) // 2] if cut else data)
        self.close_connection = self.close_connection or cut

    def log_message(self, format: str, *args: object) -> None:
        """Print nothing; everything of interest is in the state."""
