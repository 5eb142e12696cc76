"""Photos of sheets are forgotten: their pixels go after so many days as the map's rule says, what was read stays.

The days count from when a sheet's marks were checked. What nobody has checked, or could be read, is kept so long
after it was sent, but at least a fortnight, and while the map is open. The picture of the table of comments goes
one day after its sheet was checked; a whole photo as soon as it was read, unless the map keeps whole photos.
"""

from __future__ import annotations

import logging
from datetime import datetime
from typing import Final

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.inputs.photo_files import MOST_PHOTO_DAYS

log = logging.getLogger(__name__)

LEAST_UNCHECKED_DAYS: Final = 14
TABLE_DAYS: Final = 1

_MAPS = text("SELECT DISTINCT map_id FROM photo_picture ORDER BY map_id")
_FORGET = text(
    """
    DELETE FROM photo_picture AS picture
    USING sheet_photo AS photo
    JOIN town_map AS map ON map.id = photo.map_id
    LEFT JOIN sheet ON sheet.map_id = photo.map_id AND sheet.serial = photo.serial
    CROSS JOIN LATERAL (
        SELECT
            make_interval(days => least(greatest(map.photo_days, 0), :most)::int) AS kept_for,
            make_interval(days => least(greatest(map.photo_days, :least), :most)::int) AS kept_unchecked,
            CASE WHEN photo.state = 'read' AND sheet.checked_at IS NOT NULL AND NOT EXISTS (
                SELECT FROM sheet_mark AS mark
                WHERE mark.map_id = photo.map_id AND mark.serial = photo.serial AND mark.state = 'found'
            ) THEN greatest(sheet.checked_at, photo.read_at) END AS checked_at
    ) AS rule
    WHERE photo.map_id = :map AND picture.map_id = photo.map_id AND picture.photo_id = photo.id
      AND photo.state IN ('read', 'refused')
      AND (
        rule.checked_at + rule.kept_for <= :now
        OR (picture.what = 'table' AND rule.checked_at + make_interval(days => :table) <= :now)
        OR (photo.state = 'refused' AND photo.read_at + rule.kept_unchecked <= :now)
        OR (photo.state = 'read' AND greatest(map.closes_at, photo.read_at) + rule.kept_unchecked <= :now
            AND map.closes_at <= :now)
        OR (photo.state = 'read' AND picture.what = 'original')
        OR (photo.state = 'read' AND picture.what = 'whole' AND NOT map.whole_photos)
      )
    """
)


def forget_photos(session: Session, now: datetime) -> int:
    """Delete the pixels of photos whose time is over; how many pictures that were.

    Map by map: one for which that fails is logged, and tried again the next time.
    """
    days = {"least": LEAST_UNCHECKED_DAYS, "most": MOST_PHOTO_DAYS, "table": TABLE_DAYS}
    forgotten = 0
    for map_id in session.scalars(_MAPS).all():
        try:
            with session.begin_nested():
                done = session.execute(_FORGET, days | {"now": now, "map": map_id})
                forgotten += int(done.rowcount)  # type: ignore[attr-defined]
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
            # Only what kind of failure: its text may quote a row.
            log.error("photos of map %s are not forgotten: %s", map_id, type(error).__name__)  # noqa: TRY400
    return forgotten
