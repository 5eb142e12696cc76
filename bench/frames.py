"""Frames of a phone while a town's 23 865 pins are pulled and zoomed, at a quarter of this machine's pace.

The reference is Leaflet's own way to draw points, circle markers on one canvas, with the same points, phone and
gestures. What counts is the main thread: its longest task in a trace of the browser, by the clock and by the time
it really worked. On a machine that does other things besides only the second figure tells of us.
"""

from __future__ import annotations

import json
import statistics
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from sqlalchemy import create_engine, select, text
from sqlalchemy.orm import Session

from app.config import ROOT
from app.inputs.map_folder import read_map_folder
from app.models import TownMap
from app.services.maps import save_map
from bench.crowd import made_up
from bench.database import bench_database
from bench.servers import gunicorn
from bench.table import print_table

PINS = 23_865
"""As many as Ostrava's map of 2023 had."""
SLOWER = 4
ROUNDS = 3
PHONE = {
    "viewport": {"width": 390, "height": 844},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
    "service_workers": "block",
}
AT = {"x": 195, "y": 280}
STROKES = ((-150, 0), (0, -200), (150, 120))
STEPS = ("pan", "in", "pan", "in", "pan", "in", "pan", "out", "pan", "out")
IN, OUT = 2.2, 0.4
REST_MS = 500
CATEGORIES = ["devtools.timeline", "disabled-by-default-devtools.timeline", "toplevel", "blink.user_timing"]

INSERT_PERSON = "INSERT INTO respondent (map_id, id) VALUES (:map, :id)"
INSERT_PIN = """
    INSERT INTO pin (map_id, id, respondent_id, category, position, square_x, square_y, zoom, channel)
    SELECT :map, gen_random_uuid(), :person, category, ST_SetSRID(ST_MakePoint(lon, lat), 4326), 0, 0, 17, 'import'
    FROM unnest(CAST(:category AS text[]), CAST(:lon AS float8[]), CAST(:lat AS float8[]))
    AS made (category, lon, lat)
"""

LEAFLETS_OWN = """
    async ({ lon, lat, colors, bounds, leaflet }) => {
        const L = await import(leaflet);
        document.body.innerHTML = '<div id="map"></div>';
        Object.assign(document.getElementById("map").style, { position: "fixed", inset: "0" });
        const map = L.map("map", { preferCanvas: true, zoomControl: false, attributionControl: false });
        map.fitBounds([[bounds[1], bounds[0]], [bounds[3], bounds[2]]]);
        const points = lon.map((x, n) => L.circleMarker([lat[n], x], { radius: 6, weight: 1, color: "#fff",
            fillColor: colors[n % colors.length], fillOpacity: 1 }));
        L.layerGroup(points).addTo(map);
    }
"""


@dataclass(frozen=True)
class Walk:
    """One walk over the map: the main thread's tasks, and the frames that the page saw."""

    longest_ms: float
    worked_ms: float
    over_100: int
    frame_ms: float
    gap_ms: float


def main(_arguments: list[str]) -> None:
    """Measure ours on the sample town's own layer and on none, and Leaflet's own markers, in turn."""
    from playwright.sync_api import sync_playwright

    with bench_database() as url, tempfile.TemporaryDirectory() as home:
        lon, lat = _points()
        _store(url, lon, lat)
        with (
            gunicorn("app:create_app()", {"DATABASE_URL": url, "POCIT_HOME": home}, "/readyz") as port,
            sync_playwright() as playwright,
        ):
            browser = playwright.chromium.launch(
                executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu"]
            )
            found: dict[str, list[Walk]] = {}
            for _ in range(ROUNDS):
                for name, page in _pages(browser, f"http://127.0.0.1:{port}", lon, lat):
                    found.setdefault(name, []).append(_walk(browser, page))
            browser.close()
    _report(found)


def _points() -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """The crowd's points, moved into the sample town."""
    folder = read_map_folder(ROOT / "sample_maps" / "vzorov")
    west, south, east, north = folder.boundary.bounds
    pieces = list(made_up(PINS))
    lon, lat = (_spread(np.concatenate(values)) for values in zip(*((p.lon, p.lat) for p in pieces), strict=True))
    lon, lat = west + lon * (east - west), south + lat * (north - south)
    inside = shapely.contains_xy(folder.boundary, lon, lat)
    # Those that fall beyond the border go to where others are, a little aside.
    dice = np.random.default_rng(PINS)
    kept = np.flatnonzero(inside)
    beyond = dice.choice(kept, int((~inside).sum()))
    lon[~inside], lat[~inside] = lon[beyond] + 1e-5, lat[beyond] + 1e-5
    return lon, lat


def _spread(values: NDArray[np.float64]) -> NDArray[np.float64]:
    low, high = np.quantile(values, (0.01, 0.99))
    spread: NDArray[np.float64] = np.clip((values - low) / (high - low), 0, 1)
    return spread


