"""A map folder (`map.json`, `boundary.geojson`, …) as a frozen dataclass, or InvalidInput naming each bad key."""

from __future__ import annotations

import itertools
import json
import re
import unicodedata
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import shapely
from shapely import MultiPolygon

from app.errors import InvalidInput, Problem
from app.i18n import N_
from app.inputs import fields as f
from app.inputs.boundary_files import Wanted, read_boundary_file
from app.inputs.boundary_words import boundary_problem
from app.inputs.defaults import ABOUT, CATEGORIES, CZECH_BASEMAP
from app.inputs.fields import Fields
from app.inputs.maps import CategoryInput, EventInput, MapInput, QuestionInput, TownInput
from app.inputs.pins import OPTIONAL_TEXT, OURS
from app.models import EventKind, Moderation, QuestionType, ShowOthers
from gis.crs import KROVAK
from gis.crs import metric_srid as metric_srid_at
from gis.geojson import InvalidGeometry, Reason, read_boundary
from gis.outline import joined
from gis.palette import palette
from gis.shapes import SHAPES

SLUG = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?")
EVENT_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,23}")
MOST_BASEMAP_BYTES = 20_000_000
MOST_MAP_BYTES = 1_000_000
LAYER_FILES = ("boundary.gpkg", "boundary.zip")
"""What may stand in the place of boundary.geojson: a layer in which the town's area is found by its code."""
RESERVED = OURS | {"category", "zoom", "precision_m", "geometry", *OPTIONAL_TEXT}
"""Properties of a pin that a question may not be called."""


def read_map_folder(folder: Path) -> MapInput:
    """The map that a folder describes; InvalidInput names every key that is wrong."""
    slug = folder.resolve().name
    if not SLUG.fullmatch(slug):
        raise InvalidInput(
            Problem("folder", N_("The folder's name becomes the address: small letters, digits, hyphens."))
        )
    description = _json(folder / "map.json")
    basemap_file = folder / "basemap.geojson"
    pins = folder / "pins.geojson"
    boundary, turned = _boundary(folder, description)
    whole = parse_map(
        description,
        slug=slug,
        boundary=boundary,
        basemap_geojson=_basemap(basemap_file) if basemap_file.exists() else None,
        pins_file=pins if pins.exists() else None,
    )
    return replace(whole, boundary_turned=turned)


def _boundary(folder: Path, description: Any) -> tuple[MultiPolygon, bool]:
    """The boundary of `boundary.geojson`, or the town's own area in a layer; and whether it had to be turned."""
    for name in LAYER_FILES:
        if (folder / name).exists() and not (folder / "boundary.geojson").exists():
            return _from_layer(folder / name, description)
    try:
        return read_boundary(_read(folder / "boundary.geojson", MOST_MAP_BYTES * 20)), False
    except InvalidGeometry as error:
        if error.reason is Reason.KROVAK_NUMBERS:
            return _from_layer(folder / "boundary.geojson", description)
        raise InvalidInput(boundary_problem(error, "boundary.geojson")) from error


def _from_layer(path: Path, description: Any) -> tuple[MultiPolygon, bool]:
    town = description.get("town") if isinstance(description, Mapping) else None
    town = town if isinstance(town, Mapping) else {}
    code, name = town.get("ruian"), town.get("name")
    wanted = Wanted(code if isinstance(code, int) else None, name if isinstance(name, str) else "")
    with path.open("rb") as file:
        found = read_boundary_file(file, path.name, wanted)
    own = [area.area for area in found.areas if area.chosen and not area.crossing]
    if not own:
        nobody = N_("None of the areas carries the town's code or name, or its outline crosses itself.")
        raise InvalidInput(Problem(path.name, nobody))
    return joined(own), found.turned_krovak


