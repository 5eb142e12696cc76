"""What waits to be done on the whole server, in numbers: for whoever watches over it, never for a page.

These are sums over all maps, as nothing else on a web path makes: partial indexes answer them, the longest queue
is counted only so far, and the database gives up after a moment rather than be held by its own watchman.
"""

from __future__ import annotations

from collections.abc import Mapping

from sqlalchemy import text
from sqlalchemy.orm import Session

MOST_COUNTED = 100_000
MOST_MS = 2000

_WAITING = text(
    """
    WITH due AS (
        SELECT closes_at + make_interval(hours => (retention_days * 24)::int) AS at FROM town_map
        WHERE anonymised_at IS NULL AND closes_at IS NOT NULL
    )
    SELECT
        (SELECT count(*) FROM (
            SELECT 1 FROM pin WHERE state = 'pending' OR (flagged AND state = 'visible') LIMIT :most) AS q
        ) AS queue_pins,
        (SELECT count(*) FROM (SELECT 1 FROM pin_photo WHERE state = 'waiting' LIMIT :most) AS p) AS pin_photos,
        (SELECT count(*) FROM sheet_photo WHERE state IN ('waiting', 'reading')) AS sheet_photos,
        (SELECT count(*) FROM analysis_run WHERE state IN ('waiting', 'running')) AS analyses,
        (SELECT count(*) FROM report WHERE state IN ('waiting', 'running')) AS reports,
        (SELECT count(*) FROM due WHERE at <= now()) AS retention_due_maps,
        (SELECT COALESCE(max(EXTRACT(epoch FROM now() - at)), 0) FROM due WHERE at <= now())
            AS retention_overdue_seconds,
        (SELECT COALESCE(max(EXTRACT(epoch FROM now() - created_at)), 0) FROM sheet_photo
            WHERE state IN ('waiting', 'reading')) AS oldest_sheet_photo_seconds,
        (SELECT count(*) FROM town_map WHERE COALESCE(closes_at > now(), true)) AS open_maps,
        pg_database_size(current_database()) AS database_bytes,
        (SELECT sum(numbackends) FROM pg_stat_database) AS server_connections,
        current_setting('max_connections')::int AS most_server_connections
    """
)


def waiting_work(session: Session) -> Mapping[str, float]:
    """Each number by its name; a session of its own, whose transaction this begins."""
    session.execute(text(f"SET LOCAL statement_timeout = {MOST_MS}"))
    row = session.execute(_WAITING, {"most": MOST_COUNTED}).mappings().one()
    return {name: float(value or 0) for name, value in row.items()}
