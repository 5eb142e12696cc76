"""Signing in through the town's identity provider, and where an admin names it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from app.db import session
from app.errors import (
    IdentityRefused,
    InvalidInput,
    NotAllowed,
    Problem,
    ProviderAway,
    Refusal,
    TooMany,
    status_of,
)
from app.i18n import N_
from app.inputs.identity import parse_provider
from app.models import IdentityProvider
from app.queries.colleagues import TownDoor, town_doors
from app.queries.towns import TownRecord
from app.security import require, server_secret
from app.services import identity as identities
from app.services import openid, throttle
from app.services.openid import Beginning
from app.services.throttle import Limit
from app.views.hosts import as_asked
from app.views.office import blueprint
from app.views.office.access import local_next, office_town
from app.views.office.setup_words import problems_by_field
from app.views.office.sign_in import door_page, enter
from app.views.reader import reader_language

JOURNEY = "identity"
JOURNEY_S = 600
"""How long one may stay at the other side."""
PLACE = Limit("identity place", attempts=60, window=timedelta(minutes=10))
"""One place: each begun sign-in has us ask another server."""


@blueprint.get("/sign-in/town/<town>")
def identity_begin(town: str) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Off to the provider of the town."""
    place = throttle.attempt(PLACE, throttle.network(request.remote_addr), secret=server_secret())
    try:
        throttle.count(session(), [place])
        provider = identities.find_provider(session(), town, secret=server_secret())
        session().commit()  # counted, and no connection of ours waits for another server
        begun = openid.begin(provider, _back(town))
    except (ProviderAway, TooMany) as refusal:
        session().rollback()
        return _said(refusal)
    cookie[JOURNEY] = {
        "town": town,
        "state": begun.state,
        "nonce": begun.nonce,
        "verifier": begun.verifier,
        "next": local_next(request.args.get("next")),
        "since": int(time.time()),
    }
    return redirect(begun.url, 303)


@blueprint.get("/sign-in/town/<town>/back")
def identity_back(town: str) -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Back from the provider: in, or told why not."""
    begun = cookie.pop(JOURNEY, None)
    try:
        journey = _journey(begun, town)
        provider = identities.find_provider(session(), town, secret=server_secret())
        session().commit()
        who = openid.finish(provider, _back(town), journey, request.args)
        found = identities.official_of(session(), provider, who)
        towns = identities.towns_of(session(), provider)
    except (IdentityRefused, ProviderAway) as refusal:
        session().commit()  # a refusal of somebody known is written down
        return _said(refusal)
    return enter(found, local_next(begun["next"]), way="identity", towns=towns)


@blueprint.get("/towns/<town>/identity")
def identity(town: str) -> str:
    """The provider of a town, as the server's admin sees it."""
    return _form(_town_of_admin(town), {}, {})


@blueprint.post("/towns/<town>/identity")
def save_identity(town: str) -> Response | tuple[str, int]:
    """Name the provider of a town, or change it."""
    found = _town_of_admin(town)
    stored = session().get(IdentityProvider, found.id)
    try:
        wanted = parse_provider(request.form, has_secret=stored is not None)
        identities.save_provider(session(), found, wanted, secret=server_secret(), by=require())
    except InvalidInput as refusal:
        session().rollback()
        return _form(found, request.form, problems_by_field(refusal)), 422
    session().commit()
    return redirect(url_for("office.identity", town=town, saved=1), 303)


@blueprint.post("/towns/<town>/identity/remove")
def remove_identity(town: str) -> Response:
    """Passwords only, from now on."""
    found = _town_of_admin(town)
    identities.remove_provider(session(), found, by=require())
    session().commit()
    return redirect(url_for("office.identity", town=town), 303)


@blueprint.app_template_global("identity_doors")
def identity_doors() -> list[TownDoor]:
    """The buttons of the sign-in page: the towns and what their buttons say."""
    return town_doors(session())


def _town_of_admin(slug: str) -> TownRecord:
    """The town; only an admin names an address that the server itself will ask."""
    town = office_town(slug)
    if not require().is_admin:
        raise NotAllowed
    return town


def _journey(begun: Any, town: str) -> Beginning:
    fresh = isinstance(begun, dict) and begun.get("town") == town and time.time() - begun["since"] <= JOURNEY_S
    if not fresh:
        raise IdentityRefused(
            Problem("state", N_("This sign-in was not begun in this browser. Please begin again."))
        )
    return Beginning("", begun["state"], begun["nonce"], begun["verifier"])


def _back(town: str) -> str:
    return as_asked("office.identity_back", town=town)


def _said(refusal: Refusal) -> tuple[str, int] | tuple[str, int, dict[str, str]]:
    """The sign-in page with what went wrong."""
    words = reader_language()
    said = " ".join(words.gettext(text) for text in (refusal.title, *(p.message for p in refusal.problems)))
    page = door_page(local_next(None), said=said)
    if isinstance(refusal, TooMany):
        return page, 429, {"Retry-After": str(refusal.retry_after_s)}
    return page, status_of(refusal)


def _form(town: TownRecord, typed: Any, problems: Mapping[str, str]) -> str:
    stored = session().get(IdentityProvider, town.id)
    return render_template(
        "office/identity.html", town=town, stored=stored, typed=typed, problems=problems, back=_back(town.slug)
    )
