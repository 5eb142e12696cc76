"""Without a connection: the page opens, pins wait on the phone, and each arrives exactly once."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from app import create_app
from app.config import Config
from app.db import EXTENSION
from app.models import Category, Pin, PinPhoto, TownMap
from app.services.tile_packs import pack_path
from app.services.tiles import Tile
from tests.builders import a_basemap, a_map
from tests.e2e.citizen_steps import choose, place_a_pin, screen
from tests.e2e.offline_phone import OfflinePhone, StoppableServer, until, wait_until_kept, waiting
from tests.e2e.test_pin_photos import a_photo_file
from tests.packs import a_pack, a_picture, middle

BASEMAP = {"basemap": {"kind": "vector"}, "basemap_geojson": a_basemap()}
SEEN_TILES = """async () => {
    const pictures = await (await caches.open("pocit-pictures")).keys();
    return pictures.some(({ url }) => url.includes("/base/"));
}"""
POST = "POST /api/collections/testov/items"


@pytest.fixture
def server(live_url: str, live_session: Session, tmp_path: Path) -> Iterator[StoppableServer]:
    """The app, to be stopped and started."""
    app = create_app(Config(database_url=live_url, home=tmp_path / "home", secret_key="tests only"))
    made = StoppableServer(app)
    yield made
    made.stop()
    app.extensions[EXTENSION].engine.dispose()


@pytest.fixture
def phone(playwright: Playwright, server: StoppableServer, tmp_path: Path) -> Iterator[OfflinePhone]:
    """A phone of its own, service worker and all."""
    made = OfflinePhone(playwright, tmp_path / "phone", server.address)
    yield made
    made.close()
    assert made.wrong == []


def visited(phone: OfflinePhone, path: str = "/m/testov?lang=cs") -> Page:
    """A first visit that the worker has kept."""
    page = phone.open(path)
    ready(page)
    wait_until_kept(page)
    return page


def ready(page: Page) -> None:
    """Scripts running and the map painted."""
    page.wait_for_selector("html[data-page=ready]", state="attached")
    page.wait_for_selector("#map[data-ready]")


def stored(session: Session) -> int:
    """How many pins the server has."""
    session.rollback()
    return session.scalar(select(func.count()).select_from(Pin)) or 0


def test_a_pin_made_in_a_dead_spot_survives_the_killed_browser_and_arrives_once(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session, **BASEMAP)
    visited(phone)
    phone.close()
    server.stop()

    page = phone.open("/m/testov?lang=cs")
    ready(page)
    place_a_pin(page, "Nebezpečně", "Nesvítí tu lampy")
    expect(page.get_by_role("heading", name="Děkujeme, uložili jsme to v tomto zařízení")).to_be_visible()
    assert len(waiting(page)) == 1
    phone.kill()

    server.start()
    page = phone.open("/m/testov?lang=cs")
    expect(page.get_by_text("1 čekající značka se odeslala.")).to_be_visible()
    assert stored(live_session) == 1
    assert waiting(page) == []
    page.get_by_role("button", name="Moje značky").tap()
    expect(page.get_by_role("button", name="Nesvítí tu lampy")).to_be_visible()
    expect(page.get_by_text("ještě neodesláno")).to_have_count(0)
    assert server.count(POST) == 1


def test_with_the_net_cut_pins_are_made_changed_and_deleted_and_all_is_right_afterwards(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session, **BASEMAP)
    page = visited(phone)
    place_a_pin(page, "Bezpečně", "Stojí to tu")
    place_a_pin(page, "Bezpečně", "To nechci")
    phone.cut()
    page.reload()
    ready(page)
    expect(page.get_by_text("Teď se nedaří připojit. Místa můžete označit i tak.")).to_be_visible()
    place_a_pin(page, "Zlepšit", "Chybí lavička")
    page.get_by_role("button", name="Moje značky").tap()
    expect(page.locator(".mark-row")).to_have_count(3)

    page.get_by_role("button", name="To nechci").tap()
    page.get_by_role("button", name="Smazat").tap()
    expect(page.get_by_text("Smaže se, až se připojíte.")).to_be_visible()
    page.get_by_role("button", name="Stojí to tu").tap()
    page.get_by_role("button", name="Upravit").tap()
    page.locator("#comment").fill("Stojí to tu pěkně")
    page.get_by_role("button", name="Uložit").tap()
    screen(page, "own")
    expect(page.get_by_text("Vaše změna je uložená v tomto zařízení")).to_be_visible()
    phone.kill()

    page = phone.open("/m/testov?lang=cs")
    ready(page)
    page.get_by_role("button", name="Moje značky").tap()
    expect(page.locator(".mark-row")).to_have_count(2)
    expect(page.locator(".waiting-line")).to_have_count(0)
    live_session.rollback()
    comments = set(live_session.scalars(select(Pin.comment)))
    assert comments == {"Stojí to tu pěkně", "Chybí lavička"}


def test_a_pin_for_a_map_closed_meanwhile_comes_back_with_its_words(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    server.stop()
    place_a_pin(page, "Nebezpečně", "Psáno v tunelu")
    live_session.execute(
        update(TownMap).values(closes_at=datetime.now(UTC) - timedelta(minutes=1), version=TownMap.version + 1)
    )
    live_session.commit()
    server.start()
    page.evaluate("window.dispatchEvent(new Event('online'))")
    expect(page.get_by_text("Jedna vaše značka nebyla přijata. Vaše slova zůstala.")).to_be_visible()
    page.get_by_role("button", name="Ukázat ji").first.tap()
    screen(page, "own")
    expect(page.get_by_text("Tuto značku jsme nemohli přijmout:")).to_be_visible()
    expect(page.locator("blockquote")).to_have_text("Psáno v tunelu")
    assert stored(live_session) == 0

    # The town opens the map again: what was written goes out after all.
    live_session.execute(update(TownMap).values(closes_at=None, version=TownMap.version + 1))
    live_session.commit()
    page.reload()
    ready(page)
    page.get_by_role("button", name="Ukázat ji").tap()
    page.get_by_role("button", name="Zkusit znovu").tap()
    expect(page.get_by_text("1 čekající značka se odeslala.")).to_be_visible()
    assert stored(live_session) == 1


def test_a_pin_of_a_choice_that_is_gone_is_mended_and_sent(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    server.stop()
    place_a_pin(page, "Zlepšit", "Chybí lavička")
    live_session.execute(delete(Category).where(Category.key == "improve"))
    live_session.execute(update(TownMap).values(version=TownMap.version + 1))
    live_session.commit()
    server.start()
    page.reload()
    ready(page)
    expect(page.locator(".waiting-line.is-refused")).to_be_visible()
    page.get_by_role("button", name="Ukázat ji").first.tap()
    expect(page.locator("blockquote")).to_have_text("Chybí lavička")
    page.get_by_role("button", name="Upravit").tap()
    page.get_by_label("Nebezpečně", exact=True).tap()
    page.get_by_role("button", name="Uložit").tap()
    screen(page, "own")
    live_session.rollback()
    (pin,) = live_session.scalars(select(Pin))
    assert (pin.category, pin.comment) == ("unsafe", "Chybí lavička")


def test_two_tabs_send_what_waits_once(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    first = visited(phone)
    second = phone.context.new_page()
    second.goto("/m/testov?lang=cs")
    ready(second)
    server.stop()
    place_a_pin(first, "Bezpečně", "Hezky")
    expect(second.locator(".waiting-line")).to_contain_text("1 značka")
    server.start()
    for page in (first, second):
        page.evaluate("window.dispatchEvent(new Event('online'))")
    for page in (first, second):
        expect(page.locator(".waiting-line")).to_have_count(0)
    assert server.count(POST) == 1
    assert stored(live_session) == 1


def test_the_worker_sends_what_waits_when_the_page_is_closed(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    server.stop()
    place_a_pin(page, "Bezpečně", "Hezky")
    tool = phone.context.new_cdp_session(page)
    found: list[dict[str, str]] = []
    tool.on("ServiceWorker.workerRegistrationUpdated", lambda event: found.extend(event["registrations"]))
    tool.send("ServiceWorker.enable")
    elsewhere = phone.context.new_page()
    server.start()
    # What the browser does by itself when the net is back.
    tool.send(
        "ServiceWorker.dispatchSyncEvent",
        {
            "origin": server.address,
            "registrationId": found[0]["registrationId"],
            "tag": "pocit-outbox",
            "lastChance": False,
        },
    )
    page.close()
    deadline = time.monotonic() + 15
    while stored(live_session) == 0 and time.monotonic() < deadline:
        elsewhere.wait_for_timeout(200)
    assert stored(live_session) == 1
    assert server.count(POST) == 1


def test_tiles_that_were_seen_stay_without_a_connection(
    phone: OfflinePhone, server: StoppableServer, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session)
    tiles = {tile: a_picture() for z in range(11, 15) for tile in around(middle(z))}
    pack = a_pack(tiles)
    fingerprint = hashlib.sha256(pack).hexdigest()[:12]
    path = pack_path(tmp_path / "home" / "basemaps", fingerprint)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pack)
    ground = {"kind": "pmtiles", "fingerprint": fingerprint, "max_zoom": 14, "attribution": "Testov"}
    live_session.execute(update(TownMap).values(basemap=ground, version=TownMap.version + 1))
    live_session.commit()
    page = visited(phone)
    until(page, SEEN_TILES)
    server.stop()
    page.reload()
    ready(page)
    until(page, "() => [...document.querySelectorAll('img.leaflet-tile')].some((one) => one.naturalWidth === 256)")


def around(tile: Tile) -> list[Tile]:
    """A tile and its neighbours."""
    return [Tile(tile.z, tile.x + dx, tile.y + dy) for dx in (-1, 0, 1) for dy in (-1, 0, 1)]


def test_ground_that_was_seen_stays_and_files_of_an_older_page_go(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session, **BASEMAP)
    page = visited(phone)
    page.evaluate(
        """async () => {
            const assets = await caches.open("pocit-assets");
            const old = {headers: {Date: new Date(Date.now() - 2 * 86400000).toUTCString()}};
            await assets.put("/static/js/pages/citizen.js?v=0ld", new Response("old", old));
        }"""
    )
    page.reload()
    ready(page)
    until(page, "async () => !(await caches.match('/static/js/pages/citizen.js?v=0ld'))")
    server.stop()
    page.reload()
    ready(page)
    assert page.evaluate("document.querySelectorAll('#map canvas').length") > 0


def test_a_photo_of_a_dead_spot_survives_the_killed_browser_with_its_pin(
    phone: OfflinePhone, server: StoppableServer, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session, photos=True)
    page = visited(phone)
    page.wait_for_timeout(7000)  # until the browser has written down what it keeps of the page
    server.stop()
    choose(page, "Nebezpečně")
    page.get_by_role("button", name="Je to tady").tap()
    page.locator(".photo-field input[type=file]").set_input_files(a_photo_file(tmp_path, size=(900, 600)))
    page.locator("#photo-alt").fill("Rozbitá lampa")
    page.get_by_role("button", name="Odeslat").tap()
    screen(page, "thanks")
    phone.kill()
    server.start()
    page = phone.open("/m/testov?lang=cs")
    ready(page)
    expect(page.locator(".waiting-line")).to_have_count(0)
    assert server.count(POST) == 1
    live_session.rollback()
    (photo,) = live_session.scalars(select(PinPhoto))
    assert photo.alt == "Rozbitá lampa"


def test_words_half_written_are_there_after_the_browser_was_killed(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    choose(page, "Zlepšit")
    page.get_by_role("button", name="Je to tady").tap()
    page.locator("#comment").fill("Chybí lavička")
    page.wait_for_function("() => localStorage.getItem('pocit:testov:draft')?.includes('lavička')")
    page.wait_for_timeout(6000)  # the browser itself writes its small store to the disk every few seconds
    phone.kill()
    server.stop()
    page = phone.open("/m/testov?lang=cs")
    screen(page, "comment")
    expect(page.locator("#comment")).to_have_value("Chybí lavička")


def test_an_address_that_was_never_visited_shows_the_maps_that_are_there(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    page.reload()  # pages around a map come along from the second visit on
    wait_until_kept(page, "/offline")
    server.stop()
    page.goto("/m/jinde")
    expect(page.get_by_role("heading", name="Teď se nedaří připojit")).to_be_visible()
    page.get_by_role("link", name="Mapa testov").tap()
    ready(page)
    screen(page, "start")


def test_the_page_without_the_map_opens_offline_too(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session, **BASEMAP)
    page = visited(phone)
    page.reload()
    wait_until_kept(page, "/m/testov/write")
    wait_until_kept(page, "/m/testov/privacy")
    server.stop()
    page.goto("/m/testov/write")
    page.wait_for_selector("html[data-page=ready]", state="attached")
    page.goto("/m/testov/privacy")
    expect(page.get_by_role("heading", level=1)).to_be_visible()


def test_nothing_of_the_office_the_api_or_other_people_is_kept(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    place_a_pin(page, "Bezpečně")
    page.goto("/office/sign-in")
    page.goto("/m/testov/receipt")
    page.goto("/m/testov")
    ready(page)
    kept = page.evaluate(
        """async () => {
            const found = [];
            for (const name of await caches.keys()) {
                for (const { url } of await (await caches.open(name)).keys()) found.push(new URL(url).pathname);
            }
            return found;
        }"""
    )
    assert "/m/testov" in kept
    assert [path for path in kept if path.startswith(("/office", "/api", "/data"))] == []
    assert [path for path in kept if path.endswith(("/receipt", "/pins.json"))] == []
    server.stop()
    answer = page.evaluate("fetch('/api/collections/testov/items').then(() => 'answered', () => 'failed')")
    assert answer == "failed"


def test_taking_everything_back_leaves_nothing_on_the_phone(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = visited(phone)
    place_a_pin(page, "Bezpečně", "Hezky")
    page.get_by_role("button", name="Moje značky").tap()
    page.get_by_role("button", name="Smazat všechno moje").tap()
    screen(page, "withdraw")
    page.get_by_role("button", name="Smazat všechno moje").tap()
    expect(page.get_by_text("Všechno vaše je smazané")).to_be_visible()
    left = page.evaluate(
        """() => new Promise((resolve) => {
            const asked = indexedDB.open("pocit-offline");
            asked.onsuccess = () => {
                const all = asked.result.transaction("drafts").objectStore("drafts").getAll();
                all.onsuccess = () => resolve([all.result.map(({ id }) => id), Object.keys(localStorage)]);
            };
        })"""
    )
    assert left[0] == []
    assert [name for name in left[1] if name.endswith((":token", ":draft", ":receipt"))] == []


def test_where_the_browser_has_no_room_for_waiting_pins_the_words_stay_in_the_form(
    phone: OfflinePhone, server: StoppableServer, live_session: Session
) -> None:
    a_map(live_session)
    page = phone.open("about:blank")
    page.add_init_script("delete window.indexedDB; Object.defineProperty(window, 'indexedDB', {value: undefined})")
    page.goto("/m/testov?lang=cs")
    ready(page)
    choose(page, "Nebezpečně")
    page.get_by_role("button", name="Je to tady").tap()
    page.locator("#comment").fill("Tma")
    server.stop()
    page.get_by_role("button", name="Odeslat").tap()
    expect(page.get_by_text("Teď se nedaří připojit")).to_be_visible()
    expect(page.locator("#comment")).to_have_value("Tma")
    server.start()
    page.get_by_role("button", name="Zkusit znovu").tap()
    screen(page, "thanks")
    assert stored(live_session) == 1
