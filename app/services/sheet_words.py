"""The sentences of a paper sheet, in the languages of its map."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import islice

from app.i18n import N_, Language, languages, text_in
from app.inputs.sheets import PrintInput
from app.models import Event
from app.queries.maps import MapRecord
from app.services.report_words import Pen
from gis.paper.order import SheetText, SheetWords

SENTENCE = re.compile(r".*?[.?!…](?=\s|$)")
MOST_LANGUAGES = 2
"""Side by side on one sheet; a third would leave no room for the map."""

_STICK = N_("Put a sticker of the colour exactly where you feel it, or make a dot with a felt pen of that colour.")
_WRITE = N_("Want to say why? Write a number next to it, and the words in the line of that number.")
_ROW = N_("Choose a line of the table: its number is you. Write it next to each of your stickers.")
_PERSONAL = N_("Please write no names or telephone numbers.")


def sheet_words(the_map: MapRecord, event: Event | None, wanted: PrintInput, address: str) -> SheetWords:
    """All that is written on the sheets of an order."""
    spoken = _spoken(the_map)
    main = spoken[0]
    say = main.gettext
    return SheetWords(
        texts=tuple(_text(the_map, one, wanted) for one in spoken),
        event=_event(event, main),
        numbered=say(N_("Sheet {n} of {of}")),
        serial=say(N_("Sheet")),
        receipt=say(N_("Code")),
        shown_address=address.partition("://")[2].partition("?")[0],
        north=say(N_("N [north]")).partition(" ")[0],
        glue=say(N_("Cut along the line and glue onto the part before.")),
        page=say(N_("Part {page} of {pages}")),
        decimal_comma=main.code == "cs",
    )


def _spoken(the_map: MapRecord) -> Sequence[Language]:
    """The map's own languages that we have words for, the first two."""
    known = languages()
    return list(islice((known[code] for code in the_map.languages if code in known), MOST_LANGUAGES)) or [
        known["cs"]
    ]


def _text(the_map: MapRecord, spoken: Language, wanted: PrintInput) -> SheetText:
    say = spoken.gettext
    tidy = Pen(spoken).typeset
    return SheetText(
        language=spoken.code,
        title=tidy(text_in(the_map.title, spoken.code)),
        lead=tidy(_first_sentence(text_in(the_map.intro, spoken.code))),
        legend=tidy(say(N_("What the colours say"))),
        categories={one.key: tidy(text_in(one.label, spoken.code)) for one in the_map.categories},
        steps=tuple(tidy(say(step)) for step in ((_ROW if wanted.by_row else _STICK), _WRITE, _PERSONAL)),
        online=tidy(say(N_("The same map on your phone"))),
        table=tidy(say(N_("What is it about?"))),
        number=say(N_("No.")),
        comment=tidy(say(N_("What is there, or what would help"))),
        slip=tidy(say(N_("Your receipt: tear it off and keep it"))),
        slip_help=tidy(
            say(N_("With this code you can find your pins on the map later, change them or take them back."))
        ),
    )


def _first_sentence(text: str) -> str:
    r"""What a map's introduction begins with: there is one line for it under the title.

    >>> _first_sentence("Kde je vám dobře? Řekněte nám to.\nDíky.")
    'Kde je vám dobře?'
    """
    found = SENTENCE.match(text.partition("\n")[0].strip())
    return found[0] if found else text.partition("\n")[0].strip()


def _event(event: Event | None, spoken: Language) -> str:
    if event is None:
        return ""
    pen = Pen(spoken)
    when = pen.day(event.starts_at) if event.starts_at else ""
    return " · ".join(part for part in (text_in(event.title, spoken.code), when, event.place or "") if part)