def parse_map(
    description: Any,
    *,
    slug: str,
    boundary: MultiPolygon,
    basemap_geojson: str | None = None,
    pins_file: Path | None = None,
) -> MapInput:
    """The map of one parsed `map.json` and its boundary."""
    top = Fields(description)
    title = top.take("title", f.texts)
    publish = top.take("publish", lambda fields, key, value: fields.child(key, value), Fields({}))
    after = publish.take("after", lambda fields, key, value: fields.child(key, value), Fields({}))
    town = top.take("town", _town)
    categories = _told_apart(top.take("categories", f.items(_category), CATEGORIES))
    metric_srid = _metric_srid(boundary, town)
    found = MapInput(
        slug=slug,
        town=town,
        title=title,
        intro=top.take("intro", f.texts, {}),
        thanks=top.take("thanks", f.texts, {}),
        privacy_contact=top.take("privacy_contact", f.text, None),
        languages=top.take("languages", f.words, ("cs", "en")),
        categories=categories,
        questions=top.take("questions", f.items(_question), ()),
        about=top.take("about", f.items(_question), ABOUT),
        events=top.take("events", f.items(_event), ()),
        opens_at=top.take("opens", f.moment, None),
        closes_at=top.take("closes", f.moment, None),
        publish_pins=publish.take("pins", f.flag, default=True),
        publish_heat=publish.take("heat", f.flag, default=True),
        publish_pins_after=after.take("pins", f.flag, None),
        publish_heat_after=after.take("heat", f.flag, None),
        k=publish.take("k", f.whole(1, 100), 5),
        moderation=top.take("moderation", f.choice(*Moderation), Moderation.POST),
        show_others=top.take("show_others", f.choice(*ShowOthers), ShowOthers.AFTER_FIRST),
        hold_flagged=top.take("hold_flagged", f.flag, default=True),
        retention_days=top.take("retention_days", f.whole(1, 3650), 180),
        pin_photos=top.take("photos", f.flag, default=False),
        basemap=top.take("basemap", _basemap_rule, _default_basemap(basemap_geojson, metric_srid)),
        boundary=boundary,
        metric_srid=metric_srid,
        basemap_geojson=basemap_geojson,
        pins_file=pins_file,
    )
    after.done()
    publish.done()
    top.done()
    top.problems.extend(p for p in (*publish.problems, *after.problems) if p not in top.problems)
    _check_whole(top, found)
    top.refuse_if_wrong()
    return found


