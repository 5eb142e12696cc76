"""`pocit db`: the database itself."""

from __future__ import annotations

import click

from app.cli.output import CommandRefused, opened_session
from app.queries.maps import all_slugs, read_map
from app.queries.readiness import is_ready, newest_revision
from app.services.counts import settle
from app.services.migrations import Blocked, unsafe_settings
from app.services.migrations import upgrade as upgrade_tables


@click.group()
def group() -> None:
    """The database: migrate it."""


@group.command()
def upgrade() -> None:
    """Migrate the database to the newest version, also while an older one serves it."""
    with opened_session() as session:
        for warning in unsafe_settings(session.connection()):
            click.echo(f"warning: this PostgreSQL may lose what was stored: {warning}", err=True)
        if is_ready(session):
            click.echo(f"database is at {newest_revision()}", err=True)
            return
        session.rollback()
        try:
            upgrade_tables(session.get_bind().engine, say=lambda words: click.echo(words, err=True))
        except Blocked as blocked:
            raise CommandRefused(str(blocked)) from blocked
        for slug in all_slugs(session):
            settle(session, read_map(session, slug))
    click.echo(f"database migrated to {newest_revision()}", err=True)
