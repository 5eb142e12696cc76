"""Heat at any size: counts kept with the pins, analyses that take a while, facts beside the feelings."""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

# Statement by statement, not row by row: an import of a million pins is a few hundred statements. A pin's square,
# category, owner and state are what is counted; other columns that a filter may ask for make a row without a
# respondent, so that whoever keeps something made of the pins learns that they are not the same any more.
CHANGES = """
CREATE FUNCTION pin_changes_heat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        INSERT INTO heat_change (map_id, respondent_id, category, square_x, square_y, visible, counted)
        SELECT map_id, respondent_id, category, square_x, square_y,
               (state = 'visible')::int, (state <> 'hidden')::int
        FROM come;
    ELSIF TG_OP = 'DELETE' THEN
        INSERT INTO heat_change (map_id, respondent_id, category, square_x, square_y, visible, counted)
        SELECT map_id, respondent_id, category, square_x, square_y,
               -(state = 'visible')::int, -(state <> 'hidden')::int
        FROM gone;
    ELSE
        INSERT INTO heat_change (map_id, respondent_id, category, square_x, square_y, visible, counted)
        SELECT w.*
        FROM gone JOIN come USING (map_id, id), LATERAL (VALUES
            (gone.map_id, gone.respondent_id, gone.category, gone.square_x, gone.square_y,
             -(gone.state = 'visible')::int, -(gone.state <> 'hidden')::int),
            (come.map_id, come.respondent_id, come.category, come.square_x, come.square_y,
             (come.state = 'visible')::int, (come.state <> 'hidden')::int)
        ) AS w
        WHERE (gone.respondent_id, gone.category, gone.square_x, gone.square_y, gone.state)
           IS DISTINCT FROM (come.respondent_id, come.category, come.square_x, come.square_y, come.state);
        INSERT INTO heat_change (map_id)
        SELECT DISTINCT come.map_id
        FROM gone JOIN come USING (map_id, id)
        WHERE (gone.comment, gone.answers, gone.channel, gone.event, gone.status, gone.answer IS NULL,
               gone.flagged, gone.created_at, gone.position::bytea, gone.zoom)
           IS DISTINCT FROM
              (come.comment, come.answers, come.channel, come.event, come.status, come.answer IS NULL,
               come.flagged, come.created_at, come.position::bytea, come.zoom);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER pin_comes AFTER INSERT ON pin
    REFERENCING NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION pin_changes_heat();
CREATE TRIGGER pin_changes AFTER UPDATE ON pin
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION pin_changes_heat();
CREATE TRIGGER pin_goes AFTER DELETE ON pin
    REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION pin_changes_heat();

CREATE FUNCTION respondent_changes_heat() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO heat_change (map_id)
    SELECT DISTINCT come.map_id FROM gone JOIN come USING (map_id, id) WHERE gone.about <> come.about;
    RETURN NULL;
END $$;
CREATE TRIGGER respondent_changes AFTER UPDATE ON respondent
    REFERENCING OLD TABLE AS gone NEW TABLE AS come FOR EACH STATEMENT EXECUTE FUNCTION respondent_changes_heat();
"""
# What was pinned before waits to be taken into the blocks like anything new.
COUNT_ALL = """
INSERT INTO heat_change (map_id, respondent_id, category, square_x, square_y, visible, counted)
SELECT map_id, respondent_id, category, square_x, square_y, (state = 'visible')::int, (state <> 'hidden')::int
FROM pin
"""


