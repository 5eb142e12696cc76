"""Who is asking, and may they: device tokens of citizens, sessions of officials."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass

from flask import Flask, current_app, g, request, session
from flask_wtf import CSRFProtect

from app import db
from app.errors import NotAllowed, NotSignedIn, Problem, Unknown
from app.i18n import N_
from app.inputs.filters import Scope
from app.models import Role
from app.queries.accounts import OfficialRecord, find_official

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{22,200}")
"""22 characters of base64 are 128 random bits."""

SECOND_STEP_S = 600
"""How long a code may be waited for: a password that was typed does not stay half used."""

csrf = CSRFProtect()


@dataclass(frozen=True)
class Waiting:
    """Somebody whose password was right, or for whom their town's provider vouched, and whose code is awaited."""

    official_id: int
    email: str
    session_epoch: int
    way: str
    wanted: str
    """Where they go afterwards."""
    towns: list[int] | None = None
    """The only towns their session will open."""


def init_app(app: Flask) -> None:
    """Protect the office's forms; tell templates who is signed in."""
    csrf.init_app(app)
    app.context_processor(lambda: {"current_official": current_official})


def device_token() -> str:
    """The token of the citizen's device; NotSignedIn without one or with one too short to be secret."""
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not TOKEN.fullmatch(token.strip()):
        raise NotSignedIn(Problem("Authorization", N_("A device token of at least 128 random bits is needed.")))
    return token.strip()


def has_credentials() -> bool:
    """Whether the request says who it is at all."""
    return "Authorization" in request.headers


def reader_scope(town_id: int) -> Scope:
    """Whose eyes a request of the API has: the office's where it carries a token of an official of this town."""
    official = official_of_token()
    if official is not None and official.may(town_id, Role.VIEWER):
        return Scope.OFFICE
    return Scope.PUBLIC


def official_of_token() -> OfficialRecord | None:
    """The official whose token the request carries (Bearer, or Basic with it as the password), or None."""
    return None


def current_official() -> OfficialRecord | None:
    """The official of this session with the roles of this moment, or None."""
    if "official" not in g:
        g.official = _official_of_session()
    found: OfficialRecord | None = g.official
    return found


def require(role: Role | None = None, town_id: int | None = None) -> OfficialRecord:
    """The signed-in official, once it is sure that they may do in this town what the role may.

    NotSignedIn for nobody, Unknown for an official of other towns (who shall not learn what there is here),
    NotAllowed for one whose role is too small. Without a town: anybody signed in.
    """
    official = current_official()
    if official is None:
        raise NotSignedIn
    if town_id is not None:
        if official.role_in(town_id) is None:
            raise Unknown
        if not official.may(town_id, role or Role.VIEWER):
            raise NotAllowed
    return official


def server_secret() -> bytes:
    """The secret of this server: what it seals and counts with, nobody else can."""
    return str(current_app.secret_key).encode()


def begin_session(official_id: int, epoch: int, towns: Sequence[int] | None = None) -> None:
    """Let this browser speak for the official, in these towns only if any are named; nothing before stays."""
    session.clear()
    session.permanent = True
    session["official"] = official_id
    session["epoch"] = epoch
    session["since"] = int(time.time())
    if towns is not None:
        session["towns"] = list(towns)
    g.pop("official", None)


def session_towns() -> list[int] | None:
    """The only towns that this session opens, because only their provider vouched for it; None for all."""
    found: list[int] | None = session.get("towns")
    return found


def begin_second_step(waiting: Waiting) -> None:
    """Keep in this browser whose code is asked for; it opens nothing but the page that asks."""
    session.clear()
    session["waiting"] = {**asdict(waiting), "since": int(time.time())}
    g.pop("official", None)


def second_step() -> Waiting | None:
    """Whose code is being waited for in this browser, if anybody's and not for too long."""
    kept = session.get("waiting")
    if not isinstance(kept, dict) or not 0 <= time.time() - kept.get("since", 0) <= SECOND_STEP_S:
        return None
    waiting = Waiting(**{key: value for key, value in kept.items() if key != "since"})
    official = find_official(db.session(), waiting.official_id)
    return waiting if official is not None and official.session_epoch == waiting.session_epoch else None


def end_session() -> None:
    """Sign out in this browser."""
    session.clear()
    g.pop("official", None)


def _official_of_session() -> OfficialRecord | None:
    official_id, epoch, since = (session.get(key) for key in ("official", "epoch", "since"))
    if not isinstance(official_id, int) or not isinstance(since, int):
        return None
    # A cookie is renewed with each form's token; the sign-in itself ends after one working day all the same.
    if not 0 <= time.time() - since <= current_app.permanent_session_lifetime.total_seconds():
        return None
    official = find_official(db.session(), official_id)
    if official is None or official.session_epoch != epoch:
        return None
    towns = session_towns()
    return official if towns is None else official.within(towns)
