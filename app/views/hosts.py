"""Under which names this server answers: what a request calls us gets into links, so it must be a name of ours.

Where the operator has said the address (POCIT_ADDRESS, further names in POCIT_HOSTS), any other name gets a plain
400; where not, as on a desk, every name will do that is one at all.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, Response, current_app, request, url_for

from app.config import Config

THIS_MACHINE = frozenset({"localhost", "127.0.0.1", "[::1]"})
"""Who looks after the server asks by these, on whichever port."""
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
    config: Config = app.extensions["pocit-config"]
    if not config.address:
        return
    known, prefix = own_names(config), urlsplit(config.address).path

    def refuse_strange_names() -> Response | None:
        if request.endpoint in ASKED_BY_MACHINES:
            return None
        if is_own(request.host, known) and request.script_root in ("", prefix):
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
    return frozenset({parts.netloc.removesuffix(f":{usual}"), *config.hosts})


def is_own(host: str, known: Collection[str]) -> bool:
    """Whether a Host header names us."""
    name = host.lower()
    for usual in DEFAULT_PORTS.values():
        if name.removesuffix(f":{usual}") in known:
            return True
    return name in known or name.rpartition(":")[0] in THIS_MACHINE or name in THIS_MACHINE


def whole_address(endpoint: str, **values: object) -> str:
    """The whole address of a page of ours to hand to somebody else: under the operator's name for us, if said."""
    config: Config = current_app.extensions["pocit-config"]
    if not config.address:
        return url_for(endpoint, _external=True, **values)  # type: ignore[arg-type]
    path = url_for(endpoint, **values)  # type: ignore[arg-type]
    return config.address + path.removeprefix(request.root_path)
