"""Layers of facts: stored whole from a file or an address, loaded again, taken away."""

from __future__ import annotations

import io
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import unquote, urlsplit

from sqlalchemy import delete, select, text
from sqlalchemy.orm import Session

from app.errors import InvalidInput, Problem, Unknown
from app.i18n import N_
from app.inputs.fact_files import FILE, MOST_UPLOAD_BYTES, TOO_LARGE, FactFile, FactRow, read_fact_file
from app.inputs.fact_forms import FactForm
from app.inputs.fact_reader import FactWanted
from app.inputs.pin_files import TABLE_ENDINGS
from app.models import Fact, FactLayer, Town
from app.services.audit import Actor, Deed, record
from app.services.outward import Asking, Forbidden, OutwardFailure, TooMuch, Unreachable, fetch

MOST_LAYERS: Final = 40
USER_AGENT: Final = "pocitova-mapa (layers of facts)"
ACCEPTED: Final = (
    "application/geo+json, application/json, text/csv, application/zip, application/geopackage+sqlite3, */*;q=0.5"
)
FETCHING_S: Final = 25.0
ADDRESS: Final = "address"

_WHY: Final = {
    Forbidden: N_("We ask only servers on the public internet; this address leads elsewhere."),
    Unreachable: N_("Nobody answers at this address, or not in time. Try it again later, or upload the file."),
    TooMuch: TOO_LARGE,
}
NO_ANSWER: Final = N_("There is an answer at this address, but no file (%(reason)s).")
_COPY: Final = "COPY fact (layer_id, n, place, label, happened_on) FROM STDIN"


def fetch_facts(address: str, wanted: FactWanted, inner_hosts: Collection[str] = ()) -> FactFile:
    """The facts at an address of the public internet; InvalidInput says why there are none."""
    asking = Asking(USER_AGENT, MOST_UPLOAD_BYTES, inner_hosts, ACCEPTED, FETCHING_S)
    try:
        body = fetch(address, asking)
    except OutwardFailure as failure:
        words = next((words for kind, words in _WHY.items() if isinstance(failure, kind)), NO_ANSWER)
        told = {"reason": str(failure)[:120], "megabytes": MOST_UPLOAD_BYTES >> 20}
        raise InvalidInput(Problem(ADDRESS, words, told)) from failure
    name = unquote(urlsplit(address).path.rpartition("/")[2])
    if not name.lower().endswith(TABLE_ENDINGS):
        name += ".csv"  # what has no mark of its own is a table, whatever its address ends in
    try:
        return read_fact_file(io.BytesIO(body), name, wanted)
    except InvalidInput as refusal:
        of_file = (Problem(ADDRESS if p.field == FILE else p.field, p.message, p.data) for p in refusal.problems)
        raise InvalidInput(*of_file) from refusal


def add_facts(session: Session, by: Actor, town_id: int, form: FactForm, found: FactFile) -> int:
    """Store a new layer of the town; its id. InvalidInput where the town has enough of them."""
    _lock(session, town_id)
    names = session.scalars(select(FactLayer.name).where(FactLayer.town_id == town_id)).all()
    if len(names) >= MOST_LAYERS:
        many = N_("There are %(limit)s layers already; remove one that is not needed any more.")
        raise InvalidInput(Problem("name", many, {"limit": MOST_LAYERS}))
    if form.name.casefold() in {name.casefold() for name in names}:
        raise InvalidInput(Problem("name", N_("There is a layer of this name already.")))
    layer = FactLayer(
        town_id=town_id,
        name=form.name,
        shape=found.shape,
        source=form.source(found.filename) | {"digest": found.digest},
        features=len(found.rows),
    )
    session.add(layer)
    session.flush()
    _fill(session, layer.id, found.rows)
    _told(session, by, "facts.load", layer)
    return layer.id


def replace_facts(
    session: Session, by: Actor, town_id: int, layer_id: int, found: FactFile, form: FactForm | None = None
) -> None:
    """Put what was loaded again in the place of what the layer held; Unknown for another town's.

    `form` is what is said of it now, where that is something else.
    """
    layer = _locked(session, town_id, layer_id)
    said = {key: value for key, value in layer.source.items() if key != "digest"}
    if form is not None:
        layer.name, said = form.name, form.source(found.filename)
    is_same = layer.source.get("digest") == found.digest
    layer.source = said | {"digest": found.digest}
    layer.loaded_at = datetime.now(UTC)
    if not is_same:
        session.execute(delete(Fact).where(Fact.layer_id == layer.id))
        layer.shape, layer.features = found.shape, len(found.rows)
        layer.version += 1  # what was computed with it is of yesterday
        _fill(session, layer.id, found.rows)
    _told(session, by, "facts.load", layer)


def save_facts(session: Session, by: Actor, town_id: int, form: FactForm, found: FactFile) -> None:
    """Store a layer in the place of the town's one of the same name, or as a new one."""
    same = select(FactLayer.id).where(FactLayer.town_id == town_id, FactLayer.name == form.name)
    there = session.scalar(same.limit(1))
    if there is None:
        add_facts(session, by, town_id, form, found)
    else:
        replace_facts(session, by, town_id, there, found, form)


def remove_facts(session: Session, by: Actor, town_id: int, layer_id: int) -> None:
    """Take a layer away; Unknown for another town's."""
    layer = _locked(session, town_id, layer_id)
    _told(session, by, "facts.remove", layer)
    session.delete(layer)
    session.flush()


def _told(session: Session, by: Actor, action: str, layer: FactLayer) -> None:
    whence = str(layer.source.get("address") or layer.source.get("file") or "")
    detail = {"rows": layer.features, "source": whence[:200]}
    record(session, by, Deed(action, layer.name, detail), town_id=layer.town_id)


def _lock(session: Session, town_id: int) -> None:
    """For whom nobody else adds a layer meanwhile; Unknown where there is no such town."""
    if session.scalar(select(Town.id).where(Town.id == town_id).with_for_update(key_share=True)) is None:
        raise Unknown


def _locked(session: Session, town_id: int, layer_id: int) -> FactLayer:
    _lock(session, town_id)
    query = select(FactLayer).where(FactLayer.id == layer_id, FactLayer.town_id == town_id)
    layer = session.scalar(query.execution_options(populate_existing=True)) if layer_id < 1 << 31 else None
    if layer is None:
        raise Unknown
    return layer


def _fill(session: Session, layer_id: int, rows: Sequence[FactRow]) -> None:
    driver = session.connection().connection.driver_connection
    assert driver is not None  # noqa: S101 - a session that just ran a statement has a connection
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        for n, row in enumerate(rows, 1):
            copy.write_row((layer_id, n, row.place, row.label, row.happened_on))
    session.execute(text("ANALYZE fact"))
