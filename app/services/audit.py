"""The log of what officials did: each deed is written down in the transaction that does it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy.orm import Session

from app.i18n import N_
from app.models import AuditEntry

SERVER = "server"
"""The name in the log for what no official did."""

ACTIONS: Mapping[str, str] = {
    "pin.hide": N_("hid a pin"),
    "pin.show": N_("showed a pin again"),
    "pin.approve": N_("approved a pin"),
    "pin.hold": N_("put a pin back to wait"),
    "official.save": N_("set up an account"),
    "official.invite": N_("invited a colleague"),
    "official.join": N_("accepted an invitation"),
    "official.role": N_("changed the role of a colleague"),
    "official.remove": N_("took a colleague out of the office"),
    "official.reset_link": N_("made a link for a new password"),
    "official.second_factor_reset": N_("turned off the second step of a colleague’s sign-in"),
    "invitation.revoke": N_("took an invitation back"),
    "account.sign_in": N_("signed in"),
    "account.sign_in_failed": N_("could not sign in"),
    "account.password": N_("changed the password"),
    "account.new_password": N_("set a new password through a link"),
    "account.second_factor_on": N_("turned on the second step of the sign-in"),
    "account.second_factor_off": N_("turned off the second step of the sign-in"),
    "account.recovery_codes": N_("made new recovery codes"),
    "account.recovery_code": N_("used a recovery code"),
    "account.sessions_end": N_("signed out in other browsers"),
    "account.identity": N_("was recognised by the town’s sign-in for the first time"),
    "token.make": N_("made a token for a GIS client"),
    "token.revoke": N_("revoked a token of a GIS client"),
    "token.revoke_all": N_("revoked all tokens of somebody’s GIS clients"),
    "pin.mask": N_("covered words of a pin"),
    "pin.unmask": N_("uncovered words of a pin"),
    "pin.undo": N_("took back a decision about pins"),
    "pin_photo.show": N_("let a pin’s photo be shown"),
    "pin_photo.refuse": N_("refused a pin’s photo"),
    "pin_photo.refuse_many": N_("refused photos of pins at once"),
    "pin_photo.cover": N_("covered parts of a pin’s photo"),
    "words.change": N_("changed the words to mind"),
    "map.boundary": N_("changed the boundary of a map"),
    "map.basemap": N_("changed the background of a map"),
    "event.create": N_("added an event"),
    "event.change": N_("changed an event"),
    "event.delete": N_("deleted an event"),
    "story.change": N_("changed the story of a map"),
    "story.publish": N_("published the story of a map"),
    "story.unpublish": N_("took the story of a map back"),
    "answer.pin": N_("answered a pin"),
    "answer.place": N_("answered a place"),
    "answer.change": N_("changed the answer for a place"),
    "answer.take_in": N_("gave the answer for a place to new pins"),
    "answer.delete": N_("took an answer back"),
    "template.add": N_("added a ready answer"),
    "template.change": N_("changed a ready answer"),
    "template.delete": N_("deleted a ready answer"),
    "report.make": N_("made a report for the council"),
    "sheet.print": N_("printed paper sheets"),
    "photo.add": N_("sent a photo of a paper sheet"),
    "photo.by_hand": N_("marked by hand what a photo shows"),
    "photo.remove": N_("threw a photo away"),
    "photo.rule": N_("changed how long photos of sheets are kept"),
    "sheet.check": N_("checked the marks of a paper sheet"),
    "desk.person": N_("wrote down by hand what a person said"),
    "desk.take_back": N_("took back a pin written down by hand"),
    "analysis.start": N_("had an analysis computed"),
    "analysis.cancel": N_("cancelled an analysis"),
    "map.anonymise": N_("deleted the links between a map’s pins and people"),
    "town.create": N_("added a town"),
    "map.create": N_("began a map"),
    "map.change": N_("changed the setting of a map"),
    "map.address": N_("changed the address of a map"),
    "map.frames": N_("changed on which websites a map may stand"),
    "map.open": N_("opened a map"),
    "map.close": N_("closed a map"),
    "map.next_round": N_("began the next round of a map"),
    "map.delete": N_("deleted the draft of a map"),
    "identity.change": N_("changed how officials of a town sign in"),
    "identity.remove": N_("ended signing in through the town’s own accounts"),
    "census.change": N_("changed the table of who lives in the town"),
    "addresses.load": N_("loaded the addresses of the town"),
    "addresses.remove": N_("removed the addresses of the town"),
    "facts.load": N_("loaded a layer of facts"),
    "facts.remove": N_("removed a layer of facts"),
    "pins.import": N_("imported pins from a file"),
    "town.ico": N_("changed the IČO of the town"),
    "town.accessibility": N_("changed the accessibility statement"),
    "open_data.change": N_("changed what the open-data catalogue says of a map"),
    "open_data.publish": N_("put a map into the open-data catalogue"),
    "open_data.withdraw": N_("took a map out of the open-data catalogue"),
}
"""Every deed by its key, in words."""


class Place(Protocol):
    """Where something was done: a map."""

    @property
    def id(self) -> int:
        """Its id."""

    @property
    def slug(self) -> str:
        """Its address."""

    @property
    def town_id(self) -> int:
        """Its town."""


class Actor(Protocol):
    """Who does it: an official's record, or the server itself."""

    @property
    def id(self) -> int | None:
        """The official's id."""

    @property
    def email(self) -> str:
        """The name in the log."""


@dataclass(frozen=True)
class Server:
    """What happens by itself, or from the command line."""

    id: None = None
    email: str = SERVER


BY_ITSELF = Server()


@dataclass(frozen=True)
class Deed:
    """What was done, to what; `detail` never holds what citizens wrote."""

    action: str
    subject: str | None = None
    detail: Mapping[str, object] | None = None


def record(
    session: Session, actor: Actor, deed: Deed, *, the_map: Place | None = None, town_id: int | None = None
) -> int:
    """Write the deed down, and give the number of its entry; it is kept if the transaction is.

    `town_id` is for what belongs to a town but to no map; neither: a deed on the whole server.
    """
    if deed.action not in ACTIONS:
        msg = f"unknown deed: {deed.action}"
        raise ValueError(msg)
    entry = AuditEntry(
        official_id=actor.id,
        official=actor.email,
        town_id=the_map.town_id if the_map else town_id,
        map_id=the_map.id if the_map else None,
        map_slug=the_map.slug if the_map else None,
        action=deed.action,
        subject=deed.subject,
        detail=dict(deed.detail or {}),
    )
    session.add(entry)
    session.flush()
    return entry.id
