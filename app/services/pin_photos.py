"""Photos of pins: sent and taken back by the pin's author, shown or refused by an official.

Nobody but the author and officials sees one until an official has let it be shown. Whatever changes what everybody
sees of a pin is a change of the pin, so that files and tiles made before are known to be old.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from PIL import Image, ImageDraw, ImageStat
from sqlalchemy import delete, func, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import MapClosed, PhotoChanged, Problem, Unacceptable, Unknown
from app.i18n import N_
from app.inputs.pin_photo_forms import PARTS, Box, ManyPhotos, PhotoDeed, PhotosOf, PhotoWhat
from app.inputs.pin_photo_reader import QUALITY, SMALL_PX, SMALL_QUALITY, jpeg
from app.inputs.pin_photos import FIELD, MadePhoto, SentPhoto
from app.models import PhotoShown, Pin, PinPhoto
from app.queries.maps import MapRecord
from app.queries.pin_photos import PhotoRecord, find_photo, waiting_load
from app.services.audit import Actor, Deed, record
from app.services.pins import own_pin
from app.services.respondents import Author
from app.services.throttle import Limit

OF_DEVICE: Final = Limit("photo device", attempts=40, window=timedelta(hours=1))
OF_PLACE: Final = Limit("photo place", attempts=1200, window=timedelta(hours=1))
"""A class of thirty behind one address, ten photos each, and again."""
OF_SHARE: Final = Limit("photo share", attempts=50, window=timedelta(days=1))
"""Once half of the places are taken: so many of the others one address may fill."""
MOST_WAITING: Final = 500
MOST_WAITING_BYTES: Final = 200 << 20
"""Of one map: more than that nobody looks through, and nobody may fill the disk with."""
SAME_HOUR: Final = timedelta(minutes=30)
MANY_WAIT: Final = N_("Too many photos wait for the town office already. Please send yours another day.")
REFUSED_KEPT: Final = timedelta(days=30)
"""So long an author may read why, and an official may think again."""
ACTIONS: Final = {
    PhotoWhat.SHOW: "pin_photo.show",
    PhotoWhat.REFUSE: "pin_photo.refuse",
    PhotoWhat.COVER: "pin_photo.cover",
}


def expect_photo(
    session: Session, the_map: MapRecord, author: Author, pin_id: uuid.UUID, sent: SentPhoto, *, lock: bool = False
) -> bool:
    """Whether this photo is new; False where the pin has it already, so that nothing is to be done.

    Unacceptable where the map takes no photos, or too many wait there, MapClosed, Unknown, NotYours.
    """
    expect_place(session, the_map, author, pin_id, lock=lock)
    known = find_photo(session, the_map.id, pin_id)
    if known is None or known.state is not PhotoShown.WAITING:
        # What an official has looked at stays as they left it.
        is_same = known is not None and known.digest == sent.digest
        if not is_same:
            _refuse_where_many_wait(session, the_map)
        return not is_same
    if known.digest != sent.digest:
        return True
    return known.alt != sent.alt


def expect_place(
    session: Session, the_map: MapRecord, author: Author, pin_id: uuid.UUID, *, lock: bool = False
) -> None:
    """Make sure, before a photo is read, that the map takes one for this pin of this person.

    Unacceptable where the map takes no photos, MapClosed, Unknown, NotYours.
    """
    if not the_map.pin_photos:
        raise Unacceptable(Problem(FIELD, N_("This map takes no photos.")))
    if not the_map.is_open():
        raise MapClosed
    own_pin(session, the_map, author, pin_id, lock=lock)


def save_photo(
    session: Session, the_map: MapRecord, author: Author, pin_id: uuid.UUID, sent: SentPhoto, made: MadePhoto
) -> bool:
    """Store the photo of one's own pin in the place of the one before, to wait for a look; whether it is new."""
    if not expect_photo(session, the_map, author, pin_id, sent, lock=True):
        return False
    values = {
        "state": PhotoShown.WAITING,
        "digest": sent.digest,
        "picture": made.picture,
        "small": made.small,
        "width": made.width,
        "height": made.height,
        "alt": sent.alt,
        "reason": None,
        "checked_by": None,
        "checked_at": None,
        "created_at": func.clock_timestamp(),
    }
    row = insert(PinPhoto).values(map_id=the_map.id, pin_id=pin_id, **values)
    session.execute(row.on_conflict_do_update(index_elements=["map_id", "pin_id"], set_=values))
    _pin_changed(session, the_map, pin_id)
    return True


def delete_photo(session: Session, the_map: MapRecord, author: Author, pin_id: uuid.UUID) -> None:
    """Take the photo of one's own pin back; nothing of it stays. One that is gone is gone."""
    own_pin(session, the_map, author, pin_id, lock=True)
    if not the_map.is_open():
        raise MapClosed
    gone = session.execute(
        delete(PinPhoto).where(PinPhoto.map_id == the_map.id, PinPhoto.pin_id == pin_id).returning(PinPhoto.pin_id)
    ).all()
    if gone:
        _pin_changed(session, the_map, pin_id)


