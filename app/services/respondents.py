"""Respondents: whom a device speaks for, answers about the person, and the receipt for another device."""

from __future__ import annotations

import hashlib
import hmac
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, func, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from app.errors import Anonymised, Problem, Unacceptable, Unknown
from app.i18n import N_
from app.inputs.answers import check_answers
from app.models import Pin, Respondent, RespondentDevice, Support, TownMap
from app.queries.maps import MapRecord

RECEIPT_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"
"""No 0 and O, 1, I and L, no U: read aloud or copied from paper without a doubt."""
RECEIPT_CHARACTERS = 12
"""59 bits: with sign-in-like throttling not to be guessed."""


FORGOTTEN = N_(
    "The map ended a while ago, and we have deleted everything that tied its pins to persons. "
    "What is left can’t be told apart any more, not even by us."
)


@dataclass(frozen=True)
class Person:
    """Somebody who has shown their receipt: known without a device."""

    id: uuid.UUID


Author = str | Person
"""Who asks for what is their own: the token of a device, or the person of a receipt."""


def device_id(the_map: MapRecord, token: str) -> uuid.UUID:
    """The salted hash by which this map knows a device; the token itself is never stored."""
    return uuid.UUID(bytes=hashlib.sha256(the_map.salt + token.encode()).digest()[:16])


def respondent_of(session: Session, the_map: MapRecord, author: Author) -> uuid.UUID:
    """Whose word it is: of a receipt its person; of a device itself, unless it joined somebody by receipt."""
    if isinstance(author, Person):
        return author.id
    device = device_id(the_map, author)
    joined = session.scalar(
        select(RespondentDevice.respondent_id).where(
            RespondentDevice.map_id == the_map.id, RespondentDevice.device_id == device
        )
    )
    return joined or device


def ensure_respondent(session: Session, map_id: int, respondent_id: uuid.UUID) -> None:
    """Make sure the respondent's row is there."""
    session.execute(insert(Respondent).values(map_id=map_id, id=respondent_id).on_conflict_do_nothing())


def save_about(session: Session, the_map: MapRecord, token: str, answers: Mapping[str, Any]) -> dict[str, Any]:
    """Store the optional answers about the person, replacing earlier ones; gives back what is stored."""
    given = {key: value for key, value in answers.items() if value not in (None, "", [])}
    problems = check_answers(given, the_map.about)
    if problems:
        raise Unacceptable(*problems)
    refuse_anonymised(the_map)
    respondent = respondent_of(session, the_map, token)
    ensure_respondent(session, the_map.id, respondent)
    session.execute(
        update(Respondent).where(Respondent.map_id == the_map.id, Respondent.id == respondent).values(about=given)
    )
    return given


def sheet_person(the_map: MapRecord, serial: str, row: int | None = None) -> uuid.UUID:
    """The person of a paper sheet, or of one numbered row of it: no device's token leads to this id."""
    said = f"{serial}#{row or 0}".encode()
    return uuid.UUID(bytes=hashlib.sha256(the_map.salt + b"\0sheet\0" + said).digest()[:16])


def sheet_receipt(the_map: MapRecord, serial: str, *, secret: str) -> tuple[str, bytes]:
    """The receipt on the slip of a sheet as it is printed, and the hash by which its person is found."""
    code = _receipt_code(the_map, sheet_person(the_map, serial), secret)
    return _shown_receipt(code), _receipt_hash(the_map, code)


def make_receipt(session: Session, the_map: MapRecord, token: str, *, secret: str) -> str:
    """The receipt code of this person, made of the server's secret: asked for again it is the same one."""
    refuse_anonymised(the_map)
    respondent = respondent_of(session, the_map, token)
    ensure_respondent(session, the_map.id, respondent)
    code = _receipt_code(the_map, respondent, secret)
    session.execute(
        update(Respondent)
        .where(Respondent.map_id == the_map.id, Respondent.id == respondent)
        .values(receipt_hash=_receipt_hash(the_map, code))
    )
    return _shown_receipt(code)


def join_by_receipt(session: Session, the_map: MapRecord, token: str, receipt: str) -> uuid.UUID:
    """Let this device speak for the person of the receipt; pins it made as nobody's else come along.

    What it did while it spoke for another person stays theirs: tablets are lent from hand to hand.
    Unknown when no person has this receipt.
    """
    person = person_of_receipt(session, the_map, receipt).id
    before = respondent_of(session, the_map, token)
    device = device_id(the_map, token)
    if before != person:
        _link_device(session, the_map, device, person)
    if before == device != person:
        _hand_over(session, the_map.id, device, person)
    return person


