"""Retention: a while after a map has closed, what ties pins to persons is taken away for good.

The numbers of people are stored first, as nobody can count them afterwards. Then each (person, category, 250 m
square) becomes a person of its own, made at random: all that heat counts (people in 25 m squares, people in 250
m squares, by category) stays exactly as it was, and no two pins of one person that lie farther apart, or say
different things, can be told to be one person's. Moments are coarsened to days, since pins of one sitting carry
nearly the same one, and so is how exact a place is, which the marks of one photo share. Answers about persons,
receipts, devices, and what an official had masked are gone.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

from sqlalchemy import Integer, cast, func, select, text, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.errors import InvalidInput, Problem, Unacceptable
from app.i18n import N_
from app.meters import HOUSE_DONE_AT, HOUSE_FAILURES, HOUSE_ROUNDS
from app.models import Channel, Pin, QuestionType, TownMap
from app.queries.maps import MapRecord, read_map
from app.queries.published import quiet_times
from app.queries.summary import FINAL, Summary, count_summary
from app.services.account_retention import forget_signs_of_officials
from app.services.audit import BY_ITSELF, Actor, Deed, record
from app.services.counts import fold
from app.services.photo_retention import forget_photos
from app.services.pin_photos import forget_refused
from app.services.throttle import forget_old
from gis.grid import SQUARES_PER_PRIVACY_SQUARE

log = logging.getLogger(__name__)

LOCK = 2_718_283
"""The advisory lock under which one process of all looks after the maps."""
FIRST_AFTER_S = 60.0
EVERY_S = 3600.0

# Squares of 5514 are negative: floor, not SQL's own division. A person found nowhere is made for each piece.
_SPLIT = text(
    f"""
    WITH piece AS MATERIALIZED (
        SELECT respondent_id AS was, category, floor(square_x / {SQUARES_PER_PRIVACY_SQUARE}.0) AS x,
               floor(square_y / {SQUARES_PER_PRIVACY_SQUARE}.0) AS y, gen_random_uuid() AS now_is
        FROM pin WHERE map_id = :map GROUP BY 1, 2, 3, 4
    ), made AS (
        INSERT INTO respondent (map_id, id, created_at) SELECT :map, now_is, :now FROM piece
    )
    UPDATE pin SET respondent_id = piece.now_is, original_comment = NULL, changed_at = :now,
        precision_m = CASE WHEN precision_m <= 10 THEN 10 WHEN precision_m <= 20 THEN 20
            WHEN precision_m <= 50 THEN 50 WHEN precision_m <= 100 THEN 100 WHEN precision_m <= 500 THEN 500
            WHEN precision_m IS NOT NULL THEN 1000 END,
        created_at = date_trunc('day', pin.created_at AT TIME ZONE :clock) AT TIME ZONE :clock,
        checked_at = CASE WHEN pin.checked_at IS NOT NULL THEN CAST(:now AS timestamptz) END
    FROM piece
    WHERE pin.map_id = :map AND pin.respondent_id = piece.was AND pin.category = piece.category
      AND floor(pin.square_x / {SQUARES_PER_PRIVACY_SQUARE}.0) = piece.x
      AND floor(pin.square_y / {SQUARES_PER_PRIVACY_SQUARE}.0) = piece.y
    """
)
_FORGET = (
    "DELETE FROM support WHERE map_id = :map",
    "DELETE FROM respondent_device WHERE map_id = :map",
    # Today's is counted anew, without the moments of single pins.
    "DELETE FROM day_snapshot WHERE map_id = :map",
    """
    DELETE FROM respondent r WHERE r.map_id = :map
      AND NOT EXISTS (SELECT FROM pin p WHERE p.map_id = r.map_id AND p.respondent_id = r.id)
    """,
    # These two say that pins are one person's.
    "DELETE FROM pin_flag WHERE map_id = :map AND kind IN ('burst', 'close')",
    "UPDATE pin_flag SET detail = '{}' WHERE map_id = :map",
    # A sheet's marks have the ids of its pins, its photos show them side by side.
    "DELETE FROM sheet_mark WHERE map_id = :map",
    "DELETE FROM sheet_photo WHERE map_id = :map",
    # Nobody has let these be shown; of the others the file's print and the moment go.
    "DELETE FROM pin_photo WHERE map_id = :map AND state <> 'shown'",
    """
    UPDATE pin_photo SET digest = '', created_at = pin.created_at FROM pin
    WHERE pin_photo.map_id = :map AND pin.map_id = :map AND pin.id = pin_photo.pin_id
    """,
    "UPDATE sheet SET about = '{}', receipt_hash = NULL WHERE map_id = :map",
    """
    UPDATE pin SET flagged = false WHERE map_id = :map AND flagged AND NOT EXISTS (
        SELECT FROM pin_flag f WHERE f.map_id = pin.map_id AND f.pin_id = pin.id AND NOT f.settled)
    """,
)
_GROUPS = text(
    """
    SELECT answer, count(*) FROM (
        SELECT r.id, jsonb_array_elements_text(
            CASE jsonb_typeof(r.about -> q.key) WHEN 'array' THEN r.about -> q.key
            ELSE jsonb_build_array(r.about -> q.key) END) AS answer
        FROM respondent r, (SELECT CAST(:key AS text) AS key) AS q WHERE r.map_id = :map AND r.about ? q.key
          AND EXISTS (SELECT FROM pin p WHERE p.map_id = r.map_id AND p.respondent_id = r.id)
    ) AS said GROUP BY answer HAVING count(*) >= :k ORDER BY answer
    """
)


def due_at(the_map: MapRecord) -> datetime | None:
    """When the map's persons are to be taken away; None while no end is set, and after it was done."""
    if the_map.closes_at is None or the_map.anonymised_at is not None:
        return None
    return the_map.closes_at + timedelta(days=the_map.retention_days)