def decide_photo(
    session: Session, the_map: MapRecord, pin_id: uuid.UUID, deed: PhotoDeed, *, by: Actor
) -> PhotoRecord:
    """Do what an official says of the photo they have seen; as it is then.

    Unknown where there is none (any more), PhotoChanged when it is another, or says something else, than was seen.
    """
    # The pin first, as its author locks it: so nobody waits for the other in a ring.
    session.execute(select(Pin.id).where(Pin.map_id == the_map.id, Pin.id == pin_id).with_for_update())
    photo = session.get(PinPhoto, (the_map.id, pin_id), with_for_update=True, populate_existing=True)
    if photo is None:
        raise Unknown
    before = find_photo(session, the_map.id, pin_id)
    if before is None or before.mark != deed.seen:
        raise PhotoChanged
    if deed.what is PhotoWhat.COVER:
        photo.picture, photo.small = covered(photo.picture, deed.boxes)
    else:
        photo.state = PhotoShown.SHOWN if deed.what is PhotoWhat.SHOW else PhotoShown.REFUSED
        photo.reason = deed.reason
        photo.checked_by = by.email
        photo.checked_at = session.execute(select(func.clock_timestamp())).scalar_one()
    photo.alt = deed.alt
    session.flush()
    _pin_changed(session, the_map, pin_id)
    detail = {"n_parts": len(deed.boxes)} if deed.boxes else {}
    record(session, by, Deed(ACTIONS[deed.what], str(pin_id), detail), the_map=the_map)
    found = find_photo(session, the_map.id, pin_id)
    assert found is not None  # noqa: S101 - its row is locked
    return found


def refuse_photos(session: Session, the_map: MapRecord, pin_id: uuid.UUID, many: ManyPhotos, *, by: Actor) -> int:
    """Refuse all that wait of this pin's author, or of the hour around its photo; how many those were.

    They can be shown after all like any refused one. Unknown where the pin has no photo.
    """
    around = find_photo(session, the_map.id, pin_id)
    if around is None:
        raise Unknown
    if many.of is PhotosOf.AUTHOR:
        author = select(Pin.respondent_id).where(Pin.map_id == the_map.id, Pin.id == pin_id).scalar_subquery()
        meant = Pin.respondent_id == author
    else:
        meant = PinPhoto.created_at.between(around.created_at - SAME_HOUR, around.created_at + SAME_HOUR)
    # The pins first, as their authors lock them.
    waiting = (PinPhoto.map_id == the_map.id, PinPhoto.state == PhotoShown.WAITING)
    same = (PinPhoto.map_id == Pin.map_id) & (PinPhoto.pin_id == Pin.id)
    wanted = select(Pin.id).join(PinPhoto, same).where(*waiting, meant).order_by(Pin.id).with_for_update(of=Pin)
    pins = session.scalars(wanted).all()
    now = func.clock_timestamp()
    refused = session.scalars(
        update(PinPhoto)
        .where(*waiting, PinPhoto.pin_id.in_(pins))
        .values(state=PhotoShown.REFUSED, reason=many.reason, checked_by=by.email, checked_at=now)
        .returning(PinPhoto.pin_id)
    ).all()
    session.execute(update(Pin).where(Pin.map_id == the_map.id, Pin.id.in_(refused)).values(changed_at=now))
    detail = {"n_photos": len(refused), "which": many.of.value}
    record(session, by, Deed("pin_photo.refuse_many", str(pin_id), detail), the_map=the_map)
    return len(refused)


def covered(picture: bytes, boxes: Sequence[Box]) -> tuple[bytes, bytes]:
    """The picture and its small one, each box filled by its own mean colour: what was there can't come back."""
    with Image.open(io.BytesIO(picture), formats=("JPEG",)) as opened:
        pixels = opened.convert("RGB")
    width, height = pixels.size
    draw = ImageDraw.Draw(pixels)
    for box in boxes:
        left, right = box.left * width // PARTS, -(-box.right * width // PARTS)
        top, bottom = box.top * height // PARTS, -(-box.bottom * height // PARTS)
        mean = ImageStat.Stat(pixels.crop((left, top, right, bottom))).mean
        draw.rectangle((left, top, right - 1, bottom - 1), fill=(int(mean[0]), int(mean[1]), int(mean[2])))
    whole = jpeg(pixels, QUALITY)
    pixels.thumbnail((SMALL_PX, SMALL_PX), Image.Resampling.LANCZOS)
    return whole, jpeg(pixels, SMALL_QUALITY)


def forget_refused(session: Session, now: datetime) -> int:
    """Delete photos that were refused long enough ago, on every map; how many those were."""
    gone = session.execute(
        delete(PinPhoto)
        .where(PinPhoto.state == PhotoShown.REFUSED, PinPhoto.checked_at <= now - REFUSED_KEPT)
        .returning(PinPhoto.pin_id)
    )
    return len(gone.all())


def _refuse_where_many_wait(session: Session, the_map: MapRecord) -> None:
    load = waiting_load(session, the_map.id)
    if load.n >= MOST_WAITING or load.n_bytes >= MOST_WAITING_BYTES:
        raise Unacceptable(Problem(FIELD, MANY_WAIT))


def places_are_few(session: Session, the_map: MapRecord) -> bool:
    """Whether half of the places for photos that wait are taken, so that the others are to be shared."""
    load = waiting_load(session, the_map.id)
    return 2 * load.n >= MOST_WAITING or 2 * load.n_bytes >= MOST_WAITING_BYTES


def _pin_changed(session: Session, the_map: MapRecord, pin_id: uuid.UUID) -> None:
    session.execute(
        update(Pin).where(Pin.map_id == the_map.id, Pin.id == pin_id).values(changed_at=func.clock_timestamp())
    )
