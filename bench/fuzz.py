"""Bad inputs by the ten thousand: into every parser, every reader of files and every address of a real server.

`./run bench fuzz` takes 100 000; `--count N` another number, `--seconds N` as many as fit into the time,
`--seed N` others than usual, `--only NAME` one part. It ends with 1 when anything broke: a 500, an answer
after more than ten seconds, more than a gigabyte in one process, a traceback in the log, or a row that should
not be there.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Final

from sqlalchemy import Engine, create_engine

from app import create_app
from app.config import Config
from bench import (
    fuzz_api,
    fuzz_browser,
    fuzz_http,
    fuzz_parsers,
    fuzz_readers,
    fuzz_rows,
    fuzz_sheets,
    fuzz_target,
    fuzz_town,
)
from bench.database import bench_database
from bench.fuzz_browser import Browser
from bench.fuzz_http import Ground
from bench.fuzz_server import Server, served
from bench.fuzz_watch import Tally, peak_bytes, watched
from bench.table import print_table

COUNT: Final = 100_000
SEED: Final = 8
SHARES: Final = {
    "parsers": 9000, "readers": 3000, "random": 900, "citizen": 700, "numbers": 80, "bytes": 200, "api": 250,
    "pages": 120, "office": 300, "admin": 70, "apart": 10, "sheets": 4,
}  # fmt: skip
"""Inputs of one round."""


@dataclass
class Campaign:
    """What is attacked, and what came of it so far."""

    engine: Engine
    server: Server
    town: fuzz_town.Town
    ground: Ground
    seed: int
    tallies: dict[str, Tally]

    def add(self, found: Tally) -> None:
        """Take in what came of some inputs; what broke is told at once."""
        whole = self.tallies.setdefault(found.kind, Tally(found.kind))
        for how in found.broken.keys() - whole.broken.keys():
            print(f"BROKEN {found.kind}: {how}\n       {found.broken[how]}", flush=True)
        whole.add(found)
        print(f"  {found.kind}: {found.inputs} in {found.seconds:.1f} s", file=sys.stderr, flush=True)

    @property
    def inputs(self) -> int:
        """How many there were."""
        return sum(tally.inputs for tally in self.tallies.values())


def main(arguments: Sequence[str]) -> None:
    """Attack in rounds until there were enough, then tell what came of it."""
    # The server ends with us, and what was found so far is told.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    wanted = _asked(arguments)
    until = time.monotonic() + wanted.seconds
    tallies: dict[str, Tally] = {}
    with suppress(KeyboardInterrupt), _campaign(wanted.seed, tallies) as campaign:
        turn = 0
        while campaign.inputs < wanted.count and time.monotonic() < until:
            _round(campaign, turn, wanted.only)
            turn += 1
            print(f"fuzz: {campaign.inputs} inputs after round {turn}", file=sys.stderr, flush=True)
    _report(list(tallies.values()))
    if any(tally.broken for tally in tallies.values()):
        sys.exit(1)


def _asked(arguments: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="./run bench fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=None, help=f"how many inputs at least; {COUNT} unless told")
    parser.add_argument("--seconds", type=float, default=None, help="for how long at most")
    parser.add_argument("--seed", type=int, default=SEED, help="other inputs than usual")
    parser.add_argument("--only", choices=sorted(SHARES), action="append", help="one part, or several")
    asked = parser.parse_args(arguments)
    asked.count = asked.count or (COUNT if asked.seconds is None else 1 << 60)
    asked.seconds = asked.seconds or float("inf")
    return asked


@contextmanager
def _campaign(seed: int, tallies: dict[str, Tally]) -> Iterator[Campaign]:
    """A town, its server, and somebody who looks at how much memory it takes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pocit-fuzz-")))
        url = stack.enter_context(bench_database())
        engine = create_engine(url)
        stack.callback(engine.dispose)
        home = folder / "home"
        town = fuzz_town.build(engine, url, home)
        rules = fuzz_http.rules_of(
            create_app(Config(database_url=url, home=home, secret_key=fuzz_town.SECRET)).url_map
        )
        files = {reader.kind: reader.files for reader in fuzz_readers.readers()}
        every = {name: content for found in files.values() for name, content in found.items()}
        names = fuzz_http.parameter_names()
        server = stack.enter_context(served(fuzz_town.environment(url, home), folder))
        peaks = stack.enter_context(watched(server.pid))
        campaign = Campaign(
            engine, server, town, Ground(rules, town.pins, town.serials, names, every), seed, tallies
        )
        try:
            yield campaign
        finally:
            memory = Tally("server", peak_bytes=max(peaks.values(), default=0))
            memory.grew(memory.peak_bytes)
            memory.broken |= server.faults()
            campaign.add(memory)


def _round(campaign: Campaign, turn: int, only: Sequence[str] | None) -> None:
    dice = campaign.seed * 10_000 + turn
    fuzz_town.mend(campaign.engine)
    before, neighbour = fuzz_rows.office_rows(campaign.engine), _neighbour(campaign)
    parts: list[tuple[str, Callable[[Campaign, int, int], None]]] = [
        ("parsers", _parsers), ("readers", _readers), ("apart", _apart), ("sheets", _sheets), ("random", _random),
        ("numbers", _numbers), ("bytes", _bytes), ("api", _api), ("citizen", _citizen), ("pages", _pages),
    ]  # fmt: skip
    rows = Tally("rows of the database")
    _run(campaign, parts, dice, only)
    fuzz_rows.compared(before, fuzz_rows.office_rows(campaign.engine), rows, "what is the office's")
    _run(campaign, [("office", _office)], dice, only)
    fuzz_rows.compared(neighbour, _neighbour(campaign), rows, "what is the neighbour's")
    _run(campaign, [("admin", _admin)], dice, only)
    fuzz_rows.checked(campaign.engine, rows)
    campaign.add(rows)