def _store(url: str, lon: NDArray[np.float64], lat: NDArray[np.float64]) -> None:
    engine = create_engine(url)
    with Session(engine) as session:
        for slug in ("ground", "paper"):
            folder = read_map_folder(ROOT / "sample_maps" / "vzorov")
            save_map(session, folder)
            found = session.scalars(select(TownMap.id).where(TownMap.slug == folder.slug)).one()
            row = {"slug": slug, "id": found}
            ground = "" if slug == "ground" else ', basemap = \'{"kind": "none"}\''
            session.execute(
                text(f"UPDATE town_map SET slug = :slug, show_others = 'always'{ground} WHERE id = :id"), row
            )
            person = session.scalar(text("SELECT gen_random_uuid()"))
            session.execute(text(INSERT_PERSON), {"map": found, "id": person})
            keys = [category.key for category in folder.categories]
            category = [keys[n % len(keys)] for n in range(len(lon))]
            columns = {"category": category, "lon": lon.tolist(), "lat": lat.tolist()}
            session.execute(text(INSERT_PIN), {"map": found, "person": person} | columns)
        session.commit()
    engine.dispose()


def _pages(
    browser: Any, server: str, lon: NDArray[np.float64], lat: NDArray[np.float64]
) -> Iterator[tuple[str, Any]]:
    """A page of each kind with all its pins drawn."""
    for slug, name in (("ground", "ours, over the town's own layer"), ("paper", "ours, without a layer")):
        with _phone(browser) as page:
            page.goto(f"{server}/m/{slug}")
            page.wait_for_selector(f'html[data-others="{PINS}"]', state="attached", timeout=60_000)
            page.wait_for_timeout(3000)
            yield name, page
    with _phone(browser) as page:
        page.goto(f"{server}/static/img/favicon.svg")
        page.goto("about:blank")
        page.goto(f"{server}/m/paper/privacy")
        bounds = [float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max())]
        points = {"lon": lon.tolist(), "lat": lat.tolist(), "bounds": bounds}
        colors = ["#009E73", "#D55E00", "#0072B2"]
        page.evaluate(
            LEAFLETS_OWN, points | {"colors": colors, "leaflet": "/static/vendor/leaflet/leaflet-src.esm.js"}
        )
        page.wait_for_timeout(3000)
        yield "reference: Leaflet's circle markers on one canvas", page


@contextmanager
def _phone(browser: Any) -> Iterator[Any]:
    context = browser.new_context(**PHONE)
    yield context.new_page()
    context.close()


def _walk(browser: Any, page: Any) -> Walk:
    """Pull and zoom the page's map at the slower pace."""
    session = page.context.new_cdp_session(page)
    page.evaluate(
        """() => {
            window.gaps = [];
            let last = performance.now();
            const next = (now) => { gaps.push(now - last); last = now; requestAnimationFrame(next); };
            requestAnimationFrame(next);
        }"""
    )
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "trace.json"
        browser.start_tracing(page=page, path=file, categories=CATEGORIES)
        page.wait_for_timeout(REST_MS)
        session.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
        page.wait_for_timeout(REST_MS)
        page.evaluate("gaps.length = 0; performance.mark('walk')")
        for step in STEPS:
            _gesture(session, step)
            page.wait_for_timeout(REST_MS)
        gaps = page.evaluate("gaps")
        session.send("Emulation.setCPUThrottlingRate", {"rate": 1})
        browser.stop_tracing()
        tasks = _tasks(json.loads(file.read_text()))
    return Walk(
        longest_ms=max(clock for clock, _ in tasks),
        worked_ms=max(worked for _, worked in tasks),
        over_100=sum(worked > 100 for _, worked in tasks),
        frame_ms=statistics.median(gaps),
        gap_ms=max(gaps),
    )


def _gesture(session: Any, step: str) -> None:
    if step == "pan":
        for dx, dy in STROKES:
            stroke = {"xDistance": dx, "yDistance": dy, "speed": 900, "gestureSourceType": "touch"}
            session.send("Input.synthesizeScrollGesture", AT | stroke)
    else:
        factor = IN if step == "in" else OUT
        pinch = {"scaleFactor": factor, "relativeSpeed": 800, "gestureSourceType": "touch"}
        session.send("Input.synthesizePinchGesture", AT | pinch)


def _tasks(trace: Mapping[str, Any]) -> list[tuple[float, float]]:
    """The main thread's tasks since the walk began: milliseconds by the clock, and of work."""
    events = trace["traceEvents"]
    began = next(event for event in events if event.get("name") == "walk" and event.get("ph") != "E")
    thread = (began["pid"], began["tid"])
    return [
        (event["dur"] / 1000, event.get("tdur", event["dur"]) / 1000)
        for event in events
        if event.get("name") == "RunTask"
        and event.get("ph") == "X"
        and (event["pid"], event["tid"]) == thread
        and event["ts"] > began["ts"]
    ]


def _report(found: Mapping[str, list[Walk]]) -> None:
    reference = next(walks for name, walks in found.items() if name.startswith("reference"))
    base = statistics.median(walk.worked_ms for walk in reference)
    rows = []
    for name, walks in found.items():
        worked = statistics.median(walk.worked_ms for walk in walks)
        rows.append(
            [
                name,
                f"{worked:.0f}",
                f"{statistics.median(walk.longest_ms for walk in walks):.0f}",
                f"{statistics.median(walk.over_100 for walk in walks):.0f}",
                f"{statistics.median(walk.gap_ms for walk in walks):.0f}",
                f"{statistics.median(walk.frame_ms for walk in walks):.1f}",
                f"{worked / base:.2f}",
            ]
        )
    print_table(
        f"frames: {PINS:,} pins on a phone of a quarter of this machine's pace, medians of {ROUNDS} walks in turn",
        [
            "",
            "longest task, ms of work",
            "by the clock",
            "tasks over 100 ms",
            "longest gap",
            "median frame",
            "ratio",
        ],
        rows,
    )
