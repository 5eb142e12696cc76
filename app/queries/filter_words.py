"""A filter as people read it: the words of the office's sentence, beside a legend and in files."""

from __future__ import annotations

from datetime import date, datetime

from babel.dates import format_date

from app.config import TOWN_CLOCK
from app.i18n import N_, Language, text_in
from app.inputs.filters import PinFilter
from app.models import Channel, PinState, PinStatus
from app.queries.maps import MapRecord

STATE_WORDS = {
    PinState.VISIBLE: N_("shown"),
    PinState.PENDING: N_("waiting"),
    PinState.HIDDEN: N_("hidden"),
}
CHANNEL_WORDS = {
    Channel.WEB: N_("on the web"),
    Channel.PAPER: N_("on paper"),
    Channel.IMPORT: N_("from a file"),
}
STATUS_WORDS = {
    PinStatus.RECEIVED: N_("received"),
    PinStatus.PLANNED: N_("planned"),
    PinStatus.DONE: N_("done"),
    PinStatus.DECLINED: N_("can’t be done"),
}
ANSWERED_WORDS = {"yes": N_("answered"), "no": N_("without an answer")}
FLAGGED_WORDS = {"yes": N_("flagged, not settled"), "no": N_("nothing to settle")}


def filter_words(the_map: MapRecord, wanted: PinFilter, language: Language) -> list[str]:
    """What the filter asks beside the category, each condition in a few words; [] for all that heat counts."""
    said: list[str] = []
    if wanted.since or wanted.until:
        said.append(period(wanted.since, wanted.until, language))
    if wanted.states is not None and len(wanted.states) == 1:
        said += [language.gettext(STATE_WORDS[state]) for state in wanted.states]
    said += who(the_map, wanted, language)
    said += town(wanted, language)
    if wanted.area:
        said.append(language.gettext(N_("in the area drawn")))
    if wanted.search:
        said.append(language.gettext(N_("with the words “%(words)s”"), {"words": wanted.search.text}))
    if wanted.person:
        said.append(language.gettext(N_("one person’s pins")))
    return said


def period(since: datetime | None, until: datetime | None, language: Language) -> str:
    """A period as it reads in the sentence."""
    if since is None and until is None:
        return language.gettext(N_("the whole time"))
    days = {
        "since": short_day(since.astimezone(TOWN_CLOCK).date(), language) if since else "",
        "until": short_day(until.astimezone(TOWN_CLOCK).date(), language) if until else "",
    }
    if since is None:
        return language.gettext(N_("until %(until)s"), days)
    if until is None:
        return language.gettext(N_("since %(since)s"), days)
    return days["since"] if days["since"] == days["until"] else f"{days['since']} – {days['until']}"


def who(the_map: MapRecord, wanted: PinFilter, language: Language) -> list[str]:
    """The groups and answers asked for, at which event and how they came; [] for everybody."""
    found = []
    for questions, given in ((the_map.about, dict(wanted.about)), (the_map.questions, dict(wanted.answers))):
        for question in questions:
            chosen = given.get(question.key)
            found += [text_in(one["label"], language.code) for one in question.options if one["key"] == chosen]
    if wanted.event:
        found.append(wanted.event)
    if wanted.channel:
        found.append(language.gettext(CHANNEL_WORDS[Channel(wanted.channel)]))
    return found


def town(wanted: PinFilter, language: Language) -> list[str]:
    """What is asked of the town's own work with a pin; [] for nothing."""
    found = []
    if wanted.answered is not None:
        found.append(ANSWERED_WORDS["yes" if wanted.answered else "no"])
    if wanted.status is not None:
        found.append(STATUS_WORDS[wanted.status])
    if wanted.flagged is not None:
        found.append(FLAGGED_WORDS["yes" if wanted.flagged else "no"])
    return [language.gettext(words) for words in found]


def short_day(day: date, language: Language) -> str:
    """A day in few letters: 14. 9. 2026."""
    return format_date(day, "d. M. y" if language.code == "cs" else "d MMM y", language.locale)
