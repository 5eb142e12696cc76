"""Sessions of officials, one row each; counts of attempts that cost no write of the log."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "official_session",
        sa.Column("key_hash", sa.LargeBinary(), nullable=False),
        sa.Column("official_id", sa.BigInteger(), nullable=False),
        sa.Column("browser", sa.Text(), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("seen_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.PrimaryKeyConstraint("key_hash", name="pk_official_session"),
        sa.ForeignKeyConstraint(
            ["official_id"],
            ["official.id"],
            name="fk_official_session_official_id_official",
            ondelete="CASCADE",
        ),
    )
    op.create_index("ix_official_session_official_id", "official_session", ["official_id"])
    # Counted with every pin under attack: losing the counts in a crash harms nobody, waiting for the disk would.
    op.execute("ALTER TABLE throttle SET UNLOGGED")


def downgrade() -> None:
    op.execute("ALTER TABLE throttle SET LOGGED")
    op.drop_table("official_session")
