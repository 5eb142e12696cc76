"""Settings of one running server, read once from the environment."""

from __future__ import annotations

import contextlib
import os
import secrets
import tempfile
from dataclasses import dataclass, field
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from zoneinfo import ZoneInfo

from app.logs import FORMATS

ROOT = Path(__file__).resolve().parent.parent
"""The checkout: templates, static files, migrations and sample maps lie under it."""

DRIVER = "postgresql+psycopg://"

TOWN_CLOCK = ZoneInfo("Europe/Prague")
"""Days begin, and times are written, as the towns' clocks show them."""


@dataclass(frozen=True)
class Config:
    """What the server needs to know of its surroundings."""

    database_url: str = field(repr=False)
    home: Path = field(default=ROOT / ".local")
    secret_key: str = field(default="", repr=False)
    secure_cookies: bool = False
    """Only over https; on by POCIT_SECURE_COOKIES=1 behind a TLS proxy."""
    trusted_proxies: int = 0
    """How many proxies in front set X-Forwarded-*; 0 trusts none."""
    tile_hosts: frozenset[str] = frozenset()
    """Tile servers on the town's inner network, by name, that maps may use (services/outward.py)."""
    unlimited_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """Whom no limit by address holds back: a school's network, the town hall's (services/flood.py)."""
    tiles_megabytes: int = 2000
    """So much room on the disk stored basemap tiles may take at most."""
    address: str = ""
    """Of this server as people reach it: for what the command line prints on paper."""
    hosts: frozenset[str] = frozenset()
    """Further names under which people reach it, beside that of `address`; with the port where it is unusual."""
    security_contact: str = ""
    """Whom to tell of a weakness: an e-mail or an address of a page; served as security.txt (RFC 9116)."""
    replica_url: str = ""
    """A streaming replica that may answer anonymous readers; without one the primary answers everybody."""
    metrics_token: str = field(default="", repr=False)
    """Who shows it reads /metrics from anywhere; without one only this machine itself does."""
    log_format: str = "text"
    """`text` for people, `json` for programs that collect."""
    log_requests: bool = False
    """Whether each request leaves a line in the log: its route, never its address."""
    operator_ico: str = ""
    operator_name: str = ""
    """Who answers for the open-data catalogue of a server with several towns."""

    @classmethod
    def from_environment(cls) -> Config:
        """The settings of this process; a missing DATABASE_URL is a RuntimeError that says what to do."""
        url = database_address()
        home = Path(os.environ.get("POCIT_HOME") or ROOT / ".local")
        return cls(
            database_url=url,
            home=home,
            secret_key=os.environ.get("POCIT_SECRET_KEY") or stored_secret(home / "secrets" / "session-key"),
            secure_cookies=os.environ.get("POCIT_SECURE_COOKIES") == "1",
            trusted_proxies=int(os.environ.get("POCIT_TRUSTED_PROXIES") or 0),
            tile_hosts=frozenset((os.environ.get("POCIT_TILE_HOSTS") or "").replace(",", " ").lower().split()),
            unlimited_networks=networks(os.environ.get("POCIT_UNLIMITED_NETWORKS") or ""),
            tiles_megabytes=int(os.environ.get("POCIT_TILES_MEGABYTES") or 2000),
            address=own_address(os.environ.get("POCIT_ADDRESS") or ""),
            hosts=frozenset((os.environ.get("POCIT_HOSTS") or "").replace(",", " ").lower().split()),
            security_contact=(os.environ.get("POCIT_SECURITY_CONTACT") or "").strip(),
            replica_url=with_driver(os.environ.get("DATABASE_REPLICA_URL") or ""),
            metrics_token=os.environ.get("POCIT_METRICS_TOKEN") or "",
            log_format=known_log_format(os.environ.get("POCIT_LOG") or "text"),
            log_requests=os.environ.get("POCIT_LOG_REQUESTS") == "1",
            operator_ico=(os.environ.get("POCIT_OPERATOR_ICO") or "").strip(),
            operator_name=(os.environ.get("POCIT_OPERATOR_NAME") or "").strip(),
        )


def known_log_format(name: str) -> str:
    """The name of a format of the log; any other is a RuntimeError that says which there are."""
    if name not in FORMATS:
        msg = f"POCIT_LOG is {name!r}, but must be one of: {', '.join(FORMATS)}."
        raise RuntimeError(msg)
    return name


def own_address(text: str) -> str:
    """A server's address as its operator writes it, without a slash at its end; https where nothing is said."""
    said = text.strip().rstrip("/")
    return said if not said or "://" in said else f"https://{said}"


def networks(text: str) -> tuple[IPv4Network | IPv6Network, ...]:
    """The networks named in a text, by commas or spaces; what is none is a RuntimeError that names it."""
    found = []
    for name in text.replace(",", " ").split():
        try:
            found.append(ip_network(name, strict=False))
        except ValueError as error:
            msg = f"POCIT_UNLIMITED_NETWORKS names {name!r}, which is no network, such as 192.0.2.0/24."
            raise RuntimeError(msg) from error
    return tuple(found)


def database_address() -> str:
    """The database this process is to use; a missing DATABASE_URL is a RuntimeError that says what to do."""
    url = os.environ.get("DATABASE_URL")
    if not url:
        msg = "DATABASE_URL is not set. Start through ./run, or name a PostGIS database."
        raise RuntimeError(msg)
    return with_driver(url)


def with_driver(url: str) -> str:
    """The database URL with psycopg 3 named, whichever spelling of PostgreSQL came in."""
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return DRIVER + url.removeprefix(prefix)
    return url


def stored_secret(path: Path) -> str:
    """The random secret kept at this path; made on first use, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, draft = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
        # A link appears whole or not at all: of two processes that start together both read the first one's.
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
        Path(draft).unlink()
    return path.read_text()
