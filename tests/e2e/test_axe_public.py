"""Every page that everybody may read: by keyboard, large, narrow, dark, and as screen readers hear it.

The citizen's own page, screen by screen, is walked in `test_axe_citizen.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, Page
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import TownMap
from app.views import front_page
from tests.axe import DARK, FORCED, LARGE, LARGE_PHONE, LIGHT, NARROW, findings, nothing_wrong
from tests.axe_town import PIN, a_town_of_everything
from tests.builders import TOKEN, a_map, a_pin
from tests.e2e.conftest import DESKTOP

PAGES: Mapping[str, tuple[str, ...]] = {
    "accessibility.statement": ("/m/testov/accessibility",),
    "api.collection": ("/api/collections/testov?f=html",),
    "api.collections": ("/api/collections?f=html",),
    "api.conformance": ("/api/conformance?f=html",),
    "api.docs": ("/api/docs",),
    "api.landing": ("/api/?f=html",),
    "api.queryables": ("/api/collections/testov/queryables?f=html",),
    "api.read_item": (f"/api/collections/testov/items/{PIN}?f=html",),
    "api.read_items": ("/api/collections/testov/items?f=html",),
    "api.schema": ("/api/collections/testov/schema?f=html",),
    "citizen.privacy": ("/m/testov/privacy",),
    "kept.record_page": ("/m/testov/privacy/all",),
    "data.columns": ("/data/testov/columns",),
    "offline.offline_page": ("/offline",),
    "open_data.data_sets": ("/data/",),
    "open_data.map_data": ("/data/testov/",),
    "pages.home": ("/",),
    "receipt.receipt_page": ("/m/testov/receipt",),
    "receipt.withdraw_page": ("/m/testov/receipt/withdraw",),
    "results.results_page": ("/m/testov/results",),
    "stories.story": ("/stories/testov",),
    "write.write_page": ("/m/testov/write",),
}
CITIZEN = {"citizen.citizen_page", "event_door.enter"}
"""Walked screen by screen elsewhere; and a way there."""
AFTER_A_FORM = {"write.done"}
NO_PAGES = {
    "answers_feed.answers_feed",
    "api.openapi",
    "api.read_photo",
    "api.read_respondent",
    "api.tile",
    "api.tile_matrix_set",
    "api.tileset",
    "api.tilesets",
    "data.basemap",
    "data.boundary",
    "data.columns_file",
    "kept.record_file",
    "challenge.solver",
    "data.compact",
    "data.ground",
    "data.layer_file",
    "discovery.robots",
    "discovery.security_contact",
    "discovery.sitemap",
    "heat.town_tile",
    "heat.town_tile_dark",
    "heat.whole_town",
    "heat.whole_town_dark",
    "metrics.metrics",
    "offline.icon",
    "offline.manifest",
    "offline.service_worker",
    "open_data.catalogue",
    "open_data.record",
    "pages.favicon",
    "pages.healthz",
    "pages.maps",
    "pages.palette",
    "pages.readyz",
    "pin_photos.photo",
    "place_search.near",
    "place_search.places",
    "receipt.own_photo",
    "results.ground",
    "results.heat_picture",
    "sharing.picture",
    "static",
    "tiles.base_tile",
}
WAYS = (LIGHT, DARK, FORCED, NARROW, LARGE, LARGE_PHONE)
SCRIPTED = {"div#map": "div#map[data-ready]", ".story-map-frame": ".story-map-frame.is-live"}


def test_every_public_page_has_its_row_here(app: Flask) -> None:
    read = {rule.endpoint for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())}
    known = {*PAGES, *CITIZEN, *AFTER_A_FORM, *NO_PAGES}
    assert {name for name in read if not name.startswith("office.")} == known


def wrong_on(page: Page, address: str, status: int = 200) -> list[str]:
    """What is wrong on the page of this address, each line with the address."""
    answer = page.goto(address + ("&" if "?" in address else "?") + "lang=cs")
    assert answer is not None
    assert answer.status == status, address
    page.wait_for_load_state("load")
    for there, ready in SCRIPTED.items():
        if page.locator(there).count():
            page.wait_for_selector(ready, state="attached")
    return [f"{address} {line}" for line in findings(page, WAYS)]


@pytest.fixture
def page(open_context: Callable[..., BrowserContext]) -> Page:
    return open_context(**DESKTOP).new_page()


@pytest.mark.parametrize("part", range(2))
def test_no_public_page_shuts_anybody_out(page: Page, live_session: Session, part: int) -> None:
    town = a_town_of_everything(live_session)
    told = {"cs": "Opravili jsme **lampy**.\n\n- U lípy\n- U školy"}
    values = {"story": told, "story_published": True, "closes_at": "2026-10-01", "version": TownMap.version + 1}
    live_session.execute(update(TownMap).where(TownMap.id == town.map.id).values(**values))
    live_session.commit()
    addresses = [address for some in PAGES.values() for address in some]
    nothing_wrong([line for address in addresses[part::2] for line in wrong_on(page, address)])


def test_no_state_of_a_public_page_shuts_anybody_out(page: Page, live_session: Session) -> None:
    """Nothing there yet, one pin, many maps, a wrong code, a receipt's inside, a page that is not there."""
    found = [*wrong_on(page, "/"), *wrong_on(page, "/m/neni", 404)]
    the_map = a_map(live_session)
    found += [*wrong_on(page, "/m/testov/results"), *wrong_on(page, "/data/")]
    a_pin(live_session, the_map, "unsafe", comment="Tma")
    for n in range(4):
        a_map(live_session, f"mesto-{n}", closes="2026-10-01" if n % 2 else None)
    found += [*wrong_on(page, "/m/testov/results"), *wrong_on(page, "/")]
    page.goto("/m/testov/receipt?lang=cs")
    page.fill("[name=code]", "nic")
    page.keyboard.press("Enter")
    page.wait_for_selector(".field-error, .notice-bad")
    found += findings(page, WAYS)
    page.fill("[name=code]", _receipt(page))
    page.keyboard.press("Enter")
    page.wait_for_selector("textarea, [name=comment]", state="attached")
    nothing_wrong([*found, *findings(page, WAYS)])


def test_the_directory_of_very_many_maps_shuts_nobody_out(
    page: Page, live_session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(front_page, "MOST_CARDS", 2)
    for n in range(7):
        town = {"name": f"{'ABCČHŠŽ'[n]}áslavice", "slug": f"t{n}", "ruian": 500_000 + n}
        a_map(live_session, f"mesto-{n}", closes="2026-10-01" if n == 3 else None, town=town)
    found = [*wrong_on(page, "/"), *wrong_on(page, "/?town=bas"), *wrong_on(page, "/?town=nikde")]
    monkeypatch.setattr(front_page, "MOST_LINES", 3)
    nothing_wrong([*found, *wrong_on(page, "/"), *wrong_on(page, "/?letter=C")])


def _receipt(page: Page) -> str:
    """The code of somebody who has set a pin."""
    return str(
        page.evaluate(
            """async (token) => {
                const headers = {Authorization: `Bearer ${token}`, "Content-Type": "application/json"};
                const pin = {type: "Feature", id: crypto.randomUUID(),
                    geometry: {type: "Point", coordinates: [15.52, 49.62]},
                    properties: {category: "unsafe", comment: "Tady je tma"}};
                const items = "/api/collections/testov/items";
                await fetch(items, {method: "POST", headers, body: JSON.stringify(pin)});
                const made = await fetch("/api/collections/testov/respondent/receipt", {method: "POST", headers});
                return (await made.json()).receipt;
            }""",
            TOKEN,
        )
    )
