"""The town office: pages for officials. Only the sign-in answers somebody who is not signed in."""

from __future__ import annotations

from flask import Blueprint, Response, request

from app.errors import NotSignedIn
from app.security import let_token_read, require
from app.views.office.access import answer_nobody

blueprint = Blueprint("office", __name__, url_prefix="/office")

OPEN_TO_ALL = frozenset(
    {
        "office.sign_in_form",
        "office.sign_in",
        "office.code_form",
        "office.give_code",
        "office.identity_begin",
        "office.identity_back",
        "office.invitation",
        "office.accept_with_password",
        "office.new_password_form",
        "office.new_password",
    }
)

blueprint.register_error_handler(NotSignedIn, answer_nobody)


@blueprint.before_request
def only_officials() -> None:
    """Refuse nobody in particular before any view runs; a view then asks for its role (access.office_map).

    A personal token opens only what is marked for GIS clients (access.for_gis_clients); elsewhere it is nobody's.
    """
    if request.endpoint not in OPEN_TO_ALL:
        let_token_read()
        require()


@blueprint.after_request
def keep_private(response: Response) -> Response:
    """Nothing of the office belongs into a shared cache or a search engine."""
    response.headers.setdefault("Cache-Control", "private, no-store")
    response.headers["X-Robots-Tag"] = "noindex"
    return response


from app.views.office import (  # noqa: E402 - the routes need the blueprint
    accessibility,
    account,
    addresses,
    analyses,
    answers,
    audit,
    basemap,
    boundary,
    census,
    connect,
    dashboard,
    desk,
    events,
    facts,
    files,
    heat,
    home,
    identity,
    invitations,
    legend,
    library,
    maps,
    moderation,
    navigation,
    older_maps,
    open_data,
    people,
    photos,
    pin_photos,
    processing,
    queue,
    report,
    second_factor,
    setup,
    setup_new,
    setup_sections,
    share,
    sheet,
    sheets,
    sign_in,
    story,
    templates,
    tokens,
    words_list,
)

__all__ = [
    "accessibility",
    "account",
    "addresses",
    "analyses",
    "answers",
    "audit",
    "basemap",
    "blueprint",
    "boundary",
    "census",
    "connect",
    "dashboard",
    "desk",
    "events",
    "facts",
    "files",
    "heat",
    "home",
    "identity",
    "invitations",
    "legend",
    "library",
    "maps",
    "moderation",
    "navigation",
    "older_maps",
    "open_data",
    "people",
    "photos",
    "pin_photos",
    "processing",
    "queue",
    "report",
    "second_factor",
    "setup",
    "setup_new",
    "setup_sections",
    "share",
    "sheet",
    "sheets",
    "sign_in",
    "story",
    "templates",
    "tokens",
    "words_list",
]
