"""The second step of the sign-in: codes of a phone (TOTP, RFC 6238), and ten that replace it once each."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy import any_, func, literal, or_, select, update
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, Problem
from app.i18n import N_
from app.inputs.accounts import Confirmation
from app.models import Official
from app.queries.accounts import OfficialRecord
from app.queries.colleagues import colleague, may_mend_sign_in
from app.services import audit
from app.services.accounts import Person, end_sessions, is_password_of, record_own
from app.services.audit import Actor, Deed
from app.services.sealing import Unsealable, seal, unseal

STEP_S = 30
STEPS_BESIDE = 1
"""A phone's clock may be half a minute off, and a person as slow."""
DRAFT_VALID_S = 30 * 60
RECOVERY_CODES = 10
RECOVERY_CHARACTERS = 16
RECOVERY_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""Nothing that reads like something else: 16 of 31 are 79 random bits, so a plain hash is enough."""


@dataclass(frozen=True)
class Drafted:
    """A secret that is not in force before a code confirms it; `sealed` is how the form carries it."""

    secret: str
    sealed: str
    uri: str
    """What the QR code says."""


@dataclass(frozen=True)
class Changed:
    """The codes to be shown once, and the epoch of the session that goes on."""

    codes: list[str]
    session_epoch: int


def draft(person: Person, issuer: str, *, key: bytes, sealed: str = "") -> Drafted:
    """A new secret for this person's phone; the one in `sealed` again, if it is theirs and fresh."""
    import pyotp

    try:
        secret = _drafted(person, sealed, key)
    except Unsealable:
        secret = pyotp.random_base32()
        sealed = seal(key, _draft_purpose(person.id), secret).decode()
    return Drafted(secret, sealed, pyotp.TOTP(secret).provisioning_uri(name=person.email, issuer_name=issuer))


def turn_on(
    session: Session, person: Person, given: Confirmation, sealed: str, *, key: bytes, now: datetime | None = None
) -> Changed:
    """Put the drafted secret in force; InvalidInput for a wrong password or code, or a form too old."""
    _ask_password(session, person, given)
    try:
        secret = _drafted(person, sealed, key)
    except Unsealable:
        raise InvalidInput(
            Problem("code", N_("This page was open too long. Please scan the new picture and type its code."))
        ) from None
    step = _step_of(secret, given.code, now or datetime.now(UTC))
    if step is None:
        raise _wrong_code()
    codes = _new_codes()
    session.execute(
        update(Official)
        .where(Official.id == person.id)
        .values(
            totp_secret=seal(key, _purpose(person.id), secret),
            totp_last_step=step,
            recovery_hashes=[_hash(code) for code in codes],
        )
    )
    record_own(session, person, Deed("account.second_factor_on"))
    return Changed([_readable(code) for code in codes], end_sessions(session, person.id))


def turn_off(session: Session, person: Person, given: Confirmation, *, key: bytes) -> int:
    """Ask for no code any more: the epoch of the session that goes on; InvalidInput for wrong password or code."""
    _ask_password(session, person, given)
    if not check_code(session, person, given.code, key=key):
        raise _wrong_code()
    _clear(session, person.id)
    record_own(session, person, Deed("account.second_factor_off"))
    return end_sessions(session, person.id)


def new_recovery_codes(session: Session, person: Person, given: Confirmation, *, key: bytes) -> list[str]:
    """Ten new recovery codes instead of what is left of the old; InvalidInput for a wrong password or code."""
    _ask_password(session, person, given)
    if not check_code(session, person, given.code, key=key):
        raise _wrong_code()
    codes = _new_codes()
    session.execute(
        update(Official).where(Official.id == person.id).values(recovery_hashes=[_hash(code) for code in codes])
    )
    record_own(session, person, Deed("account.recovery_codes"))
    return [_readable(code) for code in codes]


