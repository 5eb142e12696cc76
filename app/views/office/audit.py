"""The log of what officials did: a page for one town or the whole server, and files of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from flask import Response, render_template, request

from app.db import session
from app.errors import NotAllowed
from app.inputs.audit import parse_audit_filter, parse_before
from app.models import Role
from app.queries.audit import Entry, choices, list_entries, stream_entries
from app.queries.features import rfc3339
from app.queries.maps import list_maps
from app.queries.towns import TownRecord
from app.security import require
from app.services.audit import ACTIONS
from app.views.data import streamed
from app.views.office import blueprint
from app.views.office.access import office_town
from app.views.office.audit_words import deed_words, detail_words
from gis.formats.table_csv import table_rows

COLUMNS = ("id", "at", "official", "action", "words", "town", "map", "subject", "detail")
FILTERS = ("official", "map", "action", "since", "until")


@blueprint.get("/towns/<town>/audit")
def audit(town: str) -> str:
    """Who did what in one town."""
    return _page(office_town(town, Role.EDITOR))


@blueprint.get("/towns/<town>/audit.<any(csv, json):form>")
def audit_file(town: str, form: str) -> Response:
    """The town's log as a file."""
    found = office_town(town, Role.EDITOR)
    return _file(found.id, f"{found.slug}-audit", form)


@blueprint.get("/server/audit")
def server_audit() -> str:
    """Who did what on the whole server, and what happened by itself."""
    _require_admin()
    return _page(None)


@blueprint.get("/server/audit.<any(csv, json):form>")
def server_audit_file(form: str) -> Response:
    """The whole log as a file."""
    _require_admin()
    return _file(None, "server-audit", form)


def _require_admin() -> None:
    if not require().is_admin:
        raise NotAllowed


def _page(town: TownRecord | None) -> str:
    wanted = parse_audit_filter(request.args, ACTIONS)
    town_id = town.id if town else None
    page = list_entries(session(), town_id, wanted, parse_before(request.args.get("before")))
    arguments = {key: request.args[key] for key in FILTERS if request.args.get(key)}
    here = f"/office/towns/{town.slug}/audit" if town else "/office/server/audit"
    return render_template(
        "office/audit.html",
        town=town,
        page=page,
        here=request.script_root + here,
        arguments=arguments,
        choices=choices(session(), town_id),
        deed_words=deed_words,
        maps={the_map.slug: the_map for the_map in list_maps(session(), [town.id] if town else None)},
        detail_words=detail_words,
    )


def _file(town_id: int | None, name: str, form: str) -> Response:
    """The matching entries as a file that is sent while they are read."""
    wanted = parse_audit_filter(request.args, ACTIONS)
    rows = (_row(entry) for entry in stream_entries(session(), town_id, wanted))
    if form == "csv":
        table = table_rows(COLUMNS, ([_flat(row[name]) for name in COLUMNS] for row in rows))
        return streamed(table, mimetype="text/csv", filename=f"{name}.csv")
    return streamed(_json(rows), mimetype="application/json", filename=f"{name}.json")


def _row(entry: Entry) -> dict[str, Any]:
    return {
        "id": entry.id,
        "at": rfc3339(entry.at),
        "official": entry.official,
        "action": entry.action,
        "words": deed_words(entry.action),
        "town": entry.town,
        "map": entry.map_slug,
        "subject": entry.subject,
        "detail": entry.detail,
    }


def _flat(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False) if isinstance(value, dict) else value


def _json(rows: Iterable[dict[str, Any]]) -> Iterator[bytes]:
    yield b"["
    for n, row in enumerate(rows):
        yield ((",\n" if n else "\n") + json.dumps(row, ensure_ascii=False)).encode()
    yield b"\n]\n"
