"""Photos with pins, sites that may show a map, the plain steps at an event, the accessibility statement."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "town_map", sa.Column("pin_photos", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.add_column(
        "town_map",
        sa.Column("embed_origins", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column("event", sa.Column("simple", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("town", sa.Column("accessibility", postgresql.JSONB()))
    op.create_table(
        "pin_photo",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("pin_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("small", sa.LargeBinary(), nullable=False),
        sa.Column("width", sa.BigInteger(), nullable=False),
        sa.Column("height", sa.BigInteger(), nullable=False),
        sa.Column("alt", sa.Text()),
        sa.Column("reason", sa.Text()),
        sa.Column("checked_by", sa.Text()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("map_id", "pin_id", name="pk_pin_photo"),
        sa.ForeignKeyConstraint(
            ["map_id", "pin_id"],
            ["pin.map_id", "pin.id"],
            name="fk_pin_photo_map_id_pin_id_pin",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("state IN ('waiting', 'shown', 'refused')", name="ck_pin_photo_state"),
    )
    op.create_index(
        "ix_pin_photo_waiting",
        "pin_photo",
        ["map_id", "created_at", "pin_id"],
        postgresql_where=sa.text("state = 'waiting'"),
    )


def downgrade() -> None:
    op.drop_table("pin_photo")
    op.drop_column("town", "accessibility")
    op.drop_column("event", "simple")
    op.drop_column("town_map", "embed_origins")
    op.drop_column("town_map", "pin_photos")
