"""What the municipal GIS needs: personal tokens, addresses of a town, who publishes open data."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade():
    op.create_table(
        "access_token",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("official_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("towns", postgresql.ARRAY(sa.BigInteger()), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["official_id"], ["official.id"], name=op.f("fk_access_token_official_id_official"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_token")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_access_token_token_hash")),
    )
    op.create_index(op.f("ix_access_token_official_id"), "access_token", ["official_id"], unique=False)
    op.create_table(
        "address",
        sa.Column("town_id", sa.BigInteger(), nullable=False),
        sa.Column("code", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=True),
        sa.Column("position", Geometry("POINT", srid=4326, spatial_index=False), nullable=False),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_address_town_id_town"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("town_id", "code", name=op.f("pk_address")),
    )
    op.create_index(
        "ix_address_words",
        "address",
        [sa.text("to_tsvector('simple'::regconfig, plain_words(label))")],
        unique=False,
        postgresql_using="gin",
    )
    op.add_column("town", sa.Column("ico", sa.Text(), nullable=True))
    op.add_column(
        "town", sa.Column("addresses", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "town_map",
        sa.Column("open_data", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )


def downgrade():
    op.drop_column("town_map", "open_data")
    op.drop_column("town", "addresses")
    op.drop_column("town", "ico")
    op.drop_index("ix_address_words", table_name="address", postgresql_using="gin")
    op.drop_table("address")
    op.drop_index(op.f("ix_access_token_official_id"), table_name="access_token")
    op.drop_table("access_token")
