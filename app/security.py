"""Who is asking, and may they: device tokens of citizens, sessions of officials, tokens of their GIS clients."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta

from flask import Flask, Response, current_app, g, request, session
from flask_wtf import CSRFProtect
from sqlalchemy.orm import Session

from app import db
from app.errors import NotAllowed, NotSignedIn, Problem, Refusal, TooMany, Unknown
from app.i18n import N_
from app.inputs.browsers import browser_words
from app.inputs.filters import Scope
from app.inputs.token_forms import PREFIX, shown_token
from app.models import Role
from app.queries.accounts import OfficialRecord, find_official
from app.queries.sessions import find_session
from app.queries.tokens import holder_of
from app.services import sessions, throttle
from app.services.sessions import SessionKey
from app.services.throttle import Limit
from app.services.tokens import note_use, token_hash

TOKEN = re.compile(r"[A-Za-z0-9._~+/=-]{22,200}")
"""22 characters of base64 are 128 random bits."""

SECOND_STEP_S = 600
"""How long a code may be waited for: a password that was typed does not stay half used."""

READING = frozenset({"GET", "HEAD"})
FOR_GIS_CLIENTS = "for_gis_clients"
"""The mark of a view of the office that answers tokens (views/office/access.py)."""
WRONG_TOKENS = Limit("token place", attempts=60, window=timedelta(minutes=10))
"""One place, wrong tokens only: a whole office may sit behind one address, and good ones always work."""
OF_BROWSERS = ("Sec-Fetch-Mode", "Referer", "Cookie")
"""Headers of one's own pages asking for pictures and files; desktop GIS sends none of them."""

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
    """Protect the office's forms; tell templates who is signed in, and GIS clients where their tokens read."""
    csrf.init_app(app)
    app.before_request(_refuse_wrong_tokens)
    app.after_request(_tell_clients)
    app.context_processor(lambda: {"current_official": current_official})


def device_token() -> str:
    """The token of the citizen's device; NotSignedIn without one or with one too short to be secret.

    NotAllowed with an official's token: those read, and place no pins.
    """
    kind, _, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer" and token.strip().startswith(PREFIX):
        words = N_("This is an official’s token: it reads, and changes nothing.")
        raise NotAllowed(Problem("Authorization", words))
    if kind.lower() != "bearer" or not TOKEN.fullmatch(token.strip()):
        raise NotSignedIn(Problem("Authorization", N_("A device token of at least 128 random bits is needed.")))
    return token.strip()


def has_credentials() -> bool:
    """Whether the request says which citizen's device it comes from; an official's client does not."""
    header = request.headers.get("Authorization")
    return header is not None and shown_token(header) is None


def reader_scope(town_id: int) -> Scope:
    """Whose eyes a request of the API has: the office's where it carries a token of an official of this town."""
    official = official_of_token()
    if official is not None and official.may(town_id, Role.VIEWER):
        return Scope.OFFICE
    return Scope.PUBLIC


def official_of_token() -> OfficialRecord | None:
    """The official whose token the request carries (Bearer, or Basic with it as the password), or None.

    They are a viewer at most. NotSignedIn for a token that is none, or not any more, and for Basic credentials
    without one: a GIS shall not show public data as if it were all. TooMany for who goes on with wrong ones.
    """
    if "token_official" not in g:
        g.token_official = _official_of_token()
    found: OfficialRecord | Refusal | None = g.token_official
    if isinstance(found, Refusal):
        raise found
    return found


def reads_by_token() -> bool:
    """Whether this request may be answered to a token: it reads the API, or a file made for GIS clients."""
    if request.method not in READING or request.endpoint is None:
        return False
    view = current_app.view_functions.get(request.endpoint)
    return request.blueprint == "api" or getattr(view, FOR_GIS_CLIENTS, False)


def reading_official() -> OfficialRecord | None:
    """Who may see what is not public yet: the official of this session or, where tokens read, of the token."""
    return current_official() or (official_of_token() if reads_by_token() else None)


def let_token_read() -> None:
    """Let this request, where tokens read, speak for the official of its token instead of anybody's session."""
    if reads_by_token():
        official = official_of_token()
        if official is not None:
            g.official = official


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
    """Let this browser speak for the official, in these towns only if any are named; nothing before stays.

    For when all else is done: commits.
    """
    end_session()
    began = sessions.begin(db.session(), official_id, browser_words(request.user_agent.string))
    db.session().commit()
    session.permanent = True
    session["official"] = official_id
    session["epoch"] = epoch
    session["since"] = int(time.time())
    session["key"] = began.key
    if towns is not None:
        session["towns"] = list(towns)


