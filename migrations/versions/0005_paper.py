"""Paper: sheets with serials, photos of them, the marks found on them; how precise a pin is."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("pin", sa.Column("precision_m", sa.REAL()))
    op.add_column(
        "town_map", sa.Column("photo_days", sa.BigInteger(), server_default=sa.text("30"), nullable=False)
    )
    op.add_column(
        "town_map", sa.Column("whole_photos", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.execute("ALTER TABLE town_map ADD CONSTRAINT ck_town_map_photo_days CHECK (photo_days BETWEEN 0 AND 3650)")
    op.create_table(
        "sheet_print",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("event", sa.Text()),
        sa.Column("geometry", postgresql.JSONB(), nullable=False),
        sa.Column("by_row", sa.Boolean(), nullable=False),
        sa.Column("pages_on", sa.Text()),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("made_by", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("map_id", "id", name="pk_sheet_print"),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name="fk_sheet_print_map_id_town_map", ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["map_id", "event"],
            ["event.map_id", "event.code"],
            name="fk_sheet_print_map_id_event_event",
            onupdate="CASCADE",
            ondelete="SET NULL (event)",
        ),
    )
    op.create_table(
        "sheet",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("print_id", sa.Uuid(), nullable=False),
        sa.Column("n", sa.BigInteger(), nullable=False),
        sa.Column("receipt_hash", sa.LargeBinary()),
        sa.Column("about", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("checked_by", sa.Text()),
        sa.Column("checked_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("map_id", "serial", name="pk_sheet"),
        sa.ForeignKeyConstraint(
            ["map_id", "print_id"],
            ["sheet_print.map_id", "sheet_print.id"],
            name="fk_sheet_map_id_print_id_sheet_print",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_sheet_serial", "sheet", ["serial"])
    op.create_table(
        "sheet_photo",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        sa.Column("page", sa.BigInteger(), server_default=sa.text("1"), nullable=False),
        sa.Column("filename", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("serial", sa.Text()),
        sa.Column("corners", postgresql.JSONB()),
        sa.Column("reading", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("reason", sa.Text()),
        sa.Column("evidence", postgresql.JSONB(), server_default="{}", nullable=False),
        sa.Column("uploaded_by", sa.Text()),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("begun_at", sa.DateTime(timezone=True)),
        sa.Column("read_at", sa.DateTime(timezone=True)),
        sa.PrimaryKeyConstraint("map_id", "id", name="pk_sheet_photo"),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name="fk_sheet_photo_map_id_town_map", ondelete="CASCADE"
        ),
        sa.UniqueConstraint("map_id", "digest", "page", name="uq_sheet_photo_map_id_digest_page"),
        sa.CheckConstraint("state IN ('waiting', 'reading', 'read', 'refused')", name="ck_sheet_photo_state"),
    )
    op.create_index("ix_sheet_photo_serial", "sheet_photo", ["map_id", "serial"])
    op.create_index(
        "ix_sheet_photo_waiting",
        "sheet_photo",
        ["created_at"],
        postgresql_where=sa.text("state IN ('waiting', 'reading')"),
    )
    op.create_table(
        "photo_picture",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("photo_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("map_id", "photo_id", "what", name="pk_photo_picture"),
        sa.ForeignKeyConstraint(
            ["map_id", "photo_id"],
            ["sheet_photo.map_id", "sheet_photo.id"],
            name="fk_photo_picture_map_id_photo_id_sheet_photo",
            ondelete="CASCADE",
        ),
    )
    # Pictures are packed as they are: packing them again takes time and saves nothing.
    op.execute("ALTER TABLE photo_picture ALTER COLUMN content SET STORAGE EXTERNAL")
    op.execute(
        "ALTER TABLE sheet_print ALTER COLUMN picture SET STORAGE EXTERNAL, ALTER COLUMN pdf SET STORAGE EXTERNAL"
    )
    op.create_table(
        "sheet_mark",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.Text(), nullable=False),
        sa.Column("photo_id", sa.Uuid()),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="found", nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("x_mm", sa.REAL(), nullable=False),
        sa.Column("y_mm", sa.REAL(), nullable=False),
        sa.Column("found", postgresql.JSONB()),
        sa.Column("diameter_mm", sa.REAL()),
        sa.Column("confidence", sa.REAL(), nullable=False),
        sa.Column("precision_mm", sa.REAL(), nullable=False),
        sa.Column("row", sa.SmallInteger()),
        sa.Column("comment", sa.Text()),
        sa.Column("changed_by", sa.Text()),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("map_id", "id", name="pk_sheet_mark"),
        sa.ForeignKeyConstraint(
            ["map_id", "serial"],
            ["sheet.map_id", "sheet.serial"],
            name="fk_sheet_mark_map_id_serial_sheet",
            ondelete="CASCADE",
        ),
        sa.CheckConstraint("kind IN ('sticker', 'dot', 'cross', 'hand')", name="ck_sheet_mark_kind"),
        sa.CheckConstraint("state IN ('found', 'accepted', 'dropped')", name="ck_sheet_mark_state"),
    )
    op.create_index("ix_sheet_mark_serial", "sheet_mark", ["map_id", "serial"])


def downgrade() -> None:
    for table in ("sheet_mark", "photo_picture", "sheet_photo", "sheet", "sheet_print"):
        op.drop_table(table)
    op.drop_column("town_map", "whole_photos")
    op.drop_column("town_map", "photo_days")
    op.drop_column("pin", "precision_m")
