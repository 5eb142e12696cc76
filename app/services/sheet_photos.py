"""Photos of sheets: taken in, told by hand what they did not tell, thrown away. Reading them is photo_queue.py."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem, Unknown
from app.i18n import N_
from app.inputs.photo_files import FIELD, ByHand, PhotoFile, PhotoRule, kept_corners
from app.models import PhotoPicture, PhotoState, SheetPhoto, TownMap
from app.queries.maps import MapRecord
from app.services.audit import Actor, Deed, record
from app.services.respondents import refuse_anonymised
from app.services.sheet_merging import forget_marks_of

MOST_WAITING: Final = 600
"""Of one map: half an hour of reading, and no more than 24 GB even of the largest files."""
MOST_KEPT_BYTES: Final = 4 << 30
"""Of all pictures of one town's photos, and of its files that wait."""
MANY: Final = N_("Enough photos of this map are waiting to be read. Please send more when some of them are done.")
FULL: Final = N_(
    "The photos of this town take up all of their %(gigabytes)s GB. Throw away some that nobody needs any more, "
    "or keep photos for fewer days."
)
NO_PIXELS: Final = N_("The picture is not kept any more. Please send the photo once more.")
UNREAD: Final = (PhotoState.WAITING, PhotoState.READING)


class Outcome(StrEnum):
    """What became of an uploaded file."""

    NEW = "new"
    AGAIN = "again"
    """The same file is here already."""
    RETRIED = "retried"
    """The same file is here already, could not be read before, and is tried once more."""


@dataclass(frozen=True)
class Added:
    """A file that was taken in."""

    id: uuid.UUID
    outcome: Outcome


def add_photo(session: Session, by: Actor, the_map: MapRecord, file: PhotoFile) -> Added:
    """Let a photo wait to be read; one that is here already is the same. InvalidInput where enough wait.

    Anonymised once the map has forgotten its people: nobody could come back to a pin from its sheet.
    """
    refuse_anonymised(the_map)
    # Held till the commit, so that of the same photo sent twice at once one is first; pins come in all the same.
    session.execute(select(TownMap.id).where(TownMap.id == the_map.id).with_for_update(key_share=True))
    known = session.scalars(
        select(SheetPhoto)
        .where(SheetPhoto.map_id == the_map.id, SheetPhoto.digest == file.digest)
        .order_by(SheetPhoto.page)
        .execution_options(populate_existing=True)
    ).all()
    if known:
        return Added(known[0].id, _try_again(session, the_map, known, file))
    waiting = select(func.count()).where(SheetPhoto.map_id == the_map.id, SheetPhoto.state.in_(UNREAD))
    if (session.scalar(waiting) or 0) >= MOST_WAITING:
        raise InvalidInput(Problem(FIELD, MANY))
    _refuse_full(session, the_map, file)
    photo = SheetPhoto(
        map_id=the_map.id,
        id=uuid.uuid4(),
        digest=file.digest,
        filename=file.filename,
        state=PhotoState.WAITING,
        uploaded_by=by.email,
        created_at=func.clock_timestamp(),
    )
    session.add(photo)
    session.flush()
    _store_original(session, photo, file.content)
    record(session, by, Deed("photo.add", str(photo.id)), the_map=the_map)
    return Added(photo.id, Outcome.NEW)


def read_by_hand(session: Session, by: Actor, the_map: MapRecord, photo_id: uuid.UUID, hand: ByHand) -> None:
    """Let a photo wait to be read with what an official says of it; InvalidInput where its pixels are gone."""
    photo = _locked(session, the_map, photo_id)
    if photo.state in UNREAD:
        return
    if session.get(PhotoPicture, (the_map.id, photo_id, "whole")) is None:
        raise InvalidInput(Problem("photo", NO_PIXELS))
    photo.serial, photo.corners = hand.serial, kept_corners(hand)
    _wait(photo)
    detail = {"sheet": hand.serial, "corners": bool(hand.corners)}
    record(session, by, Deed("photo.by_hand", str(photo.id), detail), the_map=the_map)


