"""The pages of the analyses: all of them, one with its newest result, start and end of a run. None computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from flask import Response, current_app, redirect, render_template, request, url_for
from werkzeug.wrappers import Response as AnyResponse

from app.config import Config
from app.db import session
from app.errors import InvalidInput, TooMany, Unknown
from app.i18n import N_
from app.models import Role, RunState
from app.queries.analyses import ANALYSES, AnalysisKind
from app.queries.analysis_obstacles import obstacle
from app.queries.analysis_runs import Kept, RunRecord, newest_result, newest_run, pins_mark, pins_since
from app.queries.maps import MapRecord
from app.security import require
from app.services.analyses import cancel_run, start_run
from app.services.analyst import Analyst
from app.views.office import blueprint
from app.views.office.access import for_gis_clients, office_map
from app.views.office.analyses.frame import Choice, chosen, has_table, kind_module, table_of
from app.views.reader import reader_language
from gis.formats.table_csv import table_rows

EXTENSION = "pocit-analyst"
SHOULD_HAVE_BEGUN = timedelta(seconds=5)
WAITS = N_("Waiting for its turn")
ENOUGH_WAIT = N_("Enough analyses of this map are waiting already. Please come back when some of them are done.")


@dataclass(frozen=True)
class Card:
    """One kind on the first page."""

    kind: AnalysisKind
    kept: Kept | None
    headline: str
    running: RunRecord | None
    failed: RunRecord | None
    obstacle: str | None


@blueprint.record
def _give_analyst(state: Any) -> None:
    config: Config = state.app.extensions["pocit-config"]
    state.app.extensions[EXTENSION] = Analyst(config.database_url, config.home)


@blueprint.get("/maps/<slug>/analysis")
def analysis(slug: str) -> str:
    """Every kind with the first sentence of its newest result, or why there is none."""
    the_map = office_map(slug)
    mark = pins_mark(session(), the_map)
    cards = [_card(the_map, kind, mark) for kind in ANALYSES.values()]
    _see_to(card.running for card in cards)
    is_busy = any(card.running for card in cards)
    return render_template("office/analyses/hub.html", the_map=the_map, cards=cards, is_busy=is_busy)


@blueprint.get("/maps/<slug>/analysis/<kind>")
def analysis_page(slug: str, kind: str) -> str:
    """The newest result of one kind, or of the choices in the address; how far a new one is."""
    return _page(office_map(slug), _kind(kind))


@blueprint.post("/maps/<slug>/analysis/<kind>/start")
def start_analysis(slug: str, kind: str) -> AnyResponse | tuple[str, int]:
    """Have it computed, unless it is already."""
    the_map, wanted = office_map(slug), _kind(kind)
    try:
        asked = chosen(kind_module(kind).choices(the_map), request.form)
        if obstacle(session(), the_map, kind) is not None:
            return _page(the_map, wanted), 422
        run = start_run(session(), require(), the_map, kind, asked)
    except InvalidInput as refusal:
        return _page(the_map, wanted, refusal.problems[0].message), 422
    except TooMany:
        session().rollback()
        return _page(the_map, wanted, ENOUGH_WAIT), 429
    session().commit()
    if run is not None:
        _analyst().call()
    return redirect(_address("office.analysis_page", the_map, wanted, asked), 303)


@blueprint.post("/maps/<slug>/analysis/<kind>/cancel")
def cancel_analysis(slug: str, kind: str) -> AnyResponse:
    """Nobody waits for it any more; who only reads may end what they asked for themselves."""
    the_map, wanted = office_map(slug), _kind(kind)
    cancel_run(session(), require(), the_map, wanted.key, only_own=not _may_end_all(the_map))
    session().commit()
    return redirect(url_for("office.analysis_page", slug=slug, kind=kind), 303)


@blueprint.get("/maps/<slug>/analysis/<kind>.json")
def analysis_state(slug: str, kind: str) -> dict[str, Any]:
    """How far the newest run of this kind is."""
    run = newest_run(session(), office_map(slug).id, _kind(kind).key)
    if run is None:
        return {"state": None, "share": 0, "step": ""}
    _see_to([run])
    return {"state": run.state, "share": round(run.share, 3), "step": _step(run)}


@blueprint.get("/maps/<slug>/analysis/<kind>.csv")
@for_gis_clients
def analysis_csv(slug: str, kind: str) -> Response:
    """The table of the newest result, or of the choices in the address."""
    the_map, wanted = office_map(slug), _kind(kind)
    kept = _kept(the_map, wanted, kind_module(kind).choices(the_map))
    table = table_of(kind, the_map, kept.result) if kept else None
    if table is None:
        raise Unknown
    response = Response(b"".join(table_rows(*table)), mimetype="text/csv")
    response.headers["Content-Disposition"] = f'attachment; filename="{the_map.slug}-{kind}.csv"'
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _card(the_map: MapRecord, kind: AnalysisKind, mark: str) -> Card:
    kept = newest_result(session(), the_map, kind.key, mark=mark)
    run = newest_run(session(), the_map.id, kind.key)
    return Card(
        kind,
        kept,
        kind_module(kind.key).headline(the_map, kept.result) if kept else "",
        run if run and run.is_unfinished else None,
        _failed(run, kept),
        obstacle(session(), the_map, kind.key),
    )


def _page(the_map: MapRecord, kind: AnalysisKind, refusal: str = "") -> str:
    module = kind_module(kind.key)
    choices = module.choices(the_map)
    kept = _kept(the_map, kind, choices)
    run = newest_run(session(), the_map.id, kind.key)
    _see_to([run])
    running = run if run and run.is_unfinished else None
    return render_template(
        f"office/analyses/{kind.key}.html" if kept else "office/analyses/frame.html",
        the_map=the_map,
        kind=kind,
        choices=choices,
        asked=_shown_choices(choices, kept),
        kept=kept,
        newer=pins_since(session(), the_map, kept.started_at) if kept and not kept.is_fresh else 0,
        running=running,
        may_cancel=running is not None and (_may_end_all(the_map) or running.asked_by == require().email),
        step=_step(running) if running else "",
        failed=_failed(run, kept),
        obstacle=obstacle(session(), the_map, kind.key),
        way_out=_way_out(the_map, kind),
        refusal=reader_language().gettext(refusal),
        has_table=has_table(kind.key),
        table_address=_address("office.analysis_csv", the_map, kind, kept.asked if kept else {}),
        **(module.context(the_map, kept.result) if kept else {}),
    )


def _may_end_all(the_map: MapRecord) -> bool:
    return require().may(the_map.town_id, Role.MODERATOR)


def _kept(the_map: MapRecord, kind: AnalysisKind, choices: Sequence[Choice]) -> Kept | None:
    """The newest result: of the choices in the address, else of any."""
    named = {choice.name for choice in choices} & set(request.args)
    if named:
        try:
            return newest_result(session(), the_map, kind.key, chosen(choices, request.args))
        except InvalidInput:
            return None
    return newest_result(session(), the_map, kind.key)


def _shown_choices(choices: Sequence[Choice], kept: Kept | None) -> Mapping[str, str]:
    """What the form begins with: the address, else what the shown result was made with."""
    said = kept.asked if kept else {}
    return {choice.name: request.values.get(choice.name) or said.get(choice.name, "") for choice in choices}


def _failed(run: RunRecord | None, kept: Kept | None) -> RunRecord | None:
    """The newest run where nothing came out of it, and what it was to find out is still not known."""
    if run is None or run.state is not RunState.FAILED:
        return None
    is_known = kept is not None and kept.is_fresh and kept.asked == run.asked
    return None if is_known else run


def _address(endpoint: str, the_map: MapRecord, kind: AnalysisKind, asked: Mapping[str, str]) -> str:
    """A page or file of this kind with these choices."""
    there = url_for(endpoint, slug=the_map.slug, kind=kind.key)
    return f"{there}?{urlencode(asked)}" if asked else there


def _way_out(the_map: MapRecord, kind: AnalysisKind) -> str | None:
    """Where an editor can see to it that this kind can be made."""
    if kind.key == "facts" and require().may(the_map.town_id, Role.EDITOR):
        return url_for("office.facts", town=the_map.town_slug)
    return None


def _step(run: RunRecord) -> str:
    if not run.is_unfinished:
        return ""
    return reader_language().gettext(run.step or WAITS)


def _see_to(runs: Any) -> None:
    """A run that should have begun may have nobody who makes it: the server was stopped at that very moment."""
    for run in runs:
        late = run is not None and datetime.now(UTC) - run.created_at > SHOULD_HAVE_BEGUN
        if late and run.state is RunState.WAITING:
            _analyst().remind()


def _analyst() -> Analyst:
    found: Analyst = current_app.extensions[EXTENSION]
    return found


def _kind(key: str) -> AnalysisKind:
    if key not in ANALYSES:
        raise Unknown
    return ANALYSES[key]
