"""The columns that a pin has for the outside: one list for the API, every file, filters and the data dictionary.

What stands in it here and nowhere else: which columns there are in which scope, what each means, and where it
comes from in the database. Public columns never tell anything about the person.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Text, case, cast, func

from app.i18n import N_, Language, Texts, language, text_in
from app.inputs.filters import Scope
from app.inputs.reasons import MARK, READY_REASONS
from app.models import Channel, Pin, PinPhoto, PinState, PinStatus, QuestionType, Respondent
from app.queries.maps import MapRecord, QuestionRecord
from app.queries.pin_photos import of_shown_photo
from gis.formats.layer import Field, Kind

ABOUT_PREFIX = "about_"
DAY_MEANING = N_("The day on which the pin was placed, by its first moment (UTC); quiet days are joined into one")

CHANNEL_WORDS = {
    Channel.WEB: N_("placed on the web"),
    Channel.PAPER: N_("read from a paper map"),
    Channel.IMPORT: N_("loaded from an older file"),
}
STATUS_WORDS = {
    PinStatus.RECEIVED: N_("the town has it and has not decided"),
    PinStatus.PLANNED: N_("the town plans to do something"),
    PinStatus.DONE: N_("the town has done something"),
    PinStatus.DECLINED: N_("the town explained why not"),
}
STATE_WORDS = {
    PinState.VISIBLE: N_("everybody sees it"),
    PinState.PENDING: N_("waits for a look"),
    PinState.HIDDEN: N_("hidden by an official"),
}


@dataclass(frozen=True)
class Column:
    """One column: its name, what kind of value stands in it, and what that means in words."""

    name: str
    kind: Kind
    short: str
    """The name in files that allow ten characters."""
    source: ColumnElement[Any] = field(compare=False)
    """Where it comes from, in a statement over Pin (and, for officials, Respondent)."""
    meaning: str = ""
    """What it says, as a gettext id; for questions it is `label` instead."""
    label: Texts | None = None
    """The question, in the map's languages."""
    values: Mapping[str, Texts | str] = field(default_factory=dict)
    """What its codes mean: texts of the map, or gettext ids."""

    is_code: bool = False
    """Whether it is one of `values` in every row: letters, digits and underscores, nothing that JSON escapes."""

    def in_words(self, words: Language) -> str:
        """What the column says, in this language."""
        return text_in(self.label, words.code) if self.label is not None else words.gettext(self.meaning)

    def value_words(self, words: Language) -> dict[str, str]:
        """What each code means, in this language."""
        return {
            key: words.gettext(said) if isinstance(said, str) else text_in(said, words.code)
            for key, said in self.values.items()
        }

    def as_field(self, words: Language) -> Field:
        """The column as a file has it."""
        return Field(self.name, self.kind, self.short, self.in_words(words), self.value_words(words))


def pin_columns(the_map: MapRecord, scope: Scope) -> tuple[Column, ...]:
    """The columns of this map's pins in this scope, in the order in which every file has them."""
    questions = [q for q in the_map.questions if q.published or scope is Scope.OFFICE]
    columns = _public(the_map, scope) + _photo(the_map) + [_asked(q, q.key, Pin.answers) for q in questions]
    if scope is Scope.OFFICE:
        columns += _office(the_map)
        columns += [_asked(q, ABOUT_PREFIX + q.key, Respondent.about) for q in the_map.about]
    return _with_short_names(columns)