def read_again(session: Session, the_map: MapRecord, photo_id: uuid.UUID) -> bool:
    """Let a refused photo wait once more as it is; whether it does. InvalidInput where its pixels are gone."""
    photo = _locked(session, the_map, photo_id)
    if photo.state != PhotoState.REFUSED:
        return False
    kept = session.scalars(
        select(PhotoPicture.what).where(PhotoPicture.map_id == the_map.id, PhotoPicture.photo_id == photo_id)
    ).all()
    if not {"original", "whole"} & set(kept):
        raise InvalidInput(Problem("photo", NO_PIXELS))
    _wait(photo)
    session.flush()
    return True


def remove_photo(session: Session, by: Actor, the_map: MapRecord, photo_id: uuid.UUID) -> None:
    """Throw a photo away, with the marks that only it has shown and nobody has touched; its pins stay."""
    photo = _locked(session, the_map, photo_id)
    forget_marks_of(session, the_map.id, photo_id)
    record(session, by, Deed("photo.remove", str(photo.id), {"sheet": photo.serial}), the_map=the_map)
    session.delete(photo)
    session.flush()


def save_photo_rule(session: Session, by: Actor, the_map: MapRecord, rule: PhotoRule) -> None:
    """Keep photos of this map so long, and so much of them."""
    row = session.get_one(TownMap, the_map.id, with_for_update={"key_share": True}, populate_existing=True)
    before = {"days": row.photo_days, "whole": row.whole_photos}
    row.photo_days, row.whole_photos = rule.days, rule.whole
    after = {"days": rule.days, "whole": rule.whole}
    if before != after:
        record(session, by, Deed("photo.rule", the_map.slug, {"before": before, "after": after}), the_map=the_map)
    session.flush()


def _try_again(session: Session, the_map: MapRecord, pages: Sequence[SheetPhoto], file: PhotoFile) -> Outcome:
    """A refused photo that comes once more may be read by now: by a newer version, or on a quieter day."""
    photo = pages[0]
    states = {page.state for page in pages}
    if PhotoState.REFUSED not in states or states & set(UNREAD):
        return Outcome.AGAIN
    _refuse_full(session, the_map, file)
    photo.serial = photo.corners = None
    session.execute(
        delete(PhotoPicture).where(PhotoPicture.map_id == photo.map_id, PhotoPicture.photo_id == photo.id)
    )
    _store_original(session, photo, file.content)
    _wait(photo)
    session.flush()
    return Outcome.RETRIED


def _refuse_full(session: Session, the_map: MapRecord, file: PhotoFile) -> None:
    """Raise InvalidInput where the town's photos would take up more than they may."""
    kept = session.scalar(
        select(func.sum(func.octet_length(PhotoPicture.content)))
        .join(TownMap, TownMap.id == PhotoPicture.map_id)
        .where(TownMap.town_id == the_map.town_id)
    )
    if (kept or 0) + len(file.content) > MOST_KEPT_BYTES:
        raise InvalidInput(Problem(FIELD, FULL, {"gigabytes": MOST_KEPT_BYTES >> 30}))


def _wait(photo: SheetPhoto) -> None:
    photo.state = PhotoState.WAITING
    photo.reading = {key: value for key, value in photo.reading.items() if key != "attempts"}
    photo.begun_at = None


def _store_original(session: Session, photo: SheetPhoto, content: bytes) -> None:
    session.execute(
        insert(PhotoPicture).values(map_id=photo.map_id, photo_id=photo.id, what="original", content=content)
    )


def _locked(session: Session, the_map: MapRecord, photo_id: uuid.UUID) -> SheetPhoto:
    photo = session.scalar(
        select(SheetPhoto)
        .where(SheetPhoto.map_id == the_map.id, SheetPhoto.id == photo_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    if photo is None:
        raise Unknown
    return photo
