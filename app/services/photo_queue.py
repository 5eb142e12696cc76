"""The queue of photos that wait to be read: one after another, each by a process that knows nothing else.

Who works it off is an edge of its own, like a command: it opens its sessions and commits (photo_reader.py).
"""

from __future__ import annotations

import logging
import tempfile
import traceback
import uuid
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from app.inputs.photo_reading import Corners, PageRead, PageRefused, SheetFiles, SheetReading, Wanted
from app.inputs.photo_words import WORDS
from app.models import PhotoPicture, PhotoState, Sheet, SheetPhoto, TownMap
from app.queries.sheets import clean_picture, find_sheet
from app.services.sheet_merging import forget_marks_of, merge_marks
from gis.paper.serial import parse_serial
from gis.scan.failure import Failure, Reason

log = logging.getLogger(__name__)

Sessions = sessionmaker[Session]
MOST_ATTEMPTS: Final = 3
"""A photo in whose reading the process was lost so often is not tried by itself again."""


@dataclass(frozen=True)
class PhotoOrder:
    """One file to read."""

    map_id: int
    photo_id: uuid.UUID
    serial: str | None
    corners: Corners | None
    keep_whole: bool
    content: bytes = field(repr=False)

    @property
    def by_hand(self) -> bool:
        """Whether somebody said what it shows: then it is a single picture."""
        return self.serial is not None


def take_back_lost(sessions: Sessions) -> None:
    """Let photos wait again whose reading was lost; only for the process that alone reads."""
    with sessions() as session:
        for photo in session.scalars(select(SheetPhoto).where(SheetPhoto.state == PhotoState.READING)):
            if photo.reading.get("attempts", 0) >= MOST_ATTEMPTS:
                _refuse(session, photo, Failure(Reason.TOO_HARD))
            else:
                photo.state = PhotoState.WAITING
        session.commit()


def take_waiting(sessions: Sessions) -> PhotoOrder | None:
    """The photo that is next, now being read; None where none waits.

    Maps take turns: of the one that was served longest ago, the photo that has waited longest.
    """
    waiting = select(SheetPhoto.map_id).where(SheetPhoto.state == PhotoState.WAITING)
    served = (
        select(SheetPhoto.map_id, func.max(func.greatest(SheetPhoto.begun_at, SheetPhoto.read_at)).label("at"))
        .where(SheetPhoto.map_id.in_(waiting))
        .group_by(SheetPhoto.map_id)
        .subquery()
    )
    while True:
        with sessions() as session:
            photo = session.scalar(
                select(SheetPhoto)
                .join(served, served.c.map_id == SheetPhoto.map_id)
                .where(SheetPhoto.state == PhotoState.WAITING)
                .order_by(served.c.at.nulls_first(), SheetPhoto.created_at, SheetPhoto.id)
                .limit(1)
                .with_for_update(skip_locked=True, of=SheetPhoto)
            )
            if photo is None:
                return None
            order = _order(session, photo)
            session.commit()
            if order is not None:
                return order


def hand_back(sessions: Sessions, order: PhotoOrder) -> None:
    """Let a photo wait again, as its process has to end."""
    with sessions() as session:
        session.execute(
            update(SheetPhoto)
            .where(*_this(order), SheetPhoto.state == PhotoState.READING)
            .values(state=PhotoState.WAITING, begun_at=None, reading={})
        )
        session.commit()


def read_photo(sessions: Sessions, order: PhotoOrder, reading: SheetReading) -> None:
    """Read one file, page by page, and keep what each page says; whatever breaks is kept as a refusal."""
    with tempfile.TemporaryDirectory(dir=reading.folder) as place:
        upload = Path(place) / "upload"
        upload.write_bytes(order.content)
        wanted = Wanted(order.serial, order.corners, pictures=True, whole=order.keep_whole)
        try:
            with closing(reading.read(upload, wanted)) as pages:
                for told in pages:
                    with sessions() as session:
                        goes_on = keep_page(session, order, told)
                        session.commit()
                    if not goes_on:
                        break
        except SQLAlchemyError:
            raise
        except Exception as error:
            # Neither its message nor its values: names of files may be in them.
            where = "".join(traceback.format_tb(error.__traceback__))
            log.error("reading a photo broke: %s\n%s", type(error).__name__, where)  # noqa: TRY400
    _refuse_silent(sessions, order)


