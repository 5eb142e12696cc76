"""Finished maps as stories: what was asked, who took part, what they showed, and what the town did."""

from __future__ import annotations

from flask import Blueprint, g, render_template

from app.db import session
from app.errors import Unknown
from app.i18n import N_
from app.models import PinStatus
from app.queries.maps import MapRecord
from app.queries.stories import tell_whole
from app.security import current_official
from app.views.heat import heat_store, keep_snapshot
from app.views.posters import when_words
from app.views.reader import load_told_map
from app.views.results import ground_version_of, marks_of, picture_size

blueprint = Blueprint("stories", __name__)

ANSWER_WORDS = {
    PinStatus.DONE: N_("Done"),
    PinStatus.PLANNED: N_("The town plans to act"),
    PinStatus.RECEIVED: N_("The town has read it"),
    PinStatus.DECLINED: N_("It will not be done"),
}
"""What became of a place, as a heading over such places."""


@blueprint.get("/stories/<slug>")
def story(slug: str) -> str:
    """The story of a map; one that is not published only for officials of its town."""
    the_map = load_told_map(slug)
    if not the_map.story_published:
        _only_for_its_town(the_map)
    keep_snapshot(the_map)
    told = tell_whole(session(), heat_store(), the_map)
    return render_template(
        "stories/page.html",
        the_map=the_map,
        told=told,
        story=told.story,
        summary=told.story.summary,
        frame=picture_size(told.story),
        marks=marks_of(told.story),
        ground_version=ground_version_of(the_map, told.story),
        answer_words={status.value: words for status, words in ANSWER_WORDS.items()},
        when_words=when_words,
    )


def _only_for_its_town(the_map: MapRecord) -> None:
    official = current_official()
    if official is None or official.role_in(the_map.town_id) is None:
        raise Unknown
    g.private_answer = True