def upgrade():
    op.create_table(
        "heat_state",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("folded", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("folded_mark", sa.BigInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("folded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name=op.f("fk_heat_state_map_id_town_map"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("map_id", name=op.f("pk_heat_state")),
    )
    op.create_table(
        "heat_block",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("block_x", sa.Integer(), nullable=False),
        sa.Column("block_y", sa.Integer(), nullable=False),
        *(
            sa.Column(name, sa.LargeBinary(), nullable=False)
            for name in ("people", "pins", "crowd", "office_people", "office_pins", "office_crowd")
        ),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name=op.f("fk_heat_block_map_id_town_map"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("map_id", "category", "block_x", "block_y", name=op.f("pk_heat_block")),
    )
    op.create_table(
        "heat_change",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), server_default=sa.text("gen_random_uuid()"), nullable=False),
        sa.Column("respondent_id", sa.Uuid(), nullable=True),
        sa.Column("category", sa.Text(), nullable=True),
        sa.Column("square_x", sa.Integer(), nullable=True),
        sa.Column("square_y", sa.Integer(), nullable=True),
        sa.Column("visible", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("counted", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("map_id", "id", name=op.f("pk_heat_change")),
    )
    # Its rows live for seconds: what they leave behind is to be cleared away as quickly.
    op.execute(
        "ALTER TABLE heat_change SET (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 2000,"
        " autovacuum_analyze_scale_factor = 0, autovacuum_analyze_threshold = 2000,"
        " autovacuum_vacuum_insert_scale_factor = 0, autovacuum_vacuum_insert_threshold = 20000)"
    )
    for name in ("people", "pins", "crowd", "office_people", "office_pins", "office_crowd"):
        # They are compressed before they come here.
        op.execute(f"ALTER TABLE heat_block ALTER COLUMN {name} SET STORAGE EXTERNAL")
    # The day's snapshots are counted anew when they are next asked for, in blocks as well.
    op.execute("DELETE FROM day_snapshot")
    op.drop_table("heat_snapshot")
    op.create_table(
        "heat_snapshot",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        sa.Column("block_x", sa.Integer(), nullable=False),
        sa.Column("block_y", sa.Integer(), nullable=False),
        *(sa.Column(name, sa.LargeBinary(), nullable=False) for name in ("people", "pins", "crowd")),
        sa.ForeignKeyConstraint(
            ["map_id", "taken_on"],
            ["day_snapshot.map_id", "day_snapshot.taken_on"],
            name=op.f("fk_heat_snapshot_map_id_taken_on_day_snapshot"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "map_id", "taken_on", "category", "block_x", "block_y", name=op.f("pk_heat_snapshot")
        ),
    )
    op.drop_index("ix_pin_map_id_respondent_id", table_name="pin")
    op.create_index(
        "ix_pin_person", "pin", ["map_id", "respondent_id", "category", "square_x", "square_y"], unique=False
    )
    op.execute(CHANGES)
    op.execute(COUNT_ALL)
    op.create_table(
        "analysis_run",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("asked", postgresql.JSONB(astext_type=sa.Text()), server_default="{}", nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), server_default="waiting", nullable=False),
        sa.Column("step", sa.Text(), nullable=True),
        sa.Column("share", sa.Float(), server_default=sa.text("0"), nullable=False),
        sa.Column("result", sa.LargeBinary(), nullable=True),
        sa.Column("problem", sa.Text(), nullable=True),
        sa.Column("asked_by", sa.Text(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("beat_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name=op.f("ck_analysis_run_state")
        ),
        sa.ForeignKeyConstraint(
            ["map_id"], ["town_map.id"], name=op.f("fk_analysis_run_map_id_town_map"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("map_id", "id", name=op.f("pk_analysis_run")),
    )
    op.create_index("ix_analysis_run_newest", "analysis_run", ["map_id", "kind", "created_at"], unique=False)
    op.create_index(
        "ix_analysis_run_waiting",
        "analysis_run",
        ["created_at"],
        unique=False,
        postgresql_where=sa.text("state IN ('waiting', 'running')"),
    )
    op.create_table(
        "fact_layer",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("town_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("source", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("features", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False),
        sa.CheckConstraint("shape IN ('points', 'lines', 'areas')", name=op.f("ck_fact_layer_shape")),
        sa.ForeignKeyConstraint(
            ["town_id"], ["town.id"], name=op.f("fk_fact_layer_town_id_town"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_fact_layer")),
    )
    op.create_index(op.f("ix_fact_layer_town_id"), "fact_layer", ["town_id"], unique=False)
    op.create_table(
        "fact",
        sa.Column("layer_id", sa.BigInteger(), nullable=False),
        sa.Column("n", sa.Integer(), nullable=False),
        sa.Column("place", Geometry("GEOMETRY", srid=4326, spatial_index=False), nullable=False),
        sa.Column("label", sa.Text(), nullable=True),
        sa.Column("happened_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(
            ["layer_id"], ["fact_layer.id"], name=op.f("fk_fact_layer_id_fact_layer"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("layer_id", "n", name=op.f("pk_fact")),
    )
    op.create_index("ix_fact_place", "fact", ["place"], unique=False, postgresql_using="gist")


def downgrade():
    op.drop_table("fact")
    op.drop_table("fact_layer")
    op.drop_table("analysis_run")
    for trigger, table in (("pin_comes", "pin"), ("pin_changes", "pin"), ("pin_goes", "pin")):
        op.execute(f"DROP TRIGGER {trigger} ON {table}")
    op.execute("DROP TRIGGER respondent_changes ON respondent")
    op.execute("DROP FUNCTION pin_changes_heat()")
    op.execute("DROP FUNCTION respondent_changes_heat()")
    op.drop_index("ix_pin_person", table_name="pin")
    op.create_index("ix_pin_map_id_respondent_id", "pin", ["map_id", "respondent_id"], unique=False)
    op.execute("DELETE FROM day_snapshot")
    op.drop_table("heat_snapshot")
    op.create_table(
        "heat_snapshot",
        sa.Column("map_id", sa.BigInteger(), nullable=False),
        sa.Column("taken_on", sa.Date(), nullable=False),
        sa.Column("category", sa.Text(), nullable=False),
        *(
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("square_x", "square_y", "people", "pins", "crowd")
        ),
        sa.ForeignKeyConstraint(
            ["map_id", "taken_on"],
            ["day_snapshot.map_id", "day_snapshot.taken_on"],
            name=op.f("fk_heat_snapshot_map_id_taken_on_day_snapshot"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "map_id", "taken_on", "category", "square_x", "square_y", name=op.f("pk_heat_snapshot")
        ),
    )
    op.drop_table("heat_change")
    op.drop_table("heat_block")
    op.drop_table("heat_state")
