"""The layers of a map, by name: pins, and what is made of them. One list for files, the command line and pages."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import cast

import numpy as np
import shapely
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from app.errors import Malformed, NotAllowed, NotComputed, Problem, Refusal, Unknown
from app.i18n import N_, Language, text_in
from app.inputs.filters import PUBLIC_FILTER, PinFilter, Scope
from app.models import AnalysisRun, RunState
from app.queries.columns import pin_columns
from app.queries.heat import refuse_unpublished as refuse_unpublished_heat
from app.queries.maps import MapRecord
from app.queries.pin_rows import pin_points
from gis.crs import WGS84, is_of_use, transformer
from gis.formats.layer import Layer, Look, Paint

LayerMaker = Callable[..., Layer]
"""Takes session, map, scope, EPSG code and language; where pins may be chosen, the filter as well."""

PINS = "pins"
EVERYTHING = "everything"
"""Not a layer but the file of all that the reader may have."""
DESCRIPTION = N_("Each point is what one person said of one place, in %(town)s, on the map “%(title)s”.")
PUBLIC_DESCRIPTION = N_("It holds what everybody may see; nothing in it tells who the person is.")
OFFICE_DESCRIPTION = N_(
    "It holds everything, also what is hidden and what people said about themselves: for the town office only."
)
UNREACHED = 1e-5
"""Degrees by which a corner may miss itself after the way there and back: a metre."""


@dataclass(frozen=True)
class LayerKind:
    """One layer that every map has."""

    name: str
    title: str
    """A gettext id."""
    of_heat: bool = False
    """Whether it is public where the map publishes its heat."""
    office_only: bool = False
    """Whether nobody else may have it, whatever the map publishes."""
    analysis: str = ""
    """The kind of analysis whose newest result it shows; empty where it is made of what there is now."""
    module: str = ""
    """Where it is made; only who asks for it loads what that takes."""
    chosen: bool = False
    """Whether officials may choose the pins it is made of."""

    def make(
        self,
        session: Session,
        the_map: MapRecord,
        scope: Scope,
        epsg: int,
        words: Language,
        wanted: PinFilter | None = None,
    ) -> Layer:
        """The layer of this map; NotAllowed where it is not published, NotComputed where nobody asked for it.

        `wanted` chooses pins for officials, of layers that are made of chosen ones.
        """
        if not self.module:
            return pins_layer(session, the_map, scope, epsg, words, wanted)
        refuse_unpublished(the_map, self.name, scope)
        refuse_uncomputed(session, the_map, self.name)
        maker: LayerMaker = getattr(importlib.import_module(self.module), self.name.replace("-", "_"))
        if self.chosen and scope is Scope.OFFICE:
            return maker(session, the_map, scope, epsg, words, wanted)
        return maker(session, the_map, scope, epsg, words)


LAYERS: Mapping[str, LayerKind] = {
    kind.name: kind
    for kind in (
        LayerKind(PINS, N_("Pins"), chosen=True),
        LayerKind("hot-spots", N_("Hot spots"), of_heat=True, module="app.queries.layers_analysis"),
        LayerKind("clusters", N_("Clusters"), of_heat=True, module="app.queries.layers_analysis"),
        LayerKind(
            "contrast",
            N_("Contrast: which feeling outweighs"),
            office_only=True,
            analysis="contrast",
            module="app.queries.layers_contrast",
        ),
        LayerKind(
            "contested",
            N_("Contested places"),
            office_only=True,
            analysis="contrast",
            module="app.queries.layers_contrast",
        ),
        LayerKind(
            "top-places",
            N_("Top places"),
            office_only=True,
            analysis="robustness",
            module="app.queries.layers_robustness",
        ),
        LayerKind(
            "changes",
            N_("What has changed since the last round"),
            office_only=True,
            analysis="rounds",
            module="app.queries.layers_changes",
        ),
        LayerKind("places", N_("Answered places"), module="app.queries.layers_areas"),
        LayerKind(
            "heat-cells",
            N_("Heat: counted squares"),
            of_heat=True,
            module="app.queries.layers_heat",
            chosen=True,
        ),
        LayerKind(
            "heat-hexagons", N_("Heat: hexagons"), of_heat=True, module="app.queries.layers_hexagons", chosen=True
        ),
        LayerKind(
            "heat-contours",
            N_("Heat: areas of equal density"),
            of_heat=True,
            module="app.queries.layers_heat",
            chosen=True,
        ),
        LayerKind("boundary", N_("Boundary"), module="app.queries.layers_areas"),
    )
}
"""In the order in which a GIS lists them, the lowest last."""


def make_layer(  # noqa: PLR0913 - what a layer is made of, and in whose words; all but the first four by name
    session: Session,
    the_map: MapRecord,
    name: str,
    scope: Scope,
    *,
    epsg: int = WGS84,
    wanted: PinFilter | None = None,
    words: Language,
) -> Layer:
    """One layer of a map in a coordinate system; `wanted` chooses pins where it is theirs.

    Unknown for a name there is not, NotAllowed for what the map does not publish, NotComputed for what nobody has
    had computed, Malformed for a system that does not reach the map.
    """
    refuse_unreached(session, the_map, epsg)
    if name not in LAYERS:
        raise Unknown
    return LAYERS[name].make(session, the_map, scope, epsg, words, wanted)


def all_layers(
    session: Session, the_map: MapRecord, scope: Scope, *, epsg: int = WGS84, words: Language
) -> list[Layer]:
    """Every layer of the map that this scope may have."""
    refuse_unreached(session, the_map, epsg)
    made = []
    for kind in LAYERS.values():
        try:
            made.append(kind.make(session, the_map, scope, epsg, words))
        except Refusal:  # not published, or nothing to be tested: the others are there all the same
            continue
    return made


def pins_layer(
    session: Session,
    the_map: MapRecord,
    scope: Scope,
    epsg: int,
    words: Language,
    wanted: PinFilter | None = None,
) -> Layer:
    """The pins, styled as on the map; NotAllowed for everybody where the map does not publish them."""
    refuse_unpublished_pins(the_map, scope)
    chosen = pins_wanted(scope, wanted)
    said = words.gettext(DESCRIPTION, {"town": the_map.town, "title": text_in(the_map.title, words.code)})
    whose = PUBLIC_DESCRIPTION if scope is Scope.PUBLIC else OFFICE_DESCRIPTION
    paints = [Paint(c.key, text_in(c.label, words.code), c.color, c.shape) for c in the_map.categories]
    return Layer(
        name=PINS,
        title=words.gettext(LAYERS[PINS].title),
        geometry_type="Point",
        epsg=epsg,
        fields=[column.as_field(words) for column in pin_columns(the_map, scope)],
        batches=pin_points(session, the_map, chosen, scope, words, epsg),
        look=Look(paints, "category"),
        description=f"{said} {words.gettext(whose)}",
    )


def pins_wanted(scope: Scope, wanted: PinFilter | None) -> PinFilter:
    """Which pins a file of this scope holds: for everybody only those that everybody may see."""
    if scope is Scope.PUBLIC:
        return PUBLIC_FILTER
    return wanted or PinFilter()


def refuse_unpublished(the_map: MapRecord, name: str, scope: Scope) -> None:
    """Unknown for a layer there is not, NotAllowed for one that the map does not publish; asks no database."""
    if name == EVERYTHING:
        return
    if name not in LAYERS:
        raise Unknown
    if name == PINS:
        refuse_unpublished_pins(the_map, scope)
    if LAYERS[name].office_only and scope is Scope.PUBLIC:
        raise NotAllowed(Problem("layer", N_("This layer is for the town office only.")))
    if LAYERS[name].of_heat and scope is Scope.PUBLIC:
        refuse_unpublished_heat(the_map)


def refuse_uncomputed(session: Session, the_map: MapRecord, name: str) -> None:
    """NotComputed for a layer of an analysis that nobody has had made of this map."""
    kind = LAYERS[name].analysis if name in LAYERS else ""
    if not kind:
        return
    done = select(AnalysisRun.id).where(
        AnalysisRun.map_id == the_map.id, AnalysisRun.kind == kind, AnalysisRun.state == RunState.DONE
    )
    if session.scalar(done.limit(1)) is None:
        raise NotComputed


def is_published(the_map: MapRecord, name: str, scope: Scope) -> bool:
    """Whether this scope may have the layer."""
    try:
        refuse_unpublished(the_map, name, scope)
    except NotAllowed:
        return False
    return True


def refuse_unpublished_pins(the_map: MapRecord, scope: Scope) -> None:
    """NotAllowed for everybody where the map does not publish its pins."""
    if scope is Scope.PUBLIC and not the_map.publish_pins:
        raise NotAllowed(Problem("map", N_("This map does not publish its pins.")))


def refuse_unreached(session: Session, the_map: MapRecord, epsg: int) -> None:
    """Malformed where a system does not reach the map: its corners must find back, and PostGIS must know it."""
    if epsg == WGS84:
        return
    west, south, east, north = the_map.boundary.bounds
    lon, lat = shapely.get_coordinates(shapely.box(west, south, east, north)).T
    with np.errstate(invalid="ignore"):
        back = transformer(epsg, WGS84)(*transformer(WGS84, epsg)(lon, lat))
        reached = np.allclose(back, (lon, lat), rtol=0, atol=UNREACHED)
    middle = the_map.boundary.centroid
    if not reached or not is_of_use(epsg, middle.x, middle.y) or not _known(session, epsg):
        raise Malformed(Problem("crs", N_("EPSG:%(n)s is not for the place where this map lies."), {"n": epsg}))


def _known(session: Session, epsg: int) -> bool:
    found = session.scalar(text("SELECT EXISTS (SELECT FROM spatial_ref_sys WHERE srid = :epsg)"), {"epsg": epsg})
    return cast("bool", found)