def check_code(session: Session, person: Person, code: str, *, key: bytes, now: datetime | None = None) -> bool:
    """Whether the code opens the second step: of now or the step beside it, not used yet; or a recovery code."""
    sealed = session.scalar(select(Official.totp_secret).where(Official.id == person.id))
    if sealed is None:
        return False
    if len(code) == RECOVERY_CHARACTERS:
        return _use_recovery_code(session, person, code)
    try:
        secret = unseal(key, _purpose(person.id), sealed)
    except Unsealable:
        return False
    step = _step_of(secret, code, now or datetime.now(UTC))
    return step is not None and _use_step(session, person.id, step)


def reset(session: Session, by: OfficialRecord, official_id: int, *, town_id: int | None) -> None:
    """Turn off the second step of somebody who lost their phone; NotAllowed for who is not one's own alone.

    Their sessions end: whoever holds the lost phone may be signed in on it.
    """
    person = colleague(session, official_id, town_id)
    if not may_mend_sign_in(by, person):
        raise NotAllowed
    _clear(session, official_id)
    end_sessions(session, official_id)
    audit.record(session, by, Deed("official.second_factor_reset", person.email), town_id=town_id)


def codes_left(session: Session, official_id: int) -> int:
    """How many recovery codes have not been used."""
    count = session.scalar(
        select(func.coalesce(func.cardinality(Official.recovery_hashes), 0)).where(Official.id == official_id)
    )
    return count or 0


def _ask_password(session: Session, person: Actor, given: Confirmation) -> None:
    if person.id is None or not is_password_of(session, person.id, given.password):
        raise InvalidInput(Problem("password", N_("This is not your password.")))


def _drafted(person: Person, sealed: str, key: bytes) -> str:
    return unseal(key, _draft_purpose(person.id), sealed.encode("utf-8", "replace"), most_age_s=DRAFT_VALID_S)


def _step_of(secret: str, code: str, now: datetime) -> int | None:
    """The 30-second step whose code this is, among those that count now."""
    import pyotp

    if len(code) != 6 or not (code.isascii() and code.isdigit()):
        return None
    totp, current = pyotp.TOTP(secret), int(now.timestamp()) // STEP_S
    fits = [
        step
        for step in range(current - STEPS_BESIDE, current + STEPS_BESIDE + 1)
        if hmac.compare_digest(totp.generate_otp(step), code)
    ]
    return fits[-1] if fits else None


def _use_step(session: Session, official_id: int, step: int) -> bool:
    """Whether nobody used this step or a later one; of two who come at once only one may."""
    taken = (
        update(Official)
        .where(
            Official.id == official_id,
            or_(Official.totp_last_step.is_(None), Official.totp_last_step < step),
        )
        .values(totp_last_step=step)
        .returning(Official.id)
    )
    return session.execute(taken).scalar() is not None


def _use_recovery_code(session: Session, person: Person, code: str) -> bool:
    mark = _hash(code)
    used = (
        update(Official)
        .where(Official.id == person.id, literal(mark) == any_(Official.recovery_hashes))
        .values(recovery_hashes=func.array_remove(Official.recovery_hashes, mark))
        .returning(func.cardinality(Official.recovery_hashes))
    )
    left = session.execute(used).scalar()
    if left is None:
        return False
    record_own(session, person, Deed("account.recovery_code", detail={"left": left}))
    return True


def _clear(session: Session, official_id: int) -> None:
    session.execute(
        update(Official)
        .where(Official.id == official_id)
        .values(totp_secret=None, totp_last_step=None, recovery_hashes=[])
    )


def _new_codes() -> list[str]:
    return [
        "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_CHARACTERS))
        for _ in range(RECOVERY_CODES)
    ]


def _readable(code: str) -> str:
    return "-".join(code[start : start + 4] for start in range(0, len(code), 4))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode("utf-8", "replace")).hexdigest()


def _wrong_code() -> InvalidInput:
    return InvalidInput(Problem("code", N_("This code does not fit. Please type the one your phone shows now.")))


def _purpose(official_id: int) -> str:
    return f"second step {official_id}"


def _draft_purpose(official_id: int) -> str:
    return f"second step drafted {official_id}"
