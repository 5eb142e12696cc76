"""Asking other servers: never our own network, whatever a name, a redirect or a lookup says."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from app.services import outward
from app.services.guarded_http import guard
from app.services.outward import Asking, BadAnswer, Forbidden, OutwardFailure, Unreachable, fetch, is_public

HERE = Asking("tests", 1000, frozenset({"127.0.0.1", "tiles.example"}))
STRANGER = Asking("tests", 1000)


@contextmanager
def a_server(answer: Callable[[BaseHTTPRequestHandler], None]) -> Iterator[int]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer(self)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.server_port
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def ok(request: BaseHTTPRequestHandler, body: bytes = b"picture") -> None:
    request.send_response(200)
    request.end_headers()
    request.wfile.write(body)


def resolving(monkeypatch: pytest.MonkeyPatch, *answers: str) -> list[str]:
    """Names lead to these addresses, one a lookup; gives the list of what was connected to."""
    left = list(answers)
    connected: list[str] = []

    def getaddrinfo(_host: str, port: int, *_args: Any, **_more: Any) -> list[Any]:
        found = left.pop(0) if len(left) > 1 else left[0]
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (found, port))]

    def create_connection(address: tuple[str, int], **more: Any) -> socket.socket:
        connected.append(address[0])
        there = socket.socket()
        there.settimeout(more["timeout"])
        there.connect(("127.0.0.1", address[1]))
        return there

    monkeypatch.setattr(outward.socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(outward.socket, "create_connection", create_connection)
    return connected


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1",
        "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255",
        "::1", "::", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12:3456::1", "ff02::1", "fec0::1", "2001:db8::1",
        "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a00:1", "64:ff9b::7f00:1", "2002:7f00:1::",
        "2002:a00:1::1", "3fff::1", "5f00::1", "64:ff9b:1::1", "2001:0:4136:e378:8000:63bf:3fff:fdd2",
    ],
)  # fmt: skip
def test_inner_addresses_are_not_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "193.17.47.1", "2a00:1450:4014:80e::200e", "64:ff9b::808:808"])
def test_outer_addresses_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    "address",
    [
        "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://0:{port}/", "http://2130706433:{port}/",
        "http://0x7f.1:{port}/", "http://127.1:{port}/", "http://[::1]:{port}/", "http://[::ffff:127.0.0.1]:{port}/",
        "http://0177.0.0.1:{port}/", "http://127.0.0.1.:{port}/", "http://LOCALHOST:{port}/",
    ],
)  # fmt: skip
def test_our_own_machine_is_not_asked_under_any_name(address: str) -> None:
    asked = []
    with (
        a_server(lambda request: (asked.append(request.path), ok(request))[1]) as port,
        pytest.raises(OutwardFailure),
    ):
        fetch(address.format(port=port), STRANGER)
    assert asked == []


@pytest.mark.parametrize(
    "address",
    [
        "file:///etc/passwd", "ftp://example.org/x", "gopher://example.org/", "//example.org/x", "http:///x", "x",
        "http://user:secret@example.org/", "http://example.org:99999/", "http://[::1/", "",
        "http://127.0.0.1\r\nHost: x/",
    ],
)  # fmt: skip
def test_only_plain_web_addresses_are_asked(address: str) -> None:
    with pytest.raises(Forbidden):
        fetch(address, STRANGER)


def test_a_name_of_the_inner_network_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    connected = resolving(monkeypatch, "10.1.2.3")
    with pytest.raises(Forbidden):
        fetch("http://tiles.evil.example/", STRANGER)
    assert connected == []


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch: pytest.MonkeyPatch) -> None:
    """A name that leads outside at the first lookup and inside at the second (DNS rebinding)."""
    connected = resolving(monkeypatch, "93.184.216.34", "127.0.0.1")
    with a_server(ok) as port:
        assert fetch(f"http://rebinding.example:{port}/", STRANGER) == b"picture"
    assert connected == ["93.184.216.34"]


def test_one_inner_address_among_outer_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    both = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "192.168.0.1")]
    monkeypatch.setattr(outward.socket, "getaddrinfo", lambda *_a, **_k: both)
    with pytest.raises(Forbidden):
        fetch("http://both.example/", STRANGER)


def test_a_redirect_inside_is_checked_like_the_first_address(monkeypatch: pytest.MonkeyPatch) -> None:
    """The same name again, which by now leads inside."""
    resolving(monkeypatch, "93.184.216.34", "127.0.0.1")

    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", "/inside")
        request.end_headers()

    with a_server(elsewhere) as port, pytest.raises(Forbidden):
        fetch(f"http://rebinding.example:{port}/", STRANGER)


@pytest.mark.parametrize("there", ["http://localhost/", "http://169.254.169.254/latest", "file:///etc/passwd"])
def test_a_redirect_leads_to_no_other_host_or_scheme(there: str) -> None:
    def elsewhere(request: BaseHTTPRequestHandler) -> None:
        request.send_response(302)
        request.send_header("Location", there)
        request.end_headers()

    with a_server(elsewhere) as port, pytest.raises(Forbidden):
        fetch(f"http://127.0.0.1:{port}/", HERE)


def test_redirects_in_a_circle_end() -> None:
    def around(request: BaseHTTPRequestHandler) -> None:
        request.send_response(301)
        request.send_header("Location", "/again")
        request.end_headers()

    with a_server(around) as port, pytest.raises(BadAnswer):
        fetch(f"http://127.0.0.1:{port}/", HERE)


def test_an_allowed_inner_server_is_asked() -> None:
    with a_server(ok) as port:
        assert fetch(f"http://127.0.0.1:{port}/14/1/2", HERE) == b"picture"


def test_no_more_is_read_than_asked_for() -> None:
    with a_server(lambda request: ok(request, b"x" * 5000)) as port, pytest.raises(BadAnswer):
        fetch(f"http://127.0.0.1:{port}/", HERE)


@pytest.mark.parametrize("where", ["headers", "body"])
def test_a_server_that_sends_a_byte_now_and_then_is_hung_up_on(
    monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    monkeypatch.setattr(outward, "TIMEOUT_S", 1.0)

    def drip(request: BaseHTTPRequestHandler) -> None:
        if where == "body":
            request.send_response(200)
            request.end_headers()
        try:
            for _ in range(60):
                request.wfile.write(b"x")
                request.wfile.flush()
                time.sleep(0.1)
        except OSError:
            pass

    began = time.monotonic()
    with a_server(drip) as port:
        with pytest.raises(OutwardFailure):
            fetch(f"http://127.0.0.1:{port}/", HERE)
        assert time.monotonic() - began < 3


def test_nobody_there_is_told() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with pytest.raises(Unreachable):
        fetch(f"http://127.0.0.1:{port}/", HERE)


def test_a_look_up_that_never_ends_is_not_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    over = threading.Event()

    def getaddrinfo(*_args: Any, **_more: Any) -> list[Any]:
        over.wait(20)
        return []

    monkeypatch.setattr(outward.socket, "getaddrinfo", getaddrinfo)
    began = time.monotonic()
    try:
        with pytest.raises(Unreachable):
            outward.look_up("slow.example", 443, began + 0.3)
        assert time.monotonic() - began < 5
    finally:
        over.set()


def guarded(inner: set[str], most_s: float = 5.0) -> Any:
    """A session of the library that asks identity providers."""
    requests = pytest.importorskip("requests")
    session = requests.Session()
    session.trust_env = False
    guard(session, most_s=most_s, inner_hosts=inner)
    return session


def test_a_provider_leads_nowhere_but_to_public_addresses() -> None:
    """Only the server that an admin named may lie on the town's own network; what it names itself may not."""
    import requests

    with a_server(ok) as port:
        for host in ("127.0.0.1", "localhost"):
            assert guarded({host}).get(f"http://{host}:{port}/", timeout=5).content == b"picture"
            with pytest.raises(requests.RequestException):
                guarded({"idp.example"}).get(f"http://{host}:{port}/", timeout=5)


def test_a_provider_that_trickles_its_headers_is_hung_up() -> None:
    """Each byte comes in time, and the answer never ends: the whole has a time too."""
    import requests

    def trickle(request: BaseHTTPRequestHandler) -> None:
        with contextlib.suppress(OSError):
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX-Long: ")
            for _ in range(100):
                request.wfile.write(b"x")
                request.wfile.flush()
                time.sleep(0.1)

    with a_server(trickle) as port:
        began = time.monotonic()
        with contextlib.suppress(requests.RequestException):
            assert guarded({"127.0.0.1"}, 1.0).get(f"http://127.0.0.1:{port}/", timeout=5).content == b""
        assert time.monotonic() - began < 5
