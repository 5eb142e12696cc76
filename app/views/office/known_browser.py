"""Browsers in which an official has signed in before: strangers who try their e-mail can't shut them out there.

A signed cookie says which accounts have been open in this browser. It opens nothing: it only has wrong passwords
counted apart from those that come from anywhere else.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta
from typing import Final

from flask import current_app, request, url_for
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.wrappers import Response

from app.security import server_secret

COOKIE: Final = "pocit_known"
KEPT_FOR: Final = timedelta(days=180)
MOST: Final = 5
"""Accounts of one browser: an office computer has a few."""


def known_browser(email: str) -> str | None:
    """The name of this browser, where the account of this e-mail has been open in it; None anywhere else."""
    return _known().get(_mark(email))


def remember_browser(response: Response, email: str) -> None:
    """Have the browser remember that this account has been open in it."""
    mark, known = _mark(email), _known()
    name = known.pop(mark, None) or secrets.token_urlsafe(16)
    newest = {mark: name} | dict(list(known.items())[: MOST - 1])
    response.set_cookie(
        COOKIE,
        str(_serializer().dumps(newest)),
        max_age=KEPT_FOR,
        path=url_for("office.sign_in_form"),
        secure=current_app.config["SESSION_COOKIE_SECURE"],
        httponly=True,
        samesite="Lax",
    )


def _known() -> dict[str, str]:
    try:
        said = _serializer().loads(request.cookies.get(COOKIE, ""), max_age=int(KEPT_FOR.total_seconds()))
    except BadData:
        return {}
    return dict(said)


def _mark(email: str) -> str:
    """The e-mail as only this server can tell it: who reads the cookie does not learn it."""
    return hmac.new(server_secret(), f"known browser {email}".encode(), hashlib.sha256).hexdigest()[:32]


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(server_secret().decode("utf-8", "replace"), salt="known browser")
