"""How a report writes in one language: numbers, days, and the spaces that hold words together on a line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from babel.dates import format_date, format_datetime, format_interval, format_skeleton
from babel.numbers import format_decimal

from app.config import TOWN_CLOCK
from app.i18n import Language, text_in

HARD = "\u00a0"
TAG = re.compile(r"(<[^>]*>)")
UNREAD = re.compile(r"<(style|svg|title)\b.*?</\1>", re.DOTALL)
"""Parts of a page that are not text on its lines."""
NUMBER_AND_WORD = re.compile(
    r"(?<=\d) (?=(?:m|km|ha|%|cm|lidí|lidé|člověk|značky?|značek|people|person|pins?)(?!\w))"
)
CZECH = (
    re.compile(r"(?<![\w’])([kosuvzaiKOSUVZAI]) (?=[\w„“]|$)"),
    # 14. září, 6. třída: the dot says ordinal, and must not end a line.
    re.compile(r"(?<=\d\.) (?=[a-zá-ž\d])"),
    re.compile(r"(?<=\b[Čč]\.) (?=\d)"),
)


@dataclass(frozen=True)
class Pen:
    """Writes in one language."""

    language: Language

    def say(self, texts: Mapping[str, str] | None) -> str:
        """A map's text in this language."""
        return text_in(texts, self.language.code)

    def word(self, message: str) -> str:
        """A message of ours in this language."""
        return self.language.gettext(message)

    def number(self, value: float, decimals: int = 0) -> str:
        """1 234,5 in Czech."""
        pattern = "#,##0" + ("." + "0" * decimals if decimals else "")
        return format_decimal(value, format=pattern, locale=self.language.locale)

    def percent(self, share: float) -> str:
        """A share as whole per cent, the sign apart in Czech: 41 %, and 41% in English."""
        gap = HARD if self.language.code == "cs" else ""
        return f"{self.number(round(share * 100))}{gap}%"

    def day(self, value: date | datetime) -> str:
        """14. září 2026."""
        return format_date(_day_of(value), "long", locale=self.language.locale)

    def short_day(self, value: date) -> str:
        """14. 9."""
        return format_date(value, "d. M." if self.language.code == "cs" else "d MMM", locale=self.language.locale)

    def moment(self, value: datetime) -> str:
        """14. září 2026 17:05."""
        pattern = "d. MMMM y H:mm" if self.language.code == "cs" else "d MMMM y, HH:mm"
        return format_datetime(value.astimezone(TOWN_CLOCK), pattern, locale=self.language.locale)

    def month(self, value: date) -> str:
        """září 2026."""
        return format_skeleton("yMMMM", value, locale=self.language.locale)

    def span(self, first: date | datetime, last: date | datetime) -> str:
        """From which day to which, nothing said twice: 14. září – 25. října 2026."""
        start, end = _day_of(first), _day_of(last)
        if start == end:
            return self.day(start)
        return format_interval(start, end, "yMMMMd", locale=self.language.locale)

    def place(self, lon: float, lat: float) -> str:
        """A position as maps write it: 49,8346° N, 18,2820° E."""
        north, east = (format_decimal(v, format="0.0000", locale=self.language.locale) for v in (lat, lon))
        return f"{north}°{HARD}N, {east}°{HARD}E"

    def typeset(self, page: str) -> str:
        """The page with spaces that don't break where a line must not end; tags and drawings stay as they are."""
        kept: list[str] = []

        def set_aside(found: re.Match[str]) -> str:
            kept.append(found[0])
            return f"<!--{len(kept) - 1}-->"

        bare = UNREAD.sub(set_aside, page)
        pieces = [piece if piece.startswith("<") else self._bound(piece) for piece in TAG.split(bare)]
        return re.sub(r"<!--(\d+)-->", lambda found: kept[int(found[1])], "".join(pieces))

    def _bound(self, text: str) -> str:
        text = NUMBER_AND_WORD.sub(HARD, text)
        if self.language.code == "cs":
            # Twice: in "a v domě" the first match takes the space that the second one begins with.
            text = CZECH[0].sub(rf"\1{HARD}", CZECH[0].sub(rf"\1{HARD}", text))
            for pattern in CZECH[1:]:
                text = pattern.sub(HARD, text)
        return text


def _day_of(value: date | datetime) -> date:
    return value.astimezone(TOWN_CLOCK).date() if isinstance(value, datetime) else value
