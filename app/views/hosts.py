"""Under which names this server answers: what a request calls us gets into links, so it must be a name of ours.

Where the operator has said the address (POCIT_ADDRESS, further names in POCIT_HOSTS), any other name gets a plain
400, and whole addresses of ours begin with it, whichever name was asked; where not, as on a desk, every name will
do that is one at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, has_request_context, request

from app.config import Config

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Who looks after the server asks by these, on whichever port, from the machine itself and through no proxy."""
HANDED_ON = ("HTTP_FORWARDED", "HTTP_VIA", "HTTP_X_REAL_IP")
"""With these, or anything that begins like X-Forwarded-, somebody else asks through a proxy."""
ASKED_BY_MACHINES = frozenset({"pages.healthz", "pages.readyz", "metrics.metrics"})
"""What a balancer or a collector asks by the number of the machine; nothing in the answers depends on a name."""
SAID = "This server does not answer under this name. / Pod tímto jménem tento server neodpovídá.\n"
DEFAULT_PORTS = {"http": "80", "https": "443"}


LABEL = "[a-z0-9_-]{1,63}"
NAME = re.compile(rf"({LABEL}(\.{LABEL})*\.?|\[[0-9a-f:.]{{2,45}}\])(:\d{{1,5}})?", re.IGNORECASE)
MOST_NAME_CHARACTERS = 253 + 6

Start = Callable[..., Any]
Wsgi = Callable[[dict[str, Any], Start], Iterable[bytes]]


def init_app(app: Flask) -> None:
    """Look at the name before anything else does."""
    app.wsgi_app = _refusing_no_names(app.wsgi_app)  # type: ignore[assignment,method-assign]
    app.url_for = _under_own_address(app, app.url_for)  # type: ignore[method-assign]
    app.jinja_env.globals["url_for"] = app.url_for
    config: Config = app.extensions["pocit-config"]
    if not config.address:
        return
    known, prefix = own_names(config), urlsplit(config.address).path

    def refuse_strange_names() -> Response | None:
        if request.endpoint in ASKED_BY_MACHINES:
            return None
        is_known = is_own(request.host, known) or asks_itself(request.host, request.environ)
        if is_known and request.script_root in ("", prefix):
            return None
        return Response(SAID, 400, mimetype="text/plain")

    app.before_request_funcs.setdefault(None, []).insert(0, refuse_strange_names)


def _refusing_no_names(inner: Wsgi) -> Wsgi:
    """The same server, which answers 400 to what is no name: routes and links can't even be looked up under it."""

    def answer(environ: dict[str, Any], start: Start) -> Iterable[bytes]:
        said = environ.get("HTTP_HOST", "")
        if not said or (len(said) <= MOST_NAME_CHARACTERS and NAME.fullmatch(said)):
            return inner(environ, start)
        refusal = Response(SAID, 400, mimetype="text/plain", headers={"X-Content-Type-Options": "nosniff"})
        return refusal(environ, start)

    return answer


def own_names(config: Config) -> Collection[str]:
    """The names as a browser sends them: without the port where it is the usual one of the address's scheme."""
    parts = urlsplit(config.address.lower() if "://" in config.address else f"https://{config.address.lower()}")
    usual = DEFAULT_PORTS.get(parts.scheme, "")
    return frozenset({_plain(parts.netloc).removesuffix(f":{usual}"), *(_plain(name) for name in config.hosts)})


def is_own(host: str, known: Collection[str]) -> bool:
    """Whether a Host header names us."""
    name = _plain(host)
    return name in known or any(name.removesuffix(f":{usual}") in known for usual in DEFAULT_PORTS.values())


def asks_itself(host: str, environ: Mapping[str, Any]) -> bool:
    """Whether this machine asks itself, by one of its own names.

    From outside, nobody reaches us by these: who says so would have his word in what caches keep for others.
    """
    if _parts(host)[0] not in THIS_MACHINE:
        return False
    if any(key in HANDED_ON or key.startswith("HTTP_X_FORWARDED_") for key in environ):
        return False
    # What a proxy of ours has said of the asker would stand in its place.
    peer = environ.get("werkzeug.proxy_fix.orig", environ).get("REMOTE_ADDR") or ""
    try:
        at = ip_address(peer.partition("%")[0])
    except ValueError:
        return False
    return (getattr(at, "ipv4_mapped", None) or at).is_loopback


def _plain(host: str) -> str:
    """A name in the one way to write it: small, without the dot of the root, IPv6 as short as it can be."""
    name, port = _parts(host)
    return name + port


def _parts(host: str) -> tuple[str, str]:
    """Name and port, the latter with its colon or empty."""
    said = host.lower()
    if said.startswith("["):
        inside, _, rest = said[1:].partition("]")
        with suppress(ValueError):
            inside = ip_address(inside).compressed
        return f"[{inside}]", rest
    name, colon, port = said.partition(":")
    return name.removesuffix("."), colon + port


def whole_address(endpoint: str, **values: object) -> str:
    """The whole address of a page of ours to hand to somebody else: under the operator's name for us, if said."""
    return current_app.url_for(endpoint, _external=True, **values)  # type: ignore[arg-type]


def as_asked(endpoint: str, **values: object) -> str:
    """The same under the name by which we were asked: for ways back to this very browser, which knows us by it."""
    return request.host_url.rstrip("/") + current_app.url_for(endpoint, **values)  # type: ignore[arg-type]


def said_address() -> str:
    """The server's address as its operator gives it; empty where only the request says one."""
    config: Config = current_app.extensions["pocit-config"]
    return config.address


def own_root() -> str:
    """What the addresses of all our pages begin with, without a slash at its end."""
    return said_address() or request.url_root.rstrip("/")


def _under_own_address(app: Flask, inner: Callable[..., str]) -> Callable[..., str]:
    """Flask's `url_for`, whose whole addresses begin with what the operator says, not with what the asker says."""
    config: Config = app.extensions["pocit-config"]

    def url_for(endpoint: str, *, _external: bool | None = None, **values: Any) -> str:
        if not _external or not config.address or not has_request_context():
            return inner(endpoint, _external=_external, **values)
        return config.address + inner(endpoint, _external=False, **values).removeprefix(request.root_path)

    return url_for
