"""The sections of the map editor: each shows a part of `map.json` as a form, and makes it of the form again.

A form becomes `typed`, plain values that the page can show again just as they were typed; `typed` becomes keys of
`map.json`, which inputs/map_folder.parse_map judges like those of a folder. So there is one set of rules.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from app.config import TOWN_CLOCK
from app.i18n import N_
from app.inputs.fields import LANGUAGE
from app.inputs.map_rows import (
    described_categories,
    described_questions,
    sent_categories,
    sent_questions,
    shown_categories,
    shown_questions,
)
from app.inputs.map_sent import Noted, Sent

Typed = dict[str, Any]
Description = Mapping[str, Any]

MOST_TITLE_CHARACTERS = 120
MOST_INTRO_CHARACTERS = 3000
MOST_CONTACT_CHARACTERS = 200
YEARS = range(2000, 2101)
LAST_SECOND = time(23, 59, 59)
"""The end of a day, so that every page says the day that the office chose."""
CZECH_DAY = re.compile(r"(\d{1,2})\.\s*(\d{1,2})\.\s*(\d{4})")

PUBLISH = {"pins": (True, True), "heat": (False, True), "nothing": (False, False), "pins_only": (True, False)}
"""What everybody may see, as the form says it: single pins and heat."""
SAME = "same"


@dataclass(frozen=True)
class Section:
    """One page of the editor: the keys of `map.json` it is about, and the ways there and back."""

    keys: tuple[str, ...]
    shown: Callable[[Description], Typed]
    sent: Callable[[Sent], Typed]
    described: Callable[[Typed, Description, Noted], dict[str, Any]]


def digest(section: str, description: Description) -> str:
    """A mark of what is stored in this section: another one means that somebody has changed it."""
    part = {key: description.get(key) for key in SECTIONS[section].keys}
    return hashlib.sha256(json.dumps(part, sort_keys=True).encode()).hexdigest()[:16]


def _shown_texts(description: Description) -> Typed:
    return {
        "languages": list(description["languages"]),
        "privacy_contact": description["privacy_contact"] or "",
        **{key: dict(description[key]) for key in ("title", "intro", "thanks")},
    }


def _sent_texts(form: Sent) -> Typed:
    return {
        "languages": form.all("languages"),
        "privacy_contact": form.one("privacy_contact"),
        **{key: form.texts(key) for key in ("title", "intro", "thanks")},
    }


def _described_texts(typed: Typed, before: Description, noted: Noted) -> dict[str, Any]:
    languages = [code for code in dict.fromkeys(typed["languages"]) if LANGUAGE.fullmatch(code)]
    found: dict[str, Any] = {
        "languages": languages,
        "privacy_contact": noted.text("privacy_contact", typed["privacy_contact"], MOST_CONTACT_CHARACTERS)
        or None,
        "title": noted.texts("title", typed["title"], before["title"], MOST_TITLE_CHARACTERS),
        "intro": noted.texts("intro", typed["intro"], before["intro"], MOST_INTRO_CHARACTERS),
        "thanks": noted.texts("thanks", typed["thanks"], before["thanks"], MOST_INTRO_CHARACTERS),
    }
    main = languages[0] if languages else None
    if main in typed["title"] and not found["title"].get(main):
        noted.wrong(f"title.{main}", N_("Give the map a title."))
    return found


def _shown_dates(description: Description) -> Typed:
    opens, closes = (_town_time(description[key]) for key in ("opens", "closes"))
    return {
        "opens_day": opens.date().isoformat() if opens else "",
        "opens_time": _clock(opens) if opens and opens.time() != time() else "",
        # A map that closes at midnight closes at the end of the day before: so people say it.
        "closes_day": (closes - timedelta(seconds=1)).date().isoformat() if closes else "",
        "closes_time": _clock(closes) if closes and closes.time() not in (time(), LAST_SECOND) else "",
    }


def _sent_dates(form: Sent) -> Typed:
    return {name: form.one(name) for name in ("opens_day", "opens_time", "closes_day", "closes_time")}


def _described_dates(typed: Typed, before: Description, noted: Noted) -> dict[str, Any]:
    shown = _shown_dates(before)
    found: dict[str, Any] = {}
    for key, end_of_day in (("opens", False), ("closes", True)):
        names = f"{key}_day", f"{key}_time"
        if all(typed[name].strip() == shown[name] for name in names):
            found[key] = before[key]  # to the second, as it was
        else:
            found[key] = _moment(
                key, typed[names[0]].strip(), typed[names[1]].strip(), noted, end_of_day=end_of_day
            )
    return found


def _moment(key: str, day: str, clock: str, noted: Noted, *, end_of_day: bool) -> str | None:
    """The moment that a day and a time mean by the town's clocks; without a time the day's beginning or end."""
    if not day:
        if clock:
            noted.wrong(key, N_("Say also on which day."))
        return None
    czech = CZECH_DAY.fullmatch(day)
    try:
        date = datetime.fromisoformat(f"{czech[3]}-{czech[2]:0>2}-{czech[1]:0>2}" if czech else day).date()
        found = datetime.combine(date, time.fromisoformat(clock.replace(".", ":")) if clock else time())
    except ValueError:
        noted.wrong(key, N_("Write a date like 14. 9. 2026, and if you like a time like 17:00."))
        return None
    if found.year not in YEARS or found.tzinfo is not None:
        noted.wrong(key, N_("Write a date like 14. 9. 2026, and if you like a time like 17:00."))
        return None
    if end_of_day and not clock:
        found = datetime.combine(found.date(), LAST_SECOND)
    return found.replace(tzinfo=TOWN_CLOCK).isoformat()


def _town_time(moment: str | None) -> datetime | None:
    return datetime.fromisoformat(moment).astimezone(TOWN_CLOCK).replace(tzinfo=None) if moment else None


def _clock(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


def _shown_rules(description: Description) -> Typed:
    publish = description["publish"]
    after = publish["after"]
    pins = publish["pins"] if after["pins"] is None else after["pins"]
    heat = publish["heat"] if after["heat"] is None else after["heat"]
    is_same = after["pins"] is None and after["heat"] is None
    return {
        "open": _published(publish["pins"], publish["heat"]),
        "after": SAME if is_same else _published(pins, heat),
        "k": str(publish["k"]),
        "moderation": description["moderation"],
        "show_others": description["show_others"],
        "hold_flagged": bool(description["hold_flagged"]),
        "retention_days": str(description["retention_days"]),
        "photos": bool(description["photos"]),
        "promise": False,
    }


def _sent_rules(form: Sent) -> Typed:
    return {
        **{name: form.one(name) for name in ("open", "after", "k", "moderation", "show_others", "retention_days")},
        "hold_flagged": bool(form.one("hold_flagged")),
        "photos": bool(form.one("photos")),
        "promise": bool(form.one("promise")),
    }


def _described_rules(typed: Typed, before: Description, noted: Noted) -> dict[str, Any]:
    pins, heat = PUBLISH.get(typed["open"], (None, None))
    if pins is None:
        noted.wrong("open", N_("Choose one of these."))
    pins_after, heat_after = PUBLISH.get(typed["after"], (None, None))
    if pins_after is None and typed["after"] != SAME:
        noted.wrong("after", N_("Choose one of these."))
    after = {"pins": pins_after, "heat": heat_after}
    shown = _shown_rules(before) if "publish" in before else {}
    if (typed["open"], typed["after"]) == (shown.get("open"), shown.get("after")):
        after = before["publish"]["after"]  # a folder may say only one of the two
    return {
        "publish": {
            "pins": pins,
            "heat": heat,
            "after": after,
            "k": _whole(typed["k"]),
        },
        "moderation": typed["moderation"],
        "show_others": typed["show_others"],
        "hold_flagged": typed["hold_flagged"],
        "retention_days": _whole(typed["retention_days"]),
        "photos": typed["photos"],
    }


def _published(pins: bool, heat: bool) -> str:
    return next(name for name, both in PUBLISH.items() if both == (pins, heat))


def _whole(typed: str) -> int | str:
    """The number typed, or the text itself, for the map's own rules to refuse."""
    plain = typed.strip()
    return int(plain) if plain.isascii() and plain.isdigit() and len(plain) < 9 else plain


def _questions(scope: str) -> Section:
    return Section(
        (scope,),
        lambda description: shown_questions(description[scope], scope),
        lambda form: sent_questions(form, scope),
        lambda typed, before, noted: described_questions(typed, before, scope, noted),
    )


SECTIONS: Mapping[str, Section] = {
    "texts": Section(
        ("title", "intro", "thanks", "privacy_contact", "languages"), _shown_texts, _sent_texts, _described_texts
    ),
    "categories": Section(("categories",), shown_categories, sent_categories, described_categories),
    "questions": _questions("questions"),
    "about": _questions("about"),
    "rules": Section(
        ("publish", "moderation", "show_others", "hold_flagged", "retention_days", "photos"),
        _shown_rules,
        _sent_rules,
        _described_rules,
    ),
    "dates": Section(("opens", "closes"), _shown_dates, _sent_dates, _described_dates),
}
"""The sections by name, in the order a map is made in."""
