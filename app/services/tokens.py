"""Personal tokens for officials' GIS clients: made and shown once, noted when used, revoked."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app.errors import InvalidInput, NotAllowed, Problem, Unknown
from app.i18n import N_
from app.inputs.token_forms import PREFIX, TokenInput
from app.models import AccessToken, Official
from app.queries.accounts import OfficialRecord
from app.queries.colleagues import colleague, may_mend_sign_in, towns_of_official
from app.queries.tokens import USE_NOTED_EVERY
from app.services import audit
from app.services.accounts import Person, is_password_of
from app.services.audit import BY_ITSELF, Actor, Deed

TOKEN_BYTES = 32
MOST_TOKENS = 20
"""For one person: a desk, a laptop, some scripts; who needs more forgets some."""


def make_token(
    session: Session, owner: Person, name: str, *, towns: Sequence[int] | None, by: Actor | None = None
) -> str:
    """A new token of this person, of which only a hash stays; InvalidInput for who has too many.

    `towns`: the only ones it opens, where the session in which it is made opens no others.
    """
    # Locked: of two that are made at once, the twenty-first is noticed.
    session.execute(select(Official.id).where(Official.id == owner.id).with_for_update())
    had = session.scalar(select(func.count()).where(AccessToken.official_id == owner.id)) or 0
    if had >= MOST_TOKENS:
        words = N_("You have %(most)s tokens already. Please revoke one that is not needed.")
        raise InvalidInput(Problem("name", words, {"most": MOST_TOKENS}))
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    only = None if towns is None else list(towns)
    session.add(AccessToken(official_id=owner.id, name=name, token_hash=token_hash(token), towns=only))
    session.flush()
    _record(session, by or owner, owner, Deed("token.make", owner.email, {"name": name}))
    return token


def make_own_token(
    session: Session, owner: Person, wanted: TokenInput, *, towns: Sequence[int] | None, vouched: bool
) -> str:
    """A new token for oneself; InvalidInput for who does not know the password of the account.

    `vouched`: their town's provider let them in, so they may have no password to know.
    """
    if not vouched and not is_password_of(session, owner.id, wanted.password):
        raise InvalidInput(Problem("password", N_("This is not your password.")))
    return make_token(session, owner, wanted.name, towns=towns)


def make_token_for(session: Session, email: str, name: str) -> str:
    """A new token of whoever has this e-mail, opening all that they may see; InvalidInput where nobody has it."""
    official_id = session.scalar(select(Official.id).where(Official.email == email))
    if official_id is None:
        raise InvalidInput(Problem("email", N_("Nobody has an account with this e-mail.")))
    return make_token(session, Person(official_id, email), name, towns=None, by=BY_ITSELF)


def revoke_token(session: Session, owner: Person, token_id: int) -> None:
    """Take back one of one's own tokens; Unknown where there is none, or not theirs."""
    name = session.scalars(
        delete(AccessToken)
        .where(AccessToken.id == token_id, AccessToken.official_id == owner.id)
        .returning(AccessToken.name)
    ).first()
    if name is None:
        raise Unknown
    _record(session, owner, owner, Deed("token.revoke", owner.email, {"name": name}))


def revoke_all_own(session: Session, owner: Person) -> int:
    """Take back every token of one's own; how many there were."""
    gone = _delete_all(session, owner.id)
    if gone:
        _record(session, owner, owner, Deed("token.revoke_all", owner.email, {"n_tokens": gone}))
    return gone


def revoke_all_of(session: Session, by: OfficialRecord, official_id: int, *, town_id: int | None) -> int:
    """Take back every token of a colleague, as after a lost laptop; NotAllowed for who is not theirs alone."""
    person = colleague(session, official_id, town_id)
    if not may_mend_sign_in(by, person):
        raise NotAllowed
    gone = _delete_all(session, official_id)
    if gone:
        audit.record(session, by, Deed("token.revoke_all", person.email, {"n_tokens": gone}), town_id=town_id)
    return gone


def revoke_of_outsider(session: Session, official_id: int) -> bool:
    """Take back the tokens of who has no role left: they open nothing, and shall not when a new role comes.

    Whether this is such a one.
    """
    is_admin = session.scalar(select(Official.is_admin).where(Official.id == official_id))
    if is_admin or towns_of_official(session, official_id):
        return False
    _delete_all(session, official_id)
    return True


def note_use(session: Session, token_id: int) -> None:
    """Write down that a token is in use, unless somebody just did or is doing it: readers never wait for it.

    Meant for a session that commits by itself, so that a request that reads stays one.
    """
    free = select(AccessToken.id).where(AccessToken.id == token_id).with_for_update(skip_locked=True)
    fresh = AccessToken.last_used_at > func.now() - USE_NOTED_EVERY
    session.execute(
        update(AccessToken)
        .where(AccessToken.id.in_(free), func.coalesce(~fresh, True))
        .values(last_used_at=func.now()),
        execution_options={"synchronize_session": False},
    )


def token_hash(token: str) -> bytes:
    """Under what a token is stored: 256 random bits need no slow hash."""
    return hashlib.sha256(token.encode("utf-8", "replace")).digest()


def _delete_all(session: Session, official_id: int) -> int:
    gone = delete(AccessToken).where(AccessToken.official_id == official_id).returning(AccessToken.id)
    return len(session.scalars(gone).all())


def _record(session: Session, by: Actor, owner: Person, deed: Deed) -> None:
    """Write the deed down in the log of each of the owner's towns, else in the server's."""
    for town_id in (*towns_of_official(session, owner.id),) or (None,):
        audit.record(session, by, deed, town_id=town_id)
