"""The record of what one map keeps and how long, with the map's own days in it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from app.i18n import N_, Language
from app.queries.kept import SEEN_WORDS, WHOSE_WORDS, WHY_WORDS, Kept, Until
from app.queries.kept_rows import CHAPTERS
from app.queries.maps import MapRecord

REFUSED_DAYS = 30
THROTTLE_DAYS = 2
SESSION_HOURS = 12
INVITATION_DAYS = 30
"""The rules that are the same for every map; tests/db/test_kept.py holds them against those that delete."""

UNTIL_WORDS: Mapping[Until, str] = {
    Until.PIN: N_("as long as the map; whoever placed it can take it back at any time"),
    Until.PERSON: N_("%(days)s days after the map has closed; whoever it is about can take it back before"),
    Until.PHOTO: N_(
        "%(photo_days)s days after its marks are checked; at the latest so long after the map has closed (at"
        " least a fortnight), the part with the comments one day"
    ),
    Until.REFUSED: N_("a photo that is not shown: %(refused)s days; else as long as the pin"),
    Until.TOMORROW: N_("until the next day is counted"),
    Until.COUNTED: N_("some seconds to minutes, until they are counted"),
    Until.MAP: N_("as long as the map"),
    Until.TOWN: N_("as long as the town is on this server"),
    Until.ACCOUNT: N_("as long as the account"),
    Until.SESSION: N_("until signing out, at most %(hours)s hours"),
    Until.INVITATION: N_("%(invitation)s days after it was used or ran out"),
    Until.TWO_DAYS: N_("%(throttle)s days"),
    Until.GOOD: N_("for good"),
}
DAYS_OF = {
    Until.REFUSED: REFUSED_DAYS,
    Until.TWO_DAYS: THROTTLE_DAYS,
    Until.INVITATION: INVITATION_DAYS,
}


@dataclass(frozen=True)
class Elsewhere:
    """Something that is kept outside the database."""

    name: str
    where: str
    what: str
    until: str
    """Three gettext ids."""


ON_DEVICES = N_("on the device")
ON_SERVER = N_("on the server")
ELSEWHERE: Sequence[Elsewhere] = (
    Elsewhere(
        "pocit_lang",
        ON_DEVICES,
        N_("a cookie with the language that was chosen"),
        N_("one year"),
    ),
    Elsewhere(
        "pocit_device",
        ON_DEVICES,
        N_(
            "a cookie with the random number that keeps pins yours, only on the page in words of a browser "
            "without scripts"
        ),
        N_("14 days"),
    ),
    Elsewhere(
        "pocit_receipt",
        ON_DEVICES,
        N_("a cookie that opens the page of your code"),
        N_("half an hour"),
    ),
    Elsewhere(
        "pocit_wrote",
        ON_DEVICES,
        N_("a cookie that says that this browser has just sent something, on servers with a second database"),
        N_("15 seconds"),
    ),
    Elsewhere(
        "pocit_office",
        ON_DEVICES,
        N_("a cookie of officials who are signed in, and of forms in the office"),
        N_("12 hours at most"),
    ),
    Elsewhere(
        "pocit_known",
        ON_DEVICES,
        N_("a cookie on the page where officials sign in: that they have signed in from this browser before"),
        N_("180 days"),
    ),
    Elsewhere(
        "pocit",
        ON_DEVICES,
        N_(
            "in the browser’s own store: the random number that keeps pins yours, the pins, what waits to be "
            "sent, and the parts of the map that were seen"
        ),
        N_("until you delete it: “Delete everything of mine”, or the browser’s own settings"),
    ),
    Elsewhere(
        "log",
        ON_SERVER,
        N_("the program’s log: what went wrong and when, never an address, a name or what somebody wrote"),
        N_("as long as the server’s settings for logs say"),
    ),
    Elsewhere(
        "reports",
        ON_SERVER,
        N_("files of reports for the council, for the office"),
        N_("as long as the map"),
    ),
    Elsewhere(
        "backups",
        ON_SERVER,
        N_(
            "copies of the database, in case it is lost; what is deleted here stays in them until they are deleted"
        ),
        N_("as long as the town keeps its backups"),
    ),
)
NEVER = (
    N_("names, e-mails, phone numbers or accounts of people who take part"),
    N_("network addresses; the counts against floods can be traced back to nobody after two days"),
    N_("what a device or browser is, and anything that follows people to other pages"),
    N_("where a person is: the position is used only in the browser"),
    N_("what a camera writes into a photo"),
)
TOLD = (
    N_("the day of a pin, never the hour; quiet days are told together, so that two pins of one day are one"
       " person’s with a chance of 1 in %(k)s at most"),
    N_("pins in an order that says nothing of when they came"),
    N_("heat only where at least %(k)s people marked the same feeling within a square of 250 m"),
    N_("no mark of the person, no answers about the person, no code"),
)  # fmt: skip


def due_day(the_map: MapRecord) -> datetime | None:
    """When the persons are taken away; None while no end is set."""
    return the_map.closes_at + timedelta(days=the_map.retention_days) if the_map.closes_at else None


def kept_document(the_map: MapRecord, words: Language, photo_days: int) -> dict[str, Any]:
    """The whole record as plain data for JSON: what, of whom, why, how long, who sees it, whether in backups."""
    due = due_day(the_map)
    return {
        "title": words.gettext(N_("What is kept, and how long")),
        "language": words.code,
        "map": the_map.slug,
        "controller": {"name": the_map.town, "ruian": the_map.ruian, "contact": the_map.privacy_contact},
        "settings": {
            "closes": _iso(the_map.closes_at),
            "retention_days": the_map.retention_days,
            "photo_days": photo_days,
            "persons_taken_away_on": _iso(due),
            "persons_were_taken_away": _iso(the_map.anonymised_at),
            "publishes_pins": the_map.publish_pins,
            "publishes_heat": the_map.publish_heat,
            "moderation": the_map.moderation,
            "k": the_map.k,
        },
        "kept": [
            {"chapter": words.gettext(title), **_entry(one, the_map, words, photo_days)}
            for title, rows in CHAPTERS.items()
            for one in rows
        ],
        "elsewhere": [
            {
                "name": one.name,
                "where": words.gettext(one.where),
                "what": words.gettext(one.what),
                "until": words.gettext(one.until),
            }
            for one in ELSEWHERE
        ],
        "never_kept": [words.gettext(said) for said in NEVER],
        "told_to_everybody": [words.gettext(said, {"k": the_map.k}) for said in TOLD],
    }


def _entry(one: Kept, the_map: MapRecord, words: Language, photo_days: int) -> dict[str, Any]:
    days = DAYS_OF | {Until.PERSON: the_map.retention_days, Until.PHOTO: photo_days}
    said = words.gettext(UNTIL_WORDS[one.until], _days(the_map) | {"photo_days": photo_days})
    return {
        "table": one.table,
        "columns": list(one.columns),
        "whose": one.whose.value,
        "whose_words": words.gettext(WHOSE_WORDS[one.whose]),
        "what": words.gettext(one.what),
        "why": words.gettext(WHY_WORDS[one.why]),
        "until": one.until.value,
        "until_words": said,
        "days": days.get(one.until),
        "seen_by": one.seen.value,
        "seen_by_words": words.gettext(SEEN_WORDS[one.seen]),
        "in_backups": one.in_backups,
    }


def _days(the_map: MapRecord) -> dict[str, Any]:
    return {
        "days": the_map.retention_days,
        "refused": REFUSED_DAYS,
        "hours": SESSION_HOURS,
        "invitation": INVITATION_DAYS,
        "throttle": THROTTLE_DAYS,
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
