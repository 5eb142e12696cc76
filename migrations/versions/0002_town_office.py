"""What the town office needs: drafts, flags, answers for places, accounts, the audit log, reports, search."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


FUNCTIONS = (
    "CREATE EXTENSION IF NOT EXISTS unaccent",
    # What is glued together ("ul.Opavská") is two words all the same.
    # unaccent() is only stable, as its dictionary could change; ours does not, and an index needs certainty.
    """
    CREATE FUNCTION plain_words(words text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT
    AS $$ SELECT lower(public.unaccent(
        'public.unaccent'::regdictionary, translate(words, './@\\:_-', '      ')
    )) $$
    """,
    """
    CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'rows of % are never changed', TG_TABLE_NAME; END $$
    """,
)
LOG_IS_KEPT = """
    CREATE TRIGGER audit_entry_is_kept BEFORE UPDATE OR DELETE ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION refuse_change()
"""


def upgrade():
    for statement in FUNCTIONS:
        op.execute(statement)
    op.create_table(
        "audit_entry",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), server_default=sa.text("clock_timestamp()"), nullable=False),
        sa.Column("official_id", sa.BigInteger(), nullable=True),
        sa.Column("official", sa.Text(), nullable=False),
        sa.Column("town_id", sa.BigInteger(), nullable=True),
        sa.Column("map_id", sa.BigInteger(), nullable=True),
        sa.Column("map_slug", sa.Text(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column(
            "detail",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entry")),
    )
    op.create_index("ix_audit_entry_map_id", "audit_entry", ["map_id", "id"], unique=False)
    op.create_index("ix_audit_entry_town_id", "audit_entry", ["town_id", "id"], unique=False)
    op.create_table(
        "answer_template",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("town_id", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "status IN ('received', 'planned', 'done', 'declined')", name=op.f("ck_answer_template_status")
        ),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_answer_template_town_id_town"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answer_template")),
    )
    op.create_index(op.f("ix_answer_template_town_id"), "answer_template", ["town_id"], unique=False)
    op.create_table(
        "identity_provider",
        sa.Column("town_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("client_secret", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_identity_provider_town_id_town"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("town_id", name=op.f("pk_identity_provider")),
    )
    op.create_table(
        "invitation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("town_id", sa.BigInteger(), nullable=True),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False),
        sa.Column("invited_by", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("role IN ('viewer', 'moderator', 'editor', 'admin')", name=op.f("ck_invitation_role")),
        sa.ForeignKeyConstraint(
            ["invited_by"], ["official.id"], name=op.f("fk_invitation_invited_by_official"), ondelete="SET NULL"
        ),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_invitation_town_id_town"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_invitation")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_invitation_token_hash")),
    )
    op.create_index(op.f("ix_invitation_town_id"), "invitation", ["town_id"], unique=False)
    op.create_table(
        "answered_place",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column(
            "area",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
                nullable=False,
            ),
            nullable=False,
        ),
        sa.Column("categories", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint(
            "status IN ('received', 'planned', 'done', 'declined')", name=op.f("ck_answered_place_status")
        ),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name=op.f("fk_answered_place_map_id_town_map"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("map_id", "id", name=op.f("pk_answered_place")),
    )
    op.create_table(
        "report",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("progress", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("step", sa.Text(), server_default="", nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("state IN ('waiting', 'running', 'done', 'failed')", name=op.f("ck_report_state")),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name=op.f("fk_report_map_id_town_map"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("map_id", "id", name=op.f("pk_report")),
    )
    op.create_table(
        "pin_flag",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("pin_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column(
            "detail",
            postgresql.JSONB(none_as_null=True, astext_type=sa.Text()),
            server_default="{}",
            nullable=False,
        ),
        sa.Column("settled", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint(
            "kind IN ('phone', 'email', 'birth_number', 'number_plate', 'link', 'vulgar', 'repeated', 'burst', "
            "'close', 'outside')",
            name=op.f("ck_pin_flag_kind"),
        ),
        sa.ForeignKeyConstraint(
            ["map_id", "pin_id"],
            ["pin.map_id", "pin.id"],
            name=op.f("fk_pin_flag_map_id_pin_id_pin"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("map_id", "pin_id", "kind", name=op.f("pk_pin_flag")),
    )
    op.add_column("official", sa.Column("totp_secret", sa.LargeBinary(), nullable=True))
    op.add_column("official", sa.Column("totp_last_step", sa.BigInteger(), nullable=True))
    op.add_column(
        "official", sa.Column("recovery_hashes", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("official", sa.Column("oidc_issuer", sa.Text(), nullable=True))
    op.add_column("official", sa.Column("oidc_subject", sa.Text(), nullable=True))
    op.create_unique_constraint(
        op.f("uq_official_oidc_issuer_oidc_subject"), "official", ["oidc_issuer", "oidc_subject"]
    )
    op.add_column("pin", sa.Column("place_id", sa.Uuid(), nullable=True))
    op.add_column("pin", sa.Column("original_comment", sa.Text(), nullable=True))
    op.add_column("pin", sa.Column("flagged", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column("pin", sa.Column("checked_at", sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ix_pin_place",
        "pin",
        ["map_id", "place_id"],
        unique=False,
        postgresql_where=sa.text("place_id IS NOT NULL"),
    )
    op.create_index(
        "ix_pin_queue",
        "pin",
        ["map_id", "created_at", "id"],
        unique=False,
        postgresql_where=sa.text("state = 'pending' OR (flagged AND state = 'visible')"),
    )
    op.create_index(
        "ix_pin_unchecked", "pin", ["map_id"], unique=False, postgresql_where=sa.text("checked_at IS NULL")
    )
    op.create_index(
        "ix_pin_words",
        "pin",
        [sa.literal_column("to_tsvector('simple'::regconfig, plain_words(comment))")],
        unique=False,
        postgresql_using="gin",
        postgresql_where=sa.text("comment IS NOT NULL"),
    )
    op.add_column(
        "town", sa.Column("census", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True)
    )
    op.add_column(
        "town", sa.Column("vulgar_words", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column(
        "town", sa.Column("ordinary_words", postgresql.ARRAY(sa.Text()), server_default="{}", nullable=False)
    )
    op.add_column("town_map", sa.Column("publish_pins_after", sa.Boolean(), nullable=True))
    op.add_column("town_map", sa.Column("publish_heat_after", sa.Boolean(), nullable=True))
    op.add_column("town_map", sa.Column("draft", sa.Boolean(), server_default=sa.text("false"), nullable=False))
    op.add_column(
        "town_map", sa.Column("hold_flagged", sa.Boolean(), server_default=sa.text("true"), nullable=False)
    )
    op.add_column("town_map", sa.Column("previous_id", sa.BigInteger(), nullable=True))
    op.add_column(
        "town_map", sa.Column("retention_days", sa.BigInteger(), server_default=sa.text("180"), nullable=False)
    )
    op.add_column("town_map", sa.Column("anonymised_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column(
        "town_map",
        sa.Column("final_summary", postgresql.JSONB(none_as_null=True, astext_type=sa.Text()), nullable=True),
    )
    op.add_column(
        "town_map",
        sa.Column("story", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
    )
    op.add_column(
        "town_map", sa.Column("story_published", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )
    op.create_foreign_key(
        op.f("fk_town_map_previous_id_town_map"),
        "town_map",
        "town_map",
        ["previous_id"],
        ["id"],
        ondelete="SET NULL",
    )
    op.execute(LOG_IS_KEPT)


def downgrade():
    op.drop_constraint(op.f("fk_town_map_previous_id_town_map"), "town_map", type_="foreignkey")
    op.drop_column("town_map", "story_published")
    op.drop_column("town_map", "story")
    op.drop_column("town_map", "final_summary")
    op.drop_column("town_map", "anonymised_at")
    op.drop_column("town_map", "retention_days")
    op.drop_column("town_map", "previous_id")
    op.drop_column("town_map", "hold_flagged")
    op.drop_column("town_map", "draft")
    op.drop_column("town_map", "publish_heat_after")
    op.drop_column("town_map", "publish_pins_after")
    op.drop_column("town", "ordinary_words")
    op.drop_column("town", "vulgar_words")
    op.drop_column("town", "census")
    op.drop_index(
        "ix_pin_words", table_name="pin", postgresql_using="gin", postgresql_where=sa.text("comment IS NOT NULL")
    )
    op.drop_index("ix_pin_unchecked", table_name="pin", postgresql_where=sa.text("checked_at IS NULL"))
    op.drop_index(
        "ix_pin_queue",
        table_name="pin",
        postgresql_where=sa.text("state = 'pending' OR (flagged AND state = 'visible')"),
    )
    op.drop_index("ix_pin_place", table_name="pin", postgresql_where=sa.text("place_id IS NOT NULL"))
    op.drop_column("pin", "checked_at")
    op.drop_column("pin", "flagged")
    op.drop_column("pin", "original_comment")
    op.drop_column("pin", "place_id")
    op.drop_constraint(op.f("uq_official_oidc_issuer_oidc_subject"), "official", type_="unique")
    op.drop_column("official", "oidc_subject")
    op.drop_column("official", "oidc_issuer")
    op.drop_column("official", "recovery_hashes")
    op.drop_column("official", "totp_last_step")
    op.drop_column("official", "totp_secret")
    op.drop_table("pin_flag")
    op.drop_table("report")
    op.drop_table("answered_place")
    op.drop_index(op.f("ix_invitation_town_id"), table_name="invitation")
    op.drop_table("invitation")
    op.drop_table("identity_provider")
    op.drop_index(op.f("ix_answer_template_town_id"), table_name="answer_template")
    op.drop_table("answer_template")
    op.drop_index("ix_audit_entry_town_id", table_name="audit_entry")
    op.drop_index("ix_audit_entry_map_id", table_name="audit_entry")
    op.drop_table("audit_entry")
    op.execute("DROP FUNCTION refuse_change()")
    op.execute("DROP FUNCTION plain_words(text)")