def person_of_receipt(session: Session, the_map: MapRecord, receipt: str) -> Person:
    """Who has this receipt, however it was typed; Unknown for nobody's, Anonymised once receipts are gone."""
    refuse_anonymised(the_map)
    code = "".join(char for char in receipt.upper() if char.isalnum())
    person = session.scalar(
        select(Respondent.id).where(
            Respondent.map_id == the_map.id, Respondent.receipt_hash == _receipt_hash(the_map, code)
        )
    )
    if person is None:
        raise Unknown(Problem("receipt", N_("We don't know this code. Please check it once more.")))
    return Person(person)


def refuse_anonymised(the_map: MapRecord) -> None:
    """Raise Anonymised where nobody can be found any more, and nobody shall be noted anew."""
    if the_map.anonymised_at is not None:
        raise Anonymised(Problem("map", FORGOTTEN))


def hold_people(session: Session, the_map: MapRecord) -> None:
    """Have the map keep its people until the end of the transaction; Anonymised where it has forgotten them.

    Who writes about people asks this before the first row: the map may have been read before it forgot.
    """
    forgotten = session.scalar(
        select(TownMap.anonymised_at).where(TownMap.id == the_map.id).with_for_update(read=True)
    )
    if forgotten is not None:
        raise Anonymised(Problem("map", FORGOTTEN))


def _link_device(session: Session, the_map: MapRecord, device: uuid.UUID, person: uuid.UUID) -> None:
    if device == person:
        session.execute(
            delete(RespondentDevice).where(
                RespondentDevice.map_id == the_map.id, RespondentDevice.device_id == device
            )
        )
        return
    link = insert(RespondentDevice).values(map_id=the_map.id, device_id=device, respondent_id=person)
    session.execute(
        link.on_conflict_do_update(
            index_elements=["map_id", "device_id"], set_={"respondent_id": link.excluded.respondent_id}
        )
    )


def _hand_over(session: Session, map_id: int, before: uuid.UUID, person: uuid.UUID) -> None:
    """Give what the device did so far to the person it now speaks for."""
    session.execute(
        update(Pin)
        .where(Pin.map_id == map_id, Pin.respondent_id == before)
        .values(respondent_id=person, changed_at=func.now())
    )
    both = Support.respondent_id.in_((before, person))
    supported = list(session.scalars(select(Support.pin_id).where(Support.map_id == map_id, both)))
    if supported:
        session.execute(_MERGE_SUPPORT, {"map": map_id, "before": before, "person": person})
        session.execute(delete(Support).where(Support.map_id == map_id, Support.respondent_id == before))
        session.execute(_DROP_OWN_SUPPORT, {"map": map_id, "person": person})
        session.execute(_RECOUNT_SUPPORT, {"map": map_id, "pins": supported})


# Two devices of one person may have supported one pin, or each other's: that is one support, or none.
_MERGE_SUPPORT = text(
    """
    INSERT INTO support (map_id, pin_id, respondent_id)
    SELECT map_id, pin_id, :person FROM support WHERE map_id = :map AND respondent_id = :before
    ON CONFLICT DO NOTHING
    """
)
_DROP_OWN_SUPPORT = text(
    """
    DELETE FROM support s USING pin p
    WHERE s.map_id = :map AND s.respondent_id = :person
      AND p.map_id = s.map_id AND p.id = s.pin_id AND p.respondent_id = :person
    """
)
_RECOUNT_SUPPORT = text(
    """
    UPDATE pin SET supports = (SELECT count(*) FROM support s WHERE s.map_id = pin.map_id AND s.pin_id = pin.id)
    WHERE map_id = :map AND id = ANY(:pins)
    """
)


def _receipt_code(the_map: MapRecord, respondent: uuid.UUID, secret: str) -> str:
    """Twelve letters of the alphabet, even to within 2⁻⁶⁴, by a keyed hash of map and person."""
    number = int.from_bytes(
        hmac.digest(secret.encode(), the_map.salt + b"receipt" + respondent.bytes, "sha256")[:16]
    )
    letters = []
    for _ in range(RECEIPT_CHARACTERS):
        number, place = divmod(number, len(RECEIPT_ALPHABET))
        letters.append(RECEIPT_ALPHABET[place])
    return "".join(letters)


def _shown_receipt(code: str) -> str:
    return "-".join(code[i : i + 4] for i in range(0, RECEIPT_CHARACTERS, 4))


def _receipt_hash(the_map: MapRecord, code: str) -> bytes:
    return hashlib.sha256(the_map.salt + b"receipt" + code.encode()).digest()
