"""A town whose office has something on every page: for walks that look at all of them."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from sqlalchemy.orm import Session

from app.inputs.accounts import InvitationInput
from app.models import Official, Pin, PinState, Role, Town
from app.queries.accounts import find_official
from app.queries.maps import MapRecord
from app.services.colleagues import reset_token
from app.services.invitations import invite
from tests.builders import (
    CENTRE,
    a_basemap,
    a_fact_layer,
    a_map,
    a_pin,
    a_pin_photo,
    a_ready_answer,
    a_report,
    a_token,
    an_analysis,
    an_answered_place,
    an_event,
    an_official,
    in_the_catalogue,
    moment,
)
from tests.marked_sheets import SECRET, a_mark, a_photo_of, a_sheet_of

OFFICIAL = "urad@testov.example"
LOST_PASSWORD = "zapomnel@testov.example"
PIN = uuid.UUID("6ba7b810-9dad-41d1-80b4-00c04fd430c8")
WHEN = {
    "key": "when",
    "label": {"cs": "Kdy to tak je?", "en": "When is it so?"},
    "type": "single",
    "options": [
        {"key": "day", "label": {"cs": "Ve dne", "en": "By day"}},
        {"key": "night", "label": {"cs": "V noci", "en": "By night"}},
    ],
}
AGE = {
    "key": "age",
    "label": {"cs": "Kolik je vám let?", "en": "How old are you?"},
    "options": [
        {"key": "15-64", "label": {"cs": "15–64", "en": "15–64"}},
        {"key": "65plus", "label": {"cs": "65 a více", "en": "65 or more"}},
    ],
}
TITLE = {"cs": "Kde se v Testově cítíme dobře a kde ne", "en": "Where we feel well in Testov and where we don’t"}
INTRO = {"cs": "Označte místa, kde se cítíte **dobře**, a místa, kde ne. Odpovíme vám na každé z nich."}
LONG = (
    "Cesta od školy k nádraží je po setmění neosvětlená a chodník je samá díra, takže tudy s kočárkem ani "
    "s babičkou nikdo neprojde; bylo by potřeba opravit lampy a vyasfaltovat nejnebezpečnějšíchsedmdesátmetrů."
)


@dataclass(frozen=True)
class AxeTown:
    """The map, and what addresses of its pages name."""

    map: MapRecord
    values: Mapping[str, object]


def a_town_of_everything(session: Session, slug: str = "testov") -> AxeTown:
    """A map with comments, waiting ones too, sheets, photos, analyses, answers, facts; its people."""
    the_map = a_map(
        session,
        slug,
        title=TITLE,
        intro=INTRO,
        basemap_geojson=a_basemap(),
        questions=[WHEN],
        about=[AGE],
        photos=True,
    )
    _pins(session, the_map)
    _picture(session, the_map)
    _people(session, slug)
    serial, photo = _paper(session, the_map)
    event = an_event(session, the_map, "FORUM1", starts_at=moment("2026-09-03T10:00:00Z"), place="Sokolovna")
    _census(session, slug)
    for kind in ("places", "contrast", "themes", "robustness"):
        an_analysis(session, the_map, kind)
    the_map = in_the_catalogue(session, the_map)
    invitation, link = _links(session, the_map)
    values = {
        "slug": slug,
        "town": slug,
        "code": event.code,
        "pin_id": PIN,
        "serial": serial,
        "photo_id": photo,
        "place_id": an_answered_place(session, the_map).id,
        "template_id": a_ready_answer(session, the_map).id,
        "layer_id": a_fact_layer(session, the_map).id,
        "report_id": a_report(session, the_map).id,
        "token": invitation,
        "link": link,
    }
    return AxeTown(the_map, values)


def _pins(session: Session, the_map: MapRecord) -> None:
    said = [
        ("unsafe", LONG, PinState.VISIBLE),
        ("safe", "Hezké místo", PinState.VISIBLE),
        ("improve", "Lavičku prosím, volejte 777 123 456", PinState.PENDING),
        ("unsafe", "Vulgární slova", PinState.HIDDEN),
    ]
    for n, (category, comment, state) in enumerate(said):
        at = (CENTRE[0] + n * 0.002, CENTRE[1])
        when = moment(f"2026-09-0{n + 1}T10:00:00Z")
        own = {"id": PIN} if n == 0 else {}
        reason = {"hidden_reason": "rude"} if state is PinState.HIDDEN else {}
        a_pin(
            session, the_map, category, at, f"p{n}", comment=comment, state=state, created_at=when, **own, **reason
        )
    for n in range(24):
        place = (CENTRE[0] + 0.0002 * (n % 3), CENTRE[1])
        said_too = {"comment": f"Tma číslo {n}, chybí lampa"} if n < 8 else {}
        a_pin(
            session,
            the_map,
            "unsafe",
            place,
            f"r{n}",
            about={"age": "15-64"},
            answers={"when": "night"},
            **said_too,
        )
        if n < 12:
            a_pin(session, the_map, "safe", (CENTRE[0] + 0.004, CENTRE[1]), f"r{n}", answers={"when": "day"})


def _picture(session: Session, the_map: MapRecord) -> None:
    """A photo of the first pin that nobody has looked at yet."""
    a_pin_photo(session, session.get_one(Pin, (the_map.id, PIN)), alt="Rozbitá lampa u školy")


def _people(session: Session, town: str) -> None:
    an_official(session, OFFICIAL, town=None, role="admin")
    an_official(session, LOST_PASSWORD, town=town, role="moderator")
    an_official(session, "ctenarka@testov.example", town=town, role="viewer")
    a_token(session, OFFICIAL, "QGIS na referátu")


def _paper(session: Session, the_map: MapRecord) -> tuple[str, uuid.UUID]:
    serial, *_ = a_sheet_of(session, the_map, 2)
    photo = a_photo_of(session, the_map, serial, ("frame", "table"))
    for n in range(3):
        a_mark(session, the_map, serial, (80.0 + 25 * n, 80.0 + 10 * n), photo_id=photo)
    return serial, photo


def _census(session: Session, town: str) -> None:
    groups = [{"from": 15, "to": 64, "people": 600}, {"from": 65, "to": None, "people": 300}]
    census = {"source": "ČSÚ", "groups": [group | {"sex": sex} for group in groups for sex in "fm"]}
    session.query(Town).filter_by(slug=town).one().census = census
    session.commit()


def _links(session: Session, the_map: MapRecord) -> tuple[str, str]:
    """The tokens of an invitation and of a link for a new password."""
    emails = {row.email: row.id for row in session.query(Official)}
    boss, forgetful = (find_official(session, emails[email]) for email in (OFFICIAL, LOST_PASSWORD))
    assert boss
    assert forgetful
    invitation = invite(session, boss, the_map.town_id, InvitationInput("nova@testov.example", Role.VIEWER))
    link = reset_token(
        session, boss, forgetful.id, town_id=the_map.town_id, key=SECRET.encode(), now=datetime.now(UTC)
    )
    session.commit()
    return invitation, link
