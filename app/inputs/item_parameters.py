"""What a reader of the API asks for: which pins, from where on, how many, in which coordinate system."""

from __future__ import annotations

import re
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import shapely

from app.errors import Malformed, Problem
from app.i18n import N_
from app.inputs.cql2 import given_value, parse_filter
from app.inputs.cql2_tree import Condition, Every, Named, Touches
from app.inputs.crs_parameters import Crs, Placed, parse_crs
from app.inputs.filters import PinFilter, parse_categories, parse_datetime, parse_limit
from app.inputs.geometries import box_shape, parse_box
from gis.crs import is_geographic
from gis.formats.layer import Kind

ITEM_PARAMETERS = (
    "limit",
    "bbox",
    "bbox-crs",
    "crs",
    "datetime",
    "filter",
    "filter-lang",
    "filter-crs",
    "after",
    "f",
    "lang",
)
"""The parameters of every map; beside them each property is one (of these names: in `filter`)."""
OF_A_PAGE = frozenset({"limit", "after", "crs", "f", "lang"})
"""Those that say nothing about which pins are meant."""
FILTER_LANGUAGES = ("cql2-text",)
AFTER = re.compile(r"(?P<pin>[0-9a-f-]{36})(?:\.(?P<matched>[0-9]{1,12})\.(?P<seal>[0-9a-f]{16}))?")


class Property(Protocol):
    """A property of a map's pins, as queries/columns.py has it."""

    @property
    def name(self) -> str:
        """What it is called."""

    @property
    def kind(self) -> Kind:
        """What stands in it."""

    @property
    def values(self) -> Mapping[str, object]:
        """Its codes; empty where anything may stand there."""


class AskedMap(Placed, Protocol):
    """A map, as far as asking for its pins goes."""

    @property
    def category_by_key(self) -> Mapping[str, object]:
        """Its categories."""


@dataclass(frozen=True)
class After:
    """Where a page begins, and what the page before said of the whole."""

    pin: uuid.UUID
    matched: int | None = None
    """How many pins there were when the reading began."""
    seal: str = ""
    """Proof that we said so."""

    def __str__(self) -> str:
        return str(self.pin) if self.matched is None else f"{self.pin}.{self.matched}.{self.seal}"


@dataclass(frozen=True)
class ItemsWanted:
    """One page of pins, as it was asked for."""

    choice: PinFilter
    crs: Crs
    limit: int
    after: After | None


def parse_items(args: Mapping[str, str], the_map: AskedMap, properties: Sequence[Property]) -> ItemsWanted:
    """What the parameters ask for; Malformed for a value that can't be. The names are known to be known."""
    crs = parse_crs(args.get("crs"), the_map)
    box_crs = parse_crs(args.get("bbox-crs"), the_map, "bbox-crs")
    box = parse_box(args["bbox"], box_crs) if "bbox" in args else None
    since, until = parse_datetime(args.get("datetime"))
    conditions = [_is(found, args[found.name]) for found in properties if _is_asked(found, args)]
    if box is not None and not is_geographic(box_crs.epsg):
        conditions.append(Touches(shapely.to_wkb(box_shape(box, box_crs, the_map))))
        box = None
    conditions += _filter(args, the_map, properties)
    choice = PinFilter(
        categories=parse_categories(args.get("category"), the_map.category_by_key),
        bbox=box,
        since=since,
        until=until,
        where=Every(tuple(conditions)) if conditions else None,
    )
    return ItemsWanted(choice, crs, parse_limit(args.get("limit")), parse_after(args.get("after")))


def parse_after(text: str | None) -> After | None:
    """Where a page begins, from the link of the page before."""
    if text is None:
        return None
    found = AFTER.fullmatch(text.lower())
    try:
        pin = uuid.UUID(found["pin"] if found else "")
    except ValueError as error:
        raise Malformed(Problem("after", N_("Follow the link to the next page as it is."))) from error
    if found is None or found["matched"] is None:
        return After(pin)
    return After(pin, int(found["matched"]), found["seal"])


def _is_asked(found: Property, args: Mapping[str, str]) -> bool:
    return found.name in args and found.name != "category" and found.name not in ITEM_PARAMETERS


def _is(found: Property, text: str) -> Condition:
    if found.values and text not in found.values:
        allowed = {"allowed": ", ".join(found.values)}
        raise Malformed(Problem(found.name, N_("This must be one of: %(allowed)s."), allowed))
    return given_value(text, Named(found.name, found.kind), found.name)


def _filter(args: Mapping[str, str], the_map: AskedMap, properties: Sequence[Property]) -> list[Condition]:
    language = args.get("filter-lang")
    if language is not None and language not in FILTER_LANGUAGES:
        allowed = {"allowed": ", ".join(FILTER_LANGUAGES)}
        raise Malformed(Problem("filter-lang", N_("This must be one of: %(allowed)s."), allowed))
    crs = parse_crs(args.get("filter-crs"), the_map, "filter-crs")
    if "filter" not in args:
        return []
    kinds = {found.name: found.kind for found in properties}
    return [parse_filter(args["filter"], kinds, the_map, crs)]
