"""The database of one app: an engine, and a session for each request that lives on `g`.

Views and commands commit; leaving without a commit rolls back. Where there is a replica it answers anonymous
readers, and whatever goes wrong there the primary answers instead: see decision 0028.
"""

from __future__ import annotations

import select
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from flask import Flask, Response, current_app, g, has_request_context, request
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError, DisconnectionError
from sqlalchemy.exc import TimeoutError as PoolIsEmpty
from sqlalchemy.orm import Session, sessionmaker

from app.errors import Unknown
from app.replica import Replica

EXTENSION = "pocit-db"
PATIENCE = {
    "connect_timeout": 3,
    # A machine that went away without a word: noticed within 20 s instead of hours. Unix sockets need none of it.
    "keepalives_idle": 10,
    "keepalives_interval": 3,
    "keepalives_count": 3,
    "tcp_user_timeout": 15_000,
}
"""How long we wait for a database that does not answer; what the URL says otherwise holds."""
POOL_PATIENCE_S = 5
REPLICA_POOL_PATIENCE_S = 1
REPLICA_PATIENCE = {"connect_timeout": "2", "tcp_user_timeout": "1500"}
"""Behind a replica there is the primary: nobody waits long for it."""

WROTE = "pocit_wrote"
WROTE_S = 15
"""A browser that has sent something reads the primary for so long; by then a replica that is in use has it too."""
WROTE_HEADER = "Pocit-Wrote"
"""The same for scripts whose requests carry no cookies: for how many seconds to keep the mark."""

READING = frozenset({"GET", "HEAD"})
READ_BY_ALL = frozenset(
    {
        "accessibility", "answers_feed", "api", "citizen", "data", "discovery", "event_door", "heat", "kept",
        "offline", "open_data", "pages", "pin_photos", "place_search", "results", "sharing", "stories", "tiles",
    }
)  # fmt: skip
"""Views whose reading a replica may do."""
NEEDS_PRIMARY = frozenset({"pages.readyz", "challenge", "metrics", "office", "receipt", "write"})
"""Views and groups of them that write, or tell how the primary is."""


@dataclass(frozen=True)
class Database:
    """The engine and the maker of sessions."""

    engine: Engine
    session: sessionmaker[Session]
    autocommit: sessionmaker[Session]
    """For work that is one statement, which is a transaction by itself: BEGIN and COMMIT are not sent."""
    replica: Replica | None = None
    """For anonymous readers."""


def open_database(url: str, replica_url: str = "") -> Database:
    """A database by its URL; connections are made when first needed; a lost one is never handed out again."""
    engine = lasting_engine(url)
    own = engine.execution_options(isolation_level="AUTOCOMMIT")
    replica = _open_replica(url, _impatient(replica_url)) if replica_url else None
    return Database(
        engine, sessionmaker(engine, expire_on_commit=False), sessionmaker(own, expire_on_commit=False), replica
    )


def _open_replica(url: str, replica_url: str) -> Replica:
    # Its watcher has lines of its own: with all others taken the replica is busy, not away.
    reads = lasting_engine(replica_url, REPLICA_POOL_PATIENCE_S)
    watched = lasting_engine(url, REPLICA_POOL_PATIENCE_S, lines=1)
    return Replica(watched, reads, lasting_engine(replica_url, REPLICA_POOL_PATIENCE_S, lines=1))


def _impatient(url: str) -> str:
    said = make_url(url)
    waits = {name: value for name, value in REPLICA_PATIENCE.items() if name not in said.query}
    return said.update_query_dict(waits).render_as_string(hide_password=False)


def lasting_engine(url: str, pool_patience_s: int = POOL_PATIENCE_S, *, lines: int = 8) -> Engine:
    """An engine that waits seconds, not minutes, for a database that is away, and is well when it is back."""
    said = make_url(url).query
    engine = create_engine(
        url,
        pool_size=lines,
        max_overflow=lines,
        pool_timeout=pool_patience_s,
        pool_recycle=600,
        connect_args={name: value for name, value in PATIENCE.items() if name not in said},
        # What people wrote shall not get into a log by way of a failed statement.
        hide_parameters=True,
    )
    event.listen(engine, "checkout", _refuse_dead_line)
    return engine