def slug_of(name: str) -> str:
    """An address made of a name: "Valašské Meziříčí" gives "valasske-mezirici"."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:64]


def _town(parent: Fields, key: str, value: Any) -> TownInput:
    town = parent.child(key, value)
    name = town.take("name", f.text)
    found = TownInput(
        name=name,
        slug=town.take("slug", f.pattern(SLUG, N_("An address has small letters, digits, hyphens.")), None)
        or slug_of(name or ""),
        ruian=town.take("ruian", f.whole(100_000, 999_999), None),
    )
    town.done()
    return found


def _category(item: Fields) -> CategoryInput:
    label = item.take("label", f.texts)
    key = item.take("key", f.key_text)
    default = next((category for category in CATEGORIES if category.key == key), None)
    return CategoryInput(
        key=key,
        label=label,
        word=item.take("word", f.texts, None) or (default.word if default else label),
        prompt=item.take("prompt", f.texts, {}) or (default.prompt if default else {}),
        color=item.take("color", f.color, default.color if default else ""),
        shape=item.take("shape", f.choice(*SHAPES), default.shape if default else ""),
    )


def _told_apart(categories: Sequence[CategoryInput]) -> tuple[CategoryInput, ...]:
    """The categories, each that says no colour or shape with one that no other has yet."""
    fills = _unused(palette().further_fills, {category.color for category in categories})
    shapes = _unused(tuple(SHAPES), {category.shape for category in categories})
    return tuple(
        replace(one, color=one.color or next(fills), shape=one.shape or next(shapes)) for one in categories
    )


def _unused(offered: Sequence[str], taken: Collection[str]) -> Iterator[str]:
    """What is offered and not taken; then, as there are more categories than that, all of it again and again."""
    lower = {one.lower() for one in taken}
    return itertools.chain((one for one in offered if one.lower() not in lower), itertools.cycle(offered))


def _option(item: Fields) -> Mapping[str, Any]:
    return {
        "key": item.take("key", f.pattern(re.compile(r"[\w-]{1,40}"), N_("A key is short and has no spaces."))),
        "label": item.take("label", f.texts),
    }


def _question(item: Fields) -> QuestionInput:
    kind = item.take("type", f.choice(*QuestionType), QuestionType.SINGLE)
    question = QuestionInput(
        key=item.take("key", f.key_text),
        label=item.take("label", f.texts),
        type=kind,
        options=item.take("options", f.items(_option), ()),
        categories=item.take("categories", f.words, ()),
        published=item.take("published", f.flag, default=True),
    )
    if kind != QuestionType.TEXT and not question.options:
        item.wrong("options", N_("A question to choose from needs options."))
    return question


def _event(item: Fields) -> EventInput:
    return EventInput(
        code=item.take("code", f.pattern(EVENT_CODE, N_("A code has capital letters, digits and hyphens."))),
        kind=item.take("kind", f.choice(*EventKind), EventKind.FORUM),
        title=item.take("title", f.texts),
        place=item.take("place", f.text, None),
        starts_at=item.take("starts", f.moment, None),
        ends_at=item.take("ends", f.moment, None),
        target_group=item.take("target_group", f.texts, {}),
        expected_people=item.take("expected", f.whole(0, 1_000_000), None),
        simple=item.take("simple", f.flag, default=False),
    )


def _basemap_rule(parent: Fields, key: str, value: Any) -> Mapping[str, Any]:
    rule = parent.child(key, value)
    kind = rule.take("kind", f.choice("vector", "xyz", "none"))
    attribution = rule.take("attribution", _attribution, {})
    found: dict[str, Any] = {"kind": kind, "attribution": attribution}
    if kind == "xyz":
        found["url"] = rule.take("url", _tile_template)
        found["max_zoom"] = rule.take("max_zoom", f.whole(10, 22), 19)
    rule.done()
    return found


def _default_basemap(basemap_geojson: str | None, metric_srid: int) -> Mapping[str, Any]:
    """The folder's own layer, else the state's map in Czechia, else blank paper."""
    if basemap_geojson:
        return {"kind": "vector"}
    return CZECH_BASEMAP if metric_srid == KROVAK else {"kind": "none"}


def _attribution(fields: Fields, key: str, value: Any) -> Mapping[str, str]:
    return {"cs": value, "en": value} if isinstance(value, str) else f.texts(fields, key, value)


def _tile_template(fields: Fields, key: str, value: Any) -> str:
    address = f.text(fields, key, value)
    if not re.fullmatch(r"https?://[^\s{}]+(?:\{[zxy]\}[^\s{}]*){3}", address) or not all(
        part in address for part in ("{z}", "{x}", "{y}")
    ):
        fields.wrong(key, N_("An address of tiles is a web address with {z}, {x} and {y} in it."))
    return address


def _metric_srid(boundary: MultiPolygon, town: TownInput | None) -> int:
    if town and town.ruian:
        return KROVAK
    centre = shapely.centroid(boundary)
    return metric_srid_at(centre.x, centre.y)


def _check_whole(top: Fields, found: MapInput) -> None:
    """What no single key can tell: uniqueness, references, order."""
    if found.title is not None and not any(found.title.values()):
        top.wrong("title", N_("This is missing."))
    if not found.categories:
        top.wrong("categories", N_("A map needs at least one category."))
    if not found.languages:
        top.wrong("languages", N_("A map needs at least one language."))
    _check_unique(top, "categories", [c.key for c in found.categories])
    _check_unique(top, "questions", [q.key for q in found.questions])
    _check_unique(top, "about", [q.key for q in found.about])
    _check_unique(top, "events", [e.code for e in found.events])
    known = {category.key for category in found.categories}
    for question in found.questions:
        if question.key in RESERVED:
            top.wrong("questions", N_("The key %(key)s is taken by the pin itself."), key=question.key)
        if unknown := set(question.categories) - known:
            top.wrong("questions", N_("There is no category %(key)s."), key=", ".join(sorted(unknown)))
    if found.opens_at and found.closes_at and found.opens_at >= found.closes_at:
        top.wrong("closes", N_("The map must close after it opens."))
    if found.basemap["kind"] == "vector" and not found.basemap_geojson:
        top.wrong("basemap", N_("The file basemap.geojson is missing."))


def _check_unique(top: Fields, key: str, values: Iterable[str]) -> None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            top.wrong(key, N_("The key %(key)s is there twice."), key=value)
        seen.add(value)


def _read(path: Path, most_bytes: int) -> bytes:
    try:
        if path.stat().st_size > most_bytes:
            raise InvalidInput(Problem(path.name, N_("The file is too large.")))
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(Problem(path.name, N_("The file can't be read or is missing."))) from error


def _json(path: Path) -> Any:
    try:
        return json.loads(_read(path, MOST_MAP_BYTES).decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise InvalidInput(
            Problem(path.name, N_("This is not valid JSON: %(reason)s"), {"reason": str(error)})
        ) from error


def _basemap(path: Path) -> str:
    """The vector basemap as compact text, once it is known to be a FeatureCollection."""
    try:
        layer = json.loads(_read(path, MOST_BASEMAP_BYTES))
        kinds = all(isinstance(feature["properties"]["kind"], str) for feature in layer["features"])
    except (ValueError, TypeError, KeyError, RecursionError):
        kinds = False
    if not kinds:
        raise InvalidInput(
            Problem(path.name, N_("A basemap is a GeoJSON FeatureCollection whose features have a kind."))
        )
    return json.dumps(layer, ensure_ascii=False, separators=(",", ":"))