def anonymise(session: Session, the_map: MapRecord, now: datetime, by: Actor = BY_ITSELF) -> bool:
    """Take the persons out of a closed map for good; False where that was done before.

    Unacceptable while the map is open. Whether it is time is for the caller to ask (`due_at`).
    """
    row = session.scalars(
        select(TownMap).where(TownMap.id == the_map.id).with_for_update().execution_options(populate_existing=True)
    ).one()
    if row.anonymised_at is not None:
        return False
    if row.closes_at is None or now < row.closes_at:
        raise Unacceptable(
            Problem("map", N_("The map has not closed yet. People may still come back to their pins."))
        )
    the_map = read_map(session, row.slug)
    row.final_summary = _final(session, the_map)
    values = {"map": the_map.id, "now": now, "clock": TOWN_CLOCK.key}
    _join_quiet_days(session, the_map, now)
    session.execute(_SPLIT, values)
    for statement in _FORGET:
        session.execute(text(statement), {"map": the_map.id})
    fold(session, the_map.id)  # what waits to be counted says whose pins they were
    row.anonymised_at = now
    row.version += 1
    record(session, by, Deed("map.anonymise", the_map.slug), the_map=the_map)
    # What this session read before is not what is there now.
    session.expire_all()
    return True


def _join_quiet_days(session: Session, the_map: MapRecord, now: datetime) -> None:
    """Give pins of days with too few people the day that everybody is told (queries/published.py), for good."""
    tomorrow = now.date() + timedelta(days=1)
    for first, last in quiet_times(session, the_map.id, the_map.k, tomorrow).spans:
        begin, end = (datetime.combine(day, time.min, UTC) for day in (first, last + timedelta(days=1)))
        quiet = (Pin.map_id == the_map.id, Pin.channel != Channel.IMPORT, Pin.created_at >= begin)
        session.execute(update(Pin).where(*quiet, Pin.created_at < end).values(created_at=begin))


def next_due(session: Session, now: datetime, but: Collection[str] = ()) -> str | None:
    """The map, but for these, that has been due for being anonymised longest.

    None for none, and where another process is at it: the session holds the lock until its transaction ends.
    """
    if not session.scalar(select(func.pg_try_advisory_xact_lock(LOCK))):
        return None
    # In hours, as a day of the database's clock may have 23 or 25 of them.
    due = TownMap.closes_at + func.make_interval(0, 0, 0, 0, cast(TownMap.retention_days * 24, Integer))
    wanted = select(TownMap.slug).where(TownMap.anonymised_at.is_(None), due <= now, TownMap.slug.not_in(but))
    found: str | None = session.scalar(wanted.order_by(due, TownMap.id).limit(1))
    return found