def _refuse_dead_line(connection: Any, _record: object, _proxy: object) -> None:
    """Have the pool make a new connection where the kept one has been ended by the other side.

    Nothing is due on a line that rests: if there is something to read, it is the end, or a server's last words.
    Looking costs a microsecond; asking the server (`pool_pre_ping`) would cost each request a round trip.
    """
    if connection.closed:
        raise DisconnectionError
    line = select.poll()
    line.register(connection.fileno(), select.POLLIN)
    if line.poll(0):
        raise DisconnectionError


def init_app(app: Flask, url: str, replica_url: str = "") -> None:
    """Give the app its database."""
    app.extensions[EXTENSION] = open_database(url, replica_url)
    app.teardown_appcontext(_close)
    app.after_request(_mark_writer)
    dispatch = app.dispatch_request
    app.dispatch_request = lambda: _answer(dispatch)  # type: ignore[method-assign]


def database() -> Database:
    """The current app's database."""
    found: Database = current_app.extensions[EXTENSION]
    return found


def session() -> Session:
    """The session of this request or command; of the replica where that may answer it."""
    found = database()
    if found.replica is not None and _reads_replica(found.replica):
        return _opened("session", found.replica.session)
    return _opened("session", found.session)


def primary_session() -> Session:
    """The session of this request on the primary, also after other reading: for a GET that finds it must write."""
    if g.get("reads_replica"):
        _close(None)
    g.reads_replica = False
    return session()


def autocommit_session() -> Session:
    """A session of this request in which every statement is committed by itself."""
    return _opened("autocommit_session", database().autocommit)


def _opened(name: str, maker: sessionmaker[Session]) -> Session:
    if name not in g:
        setattr(g, name, maker())
    opened: Session = getattr(g, name)
    return opened


def _close(_error: BaseException | None) -> None:
    for name in ("session", "autocommit_session"):
        opened: Session | None = g.pop(name, None)
        if opened is not None:
            opened.close()


def _reads_replica(replica: Replica) -> bool:
    """Whether this request reads there: decided once, when it first asks for its session."""
    if "reads_replica" not in g:
        g.reads_replica = has_request_context() and _is_anonymous_reading() and replica.state.is_usable
    found: bool = g.reads_replica
    return found


def _is_anonymous_reading() -> bool:
    """Whether nobody in particular asks for something to read: no token, no session, nothing sent a moment ago."""
    return (
        request.method in READING
        and request.blueprint in READ_BY_ALL
        and request.endpoint not in NEEDS_PRIMARY
        and "Authorization" not in request.headers
        and current_app.config["SESSION_COOKIE_NAME"] not in request.cookies
        and WROTE not in request.cookies
    )


def _answer(dispatch: Callable[[], Any]) -> Any:
    """The view's answer; where the replica could not give it, or knows of nothing there, the primary's.

    Only reading gets here a second time, so nothing is done twice. What the replica may well answer rightly – that
    there is nothing, or that it has its hands full – the primary is asked only so often: a crowd that asks for
    what is not there, or for more than one database can give, must not land on the one that writes.
    """
    try:
        return dispatch()
    except (DBAPIError, DisconnectionError, PoolIsEmpty, Unknown) as error:
        replica = database().replica
        if replica is None or not g.get("reads_replica"):
            raise
        if not isinstance(error, Unknown | PoolIsEmpty):
            replica.failed(error)
        elif not replica.second_questions.may_ask():
            raise
    primary_session()
    return dispatch()


def _mark_writer(response: Response) -> Response:
    """Let a browser that has sent something see it at once: it reads the primary until the replica has it too."""
    if request.method not in READING and request.method != "OPTIONS" and database().replica is not None:
        secure = current_app.config["SESSION_COOKIE_SECURE"]
        # Readable by scripts: where they send without cookies, they set it themselves (static/js/lib/api.js).
        response.set_cookie(WROTE, "1", max_age=WROTE_S, samesite="Lax", secure=secure)
        response.headers[WROTE_HEADER] = str(WROTE_S)
    return response
