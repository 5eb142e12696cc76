"""A real server for bad requests: gunicorn as it is deployed, its log kept, and bytes sent to it as they are."""

from __future__ import annotations

import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException, HTTPResponse
from pathlib import Path
from typing import Final

from app.config import ROOT
from bench.fuzz_watch import MOST_S
from bench.servers import READY_S, free_port, wait_ready

MOST_BODY: Final = 64 << 20
FAULT: Final = re.compile(
    r"^\S+Z (?:error|critical) (?P<said>[^\n]*?(?:error=(?P<error>[^=\n]*) said=[^\n]*)?)\n"
    r"(?P<places>(?: {4}\S[^\n]*\n)*)",
    re.MULTILINE,
)
"""A failure in the log (app/logs.py): a line, and below it the places it came through."""
OURS: Final = re.compile(r"^ {4}((?:app|gis)/\S+ \w+)$", re.MULTILINE)
BARE: Final = "Traceback (most recent call last)"


@dataclass(frozen=True)
class Answer:
    """What came back; status 0 where nothing did."""

    status: int
    seconds: float
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()
    body: bytes = field(default=b"", repr=False)

    @property
    def is_pause(self) -> bool:
        """Whether the server asked to come again later."""
        return self.status == 503 and "retry-after" in self.headers


@dataclass(frozen=True)
class Server:
    """A running server."""

    port: int
    pid: int
    log: Path

    def send(self, request: bytes, *, ends: bool = False) -> Answer:
        """The answer to these bytes, after which the connection is closed; `ends`: nothing more comes from us."""
        begun = time.perf_counter()
        try:
            with socket.create_connection(("127.0.0.1", self.port), timeout=3 * MOST_S) as connection:
                try:
                    connection.sendall(request)
                    if ends:
                        connection.shutdown(socket.SHUT_WR)
                except OSError:
                    pass  # refused before all was sent: the answer may be there already
                response = HTTPResponse(connection, method=request[:4].decode("latin-1").strip())
                response.begin()
                body = response.read(MOST_BODY)
        except (OSError, HTTPException, ValueError):
            return Answer(0, time.perf_counter() - begun)
        headers = {name.lower(): value for name, value in response.getheaders()}
        cookies = tuple(response.headers.get_all("Set-Cookie") or ())
        return Answer(response.status, time.perf_counter() - begun, headers, cookies, body)

    def faults(self) -> dict[str, str]:
        """What the log tells of failures: by the place in our code that each came out of."""
        text = self.log.read_text(encoding="utf-8", errors="replace")
        if kept := os.environ.get("POCIT_FUZZ_LOG"):
            Path(kept).write_text(text, encoding="utf-8")
        found: dict[str, str] = {}
        for fault in FAULT.finditer(text):
            ours = OURS.findall(fault["places"])
            found.setdefault(
                f"log: {fault['error'] or 'error'} in {ours[-1] if ours else '?'}", fault["said"][:300]
            )
        if BARE in text:
            found["log: a bare traceback"] = text[text.index(BARE) :][:600]
        return found


def request(
    method: str, target: bytes, headers: Mapping[str, str] | None = None, body: bytes | None = None
) -> bytes:
    """The bytes of one request; header values may hold anything."""
    lines = [method.encode("latin-1") + b" " + target + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close"]
    for name, value in (headers or {}).items():
        lines.append(name.encode("latin-1", "replace") + b": " + value.encode("utf-8", "surrogatepass"))
    if body is not None:
        lines.append(b"Content-Length: %d" % len(body))
    return b"\r\n".join(lines) + b"\r\n\r\n" + (body or b"")


@contextmanager
def served(environment: Mapping[str, str], folder: Path) -> Iterator[Server]:
    """The server for as long as the block lasts."""
    port, log = free_port(), folder / "server.log"
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        "-c",
        str(ROOT / "deploy" / "gunicorn.conf.py"),
        "-b",
        f"127.0.0.1:{port}",
    ]
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "app:create_app()"], cwd=ROOT, env=os.environ | environment, stdout=file, stderr=file
        )
    try:
        for patience in (True, True, False):  # a busy machine may take a minute
            try:
                wait_ready(port, "/readyz", process)
                break
            except RuntimeError:
                if process.poll() is not None or not patience:
                    print(log.read_text(encoding="utf-8", errors="replace")[-3000:], file=sys.stderr)
                    raise
        yield Server(port, process.pid, log)
    finally:
        process.terminate()
        try:
            process.wait(READY_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
