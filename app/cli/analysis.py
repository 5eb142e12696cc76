"""`pocit analysis`: computing one here and now, and seeing which there are."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click
import msgspec
from sqlalchemy.orm import Session, sessionmaker

from app.cli.output import CommandRefused, find_map, opened_session, output_option, written
from app.queries.analyses import ANALYSES
from app.queries.analysis_obstacles import obstacle
from app.queries.analysis_runs import RunRecord, newest_result, newest_run
from app.queries.maps import MapRecord
from app.services.analyses import FAILED, Order, Progress, begin_here, cancel_run, make
from app.services.audit import BY_ITSELF


@click.group()
def group() -> None:
    """Analyses: compute one, list those of a map."""


@group.command("run")
@click.argument("map_slug", metavar="MAP")
@click.argument("kind", type=click.Choice(list(ANALYSES)))
@click.option("--asked", metavar="NAME=VALUE", multiple=True, help="What this kind lets choose; once for each.")
@output_option
def run(map_slug: str, kind: str, asked: Sequence[str], output: Path | None) -> None:
    """Compute the analysis KIND of MAP here, keep it for the office, and write what came out as JSON."""
    choices = _choices(asked)
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        in_the_way = obstacle(session, the_map, kind)
        if in_the_way:
            raise CommandRefused(in_the_way)
        order = begin_here(session, BY_ITSELF, the_map, kind, choices)
        session.commit()
        result = _made(session, the_map, order)
        kept = newest_result(session, the_map, kind, choices)
        said = {
            "map": the_map.slug,
            "kind": kind,
            "asked": choices,
            "pins_as_of": kept.started_at if kept else None,
            "result": result,
        }
    with written(output) as file:
        file.write(msgspec.json.format(msgspec.json.encode(said), indent=2) + b"\n")


@group.command("list")
@click.argument("map_slug", metavar="MAP")
def list_(map_slug: str) -> None:
    """The analyses, one a line: name, state, when it was computed, whether of the pins as they are now."""
    with opened_session() as session:
        the_map = find_map(session, map_slug)
        for kind, about in ANALYSES.items():
            last = newest_run(session, the_map.id, kind)
            kept = newest_result(session, the_map, kind)
            when = kept.finished_at.isoformat(timespec="seconds") if kept else "-"
            age = ("fresh" if kept.is_fresh else "changed since") if kept else "-"
            click.echo("\t".join([kind, _state(last), when, age, about.title]))


def _made(session: Session, the_map: MapRecord, order: Order) -> Any:
    """What comes out; a Ctrl-C cancels the run for everybody."""
    sessions = sessionmaker(session.get_bind(), expire_on_commit=False)
    try:
        with _bar(order.kind) as told:
            result = make(sessions, order, Progress(sessions, order, told), lambda: None)
    except KeyboardInterrupt:
        session.rollback()
        cancel_run(session, BY_ITSELF, the_map, order.kind)
        session.commit()
        raise CommandRefused("cancelled") from None
    if result is None:
        last = newest_run(session, the_map.id, order.kind)
        failed = last is not None and last.id == order.run_id
        raise CommandRefused(FAILED if failed else "cancelled in the office")
    return result


@contextmanager
def _bar(label: str) -> Iterator[Any]:
    """Shows how far it is on stderr, where a person watches."""
    if not sys.stderr.isatty():
        yield None
        return
    with click.progressbar(length=1000, label=label, file=sys.stderr) as bar:

        def told(share: float, step: str) -> None:
            bar.label = step
            bar.update(max(0, round(share * 1000) - bar.pos))

        yield told


def _choices(asked: Sequence[str]) -> dict[str, str]:
    pairs = [one.partition("=") for one in asked]
    if any(not name or not sign for name, sign, _ in pairs):
        raise click.BadParameter("write it as NAME=VALUE", param_hint="--asked")
    return {name: value for name, _, value in pairs}


def _state(last: RunRecord | None) -> str:
    return "not computed" if last is None else str(last.state)
