"""The front page of a server: a card for each map while they are few, a directory to search when they are many."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from flask import Response, current_app, jsonify, render_template, request

from app.db import session
from app.queries.directory import Directory, Listed, found_in
from app.queries.maps import MapCache, MapRecord
from app.queries.stories import story_card
from app.views.heat import heat_store, keep_snapshot
from app.views.reader import say
from app.views.results import ground_version_of, picture_size

MOST_CARDS = 36
"""Cards of open maps on one page; of more maps there is a directory."""
MOST_STORIES = 12
MOST_LINES = 300
"""Lines on one page; of more maps one letter is shown at a time."""
MOST_ASKED = 80
"""Characters of a search that are looked at."""


@dataclass(frozen=True)
class Line:
    """A map in the directory, as it is at this moment."""

    listed: Listed
    state: str
    """open, coming, told (its story is published) or closed."""


def directory() -> Directory:
    """What this process keeps of the public maps."""
    found: Directory = current_app.extensions["pocit-directory"]
    return found


def front_page(now: datetime) -> str:
    """The page, whichever of the two it is."""
    lines = [Line(one, _state(one, now)) for one in directory().lines(session())]
    if len(lines) > MOST_LINES or sum(line.state == "open" for line in lines) > MOST_CARDS:
        return _directory_page(lines, now)
    of = {state: [line.listed for line in lines if line.state == state] for state in STATES}
    return render_template(
        "pages/home.html",
        open_maps=_records(of["open"]),
        coming_maps=_records(of["coming"][:MOST_CARDS]),
        stories=_stories(of["told"], now),
        closed_maps=of["closed"],
    )


def open_maps(now: datetime) -> Response:
    """The open maps with their boxes, for a browser that knows where it is and does not say so."""
    lines = [one for one in directory().lines(session()) if one.is_open(now)]
    found = [[one.slug, one.town, say(one.title), [round(edge, 4) for edge in one.box]] for one in lines]
    response = jsonify({"maps": found})
    response.headers["Cache-Control"] = "public, max-age=300"
    response.vary.update(["Accept-Language", "Cookie"])
    return response


STATES = ("open", "coming", "told", "closed")


def _state(one: Listed, now: datetime) -> str:
    if one.is_open(now):
        return "open"
    if not one.is_over(now) and not one.is_closed_for_good:
        return "coming"
    return "told" if one.is_told else "closed"


def _directory_page(lines: Sequence[Line], now: datetime) -> str:
    asked = " ".join(request.args.get("town", "")[:MOST_ASKED].split())
    letters = list(dict.fromkeys(line.listed.letter for line in lines))
    letter = request.args.get("letter", "")
    if asked:
        hits = {one.slug: rank for rank, one in enumerate(found_in([line.listed for line in lines], asked))}
        shown = sorted(
            (line for line in lines if line.listed.slug in hits), key=lambda line: hits[line.listed.slug]
        )
    elif len(lines) <= MOST_LINES:
        shown = list(lines)
    else:
        shown = [line for line in lines if line.listed.letter == letter]
    cards = [line.listed for line in shown if line.state == "open"] if asked else []
    rest = shown if len(cards) > MOST_CARDS or not cards else [line for line in shown if line.state != "open"]
    told = [line.listed for line in lines if line.state == "told"]
    return render_template(
        "pages/directory.html",
        asked=asked,
        found=len(shown),
        cards=_records(cards) if len(cards) <= MOST_CARDS else [],
        letters=letters,
        letter=letter if letter in letters and not asked else "",
        by_letter=[] if asked and len(rest) > MOST_LINES else _by_letter(rest, asked=bool(asked)),
        too_many=bool(asked) and len(rest) > MOST_LINES,
        paged=len(lines) > MOST_LINES,
        maps=sum(line.state == "open" for line in lines),
        stories=[] if asked or letter else _stories(told, now),
    )


def _by_letter(lines: Sequence[Line], *, asked: bool) -> list[tuple[str, list[Line]]]:
    """The lines under their letters; what was searched for stays in the order of how well it fits."""
    if asked:
        return [("", list(lines))] if lines else []
    return [(letter, list(own)) for letter, own in itertools.groupby(lines, key=lambda line: line.listed.letter)]


def _records(lines: Sequence[Listed]) -> list[MapRecord]:
    cache: MapCache = current_app.extensions["pocit-maps"]
    return cache.get_many(session(), [one.slug for one in lines]) if lines else []


def _stories(told: Sequence[Listed], now: datetime) -> list[dict[str, Any]]:
    """The newest stories as cards."""
    newest = sorted(told, key=lambda one: one.closes_at or now, reverse=True)[:MOST_STORIES]
    return [_card(the_map) for the_map in _records(newest)]


def _card(the_map: MapRecord) -> dict[str, Any]:
    """A story as the front page draws it."""
    keep_snapshot(the_map)
    card = story_card(session(), heat_store(), the_map)
    return {
        "map": the_map,
        "summary": card.story.summary,
        "shown": card.story.first_shown if the_map.publish_heat else None,
        "frame": picture_size(card.story),
        "ground_version": ground_version_of(the_map, card.story),
    }