def lookup(sessions: Sessions, map_id: int, serial: str) -> SheetFiles | Failure:
    """What reading a photo for this map may know of the sheet with this serial; why nothing, where that is so."""
    with sessions() as session:
        found = find_sheet(session, serial)
        if found is None:
            return Failure(Reason.UNKNOWN_SHEET, {"serial": serial})
        if found.map_id != map_id:
            # Which sheets other towns have is not told to whoever finds one of them.
            if _of_other_town(session, map_id, {"serial": serial}):
                return Failure(Reason.UNKNOWN_SHEET, {"serial": serial})
            return Failure(Reason.OTHER_MAP, {"serial": serial, "map": found.map_slug})
        return SheetFiles(found.sheet, clean_picture(session, found.map_id, found.print_id))


def keep_page(session: Session, order: PhotoOrder, told: PageRead | PageRefused) -> bool:
    """Put away what one page of a file said; whether more of its pages are wanted.

    Nothing is kept, and no more is wanted, where the photo was thrown away meanwhile.
    """
    photo = _row_of_page(session, order, told.page)
    if photo is None:
        return not order.by_hand and told.page > 1 and _is_there(session, order)
    if isinstance(told, PageRefused):
        if _of_other_town(session, photo.map_id, told.failure.evidence):
            _refuse_foreign(session, photo)
        else:
            # What corners were clicked on stays as it is: written anew each time, it would wear off.
            _refuse(session, photo, told.failure, None if order.by_hand else _of_use(told))
        return not order.by_hand
    forget_marks_of(session, photo.map_id, photo.id, but_of=told.serial)
    photo.state, photo.serial = PhotoState.READ, told.serial
    photo.reason, photo.evidence = None, {}
    photo.read_at = datetime.now(UTC)
    session.flush()
    merged = merge_marks(session, photo.map_id, told.serial, photo.id, told.marks)
    how = told.how
    photo.reading = {
        "error_mm": how.error_mm,
        "error_m": how.error_m,
        "px_per_mm": how.px_per_mm,
        "seen": how.seen,
        "sharpness": how.sharpness,
        "missing": how.missing,
        "marks": len(told.marks),
        "added": merged.added,
        "again": merged.again,
    }
    _replace_pictures(session, photo, told.pictures)
    return not order.by_hand


def _order(session: Session, photo: SheetPhoto) -> PhotoOrder | None:
    """The photo as an order, from now on being read; None where its pixels are gone."""
    kept = dict(
        session.execute(
            select(PhotoPicture.what, PhotoPicture.content).where(
                PhotoPicture.map_id == photo.map_id,
                PhotoPicture.photo_id == photo.id,
                PhotoPicture.what.in_(["original", "whole"]),
            )
        ).all()
    )
    content = kept.get("original") or kept.get("whole")
    if content is None:
        _refuse(session, photo, Failure(Reason.NOT_A_PICTURE))
        return None
    photo.state = PhotoState.READING
    photo.begun_at = datetime.now(UTC)
    photo.reading = photo.reading | {"attempts": photo.reading.get("attempts", 0) + 1}
    keep_whole = bool(session.scalar(select(TownMap.whole_photos).where(TownMap.id == photo.map_id)))
    corners = tuple((float(c["x"]), float(c["y"])) for c in photo.corners) if photo.corners else None
    return PhotoOrder(photo.map_id, photo.id, photo.serial, corners, keep_whole, content)


