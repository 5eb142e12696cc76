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


def open_database(url: str) -> Database:
    """A database by its URL; connections are made when first needed, and checked before use."""
    engine = create_engine(url, pool_size=8, max_overflow=8, pool_pre_ping=False, pool_recycle=600)
    return Database(engine, sessionmaker(engine, expire_on_commit=False))


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
    if "session" not in g:
        g.session = database().session()
    opened: Session = g.session
    return opened


def _close(_error: BaseException | None) -> None:
    opened: Session | None = g.pop("session", None)
    if opened is not None:
        opened.close()
