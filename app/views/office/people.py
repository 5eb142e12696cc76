"""The people of a town's office and of the server: who there is, invited, raised, taken out, helped back in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput, NotAllowed, Refusal
from app.i18n import N_
from app.inputs.accounts import parse_invitation, parse_role
from app.models import Role
from app.queries.accounts import OfficialRecord
from app.queries.colleagues import (
    colleague,
    may_mend_sign_in,
    open_invitations,
    people_of_server,
    people_of_town,
    roles_up_to,
)
from app.queries.tokens import token_counts
from app.queries.towns import TownRecord, list_towns
from app.security import require, server_secret
from app.services import second_factor
from app.services.colleagues import change_role, remove_colleague, reset_token, set_admin
from app.services.invitations import invite as send_invitation
from app.services.invitations import revoke
from app.views.hosts import whole_address
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.office.once import keep_once, take_once
from app.views.office.setup_words import problems_by_field
from app.views.reader import reader_language

ROLE_WORDS: Mapping[str, str] = {
    Role.VIEWER: N_("reads"),
    Role.MODERATOR: N_("reads, hides and answers"),
    Role.EDITOR: N_("does everything in the town"),
    Role.ADMIN: N_("runs the whole server"),
}
"""What each role may, said of a person."""
ROLE_NAMES: Mapping[str, str] = {
    Role.VIEWER: N_("Viewer"),
    Role.MODERATOR: N_("Moderator"),
    Role.EDITOR: N_("Editor"),
    Role.ADMIN: N_("Admin"),
}
LINK = "link"
"""The link to be shown once."""

Page = Response | tuple[str, int]


@blueprint.app_template_global("role_name")
def role_name(role: str) -> str:
    """What a role is called."""
    return reader_language().gettext(ROLE_NAMES[role])


@blueprint.get("/towns/<town>/people")
def people(town: str) -> str:
    """The colleagues of a town; for its editors also the invitations and what can be changed."""
    return _town_page(office_town(town))


@blueprint.post("/towns/<town>/people/invite")
def invite(town: str) -> Page:
    """Invite somebody; the link is shown on the next page, and never again."""
    found = office_town(town, Role.EDITOR)
    try:
        wanted = parse_invitation(request.form, roles_up_to(_own_role(found.id)))
        token = send_invitation(session(), require(), found.id, wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _town_page(found, request.form, refusal), 422
    session().commit()
    keep_once(LINK, {"kind": "invitation", "email": wanted.email, "token": token, "place": found.slug})
    return redirect(url_for("office.people", town=town, _anchor="link"), 303)


@blueprint.post("/towns/<town>/invitations/<int:invitation_id>/revoke")
def revoke_invitation(town: str, invitation_id: int) -> Response:
    """Take an invitation back."""
    found = office_town(town, Role.EDITOR)
    revoke(session(), require(), found.id, invitation_id)
    session().commit()
    return redirect(url_for("office.people", town=town), 303)


@blueprint.post("/towns/<town>/people/<int:official_id>/role")
def give_role(town: str, official_id: int) -> Page:
    """Change what a colleague may do here."""
    found = office_town(town, Role.EDITOR)
    try:
        role = parse_role(request.form, roles_up_to(_own_role(found.id)))
        change_role(session(), require(), found.id, official_id, role)
    except InvalidInput as refusal:
        session().rollback()
        return _town_page(found, {"official": official_id}, refusal), 422
    session().commit()
    return _after_change(found)


@blueprint.post("/towns/<town>/people/<int:official_id>/remove")
def remove_person(town: str, official_id: int) -> Page:
    """Take a colleague out of the town's office."""
    found = office_town(town, Role.EDITOR)
    try:
        remove_colleague(session(), require(), found.id, official_id)
    except InvalidInput as refusal:
        session().rollback()
        return _town_page(found, {"official": official_id}, refusal), 422
    session().commit()
    return _after_change(found)


@blueprint.post("/towns/<town>/people/<int:official_id>/new-password")
def reset_link(town: str, official_id: int) -> Response:
    """A link for a colleague who forgot their password, shown on the next page."""
    found = office_town(town, Role.EDITOR)
    _keep_reset_link(official_id, found.id, found.slug)
    return redirect(url_for("office.people", town=town, _anchor="link"), 303)


@blueprint.post("/towns/<town>/people/<int:official_id>/second-step-off")
def reset_second_factor(town: str, official_id: int) -> Response:
    """Ask a colleague who lost their phone for no code any more."""
    found = office_town(town, Role.EDITOR)
    second_factor.reset(session(), require(), official_id, town_id=found.id)
    session().commit()
    return redirect(url_for("office.people", town=town), 303)


@blueprint.get("/server/people")
def server_people() -> str:
    """Everybody with an account on this server."""
    _admin()
    return _server_page()


