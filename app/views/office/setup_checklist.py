"""The checklist of a map in the reader's words, each line with the way to where it is mended."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from flask import current_app, url_for

from app.i18n import N_
from app.queries.checklist import Item, Standing
from app.queries.maps import MapRecord
from app.views.office.setup_words import language_names
from app.views.reader import day, reader_language, say

PLACES: Mapping[str, str] = {
    "title": "texts",
    "intro": "texts",
    "privacy": "texts",
    "categories": "categories",
    "questions": "questions",
    "dates": "dates",
    "retention": "rules",
}
"""The section in which an item of the checklist is mended."""


@dataclass(frozen=True)
class Line:
    """One line of the checklist in the reader's words, and where to mend it."""

    key: str
    standing: Standing
    words: str
    address: str | None


def checklist_lines(items: Sequence[Item], the_map: MapRecord) -> list[Line]:
    """The checklist in words."""
    return [Line(item.key, item.standing, _words(item, the_map), _address(item, the_map)) for item in items]


def _address(item: Item, the_map: MapRecord) -> str | None:
    """Where the item is mended, as far as that page is there."""
    if item.key in PLACES:
        return url_for("office.setup_section", slug=the_map.slug, section=PLACES[item.key])
    if item.key == "moderators":
        is_there = "office.people" in current_app.view_functions
        return url_for("office.people", town=the_map.town_slug) if is_there else None
    return url_for(f"office.{item.key}", slug=the_map.slug)


def _words(item: Item, the_map: MapRecord) -> str:
    words = reader_language()
    if item.standing == Standing.DONE:
        return _DONE[item.key](item, the_map)
    missing = item.data.get("languages") or []
    if item.key in _MISSING and 0 < len(missing) < len(the_map.languages):
        return words.gettext(_MISSING[item.key], {"languages": ", ".join(language_names(missing).values())})
    return words.gettext(_UNDONE[item.key], {"days": item.data.get("days")})


def _categories(_item: Item, the_map: MapRecord) -> str:
    names = ", ".join(say(category.word) for category in the_map.categories)
    return reader_language().gettext("People choose from: %(categories)s.", {"categories": names})


def _questions(item: Item, _the_map: MapRecord) -> str:
    words = reader_language()
    n = int(item.data["questions"]) + int(item.data["about"])
    if not n:
        return words.gettext("Nothing is asked but for a pin.")
    return words.ngettext("%(n)s question is asked.", "%(n)s questions are asked.", n)


def _moderators(item: Item, _the_map: MapRecord) -> str:
    return reader_language().ngettext(
        "%(n)s person of your office can look at pins.",
        "%(n)s people of your office can look at pins.",
        int(item.data["people"]),
    )


def _retention(item: Item, _the_map: MapRecord) -> str:
    return reader_language().ngettext(
        "What ties pins to people is deleted %(n)s day after closing.",
        "What ties pins to people is deleted %(n)s days after closing.",
        int(item.data["days"]),
    )


def _dates(_item: Item, the_map: MapRecord) -> str:
    words = reader_language()
    closes = day(the_map.closes_at) if the_map.closes_at else ""
    if the_map.opens_at:
        return words.gettext(
            "Open from %(opens)s to %(closes)s.", {"opens": day(the_map.opens_at), "closes": closes}
        )
    return words.gettext("Open from the moment you open it, to %(closes)s.", {"closes": closes})


def _privacy(_item: Item, the_map: MapRecord) -> str:
    contact = {"contact": the_map.privacy_contact}
    return reader_language().gettext("People can ask about their data: %(contact)s.", contact)


def _plain(message: str) -> Callable[[Item, MapRecord], str]:
    return lambda _item, _the_map: reader_language().gettext(message)


_DONE: Mapping[str, Callable[[Item, MapRecord], str]] = {
    "title": _plain(N_("The map has its title.")),
    "intro": _plain(N_("The introduction says what this is about.")),
    "boundary": _plain(N_("The boundary is drawn.")),
    "basemap": _plain(N_("There is a base map under the pins.")),
    "categories": _categories,
    "questions": _questions,
    "dates": _dates,
    "privacy": _privacy,
    "moderators": _moderators,
    "retention": _retention,
}
_MISSING: Mapping[str, str] = {
    "title": N_("The title is missing in: %(languages)s."),
    "intro": N_("The introduction is missing in: %(languages)s."),
    "categories": N_("Words of the categories are missing in: %(languages)s."),
    "questions": N_("Words of the questions are missing in: %(languages)s."),
}
_UNDONE: Mapping[str, str] = {
    "title": N_("The map needs a title."),
    "intro": N_("There is no introduction yet. Say what you want to know, and what you will do with it."),
    "boundary": N_("The boundary is only a provisional box. Draw the real one, or upload it."),
    "basemap": N_(
        "There is only blank paper under the pins. Choose a base map, so that people find their street."
    ),
    "categories": N_("Each category needs a word on its button."),
    "questions": N_("A question or an option has no words."),
    "dates": N_("There is no closing date that is still to come. Most campaigns run four to eight weeks."),
    "privacy": N_("Nobody is named whom people can ask about their data."),
    "moderators": N_("Nobody of your town can look at pins yet. Invite a moderator."),
    "retention": N_("What ties pins to people goes %(days)s days after closing, so without a closing date never."),
}
