"""The door of the office: which map an official may open in which role, and where nobody is sent."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from flask import redirect, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import NotSignedIn, Problem
from app.i18n import N_
from app.models import Role
from app.queries.maps import MapRecord
from app.queries.towns import TownRecord, find_town
from app.security import FOR_GIS_CLIENTS, reads_by_token, require
from app.views.problems import refused, wants_json
from app.views.reader import load_map

HOME = "/office/"
LOCAL = re.compile(r"/office/[\w./?=&%,:+~@-]*", re.ASCII)
"""Addresses the sign-in may send on to: only plain ones of the office."""
MOST_NEXT_CHARACTERS = 1000

View = TypeVar("View", bound=Callable[..., object])


def for_gis_clients(view: View) -> View:
    """The same view, read also by officials' GIS clients with a personal token; write it under the route."""
    setattr(view, FOR_GIS_CLIENTS, True)
    return view


def office_map(slug: str, role: Role = Role.VIEWER) -> MapRecord:
    """The map in the address for an official who has at least this role in its town.

    NotSignedIn; Unknown for maps of other towns, as for those that are not there; NotAllowed for less.
    """
    require()
    the_map = load_map(slug)
    require(role, the_map.town_id)
    return the_map


def office_town(slug: str, role: Role = Role.VIEWER) -> TownRecord:
    """The town in the address for an official who has at least this role there; refused like `office_map`."""
    require()
    town = find_town(session(), slug)
    require(role, town.id)
    return town


def answer_nobody(refusal: NotSignedIn) -> Response:
    """People go to the sign-in and come back; a program gets its 401."""
    if not _is_page():
        return refused(_told_of_tokens(refusal) if reads_by_token() else refusal)
    wanted = request.full_path.removesuffix("?") if request.method == "GET" else HOME
    return redirect(url_for("office.sign_in_form", next=local_next(wanted)), 303)


def local_next(address: str | None) -> str:
    """Where to go after the sign-in: this address if it is one of the office, else its first page."""
    if not address or len(address) > MOST_NEXT_CHARACTERS or not LOCAL.fullmatch(address):
        return HOME
    path = address.partition("?")[0]
    return HOME if ".." in path or "//" in path else address


def _told_of_tokens(refusal: NotSignedIn) -> NotSignedIn:
    """The refusal that says at least how a GIS client gets in."""
    words = N_("Please give your personal token as the password.")
    return refusal if refusal.problems else NotSignedIn(Problem("Authorization", words))


def _is_page() -> bool:
    """Whether a person reads the answer: a browser says it wants HTML; who says nothing may want a page."""
    if any(kind.startswith("text/html") for kind in request.accept_mimetypes.values()):
        return True
    if reads_by_token():
        return False
    return not wants_json() and "*/*" in str(request.accept_mimetypes or "*/*") and "." not in request.path
