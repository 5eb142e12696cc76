"""Load from one process on loopback: connections that send prepared requests and count the answers."""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Load:
    """What came of it: answers a second, by status."""

    seconds: float
    statuses: dict[int, int]

    def per_second(self, status: int) -> float:
        """Answers of this status in a second."""
        return self.statuses.get(status, 0) / self.seconds


def request_bytes(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    """One HTTP/1.1 request, ready to send."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


def send_for(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """Keep so many connections busy for so long; each sends its next request when it has its answer.

    A selector and raw sockets: the client must cost far less than the servers it measures.
    """
    selector = selectors.DefaultSelector()
    statuses: dict[int, int] = {}
    opened = [_connected(port) for _ in range(connections)]
    connection: socket.socket
    for connection in opened:
        selector.register(connection, selectors.EVENT_READ, connection)
        connection.sendall(next(requests))
    start = time.monotonic()
    waiting = connections
    while waiting:
        for key, _ in selector.select():
            connection = key.data
            answer = _answer(connection)
            status = int(answer[9:12])
            statuses[status] = statuses.get(status, 0) + 1
            if b"connection: close" in answer.lower():
                selector.unregister(connection)
                connection.close()
                connection = _connected(port)
                selector.register(connection, selectors.EVENT_READ, connection)
                opened.append(connection)
            if time.monotonic() - start < seconds:
                connection.sendall(next(requests))
            else:
                selector.unregister(connection)
                waiting -= 1
    elapsed = time.monotonic() - start
    for connection in opened:
        connection.close()
    return Load(elapsed, statuses)


def _connected(port: int) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", port))
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def _answer(connection: socket.socket) -> bytes:
    """One whole answer."""
    received = b""
    while b"\r\n\r\n" not in received:
        part = connection.recv(65536)
        if not part:
            msg = "the server closed the connection in the middle of an answer"
            raise RuntimeError(msg)
        received += part
    head, _, body = received.partition(b"\r\n\r\n")
    if head[9:12] in (b"204", b"304"):  # they have no body, and say no length
        return head
    length = next(int(line[15:]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return head
