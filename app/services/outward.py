"""Asking servers that somebody named in a form: over http(s), on the public internet only, and not for long.

The name is looked up once, every address it has is checked, and the connection goes to a checked address: a name
that says something else a moment later changes nothing. A town's own server on its inner network can be allowed
by name (POCIT_TILE_HOSTS).
"""

from __future__ import annotations

import contextlib
import http.client
import ipaddress
import queue
import socket
import ssl
import threading
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from urllib.parse import SplitResult, urljoin, urlsplit

TIMEOUT_S = 6.0
"""For everything together, unless the asking says otherwise: looking up, connecting, redirects, reading."""
MOST_REDIRECTS = 3
PIECE_BYTES = 1 << 16
PORTS = {"http": 80, "https": 443}
_NAT64 = ipaddress.IPv6Network("64:ff9b::/96")
_NOT_PUBLIC = tuple(ipaddress.IPv6Network(net) for net in ("64:ff9b:1::/48", "3fff::/20", "5f00::/16"))
"""What older libraries take for the internet: translation within a network (RFC 8215), examples (RFC 9637),
segment routing (RFC 9602)."""


class OutwardFailure(Exception):
    """Nothing usable came back."""


class Forbidden(OutwardFailure):
    """The address leads where we don't go."""


class Unreachable(OutwardFailure):
    """Nobody answers there, or not in time."""


class BadAnswer(OutwardFailure):
    """There is an answer, but not what was asked for."""


class TooMuch(BadAnswer):
    """The answer is larger than what was asked for can be."""


@dataclass(frozen=True)
class Asking:
    """How to ask: as whom, and how much to take."""

    user_agent: str
    most_bytes: int
    inner_hosts: Collection[str] = ()
    """Names of servers that may lie on private networks."""
    accept: str = "image/*"
    """Which types of content are of use, as the header says it."""
    timeout_s: float | None = None
    """For everything together; None: as long as any."""


def fetch(address: str, asking: Asking) -> bytes:
    """What the address answers, redirects within its host followed; OutwardFailure for anything else."""
    deadline = time.monotonic() + (asking.timeout_s or TIMEOUT_S)
    first = _split(address)
    here = first
    for _ in range(MOST_REDIRECTS + 1):
        answer = _ask(here, asking, deadline)
        if isinstance(answer, bytes):
            return answer
        here = _split(urljoin(here.geturl(), answer))
        if here.hostname != first.hostname:
            raise Forbidden(f"{first.hostname} sends on to another host")
    raise BadAnswer("too many redirects")


def server_of(address: str) -> str:
    """The server an address names, with its port; empty for none. Two on one machine are two."""
    try:
        parts = urlsplit(address)
        return f"{parts.hostname or ''}:{parts.port or PORTS.get(parts.scheme, '')}".strip(":")
    except ValueError:
        return ""


def is_public(address: str) -> bool:
    """Whether an IP address lies on the public internet, in whichever wrapping of IPv6."""
    ip = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.teredo is not None or any(ip in net for net in _NOT_PUBLIC):
            return False
        inner = ip.ipv4_mapped or ip.sixtofour
        if inner is None and ip in _NAT64:
            inner = ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF)
        if inner is not None:
            return is_public(str(inner))
        if ip.is_site_local:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _split(address: str) -> SplitResult:
    try:
        parts = urlsplit(address)
        _ = parts.port
    except ValueError as error:
        raise Forbidden("not an address") from error
    if parts.scheme not in PORTS or not parts.hostname or parts.username is not None:
        raise Forbidden("not a plain http(s) address")
    return parts


