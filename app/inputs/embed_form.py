"""The websites on which a map may stand in a frame, as an official types them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final
from urllib.parse import SplitResult, urlsplit

from app.errors import InvalidInput, Problem
from app.i18n import N_

MOST_ORIGINS: Final = 20
MOST_CHARACTERS: Final = 200
ANY: Final = "*"
OWN_COMPUTER: Final = frozenset({"localhost", "127.0.0.1"})
"""Where a webmaster tries things out; only there is http enough."""
HOST: Final = re.compile(r"(?=.{1,253}$)[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*")
"""ASCII only and nothing else: what passes here is written into a header."""


def parse_origins(form: Mapping[str, str], *, on_own_computer: bool = False) -> list[str]:
    """The origins named in `origins`, one a line, each once; ["*"] for any website, and for that alone.

    A whole address of a page is taken for the website it lies on. One's own computer is a website only for a
    server that runs there, too. InvalidInput names the line that is none.
    """
    lines = [line.strip() for line in re.split(r"[\s,;]+", form.get("origins", "")) if line.strip()]
    if form.get("any") or lines == [ANY]:
        return [ANY]
    if len(lines) > MOST_ORIGINS:
        raise InvalidInput(Problem("origins", N_("At most %(most)s websites."), {"most": MOST_ORIGINS}))
    found = [(line, _origin(line, on_own_computer)) for line in lines]
    wrong = [line for line, origin in found if origin is None]
    if wrong:
        words = N_(
            "“%(line)s” is not the address of a website. It begins with https:// and looks like https://www.town.cz."
        )
        raise InvalidInput(*(Problem("origins", words, {"line": line[:60]}) for line in wrong[:5]))
    return list(dict.fromkeys(origin for _, origin in found if origin))


def is_own_computer(host: str | None) -> bool:
    """Whether this is the name of the computer on which one sits."""
    return host in OWN_COMPUTER


def _origin(line: str, on_own_computer: bool) -> str | None:
    """https://host[:port] of an address, or None where it is not one."""
    if len(line) > MOST_CHARACTERS:
        return None
    try:
        parts = urlsplit(line if "://" in line else f"https://{line}")
        port = parts.port
    except ValueError:
        return None
    host = _host(parts)
    if host is None or "@" in parts.netloc or port == 0:
        return None
    is_own = is_own_computer(host)
    if (is_own and not on_own_computer) or not (parts.scheme == "https" or (parts.scheme == "http" and is_own)):
        return None
    usual = {"https": 443, "http": 80}[parts.scheme]
    return f"{parts.scheme}://{host}" + (f":{port}" if port and port != usual else "")


def _host(parts: SplitResult) -> str | None:
    """The host as it travels in headers: lower case, háčky as punycode."""
    try:
        host = (parts.hostname or "").encode("idna").decode("ascii")
    except UnicodeError:
        return None
    if not HOST.fullmatch(host) or ("." not in host and host not in OWN_COMPUTER):
        return None
    return host