def anonymise_next(session: Session, now: datetime) -> str | None:
    """Anonymise the map that has been due longest, unless another process is at it; its slug, None for none."""
    slug = next_due(session, now)
    if slug is not None:
        anonymise(session, read_map(session, slug), now)
    return slug


def refuse_reopening(
    anonymised_at: datetime | None, closes_at: datetime | None, now: datetime | None = None
) -> None:
    """Raise InvalidInput where a map that has been anonymised would take pins again."""
    if anonymised_at is not None and (closes_at is None or closes_at > (now or datetime.now(UTC))):
        message = N_(
            "Nobody can tell any more whose pins these are, so the map stays closed. Begin the next round."
        )
        raise InvalidInput(Problem("closes", message))


def keep_house(
    open_session: Callable[[], Session],
    stop: threading.Event,
    *,
    first_after_s: float = FIRST_AFTER_S,
    every_s: float = EVERY_S,
) -> None:
    """Anonymise what is due, forget photos of sheets and refused ones of pins, again and again until told to stop.

    What fails is logged and tried again in the next round; it keeps nothing else from being done.
    """
    wait_s = first_after_s
    while not stop.wait(wait_s):
        wait_s = every_s
        went_well = keep_house_once(open_session, stop)
        HOUSE_ROUNDS.labels("well" if went_well else "failed").inc()
        if went_well:
            HOUSE_DONE_AT.set_to_current_time()


def keep_house_once(open_session: Callable[[], Session], stop: threading.Event) -> bool:
    """One round of all that is done by itself after a deadline; whether nothing of it failed."""
    failed: set[str] = set()
    went_well = _tried("anonymising", lambda: _anonymise_all(open_session, stop, failed))
    tasks = (
        ("photos of sheets", forget_photos),
        ("refused photos of pins", forget_refused),
        ("counts of attempts", forget_old),
        ("signs of officials", forget_signs_of_officials),
    )
    for what, forget in tasks:
        went_well &= _tried(what, partial(_forgotten, open_session, forget))
    return went_well and not failed


def _anonymise_all(open_session: Callable[[], Session], stop: threading.Event, failed: set[str]) -> None:
    """Anonymise every map that is due; those for which it fails are put among the failed, and passed over."""
    while not stop.is_set():
        with open_session() as session:
            now = datetime.now(UTC)
            slug = next_due(session, now, failed)
            if slug is None:
                return
            try:
                anonymise(session, read_map(session, slug), now)
                session.commit()
            except Exception as error:
                if isinstance(error, DBAPIError) and error.connection_invalidated:
                    raise
                failed.add(slug)
                _failed(f"map {slug} is not anonymised", error)
            else:
                log.warning("map %s has been anonymised", slug)


def _forgotten(open_session: Callable[[], Session], forget: Callable[[Session, datetime], int]) -> None:
    with open_session() as session:
        forget(session, datetime.now(UTC))
        session.commit()


def _tried(what: str, work: Callable[[], None]) -> bool:
    """Whether the work went well; what broke it is logged."""
    try:
        work()
    except Exception as error:
        _failed(f"retention failed: {what}", error)
        return False
    return True


def _failed(what: str, error: Exception) -> None:
    # Only what kind of failure: its text may quote a row.
    HOUSE_FAILURES.inc()
    log.error("%s: %s", what, type(error).__name__)


def _final(session: Session, the_map: MapRecord) -> dict[str, Any]:
    """The numbers of people that can't be counted later: the summaries, and the groups that are large enough."""
    kept: dict[str, Any] = {
        name: _coarse(count_summary(session, the_map, wanted)).as_json() for wanted, name in FINAL.items()
    }
    kept["groups"] = {
        question.key: {
            row[0]: row[1]
            for row in session.execute(_GROUPS, {"map": the_map.id, "key": question.key, "k": the_map.k})
        }
        for question in the_map.about
        if question.type != QuestionType.TEXT
    }
    return kept


def _coarse(summary: Summary) -> Summary:
    """The summary with days in the place of the moments of its first and last pin."""
    return replace(summary, first=_day_of(summary.first), last=_day_of(summary.last))


def _day_of(moment: datetime | None) -> datetime | None:
    """When the moment's day began by the town's clocks."""
    if moment is None:
        return None
    return moment.astimezone(TOWN_CLOCK).replace(hour=0, minute=0, second=0, microsecond=0)
