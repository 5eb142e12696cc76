"""A photo from the phone to everybody's eyes: shrunk, sent, looked at, covered, shown."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

from PIL import Image
from playwright.sync_api import BrowserContext, Page, expect
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.models import PinPhoto, TownMap
from tests.builders import CENTRE, PASSWORD, a_map, a_picture, a_pin, a_pin_photo, an_official
from tests.e2e.citizen_steps import choose, open_map, place_a_pin, screen, stored_pins
from tests.e2e.conftest import DESKTOP, PHONE


def a_photo_file(folder: Path, name: str = "foto.jpg", size: tuple[int, int] = (2400, 1800)) -> Path:
    """As a camera writes it: turned, with its place and owner."""
    exif = Image.Exif()
    exif[0x010F], exif[0x0112] = "Phone of Jana", 6
    exif.get_ifd(0x8825)[2] = (49.0, 57.0, 4.0)
    path = folder / name
    path.write_bytes(a_picture(size=size, exif=exif, comment=b"Jana"))
    return path


def stored(session: Session) -> PinPhoto:
    session.rollback()
    return session.scalars(select(PinPhoto)).one()


def test_a_photo_goes_from_the_phone_through_the_office_to_everybody(
    open_context: Callable[..., BrowserContext], live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session, photos=True)
    an_official(live_session, role="moderator")
    phone = open_context(**PHONE).new_page()
    sent: list[bytes] = []
    phone.on("request", lambda one: sent.append(one.post_data_buffer or b"") if one.method == "PUT" else None)
    open_map(phone)
    choose(phone, "Nebezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    screen(phone, "comment")
    phone.locator(".photo-field input[type=file]").set_input_files(a_photo_file(tmp_path))
    expect(phone.locator(".photo-field img")).to_be_visible()
    phone.locator("#photo-alt").fill("Rozbitá lampa")
    phone.locator("#comment").fill("Nesvítí tu")
    phone.locator(".send").tap()
    screen(phone, "thanks")
    row = stored(live_session)
    assert (row.state, row.alt, row.width, row.height) == ("waiting", "Rozbitá lampa", 1200, 1600)
    # Already on the phone nothing was left of what the camera wrote.
    assert sent
    assert b"Jana" not in sent[0]
    assert len(sent[0]) < 400_000

    desk = open_context(**DESKTOP).new_page()
    _sign_in(desk)
    desk.goto("/office/maps/testov/queue/photos?lang=en")
    desk.wait_for_selector("html[data-office=ready]", state="attached")
    frame = desk.locator("[data-frame]")
    box = frame.bounding_box()
    assert box
    desk.mouse.move(box["x"] + 20, box["y"] + 20)
    desk.mouse.down()
    desk.mouse.move(box["x"] + 120, box["y"] + 120, steps=5)
    desk.mouse.up()
    # The same without dragging, by two clicks and by keys.
    desk.mouse.click(box["x"] + 200, box["y"] + 200)
    desk.mouse.click(box["x"] + 260, box["y"] + 260)
    desk.get_by_role("button", name="Add a box").click()
    desk.keyboard.press("Shift+ArrowRight")
    desk.keyboard.press("ArrowDown")
    expect(desk.locator(".pin-photo-box")).to_have_count(3)
    desk.keyboard.press("Delete")
    expect(desk.locator(".pin-photo-box")).to_have_count(2)
    before = stored(live_session).picture
    desk.get_by_role("button", name="Cover these for good").click()
    expect(desk.get_by_text("It is covered for good.")).to_be_visible()
    assert stored(live_session).picture != before
    desk.get_by_role("button", name="Show the photo").click()
    expect(desk.get_by_text("The photo is shown.")).to_be_visible()

    other = open_context(**PHONE).new_page()
    pin = stored(live_session).pin_id
    answer = other.goto(f"/m/testov/photos/{pin}.jpg")
    assert answer
    assert answer.status == 200
    assert Image.open(io.BytesIO(answer.body())).size == (1200, 1600)


def test_one_s_own_photo_is_added_later_seen_and_removed(
    phone: Page, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session, photos=True)
    open_map(phone)
    place_a_pin(phone, "Zlepšit", "Chybí lavička")
    phone.get_by_role("button", name="Moje značky").tap()
    phone.get_by_role("button", name="Chybí lavička").tap()
    screen(phone, "own")
    phone.locator(".own-photo input[type=file]").set_input_files(a_photo_file(tmp_path, size=(900, 600)))
    phone.locator(".own-photo .button-primary").tap()
    expect(phone.locator(".photo-own-place img")).to_be_visible()
    assert stored(live_session).state == "waiting"
    live_session.execute(update(PinPhoto).values(state="refused", reason="person|"))
    live_session.commit()
    phone.reload()
    phone.get_by_role("button", name="Moje značky").tap()
    phone.get_by_role("button", name="Chybí lavička").tap()
    expect(phone.locator(".own-photo .notice-warn")).to_be_visible()
    phone.locator(".own-photo .button-quiet").tap()
    expect(phone.locator(".own-photo input[type=file]")).to_be_attached()
    live_session.rollback()
    assert live_session.scalars(select(PinPhoto)).all() == []


def test_photo_taken_in_a_dead_spot_goes_out_with_its_pin_once_there_is_a_way(
    phone: Page, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session, photos=True)
    open_map(phone)
    choose(phone, "Nebezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    phone.locator(".photo-field input[type=file]").set_input_files(a_photo_file(tmp_path, size=(900, 600)))
    phone.locator("#photo-alt").fill("Lampa")
    phone.context.set_offline(True)
    phone.locator(".send").tap()
    screen(phone, "thanks")
    assert live_session.scalars(select(PinPhoto)).all() == []
    phone.context.set_offline(False)
    phone.get_by_role("button", name="Moje značky").tap()
    phone.locator(".mark-row").first.tap()
    expect(phone.locator(".photo-own-place img")).to_be_visible(timeout=20_000)
    row = stored(live_session)
    assert (row.state, row.alt) == ("waiting", "Lampa")


def test_somebody_else_s_photo_is_seen_with_its_words_and_opens_large(phone: Page, live_session: Session) -> None:
    the_map = a_map(live_session, photos=True)
    pin = a_pin(live_session, the_map, "unsafe", (CENTRE[0] + 0.003, CENTRE[1]), comment="Nesvítí tu")
    a_pin_photo(live_session, pin, "shown", alt="Rozbitá lampa")
    open_map(phone)
    place_a_pin(phone, "Bezpečně")
    phone.wait_for_selector("html[data-others='1']", state="attached")
    own = phone.get_by_role("button", name="Vaše značka").bounding_box()
    assert own is not None
    east_px = 0.003 / 360 * 256 * 2 ** int(str(stored_pins(phone)[0]["properties"]["zoom"]))  # type: ignore[index]
    phone.touchscreen.tap(own["x"] + own["width"] / 2 + east_px, own["y"] + own["height"] / 2)
    picture = phone.get_by_role("img", name="Rozbitá lampa")
    expect(picture).to_be_visible()
    # Loaded, and not only there.
    phone.wait_for_function("() => document.querySelector('img.photo').naturalWidth === 320")
    link = phone.locator(".photo-link")
    expect(link).to_have_attribute("href", f"/m/testov/photos/{pin.id}.jpg")


def test_what_is_no_photo_is_said_so_and_the_pin_goes_without(
    phone: Page, live_session: Session, tmp_path: Path
) -> None:
    a_map(live_session, photos=True)
    open_map(phone)
    choose(phone, "Bezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    broken = tmp_path / "x.jpg"
    broken.write_bytes(b"no photo")
    phone.locator(".photo-field input[type=file]").set_input_files(broken)
    expect(phone.locator(".photo-status")).not_to_be_empty()
    expect(phone.locator(".photo-field img")).to_have_count(0)
    phone.locator(".send").tap()
    screen(phone, "thanks")


def test_a_map_without_photos_asks_for_none_and_loads_nothing_for_them(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    asked: list[str] = []
    phone.on("request", lambda one: asked.append(one.url))
    open_map(phone)
    choose(phone, "Bezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    screen(phone, "comment")
    expect(phone.locator(".photo-slot")).to_have_count(0)
    assert not [url for url in asked if "citizen/photo.js" in url or "photo.css" in url]
    assert live_session.scalar(select(TownMap.pin_photos)) is False


def _sign_in(page: Page) -> None:
    page.goto("/office/sign-in")
    page.locator("[name=email]").fill("urad@testov.example")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("form:has([name=password]) .button-primary").click()
    page.wait_for_url("**/office/")
