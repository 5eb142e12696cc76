"""Pages that take files: more than a form's few kilobytes, from officials only, and words where it is too much."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from flask import Response, current_app, make_response, request
from werkzeug.exceptions import RequestEntityTooLarge

from app.errors import NotAllowed, Refusal, TooLarge
from app.models import Role
from app.security import current_official
from app.views.office import blueprint
from app.views.problems import refused

View = TypeVar("View", bound=Callable[..., Any])

MOST_DRAINED_BYTES = 2 << 30
PIECE_BYTES = 1 << 18
FORM_BYTES = 64 * 1024
"""What stands around a file in a form."""


@dataclass(frozen=True)
class Allowance:
    """How much a page takes, and what it answers when more comes."""

    most_bytes: int
    too_large: Callable[..., Any]
    role: Role = Role.EDITOR
    """The least role, in any town, of those from whom so much is taken."""


def takes_files(
    most_bytes: int, too_large: Callable[..., Any], role: Role = Role.EDITOR
) -> Callable[[View], View]:
    """Let a view take so many bytes. `too_large`, called with its arguments, makes the page that says no."""

    def allow(view: View) -> View:
        view.allowance = Allowance(most_bytes + FORM_BYTES, too_large, role)  # type: ignore[attr-defined]
        return view

    return allow


@blueprint.url_value_preprocessor
def allow_more(_endpoint: str | None, _values: dict[str, Any] | None) -> None:
    """Raise the limit before anything reads the form, which the check of its token does first of all."""
    allowance = _allowance()
    if allowance is not None and request.method == "POST" and _may_send(allowance):
        request.max_content_length = allowance.most_bytes


@blueprint.errorhandler(RequestEntityTooLarge)
def too_large(_error: RequestEntityTooLarge) -> Response:
    """Words in the page itself. The rest is taken in first: a browser that still sends hears no answer."""
    allowance = _allowance()
    if allowance is None:
        return refused(TooLarge())
    if not _may_send(allowance):
        return refused(TooLarge() if current_official() is None else NotAllowed())
    _drain()
    try:
        page = allowance.too_large(**(request.view_args or {}))
    except Refusal as refusal:
        return refused(refusal)
    response = make_response(page)
    response.status_code = 413
    return response


def _may_send(allowance: Allowance) -> bool:
    """Whether somebody with the role anywhere is asking; where, the view asks once the form is read."""
    official = current_official()
    return official is not None and (
        official.is_admin or any(official.may(town_id, allowance.role) for town_id in official.roles)
    )


def _allowance() -> Allowance | None:
    view = current_app.view_functions.get(request.endpoint or "")
    return getattr(view, "allowance", None)


def _drain() -> None:
    body, left = request.environ["wsgi.input"], MOST_DRAINED_BYTES
    if request.content_length is not None:
        if request.content_length <= (request.max_content_length or 0):
            return  # something else in the form was too much, and part of it has been read already
        left = min(left, request.content_length)
    while left > 0 and (piece := body.read(min(PIECE_BYTES, left))):
        left -= len(piece)