@blueprint.post("/server/people/invite")
def invite_admin() -> Page:
    """Invite another admin."""
    _admin()
    try:
        wanted = parse_invitation(request.form.to_dict() | {"role": Role.ADMIN}, [Role.ADMIN])
        token = send_invitation(session(), require(), None, wanted)
    except InvalidInput as refusal:
        session().rollback()
        return _server_page(request.form, refusal), 422
    session().commit()
    keep_once(LINK, {"kind": "invitation", "email": wanted.email, "token": token, "place": ""})
    return redirect(url_for("office.server_people", _anchor="link"), 303)


@blueprint.post("/server/invitations/<int:admin_invitation_id>/revoke")
def revoke_admin_invitation(admin_invitation_id: int) -> Response:
    """Take the invitation of an admin back."""
    revoke(session(), _admin(), None, admin_invitation_id)
    session().commit()
    return redirect(url_for("office.server_people"), 303)


@blueprint.post("/server/people/<int:official_id>/admin")
def give_admin(official_id: int) -> Page:
    """Make somebody an admin, or no longer."""
    admin = _admin()
    try:
        set_admin(session(), admin, official_id, admin=request.form.get("admin") == "yes")
    except InvalidInput as refusal:
        session().rollback()
        return _server_page({"official": official_id}, refusal), 422
    session().commit()
    goes_to = "office.home" if official_id == admin.id else "office.server_people"
    return redirect(url_for(goes_to), 303)


@blueprint.post("/server/people/<int:official_id>/new-password")
def server_reset_link(official_id: int) -> Response:
    """A link for anybody who forgot their password, shown on the next page."""
    _admin()
    _keep_reset_link(official_id, None, "")
    return redirect(url_for("office.server_people", _anchor="link"), 303)


@blueprint.post("/server/people/<int:official_id>/second-step-off")
def server_reset_second_factor(official_id: int) -> Response:
    """Ask anybody who lost their phone for no code any more."""
    second_factor.reset(session(), _admin(), official_id, town_id=None)
    session().commit()
    return redirect(url_for("office.server_people"), 303)


def _admin() -> OfficialRecord:
    official = require()
    if not official.is_admin:
        raise NotAllowed
    return official


def _own_role(town_id: int) -> Role:
    return require().role_in(town_id) or Role.VIEWER


def _after_change(town: TownRecord) -> Response:
    """Back to the list, or home for who has just left the town."""
    session().expire_all()
    still = colleague(session(), require().id)
    here = still.role_in(town.id) is not None
    return redirect(url_for("office.people", town=town.slug) if here else url_for("office.home"), 303)


def _keep_reset_link(official_id: int, town_id: int | None, place: str) -> None:
    now = datetime.now(UTC)
    token = reset_token(session(), require(), official_id, town_id=town_id, key=server_secret(), now=now)
    email = colleague(session(), official_id).email
    session().commit()
    keep_once(LINK, {"kind": "password", "email": email, "token": token, "place": place})


def _link(place: str) -> dict[str, str] | None:
    """The link made on the page before, whole, if it was made for this place."""
    kept: dict[str, str] | None = take_once(LINK)
    if kept is None or kept["place"] != place:
        return None
    if kept["kind"] == "invitation":
        return kept | {"address": whole_address("office.invitation", token=kept["token"])}
    return kept | {"address": whole_address("office.new_password_form", link=kept["token"])}


def _town_page(town: TownRecord, typed: Mapping[str, Any] | None = None, refusal: Refusal | None = None) -> str:
    official = require()
    may_change = official.may(town.id, Role.EDITOR)
    colleagues = people_of_town(session(), town.id)
    return render_template(
        "office/people.html",
        town=town,
        official=official,
        people=colleagues,
        may_change=may_change,
        mendable=_mendable(official, [one.id for one in colleagues]) if may_change else set(),
        tokens=token_counts(session(), [one.id for one in colleagues]) if may_change else {},
        invitations=open_invitations(session(), town.id) if may_change else [],
        roles=roles_up_to(_own_role(town.id)),
        role_words=ROLE_WORDS,
        link=_link(town.slug) if may_change else None,
        typed=typed or {},
        problems=problems_by_field(refusal),
    )


def _mendable(by: OfficialRecord, ids: list[int]) -> set[int]:
    """The people whose sign-in one may open again."""
    return {one for one in ids if may_mend_sign_in(by, colleague(session(), one))}


def _server_page(typed: Mapping[str, Any] | None = None, refusal: Refusal | None = None) -> str:
    everybody = people_of_server(session())
    return render_template(
        "office/people_server.html",
        official=require(),
        people=everybody,
        tokens=token_counts(session(), [one.id for one in everybody]),
        towns=list_towns(session()),
        invitations=open_invitations(session(), None),
        role_words=ROLE_WORDS,
        link=_link(""),
        typed=typed or {},
        problems=problems_by_field(refusal),
    )
