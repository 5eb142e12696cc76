"""A clerk writes down two people almost without the mouse; nothing is lost by a reload or by a lost connection."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, Route, expect
from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models import Pin, Respondent
from tests.builders import PASSWORD, a_basemap, a_map, an_event, an_official
from tests.http.test_event_page import AGES


def stored(session: Session) -> list[Pin]:
    session.rollback()
    return list(session.scalars(select(Pin).order_by(Pin.changed_at).execution_options(populate_existing=True)))


def wait_for(lines: Locator, count: int) -> None:
    expect(lines).to_have_count(count)


def test_two_people_are_written_down_and_nothing_is_lost(desktop: Page, live_session: Session) -> None:
    the_map = a_map(live_session, about=[AGES], basemap_geojson=a_basemap())
    an_event(live_session, the_map, "FORUM1")
    an_official(live_session, role="moderator")
    page = "/office/maps/testov/events/FORUM1"
    desktop.goto(page)
    desktop.fill("#email", "urad@testov.example")
    desktop.fill("#password", PASSWORD)
    desktop.keyboard.press("Enter")
    desktop.wait_for_url(f"**{page}")
    desktop.locator('a[href$="/desk?event=FORUM1"]').click()
    desktop.wait_for_selector("#desk-form[data-ready]")
    lines = desktop.locator("[data-written]")

    desktop.locator('[name="about.age"]').select_option("old")
    # By mouse and figures, with a comment.
    box = desktop.locator("#map").bounding_box()
    assert box
    middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    desktop.mouse.click(*middle)
    desktop.keyboard.press("2")
    desktop.keyboard.press("c")
    desktop.keyboard.type("Tma u 2. lampy")
    desktop.keyboard.press("Enter")
    wait_for(lines, 1)
    # By keys alone: the crosshair comes with the first arrow.
    desktop.keyboard.press("ArrowRight")
    expect(desktop.locator(".map-crosshair-head")).to_be_visible()
    desktop.keyboard.press("1")
    desktop.keyboard.press("Enter")
    wait_for(lines, 2)
    # Taken back, it is in the hand again and stored anew.
    desktop.keyboard.press("Escape")
    desktop.keyboard.press("Backspace")
    wait_for(lines, 1)
    expect(desktop.locator(".desk-draft")).to_have_count(1)
    desktop.reload()
    desktop.wait_for_selector("#desk-form[data-ready]")
    wait_for(lines, 1)
    expect(desktop.locator(".desk-draft")).to_have_count(1)
    desktop.keyboard.press("Enter")
    wait_for(lines, 2)

    desktop.keyboard.press("n")
    wait_for(lines, 0)
    expect(desktop.locator('[name="about.age"]')).to_have_value("")
    desktop.keyboard.press("Escape")
    # The connection goes: the pin waits on this computer, also over a reload, and goes when it is back.
    broken = re.compile(r"/desk$")

    def refuse(route: Route) -> None:
        route.abort() if route.request.method == "POST" else route.fallback()

    desktop.route(broken, refuse)
    desktop.mouse.click(middle[0] + 60, middle[1] + 40)
    desktop.keyboard.press("3")
    desktop.keyboard.press("Enter")
    expect(desktop.locator("[data-unsent]")).to_be_visible()
    expect(desktop.locator(".desk-written.is-waiting")).to_have_count(1)
    assert len(stored(live_session)) == 2
    desktop.unroute(broken, refuse)
    desktop.reload()
    wait_for(lines, 1)
    expect(desktop.locator("[data-unsent]")).to_be_hidden()
    expect(desktop.locator("[data-desk-today]")).to_contain_text("2")

    first, second, third = stored(live_session)
    assert [pin.category for pin in (first, second, third)] == ["unsafe", "safe", "improve"]
    assert (first.comment, first.channel, first.event) == ("Tma u 2. lampy", "paper", "FORUM1")
    assert first.precision_m is not None
    assert first.respondent_id == second.respondent_id != third.respondent_id
    person = live_session.get(Respondent, (the_map.id, first.respondent_id))
    assert person is not None
    assert person.about == {"age": "old"}

    desktop.goto(page)
    expect(desktop.locator(".event-channels")).to_contain_text("3 značky")