def _public(the_map: MapRecord, scope: Scope) -> list[Column]:
    """Those that everybody reads; of moments and events everybody is told less than the office (published.py)."""
    is_office = scope is Scope.OFFICE
    categories = {category.key: category.label for category in the_map.categories}
    return [
        _column("category", Kind.TEXT, Pin.category, N_("What the person feels or wishes here"), categories),
        _column("comment", Kind.TEXT, Pin.comment, N_("What the person wrote")),
        _column("created_at", Kind.TIME, Pin.created_at, N_("When the pin was placed (UTC)"))
        if is_office
        else _column("created_at", Kind.TIME, the_map.quiet.moment_column(), DAY_MEANING),
        _column("channel", Kind.TEXT, Pin.channel, N_("How the pin came"), CHANNEL_WORDS),
        _column(
            "event",
            Kind.TEXT,
            Pin.event if is_office else the_map.quiet.event_column(),
            N_("The code of the event at which it was placed"),
        ),
        _column("supports", Kind.INTEGER, Pin.supports, N_("How many others support it")),
        _column("status", Kind.TEXT, Pin.status, N_("What the town does about it"), STATUS_WORDS),
        _column("answer", Kind.TEXT, Pin.answer, N_("What the town answered")),
        _column("answered_at", Kind.TIME, Pin.answered_at, N_("When the town answered (UTC)")),
    ]


def _photo(the_map: MapRecord) -> list[Column]:
    """Where the map takes photos: the address of the pin's own on this server, once it is shown, and its words."""
    if not the_map.pin_photos:
        return []
    address = func.concat(f"/m/{the_map.slug}/photos/", cast(PinPhoto.pin_id, Text), ".jpg")
    return [
        _column("photo", Kind.TEXT, of_shown_photo(address), N_("The address of its photo on this server")),
        _column("photo_alt", Kind.TEXT, of_shown_photo(PinPhoto.alt), N_("What is to be seen in the photo")),
    ]


def _office(the_map: MapRecord) -> list[Column]:
    words = language(the_map.languages[0])
    return [
        _column("state", Kind.TEXT, Pin.state, N_("Who may see it"), STATE_WORDS),
        _column("hidden_reason", Kind.TEXT, _reason(words), N_("Why it is hidden")),
        _column(
            "respondent",
            Kind.TEXT,
            cast(Pin.respondent_id, Text),
            N_("An opaque mark of the person, the same for all their pins of this map"),
        ),
        _column("zoom", Kind.INTEGER, Pin.zoom, N_("The zoom level at which it was placed: how exact it can be")),
        _column("precision_m", Kind.NUMBER, Pin.precision_m, N_("How far from its place it may lie, in metres")),
    ]


def _column(
    name: str, kind: Kind, source: Any, meaning: str, values: Mapping[Any, Texts | str] | None = None
) -> Column:
    coded = {str(key): said for key, said in (values or {}).items()}
    return Column(name, kind, name, source, meaning, values=coded, is_code=bool(coded))


def _asked(question: QuestionRecord, name: str, answers: Any) -> Column:
    several = question.type == QuestionType.MULTIPLE
    return Column(
        name,
        Kind.LIST if several else Kind.TEXT,
        name,
        answers.op("->")(question.key) if several else answers.op("->>")(question.key),
        label=question.label,
        values={str(option["key"]): option["label"] for option in question.options},
    )


def _reason(words: Language) -> ColumnElement[Any]:
    """`hidden_reason` in words, as inputs/reasons.py says them."""
    key = func.split_part(Pin.hidden_reason, MARK, 1)
    own = func.substr(Pin.hidden_reason, func.length(key) + 2)
    ready = [(key == name, func.rtrim(words.gettext(said) + " " + own)) for name, said in READY_REASONS.items()]
    return case(
        (func.strpos(Pin.hidden_reason, MARK) == 0, func.nullif(Pin.hidden_reason, "")),
        (key == "", func.nullif(own, "")),
        *ready,
        else_=Pin.hidden_reason,
    )


def _with_short_names(columns: list[Column]) -> tuple[Column, ...]:
    """Each with a name of at most ten characters, all different: the beginning, then numbers."""
    from dataclasses import replace

    taken: set[str] = {"id", "x", "y"}
    named = []
    for column in columns:
        short, n = column.name[:10], 1
        while short in taken:
            n += 1
            short = f"{column.name[: 10 - len(str(n)) - 1]}_{n}"
        taken.add(short)
        named.append(replace(column, short=short))
    return tuple(named)