def _run(
    campaign: Campaign,
    parts: Sequence[tuple[str, Callable[[Campaign, int, int], None]]],
    dice: int,
    only: Sequence[str] | None,
) -> None:
    for name, part in parts:
        if not only or name in only:
            part(campaign, SHARES[name] * (4 if only else 1), dice)


def _neighbour(campaign: Campaign) -> dict[str, str]:
    return dict(fuzz_rows.rows_of_map(campaign.engine, fuzz_town.NEIGHBOUR))


def _parsers(campaign: Campaign, count: int, dice: int) -> None:
    whole = Tally("parsers")
    found = fuzz_parsers.targets(fuzz_target.Ground(campaign.town.the_map, campaign.town.description))
    for n, target in enumerate(found):
        one = fuzz_target.run(target, max(1, count // len(found)), dice * 100 + n)
        one.broken = {f"{target.name}: {how}": what for how, what in one.broken.items()}
        whole.add(one)
    whole.grew(peak_bytes())
    campaign.add(whole)


def _readers(campaign: Campaign, count: int, dice: int) -> None:
    found = fuzz_readers.readers()
    for reader in found:
        campaign.add(fuzz_readers.run(reader, count // len(found), dice))


def _apart(campaign: Campaign, count: int, dice: int) -> None:
    found = fuzz_readers.readers()
    for reader in found:
        campaign.add(fuzz_readers.run(reader, max(1, count // len(found)), dice, apart=True))


def _sheets(campaign: Campaign, count: int, dice: int) -> None:
    campaign.add(fuzz_sheets.run(count, dice))


def _random(campaign: Campaign, count: int, dice: int) -> None:
    campaign.add(fuzz_http.run("any address", campaign.server, fuzz_http.at_random(campaign.ground), count, dice))


def _citizen(campaign: Campaign, count: int, dice: int) -> None:
    make = fuzz_http.as_citizen(campaign.ground)
    campaign.add(fuzz_http.run("citizens' devices", campaign.server, make, count, dice))


def _numbers(campaign: Campaign, count: int, dice: int) -> None:
    campaign.add(
        fuzz_http.run("numbers", campaign.server, fuzz_http.numbers_in_json(campaign.ground), count, dice)
    )


def _bytes(campaign: Campaign, count: int, dice: int) -> None:
    campaign.add(fuzz_http.run("no HTTP", campaign.server, fuzz_http.no_http(campaign.ground), count, dice))


def _api(campaign: Campaign, count: int, dice: int) -> None:
    campaign.add(fuzz_api.run(campaign.server, campaign.town.pins, campaign.town.token, count, dice))


def _pages(campaign: Campaign, count: int, dice: int) -> None:
    browser = Browser(campaign.server, fuzz_http.an_address(Random(dice)))
    _forms(
        campaign,
        "forms of citizens",
        browser,
        ("/m/vzorov", "/m/vzorov/write", "/m/vzorov/receipt"),
        (count, dice),
    )


def _office(campaign: Campaign, count: int, dice: int) -> None:
    browser = Browser(campaign.server, fuzz_http.an_address(Random(dice)))
    browser.sign_in(fuzz_town.EDITOR, fuzz_town.PASSWORD)
    begin = ["/office/", "/office/maps/vzorov", "/office/maps/vzorov/setup", "/office/account"]
    begin += [f"/office/maps/vzorov/setup/{one}" for one in ("texts", "categories", "questions", "about", "rules")]
    _forms(campaign, "forms of an editor", browser, begin, (count, dice))


def _admin(campaign: Campaign, count: int, dice: int) -> None:
    browser = Browser(campaign.server, fuzz_http.an_address(Random(dice)))
    browser.sign_in(fuzz_town.ADMIN, fuzz_town.PASSWORD)
    begin = ["/office/server/people", "/office/server/audit", "/office/towns/new", "/office/maps/new"]
    _forms(campaign, "forms of an admin", browser, begin, (count, dice))


def _forms(campaign: Campaign, kind: str, browser: Browser, begin: Sequence[str], size: tuple[int, int]) -> None:
    walked = Tally(kind)
    found = fuzz_browser.walk(browser, begin, 150, walked)
    campaign.add(walked)
    make = fuzz_browser.by_forms(browser, found, campaign.ground)
    campaign.add(fuzz_http.run(kind, campaign.server, make, *size))


def _report(tallies: Sequence[Tally]) -> None:
    rows = [
        [
            tally.kind, tally.inputs, tally.refused, tally.contained, f"{tally.seconds:.0f}",
            f"{tally.slowest_s:.2f}", tally.peak_bytes >> 20, len(tally.broken),
        ]
        for tally in sorted(tallies, key=lambda tally: -tally.inputs)
    ]  # fmt: skip
    total = sum(tally.inputs for tally in tallies)
    heading = ["", "inputs", "refused", "ended a reader", "s", "slowest s", "peak MB", "broken"]
    print_table(f"{total} bad inputs", heading, rows)
    for tally in tallies:
        if tally.statuses:
            said = ", ".join(f"{status} × {number}" for status, number in sorted(tally.statuses.items()))
            print(f"  answers to {tally.kind}: {said}")
        if tally.slowest_s > 3:
            print(f"  slowest of {tally.kind} ({tally.slowest_s:.1f} s): {tally.slowest[:300]}")
    for tally in tallies:
        for how, what in tally.broken.items():
            print(f"BROKEN {tally.kind}: {how}\n       {what}")
