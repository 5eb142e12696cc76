"""The real server and people who send slowly: some mean it, some have a bad line."""

from __future__ import annotations

import json
import socket
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, suppress

import pytest
from sqlalchemy.orm import Session

from tests.builders import TOKEN, a_feature, a_map, bearer
from tests.deploy.served import Served, ask, gunicorn

ITEMS = "/api/collections/testov/items"
SENDERS = 30
SOON_S = 20.0
BOUNDARY = b"--line\r\n"
FORM = BOUNDARY + b'Content-Disposition: form-data; name="photo"; filename="x.jpg"\r\n\r\n'


@pytest.fixture(scope="module")
def server(live_url: str, live_server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    # Its two processes have eight threads, as on a small machine of a town.
    with gunicorn(live_url, tmp_path_factory.mktemp("slow"), POCIT_THREADS="8") as served:
        yield served


@pytest.fixture
def pin(server: Served, live_session: Session) -> str:
    a_map(live_session, photos=True)
    feature = a_feature("unsafe")
    headers = [f"-H{name}: {value}" for name, value in bearer().items()]
    sent = json.dumps(feature)
    assert ask(server.address + ITEMS, "-d", sent, "-H", "Content-Type: application/json", *headers)[0] == 201
    return str(feature["id"])


def opening(method: str, path: str, kind: str, length: int, *more: str) -> bytes:
    """The head of a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Authorization: Bearer {TOKEN}", *more]
    lines += [f"Content-Type: {kind}", f"Content-Length: {length}"]
    return "\r\n".join([*lines, "", ""]).encode()


def a_photo(pin: str, length: int) -> bytes:
    """The head of a photo, and the beginning of its form."""
    return opening("PUT", f"{ITEMS}/{pin}/photo", "multipart/form-data; boundary=line", length) + FORM


def beginning(kind: str, pin: str) -> bytes:
    """What a slow sender of this kind sends at once."""
    if kind == "photo":
        return a_photo(pin, 9_000_000) + b"x" * 600_000
    if kind == "photo of nobody":
        return a_photo(str(uuid.uuid4()), 9_000_000) + b"x" * 600_000
    if kind == "refused":
        return opening("POST", ITEMS, "application/json", 900_000)
    if kind == "chunks":
        head = opening("POST", ITEMS, "application/json", 1).replace(
            b"Content-Length: 1", b"Transfer-Encoding: chunked"
        )
        return head + b"fff0\r\n"
    if kind == "form":
        return opening("POST", "/m/testov/write", "application/x-www-form-urlencoded", 200_000) + b"comment="
    if kind == "head":
        return b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nX: "
    return b""


def drip(port: int, begun: bytes, stop: threading.Event, leave: ExitStack) -> None:
    """One sender: much at once, then a byte a second for as long as somebody listens."""
    line = leave.enter_context(socket.create_connection(("127.0.0.1", port), timeout=5))
    with suppress(OSError):
        line.sendall(begun)
        while not stop.wait(1):
            line.sendall(b"x")


@pytest.mark.parametrize("kind", ["photo", "photo of nobody", "refused", "chunks", "form", "head", "silent"])
def test_thirty_slow_senders_hold_up_nobody(server: Served, pin: str, kind: str) -> None:
    stop = threading.Event()
    begun = beginning(kind, pin)
    with ExitStack() as leave:
        drips = [threading.Thread(target=drip, args=(server.port, begun, stop, leave)) for _ in range(SENDERS)]
        try:
            for one in drips:
                one.start()
            time.sleep(2)
            began = time.monotonic()
            while not (at_once(server) and at_once(server) and at_once(server)):
                assert time.monotonic() - began < SOON_S, kind
                time.sleep(0.2)
        finally:
            stop.set()
            for one in drips:
                one.join()


def at_once(server: Served) -> bool:
    """Whether the server answers, within a second."""
    return ask(f"{server.address}/healthz", "-m", "1")[0] == 200


def trickled(port: int, content: bytes, rate: int) -> bytes:
    """What comes back for this, sent at so many bytes a second."""
    with socket.create_connection(("127.0.0.1", port), timeout=30) as line:
        step = max(1, rate // 10)
        for at in range(0, len(content), step):
            line.sendall(content[at : at + step])
            time.sleep(step / rate)
        return line.recv(65536)


def test_a_pin_from_a_very_slow_phone_is_stored(server: Served, pin: str) -> None:
    content = json.dumps(a_feature("safe", comment="é" * 100)).encode()
    head = opening("POST", ITEMS, "application/json", len(content))
    assert trickled(server.port, head + content, 2_000).startswith(b"HTTP/1.1 201")


def test_a_photo_over_a_slow_line_is_read_to_its_end_among_slow_senders(server: Served, pin: str) -> None:
    """Half a megabyte at fifty kilobytes a second; it is no picture, which only who has read it all can say."""
    content = FORM + b"x" * 450_000 + b"\r\n--line--\r\n"
    head = opening("PUT", f"{ITEMS}/{pin}/photo", "multipart/form-data; boundary=line", len(content))
    stop = threading.Event()
    with ExitStack() as leave:
        begun = beginning("photo", pin)
        drips = [threading.Thread(target=drip, args=(server.port, begun, stop, leave)) for _ in range(SENDERS)]
        try:
            for one in drips:
                one.start()
            answer = trickled(server.port, head + content, 50_000)
        finally:
            stop.set()
            for one in drips:
                one.join()
    assert answer.startswith(b"HTTP/1.1 422"), answer


def test_who_is_too_slow_is_told_so_and_may_come_again(server: Served, pin: str) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=40) as line:
        line.sendall(a_photo(pin, 9_000_000) + b"x" * 100)
        answer = line.recv(65536)
    assert answer.startswith(b"HTTP/1.1 408")
    assert b"\r\nConnection: close\r\n" in answer


def test_what_is_left_of_a_refused_body_ends_the_connection_and_what_has_come_does_not(
    server: Served, pin: str
) -> None:
    path, kind = f"{ITEMS}/{uuid.uuid4()}/photo", "multipart/form-data; boundary=line"
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        line.sendall(opening("PUT", path, kind, 900_000))
        answer = b"".join(iter(lambda: line.recv(65536), b""))
        assert b"\r\nConnection: close\r\n" in answer
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as line:
        for _ in range(2):  # the second over the same connection
            line.sendall(opening("PUT", path, kind, 500) + b"x" * 500)
            answer = b""
            while not answer.endswith(b"}\n"):
                answer += line.recv(65536)
            assert answer.startswith(b"HTTP/1.1 404")
            assert b"\r\nConnection: keep-alive\r\n" in answer


def test_who_does_not_leave_keeps_nobody_else_waiting(server: Served, pin: str) -> None:
    """They have their answer, and the server closes; they don't."""
    with ExitStack() as leave:
        for _ in range(SENDERS):
            line = leave.enter_context(socket.create_connection(("127.0.0.1", server.port), timeout=10))
            line.sendall(b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        time.sleep(0.3)
        assert all(at_once(server) for _ in range(5))
