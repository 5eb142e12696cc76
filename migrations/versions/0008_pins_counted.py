"""How many pins everybody may see, kept with the counts of heat: no list goes over a million rows to say it."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("heat_state", sa.Column("visible", sa.BigInteger(), server_default=sa.text("0"), nullable=False))
    # Empty: to be counted. A server of the version before goes on folding without it, and it stays empty.
    op.add_column("heat_state", sa.Column("visible_at", sa.BigInteger()))


def downgrade() -> None:
    op.drop_column("heat_state", "visible_at")
    op.drop_column("heat_state", "visible")