def session_towns() -> list[int] | None:
    """The only towns that this session opens, because only their provider vouched for it; None for all."""
    found: list[int] | None = session.get("towns")
    return found


def begin_second_step(waiting: Waiting) -> None:
    """Keep in this browser whose code is asked for; it opens nothing but the page that asks."""
    end_session()
    session["waiting"] = {**asdict(waiting), "since": int(time.time())}


def second_step() -> Waiting | None:
    """Whose code is being waited for in this browser, if anybody's and not for too long."""
    kept = session.get("waiting")
    if not isinstance(kept, dict) or not 0 <= time.time() - kept.get("since", 0) <= SECOND_STEP_S:
        return None
    waiting = Waiting(**{key: value for key, value in kept.items() if key != "since"})
    official = find_official(db.session(), waiting.official_id)
    return waiting if official is not None and official.session_epoch == waiting.session_epoch else None


def session_key() -> SessionKey | None:
    """What this browser holds of its session, whether or not that still opens anything."""
    kept = session.get("key")
    return SessionKey(kept) if isinstance(kept, str) else None


def end_session() -> None:
    """Sign out in this browser, and wherever a copy of its cookie lies; commits."""
    kept = session_key()
    if kept is not None:
        sessions.end(db.session(), kept)
        db.session().commit()
    session.clear()
    g.pop("official", None)


def _official_of_session() -> OfficialRecord | None:
    official_id, epoch, since = (session.get(key) for key in ("official", "epoch", "since"))
    if not isinstance(official_id, int) or not isinstance(since, int):
        return None
    # A cookie is renewed with each form's token; the sign-in itself ends after one working day all the same.
    if not 0 <= time.time() - since <= current_app.permanent_session_lifetime.total_seconds():
        return None
    if not _is_in_use(official_id):
        return None
    official = find_official(db.session(), official_id)
    if official is None or official.session_epoch != epoch:
        return None
    towns = session_towns()
    return official if towns is None else official.within(towns)


def _is_in_use(official_id: int) -> bool:
    """Whether this browser's session goes on: nobody ended it, it was used not long ago. This use is noted."""
    kept = session_key()
    if kept is None:
        return False
    found = find_session(
        db.session(), kept.stored, lasts=sessions.LASTS, idle=sessions.IDLE, noted_every=sessions.SEEN_EVERY
    )
    if found is None or found.official_id != official_id:
        return False
    if found.use_to_note:
        opened = db.autocommit_session()  # what is written here stays, whatever becomes of the request
        sessions.note_use(opened, kept)
        opened.commit()
    return True


def _refuse_wrong_tokens() -> None:
    """No page of the API reads on as if a wrong token had not been shown; good ones are known before any work."""
    if request.blueprint == "api" and reads_by_token():
        official_of_token()


def _official_of_token() -> OfficialRecord | Refusal | None:
    """The official of the token; the refusal of what is meant as one and is none."""
    shown = shown_token(request.headers.get("Authorization", ""))
    if shown is None or (not shown.text and current_official() is not None):
        return None
    if not shown.text:
        return NotSignedIn(Problem("Authorization", N_("Please give your personal token as the password.")))
    opened = db.autocommit_session()  # what is written here stays, whatever becomes of the request
    try:
        holder = holder_of(opened, token_hash(shown.text))
        if holder is None:
            return _unknown_token(opened)
        if holder.use_to_note:
            note_use(opened, holder.token_id)
        return holder.official
    finally:
        opened.commit()  # its connection goes back at once


def _unknown_token(opened: Session) -> Refusal:
    """The refusal of a token that nobody has, counted."""
    wrong = throttle.attempt(WRONG_TOKENS, throttle.network(request.remote_addr), secret=server_secret())
    try:
        throttle.count(opened, [wrong])
    except TooMany as refusal:
        return refusal
    words = N_("This token is not known here. It may have been revoked.")
    return NotSignedIn(Problem("Authorization", words))


def _tell_clients(response: Response) -> Response:
    """Where tokens read: keep answers to one apart from those to all, and ask programs for it.

    Basic makes a browser open a window of its own: it is asked for only of what is no browser.
    """
    if not reads_by_token():
        return response
    response.vary.add("Authorization")
    found = g.get("token_official")
    if isinstance(found, OfficialRecord) and "private" not in response.cache_control:
        response.cache_control.public = False
        response.cache_control.s_maxage = None
        response.cache_control.private = True
    if response.status_code == 401 and (request.blueprint != "api" or isinstance(found, Refusal)):
        asked = ['Bearer realm="pocit"']
        if not any(name in request.headers for name in OF_BROWSERS):
            asked.insert(0, 'Basic realm="pocit", charset="UTF-8"')
        response.headers.setlist("WWW-Authenticate", asked)
    return response
