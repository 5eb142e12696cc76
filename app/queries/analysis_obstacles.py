"""Why an analysis can't be made of a map as it is: what would have to be there first."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from app.i18n import N_
from app.models import FactLayer, Pin
from app.queries.features import conditions
from app.queries.maps import MapRecord
from app.queries.pin_table import OFFICE_COUNTS
from app.queries.round_pair import slugs_of_rounds

NO_ROUND = N_(
    "The town has no other map with pins that this one could be compared with. A next round of this map, or an"
    " older one taken over, would be one."
)
NO_FACTS = N_("The town has no layers of facts here yet: police records, lamps, stops. An editor can add them.")
NO_COMMENTS = N_("Nobody has written a comment on this map yet.")
ONE_FEELING = N_("This map asks one feeling only; there is nothing to set against it.")


def obstacle(session: Session, the_map: MapRecord, kind: str) -> str | None:
    """What stands in the way of this kind, as a message id; None where it can be made."""
    if kind == "contrast" and len(the_map.categories) < 2:
        return ONE_FEELING
    if kind == "themes" and not _any(session, _comments(the_map)):
        return NO_COMMENTS
    if kind == "rounds" and the_map.previous is None and next(slugs_of_rounds(session, the_map), None) is None:
        return NO_ROUND
    if kind == "facts" and not _any(session, _layers(the_map)):
        return NO_FACTS
    return None


def _comments(the_map: MapRecord) -> Select[Any]:
    return select(Pin.id).where(*conditions(the_map.id, OFFICE_COUNTS), Pin.comment != "")


def _layers(the_map: MapRecord) -> Select[Any]:
    return select(FactLayer.id).where(FactLayer.town_id == the_map.town_id)


def _any(session: Session, query: Select[Any]) -> bool:
    return session.execute(query.limit(1)).first() is not None
