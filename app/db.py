"""The database of one app: an engine, and a session for each request that lives on `g`.

Views and commands commit; leaving without a commit rolls back.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Flask, current_app, g
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker

EXTENSION = "pocit-db"


@dataclass(frozen=True)
class Database:
    """The engine and the maker of sessions."""

    engine: Engine
    session: sessionmaker[Session]
    autocommit: sessionmaker[Session]
    """For work that is one statement, which is a transaction by itself: BEGIN and COMMIT are not sent."""


def open_database(url: str) -> Database:
    """A database by its URL; connections are made when first needed; a lost one is noticed by its next use."""
    # What people wrote shall not get into a log by way of a failed statement.
    engine = create_engine(
        url, pool_size=8, max_overflow=8, pool_pre_ping=False, pool_recycle=600, hide_parameters=True
    )
    own = engine.execution_options(isolation_level="AUTOCOMMIT")
    return Database(
        engine, sessionmaker(engine, expire_on_commit=False), sessionmaker(own, expire_on_commit=False)
    )


def init_app(app: Flask, url: str) -> None:
    """Give the app its database."""
    app.extensions[EXTENSION] = open_database(url)
    app.teardown_appcontext(_close)


def database() -> Database:
    """The current app's database."""
    found: Database = current_app.extensions[EXTENSION]
    return found


def session() -> Session:
    """The session of this request or command."""
    return _opened("session", database().session)


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
