"""`pocit db`: the database itself."""

from __future__ import annotations

import click
from alembic import command
from alembic.config import Config as AlembicConfig

from app.cli.output import opened_session
from app.config import ROOT
from app.queries.readiness import is_ready, newest_revision


@click.group()
def group() -> None:
    """The database: migrate it."""


@group.command()
def upgrade() -> None:
    """Migrate the database to the newest version; does nothing where it is there already."""
    config = AlembicConfig(str(ROOT / "migrations" / "alembic.ini"))
    with opened_session() as session:
        if is_ready(session):
            click.echo(f"database is at {newest_revision()}", err=True)
            return
        session.rollback()
        config.attributes["connection"] = session.connection()
        command.upgrade(config, "head")
        session.commit()
    click.echo(f"database migrated to {newest_revision()}", err=True)
