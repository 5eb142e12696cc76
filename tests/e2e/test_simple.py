"""A child at a school forum: the map in simple steps, on a phone that goes from hand to hand."""

from __future__ import annotations

from playwright.sync_api import Page, expect
from sqlalchemy.orm import Session

from tests.builders import a_map, an_event
from tests.e2e.citizen_steps import WORDS, open_map, screen, stored_pins

LEAST_TARGET = 64
"""Pixels that a child's finger surely hits."""


def low_targets(page: Page) -> list[str]:
    """What in the sheet can be pressed and is lower than it should be; the grip is for pulling."""
    found: list[str] = page.evaluate(
        """(least) => [...document.querySelectorAll(".sheet-body :is(button, textarea, .chip)")]
            .filter((one) => one.checkVisibility() && one.getBoundingClientRect().height < least - 0.5)
            .map((one) => `${one.className} ${one.getBoundingClientRect().height}`)""",
        LEAST_TARGET,
    )
    return found


def title(page: Page, words: str) -> None:
    """Wait for a step by its heading, which has the focus so that it is heard."""
    heading = page.get_by_role("heading", name=words)
    expect(heading).to_be_visible()
    expect(heading).to_be_focused()


def test_a_child_goes_step_by_step_and_back_and_hands_the_phone_on(phone: Page, live_session: Session) -> None:
    the_map = a_map(live_session, questions=[WORDS])
    an_event(live_session, the_map, "SKOLA1", kind="school_forum", simple=True)
    open_map(phone, "/m/testov?event=SKOLA1&lang=en")
    expect(phone.locator("button.feeling .drawing")).to_have_count(3)
    assert low_targets(phone) == []

    phone.locator("button.feeling[data-category=unsafe]").tap()
    screen(phone, "place")
    expect(phone.locator(".steps li")).to_have_count(3)
    expect(phone.get_by_role("heading", name="Step 1 of 3. Where is it?")).to_be_visible()
    assert low_targets(phone) == []
    phone.locator(".place-ahead").tap()

    title(phone, "Do you want to write something about it?")
    assert low_targets(phone) == []
    expect(phone.get_by_role("button", name="Skip")).to_be_visible()
    phone.locator("#comment").fill("Je tu tma.")
    phone.get_by_role("button", name="Next").tap()

    title(phone, "Step 3 of 3. When?")
    assert low_targets(phone) == []
    phone.get_by_label("By night").tap()

    # Back always works, and nothing is lost on the way.
    phone.get_by_role("button", name="Back").tap()
    expect(phone.locator("#comment")).to_have_value("Je tu tma.")
    phone.go_back()
    screen(phone, "place")
    phone.locator(".place-ahead").tap()
    phone.get_by_role("button", name="Next").tap()
    expect(phone.get_by_label("By night")).to_be_checked()
    phone.get_by_role("button", name="Send").tap()

    title(phone, "Thank you!")
    assert low_targets(phone) == []
    (pin,) = stored_pins(phone)
    said = pin["properties"]
    assert (said["category"], said["comment"], said["when"], said["event"]) == (
        "unsafe",
        "Je tu tma.",
        "night",
        "SKOLA1",
    )
    # Nobody asks a child about itself.
    expect(phone.get_by_text("about you")).to_have_count(0)

    phone.get_by_role("button", name="It is someone else’s turn").tap()
    phone.get_by_role("button", name="Yes, it is their turn").tap()
    screen(phone, "start")
    assert stored_pins(phone) == []
    phone.locator("button.feeling[data-category=safe]").tap()
    phone.locator(".place-ahead").tap()
    phone.get_by_role("button", name="Send").tap()
    title(phone, "Thank you!")
    assert [one["properties"]["category"] for one in stored_pins(phone)] == ["safe"]


def test_categories_of_ones_own_show_their_shapes_and_grown_ups_find_their_map(
    phone: Page, live_session: Session
) -> None:
    kinds = [
        {"key": key, "label": {"cs": key, "en": key}, "color": "#0072B2", "shape": shape}
        for key, shape in (("play", "star"), ("noise", "diamond"), ("rest", "circle"), ("safe", "square"))
    ]
    a_map(live_session, categories=kinds)
    open_map(phone, "/m/testov?simple&lang=en")
    expect(phone.locator("button.feeling > .shape")).to_have_count(3)
    expect(phone.locator("button.feeling > .drawing")).to_have_count(1)
    phone.get_by_role("button", name="For the teacher").tap()
    title(phone, "For the teacher")
    phone.get_by_role("link", name="The map for grown-ups").tap()
    expect(phone.locator("button.choice")).to_have_count(4)
    expect(phone.locator("body.is-simple")).to_have_count(0)