def look_up(host: str, port: int, deadline: float) -> list[str]:
    """The addresses of a name; Unreachable for an unknown one, and when nobody says until the deadline.

    The system's own look-up can't be told how long it may take: it goes on in a thread that nobody waits for.
    """
    answers: queue.SimpleQueue[list[str] | Exception] = queue.SimpleQueue()

    def ask() -> None:
        try:
            answers.put([str(entry[4][0]) for entry in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)])
        except (OSError, UnicodeError) as error:
            answers.put(error)

    threading.Thread(target=ask, name="look-up", daemon=True).start()
    try:
        found = answers.get(timeout=max(0.1, deadline - time.monotonic()))
    except queue.Empty:
        raise Unreachable(f"{host} is not looked up in time") from None
    if isinstance(found, Exception):
        raise Unreachable(f"{host} is not known") from found
    return found


def _addresses(host: str, port: int, asking: Asking, deadline: float) -> list[str]:
    found = look_up(host, port, deadline)
    if host not in asking.inner_hosts and not all(is_public(address) for address in found):
        raise Forbidden(f"{host} is not on the public internet")
    return found


def _ask(parts: SplitResult, asking: Asking, deadline: float) -> bytes | str:
    """The body, or where we are sent on to."""
    host = parts.hostname or ""
    port = parts.port or PORTS[parts.scheme]
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    try:
        with _connection(
            parts.scheme, host, _addresses(host, port, asking, deadline), port, deadline
        ) as connection:
            headers = {"User-Agent": asking.user_agent, "Accept": asking.accept, "Accept-Encoding": "identity"}
            connection.request("GET", path, headers=headers)
            answer = connection.getresponse()
            if answer.status in (301, 302, 303, 307, 308):
                return answer.headers.get("Location") or ""
            if answer.status != http.client.OK:
                raise BadAnswer(f"{host} answers {answer.status}")
            return _body(answer, asking.most_bytes, deadline)
    except (OSError, http.client.HTTPException) as error:
        if isinstance(error, http.client.InvalidURL):
            raise Forbidden("not an address") from error
        raise Unreachable(f"{host}: {error}") from error
    except ValueError as error:  # letters that no address has
        raise Forbidden("not an address") from error


def _body(answer: http.client.HTTPResponse, most_bytes: int, deadline: float) -> bytes:
    pieces, size = [], 0
    while piece := answer.read1(PIECE_BYTES):
        pieces.append(piece)
        size += len(piece)
        if size > most_bytes:
            raise TooMuch(f"more than {most_bytes} bytes")
        if time.monotonic() > deadline:
            break
    # Hung up in the middle, what came so far looks like a whole answer.
    if time.monotonic() > deadline or answer.length:
        raise Unreachable("too slow, or cut off")
    return b"".join(pieces)


@contextlib.contextmanager
def _connection(
    scheme: str, host: str, addresses: Collection[str], port: int, deadline: float
) -> Iterator[http.client.HTTPConnection]:
    """A connection to one of the checked addresses, hung up at the deadline whatever the other side does."""
    left = max(0.1, deadline - time.monotonic())
    connection = http.client.HTTPConnection(host, port, timeout=left)
    plain = _connected(addresses, port, deadline)
    handle = plain.dup()
    # A server that sends a byte now and then would never run into a socket's own timeout.
    alarm = threading.Timer(max(0.1, deadline - time.monotonic()), hang_up, [handle])
    alarm.daemon = True
    alarm.start()
    try:
        connection.sock = plain
        if scheme == "https":
            connection.sock = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
        yield connection
    finally:
        alarm.cancel()
        connection.close()
        plain.close()
        handle.close()


def _connected(addresses: Collection[str], port: int, deadline: float) -> socket.socket:
    failure: OSError = OSError("no address")
    for address in addresses:
        left = deadline - time.monotonic()
        if left <= 0:
            break
        try:
            return socket.create_connection((address, port), timeout=left)
        except OSError as error:
            failure = error
    raise failure


def hang_up(handle: socket.socket) -> None:
    """End the connection, whoever waits for something on it."""
    with contextlib.suppress(OSError):
        handle.shutdown(socket.SHUT_RDWR)
