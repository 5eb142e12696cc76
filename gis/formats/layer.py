"""What a GIS file is made of: a layer with fields that say what they mean, and its rows as a stream of batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

GEOMETRY = "geometry"
"""The column of the batches that holds the geometry as WKB, x before y."""
ID = "id"
SEVERAL = "; "
"""What stands between the texts of a list in a table."""


class Kind(StrEnum):
    """What stands in a field."""

    TEXT = "text"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"
    """A moment in UTC."""
    LIST = "list"
    """Several texts: in JSON an array, in tables one text, joined by "; "."""


@dataclass(frozen=True)
class Field:
    """One field of a layer."""

    name: str
    kind: Kind
    short: str
    """The name in files that allow ten characters."""
    meaning: str = ""
    """What it says, in the language of the file."""
    values: Mapping[str, str] = field(default_factory=dict)
    """What its codes mean."""


@dataclass(frozen=True)
class Paint:
    """How one value of a layer's field is drawn."""

    value: str
    label: str
    color: str
    """#rrggbb"""
    shape: str = ""
    """The shape of a category's mark, for points."""


@dataclass(frozen=True)
class Look:
    """The colours a layer opens with: one paint a value of `field`; without a field, the first for all."""

    paints: Sequence[Paint]
    field: str | None = None


@dataclass(frozen=True)
class Layer:
    """A layer on its way into a file: read once, in batches, never wholly in memory."""

    name: str
    title: str
    geometry_type: str
    """Point, Polygon or MultiPolygon."""
    epsg: int
    fields: Sequence[Field]
    """Without the id, which is a text and comes first."""
    batches: Iterator[pa.RecordBatch]
    """Columns `id` (string), one a field by its name (arrow_type), and `geometry` (binary WKB in `epsg`)."""
    look: Look | None = None
    description: str = ""
    """What the layer is, how it was made, and what it can't say: method, n, limits."""


def arrow_type(kind: Kind) -> Any:
    """The Arrow type of a field's column."""
    import pyarrow as pa

    match kind:
        case Kind.INTEGER:
            return pa.int64()
        case Kind.NUMBER:
            return pa.float64()
        case Kind.TIME:
            return pa.timestamp("us", tz="UTC")
        case _:
            return pa.string()


def layer_schema(fields: Iterable[tuple[str, Kind]]) -> pa.Schema:
    """The schema of a layer's batches, from the names and kinds of its fields."""
    import pyarrow as pa

    middle = [(name, arrow_type(kind)) for name, kind in fields]
    return pa.schema([(ID, pa.string()), *middle, (GEOMETRY, pa.binary())])
