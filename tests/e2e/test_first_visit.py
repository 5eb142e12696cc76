"""The first visit on a phone: what is seen first stays where it is while scripts and map come."""

from __future__ import annotations

from playwright.sync_api import Page
from sqlalchemy.orm import Session

from tests.builders import a_basemap, a_map

NOTED = """
window.moved = [];
new PerformanceObserver((list) => {
  for (const entry of list.getEntries()) {
    const what = entry.sources.map(({ node }) => node?.id || node?.className || node?.nodeName);
    window.moved.push({ much: entry.value, what });
  }
}).observe({ type: "layout-shift", buffered: true });
"""
MOST = 0.02
INTRO = "Ukažte nám, kde je vám ve městě dobře, kde se bojíte a co máme zlepšit. " * 4


def test_nothing_jumps_while_the_page_comes(phone: Page, live_session: Session) -> None:
    a_map(live_session, intro={"cs": INTRO}, basemap={"kind": "vector"}, basemap_geojson=a_basemap("Lipová"))
    live_session.commit()
    phone.add_init_script(NOTED)
    phone.goto("/m/testov")
    phone.wait_for_selector("#map[data-ready]")
    phone.wait_for_selector("html[data-page=ready]", state="attached")
    # Two frames: what the last script changed is drawn and noted.
    phone.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    moved = phone.evaluate("window.moved")
    assert sum(one["much"] for one in moved) <= MOST, moved
