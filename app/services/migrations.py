"""Bringing a database to the tables that this checkout wants."""

from __future__ import annotations

from alembic import command
from alembic.config import Config as AlembicConfig
from sqlalchemy import Connection

from app.config import ROOT


def migrate(connection: Connection, revision: str = "head") -> None:
    """Run the migrations on an open connection; the caller commits."""
    config = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    config.attributes["connection"] = connection
    command.upgrade(config, revision)
