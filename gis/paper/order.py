"""What is ordered from the printer: a sheet, what is drawn in it, its words, and its copies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from gis.paper.ground import Ground
from gis.paper.sheet import PaperSheet


@dataclass(frozen=True)
class SheetText:
    """The words of a sheet in one language; empty ones are left out."""

    language: str
    """`cs`: for the screen reader."""
    title: str
    """Of the map."""
    lead: str
    """One sentence under the title: what is asked."""
    legend: str
    """Over the stickers: `What the stickers mean`."""
    categories: Mapping[str, str]
    """What each category says, by its key."""
    steps: tuple[str, ...]
    """How to take part, one short sentence each."""
    online: str
    """Beside the large code: `The same map for your phone`."""
    table: str
    """Over the table: `What is it about? Write the number of your sticker.`"""
    number: str
    """Over the column of numbers: `No.`"""
    comment: str
    """Over the column of comments."""
    slip: str
    """On the slip: `Your receipt – tear off and keep`."""
    slip_help: str
    """What the receipt is good for."""


@dataclass(frozen=True)
class SheetWords:
    """All that is written on a sheet, translated already; the first language is the main one."""

    texts: tuple[SheetText, ...]
    event: str = ""
    """Name, date and place of the event; may be empty."""
    numbered: str = "{n} / {of}"
    """`Sheet {n} of {of}`."""
    serial: str = ""
    """Before the serial: `Sheet`."""
    receipt: str = ""
    """Before the receipt: `Code`."""
    shown_address: str = ""
    """The online map's address as people type it."""
    north: str = "N"
    glue: str = ""
    """On pages of a large sheet: `Cut along the line and glue onto the page before.`"""
    page: str = "{page} / {pages}"
    """On pages of a large sheet: `Page {page} of {pages}`."""
    decimal_comma: bool = False


@dataclass(frozen=True)
class SheetCopy:
    """One sheet of an order: its serial, its number from 1, and the receipt on its slip."""

    serial: str
    n: int
    receipt: str | None = None
    receipt_address: str | None = None
    """What the small code on the slip says; without it there is none."""


@dataclass(frozen=True)
class SheetOrder:
    """Sheets that are printed together."""

    sheet: PaperSheet
    ground: Ground
    words: SheetWords
    copies: Sequence[SheetCopy]
    address: str = ""
    """What the large code of the online map says; without it there is none."""
    by_row: bool = False
    """Whether each row of the table is a person."""
    pages_on: str | None = None
    """The paper on whose pages a large sheet is printed in parts, to be glued together."""
    shapes: Mapping[str, str] = field(default_factory=dict)
    """The shape that says a category beside its colour, by its key (gis/shapes.py)."""
