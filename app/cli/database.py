"""`pocit db`: the database itself."""

from __future__ import annotations

import click

from app.cli.output import opened_session
from app.queries.maps import all_slugs, read_map
from app.queries.readiness import is_ready, newest_revision
from app.services.counts import settle
from app.services.migrations import migrate


@click.group()
def group() -> None:
    """The database: migrate it."""


@group.command()
def upgrade() -> None:
    """Migrate the database to the newest version; does nothing where it is there already."""
    with opened_session() as session:
        if is_ready(session):
            click.echo(f"database is at {newest_revision()}", err=True)
            return
        session.rollback()
        migrate(session.connection())
        session.commit()
        for slug in all_slugs(session):
            settle(session, read_map(session, slug))
    click.echo(f"database migrated to {newest_revision()}", err=True)
