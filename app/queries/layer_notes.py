"""What stands beside a layer: how it was made, of how many pins, and what it can't say."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from babel.dates import format_date
from babel.numbers import format_decimal
from sqlalchemy.orm import Session

from app.config import TOWN_CLOCK
from app.i18n import N_, Language, text_in
from app.inputs.filters import Scope
from app.queries.heat import CountedSquares, snapshot_day, uses_snapshot
from app.queries.heat_words import METHOD_K, METHOD_WHO
from app.queries.maps import CategoryRecord, MapRecord

OF_OFFICE = N_("Counted are all pins that nobody has hidden, on %(day)s. For the town office only.")
OF_TODAY = N_("Counted are the pins that everybody sees, on %(day)s.")
OF_DAY = N_("Counted once a day: these are the numbers of %(day)s.")
OF_NO_DAY = N_("Counted once a day; today it has not been counted yet.")
ONE_CATEGORY = N_("%(category)s – people: %(people)s")
ONE_COUNTED = N_("%(category)s – people counted in squares: %(people)s")
ONE_CATEGORY_PINS = N_("%(category)s – pins: %(pins)s")
ANONYMISED = N_(
    "The persons of this map have been taken apart since: who pinned in two squares of 250 m counts as two."
)
NOTHING = N_("The layer is empty.")


def who_counts(session: Session, the_map: MapRecord, scope: Scope, words: Language) -> str:
    """Whose pins are in it, and of which day."""
    if scope is Scope.OFFICE or not uses_snapshot(the_map):
        message = OF_OFFICE if scope is Scope.OFFICE else OF_TODAY
        return words.gettext(message, {"day": _day(words)})
    day = snapshot_day(session, the_map.id)
    if day is None:
        return words.gettext(OF_NO_DAY)
    return words.gettext(OF_DAY, {"day": format_date(day, "long", locale=words.locale)})


def limits(the_map: MapRecord, scope: Scope, words: Language) -> list[str]:
    """What has to be said with everything made of pins."""
    said = [words.gettext(METHOD_K, {"k": the_map.k})] if scope is Scope.PUBLIC else []
    if the_map.anonymised_at:
        said.append(words.gettext(ANONYMISED))
    return [*said, words.gettext(METHOD_WHO)]


def pins_by_category(the_map: MapRecord, squares: CountedSquares, words: Language) -> str:
    """How many pins of each category are in it."""
    of = squares.category
    return pins_said([(one, int(squares.pins[of == one.key].sum())) for one in the_map.categories], words)


def pins_said(counted: Iterable[tuple[CategoryRecord, int]], words: Language) -> str:
    """Numbers of pins by category as one sentence."""
    said = []
    for category, pins in counted:
        data = {"category": word_of(category, words), "pins": number(pins, words)}
        said.append(words.gettext(ONE_CATEGORY_PINS, data))
    return listed(said)


def people_by_category(counted: Iterable[tuple[CategoryRecord, int]], scope: Scope, words: Language) -> str:
    """How many people of each category were counted: different ones, for everybody each as often as in squares."""
    message = ONE_CATEGORY if scope is Scope.OFFICE else ONE_COUNTED
    said = []
    for category, people in counted:
        data = {"category": word_of(category, words), "people": number(people, words)}
        said.append(words.gettext(message, data))
    return listed(said)


def note(parts: Iterable[str], *, is_empty: bool, words: Language) -> str:
    """The sentences as one text; an empty layer says so first."""
    return " ".join([words.gettext(NOTHING), *parts] if is_empty else parts)


def word_of(category: CategoryRecord, words: Language) -> str:
    """The one or two words of a category."""
    return text_in(category.word, words.code)


def number(value: float, words: Language) -> str:
    """1 234,5 in Czech."""
    return format_decimal(value, locale=words.locale)


def listed(parts: Sequence[str]) -> str:
    """Facts one after another, as one sentence."""
    return "; ".join(parts) + "."


def _day(words: Language) -> str:
    return format_date(datetime.now(TOWN_CLOCK).date(), "long", locale=words.locale)
