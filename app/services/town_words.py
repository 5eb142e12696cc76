"""The words a town minds beside the built-in lists, and those it lets pass."""

from __future__ import annotations

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.inputs.word_forms import TownWords
from app.models import Town, TownMap
from app.queries.towns import TownRecord
from app.services.audit import Actor, Deed, record
from app.services.flags import check_again


def change_words(session: Session, town: TownRecord, words: TownWords, *, by: Actor) -> bool:
    """Keep the town's words and have all its pins checked anew; False when they are as they were."""
    before = set(town.vulgar_words), set(town.ordinary_words)
    if before == (set(words.vulgar), set(words.ordinary)):
        return False
    session.execute(
        update(Town)
        .where(Town.id == town.id)
        .values(vulgar_words=list(words.vulgar), ordinary_words=list(words.ordinary))
    )
    # The words are part of what every process keeps of a map.
    session.execute(update(TownMap).where(TownMap.town_id == town.id).values(version=TownMap.version + 1))
    check_again(session, session.scalars(select(TownMap.id).where(TownMap.town_id == town.id)).all())
    detail = {
        "added": sorted({*words.vulgar, *words.ordinary} - (before[0] | before[1])),
        "taken away": sorted((before[0] | before[1]) - {*words.vulgar, *words.ordinary}),
    }
    record(session, by, Deed("words.change", None, {k: v for k, v in detail.items() if v}), town_id=town.id)
    return True