def _row_of_page(session: Session, order: PhotoOrder, page: int) -> SheetPhoto | None:
    """The row of this page of the file: the first is the photo itself, others are made when they are met."""
    query = select(SheetPhoto).with_for_update().execution_options(populate_existing=True)
    first = session.scalar(query.where(*_this(order), SheetPhoto.state == PhotoState.READING))
    if page == 1 or order.by_hand:
        return first if page == 1 else None
    columns = select(SheetPhoto.digest, SheetPhoto.filename, SheetPhoto.uploaded_by)
    row = session.execute(columns.where(*_this(order))).first()
    if row is None:
        return None
    known = session.scalar(
        query.where(SheetPhoto.map_id == order.map_id, SheetPhoto.digest == row.digest, SheetPhoto.page == page)
    )
    if known is None:
        known = SheetPhoto(
            map_id=order.map_id,
            id=uuid.uuid4(),
            digest=row.digest,
            page=page,
            filename=row.filename,
            uploaded_by=row.uploaded_by,
            created_at=func.clock_timestamp(),
            state=PhotoState.READING,
        )
        session.add(known)
        session.flush()
    return known if known.state != PhotoState.READ else None


def _refuse(
    session: Session, photo: SheetPhoto, failure: Failure, pictures: Mapping[str, bytes] | None = None
) -> None:
    forget_marks_of(session, photo.map_id, photo.id)
    photo.state = PhotoState.REFUSED
    photo.reason = str(failure.reason)
    photo.evidence = dict(failure.evidence)
    photo.read_at = datetime.now(UTC)
    photo.reading = {}
    session.flush()
    if pictures:
        _replace_pictures(session, photo, pictures)
    elif failure.reason != Reason.TOO_HARD:  # that one may pass the next time
        _drop_pictures(session, photo, ["original"])


def _refuse_foreign(session: Session, photo: SheetPhoto) -> None:
    """Of a sheet of another town neither its serial is kept nor what it looks like."""
    photo.serial = photo.corners = None
    _refuse(session, photo, Failure(Reason.UNKNOWN_SHEET))
    _drop_pictures(session, photo, None)


def _of_other_town(session: Session, map_id: int, evidence: Mapping[str, Any]) -> bool:
    """Whether a serial in the evidence is of a sheet that another town has printed."""
    several = evidence.get("serials")
    named = [evidence.get("serial"), *(several if isinstance(several, (list, tuple)) else ())]
    serials = {parsed for one in named if isinstance(one, str) and (parsed := parse_serial(one[:40]))}
    if not serials:
        return False
    own = select(TownMap.town_id).where(TownMap.id == map_id).scalar_subquery()
    foreign = select(Sheet.serial).join(TownMap, TownMap.id == Sheet.map_id)
    return session.scalar(foreign.where(Sheet.serial.in_(serials), TownMap.town_id != own).limit(1)) is not None


def _of_use(told: PageRefused) -> Mapping[str, bytes]:
    """The pictures of a refused photo that somebody may work with; a photo of anything else is not kept whole."""
    by_hand = WORDS[told.failure.reason].by_hand
    return {what: content for what, content in told.pictures.items() if by_hand or what != "whole"}


def _replace_pictures(session: Session, photo: SheetPhoto, pictures: Mapping[str, bytes]) -> None:
    _drop_pictures(session, photo, None)
    for what, content in pictures.items():
        session.execute(
            insert(PhotoPicture).values(map_id=photo.map_id, photo_id=photo.id, what=what, content=content)
        )


def _drop_pictures(session: Session, photo: SheetPhoto, only: list[str] | None) -> None:
    those: list[Any] = [PhotoPicture.map_id == photo.map_id, PhotoPicture.photo_id == photo.id]
    if only is not None:
        those.append(PhotoPicture.what.in_(only))
    session.execute(delete(PhotoPicture).where(*those))


def _refuse_silent(sessions: Sessions, order: PhotoOrder) -> None:
    """A file whose reading ended without a word about it was too hard."""
    with sessions() as session:
        photo = session.scalar(
            select(SheetPhoto).where(*_this(order), SheetPhoto.state == PhotoState.READING).with_for_update()
        )
        if photo is not None:
            _refuse(session, photo, Failure(Reason.TOO_HARD))
        session.commit()


def _is_there(session: Session, order: PhotoOrder) -> bool:
    return session.scalar(select(SheetPhoto.id).where(*_this(order))) is not None


def _this(order: PhotoOrder) -> tuple[Any, Any]:
    return SheetPhoto.map_id == order.map_id, SheetPhoto.id == order.photo_id
