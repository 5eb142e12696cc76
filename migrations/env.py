"""Alembic's entry: migrates the database named by DATABASE_URL, or the connection handed over by the caller."""

from alembic import context
from geoalchemy2 import alembic_helpers
from sqlalchemy import Connection, create_engine

from app.config import Config
from app.models import Base


def migrate(connection: Connection) -> None:
    """Run the migrations: each a transaction of its own, unless the connection is in one already."""
    context.configure(
        transaction_per_migration=True,
        connection=connection,
        target_metadata=Base.metadata,
        # Without these three autogenerate wants to drop PostGIS's own tables.
        include_object=alembic_helpers.include_object,
        process_revision_directives=alembic_helpers.writer,
        render_item=alembic_helpers.render_item,
        compare_server_default=False,
    )
    with context.begin_transaction():
        context.run_migrations()


def write_down() -> None:
    """The migrations as SQL, for reading (`alembic upgrade 0006:head --sql`)."""
    context.configure(dialect_name="postgresql", target_metadata=Base.metadata, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()


given = context.config.attributes.get("connection")
if context.is_offline_mode():
    write_down()
elif given is not None:
    migrate(given)
else:
    with create_engine(Config.from_environment().database_url).connect() as opened:
        migrate(opened)
        opened.commit()
