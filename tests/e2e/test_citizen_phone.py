"""The citizen's whole path on a phone, by touch."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from playwright.sync_api import BrowserContext, Page, Route, expect
from shapely import MultiPolygon, box
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.models import Pin, PinState
from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_event
from tests.e2e.citizen_steps import WORDS, choose, drag_map, open_map, place_a_pin, pull, screen, stored_pins
from tests.e2e.conftest import PHONE

BASEMAP = {"basemap": {"kind": "vector"}, "basemap_geojson": a_basemap()}


def test_from_page_to_stored_pin_are_three_taps_and_one_drag(phone: Page, live_session: Session) -> None:
    a_map(live_session, questions=[WORDS], **BASEMAP)
    open_map(phone)

    choose(phone, "Nebezpečně")
    screen(phone, "place")
    expect(phone.locator(".place-status")).to_have_text("Nejblíž: Lipová")
    drag_map(phone, 60, 0)
    phone.get_by_role("button", name="Je to tady").tap()
    screen(phone, "comment")
    phone.get_by_role("button", name="Odeslat").tap()

    expect(phone.get_by_role("heading", name="Děkujeme, je na mapě")).to_be_visible()
    (pin,) = stored_pins(phone)
    assert pin["properties"]["category"] == "unsafe"
    assert pin["properties"]["zoom"] >= 15
    # The thumb pulled the map to the right, so the place lies to the west of the middle.
    assert pin["geometry"]["coordinates"][0] < CENTRE[0] - 0.0005
    expect(phone.get_by_role("button", name="Vaše značka")).to_have_count(1)


def test_a_comment_an_answer_and_a_second_pin_one_tap_away(phone: Page, live_session: Session) -> None:
    a_map(live_session, questions=[WORDS])
    open_map(phone)
    choose(phone, "Nebezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    phone.locator("#comment").fill("Nesvítí tu lampy.")
    phone.get_by_label("V noci").tap()
    phone.get_by_role("button", name="Odeslat").tap()
    screen(phone, "thanks")

    place_a_pin(phone, "Bezpečně")

    first, second = stored_pins(phone)
    assert (first["properties"]["comment"], first["properties"]["when"]) == ("Nesvítí tu lampy.", "night")
    assert second["properties"]["category"] == "safe"
    expect(phone.get_by_role("heading", name="Děkujeme, máte už 2 značky")).to_be_visible()


def test_one_s_own_pin_is_changed_moved_deleted_and_taken_back(phone: Page, live_session: Session) -> None:
    a_map(live_session, **BASEMAP)
    open_map(phone)
    place_a_pin(phone, "Zlepšit", "Chybí lavička")
    phone.get_by_role("button", name="Moje značky").tap()
    phone.get_by_role("button", name="Chybí lavička").tap()
    screen(phone, "own")

    phone.get_by_role("button", name="Upravit").tap()
    phone.get_by_label("Bezpečně", exact=True).tap()
    phone.locator("#comment").fill("Je tu lavička")
    phone.get_by_role("button", name="Uložit").tap()
    screen(phone, "own")
    (changed,) = stored_pins(phone)
    assert (changed["properties"]["category"], changed["properties"]["comment"]) == ("safe", "Je tu lavička")

    phone.get_by_role("button", name="Přesunout").tap()
    screen(phone, "place")
    drag_map(phone, 0, 70)
    phone.get_by_role("button", name="Přesunout sem").tap()
    screen(phone, "own")
    (moved,) = stored_pins(phone)
    assert moved["geometry"]["coordinates"][1] > changed["geometry"]["coordinates"][1]

    phone.get_by_role("button", name="Smazat").tap()
    expect(phone.get_by_text("Smazáno.")).to_be_visible()
    assert stored_pins(phone) == []
    phone.get_by_role("button", name="Vrátit").tap()
    expect(phone.get_by_text("Je zpátky.")).to_be_visible()
    (back,) = stored_pins(phone)
    assert back["id"] == moved["id"]
    assert back["properties"]["comment"] == "Je tu lavička"


def test_pins_are_still_mine_tomorrow(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    place_a_pin(phone, "Bezpečně", "Hezky")
    phone.reload()
    expect(phone.get_by_role("button", name="Vaše značka")).to_have_count(1)
    phone.get_by_role("button", name="Moje značky").tap()
    expect(phone.get_by_text("Hezky")).to_be_visible()


def test_marks_that_could_not_be_read_are_asked_for_again(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    place_a_pin(phone, "Bezpečně", "Hezky")
    phone.route("**/respondent", lambda route: route.fulfill(status=503))
    phone.reload()
    phone.get_by_role("button", name="Moje značky").tap()
    expect(phone.get_by_text("se teď nepodařilo načíst")).to_be_visible()
    phone.unroute("**/respondent")
    phone.get_by_role("button", name="Zkusit znovu").tap()
    expect(phone.get_by_text("Hezky")).to_be_visible()


def test_a_receipt_brings_pins_to_another_device(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session)
    first, second = (open_context(**PHONE).new_page() for _ in range(2))
    open_map(first)
    place_a_pin(first, "Bezpečně", "Hezky")
    first.get_by_role("button", name="Moje značky").tap()
    first.get_by_role("button", name="Přenést na jiné zařízení").tap()
    first.get_by_role("button", name="Vytvořit kód").tap()
    code = first.locator(".receipt-code").inner_text()
    assert re.fullmatch(r"[2-9A-Z]{4}-[2-9A-Z]{4}-[2-9A-Z]{4}", code)

    open_map(second)
    second.get_by_role("button", name="Moje značky").tap()
    second.get_by_role("button", name="Mám kód z jiného zařízení").tap()
    second.locator("#receipt").fill("XXXX-XXXX-XXXX")
    second.get_by_role("button", name="Ukázat moje značky").tap()
    expect(second.get_by_role("alert")).not_to_be_empty()
    second.locator("#receipt").fill(code.lower().replace("-", " "))
    second.get_by_role("button", name="Ukázat moje značky").tap()
    expect(second.get_by_text("Vítejte zpátky. Máte tu 1 značku.")).to_be_visible()
    expect(second.get_by_text("Hezky")).to_be_visible()


def test_outside_the_boundary_the_page_says_so_and_places_nothing(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    choose(phone, "Bezpečně")
    status = phone.locator(".place-status")
    for _ in range(14):
        if "mimo mapu" in status.inner_text():
            break
        drag_map(phone, 0, 240)
        phone.wait_for_timeout(300)
    expect(status).to_have_text("Tohle je mimo mapu. Vraťte se dovnitř její hranice.")
    expect(phone.get_by_role("button", name="Je to tady")).to_have_count(0)
    phone.get_by_role("button", name="Zpět na mapu").tap()
    expect(status).not_to_contain_text("mimo mapu")


def test_from_far_away_the_page_asks_to_come_closer(phone: Page, live_session: Session) -> None:
    a_map(live_session, boundary=MultiPolygon([box(15.2, 49.4, 15.8, 49.8)]))
    open_map(phone)
    choose(phone, "Bezpečně")
    closer = phone.get_by_role("button", name="Přiblížit")
    expect(phone.locator(".place-status")).to_contain_text("Přibližte mapu")
    closer.tap()
    expect(phone.get_by_role("button", name="Je to tady")).to_be_visible()


def test_a_closed_map_says_so_and_shows_the_way_to_the_results(phone: Page, live_session: Session) -> None:
    over = (datetime.now(UTC) - timedelta(days=1)).isoformat()
    a_map(live_session, closes=over)
    open_map(phone)
    expect(phone.get_by_role("heading", name="Tato mapa je uzavřená")).to_be_visible()
    expect(phone.get_by_role("link", name="Co lidé řekli")).to_have_attribute("href", "/m/testov/results")
    expect(phone.locator(".choice")).to_have_count(0)


def test_a_send_whose_answer_is_lost_waits_and_stores_once(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    choose(phone, "Nebezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    phone.locator("#comment").fill("Tma")
    lose_answers = _losing_answers()
    phone.route("**/items", lose_answers)
    phone.get_by_role("button", name="Odeslat").tap()
    screen(phone, "thanks")
    expect(phone.get_by_role("heading", name="uložili jsme to v tomto zařízení")).to_be_visible()

    phone.unroute("**/items", lose_answers)
    phone.get_by_role("button", name="Odeslat teď").tap()
    expect(phone.get_by_role("button", name="Odeslat teď")).to_have_count(0)
    (pin,) = stored_pins(phone)
    assert pin["properties"]["comment"] == "Tma"


def _losing_answers() -> Callable[[Route], None]:
    """The request arrives and is stored, its answer is lost on the way."""

    def handle(route: Route) -> None:
        route.fetch()
        route.abort()

    return handle


def test_other_people_s_pins_show_after_the_first_own_one(phone: Page, live_session: Session) -> None:
    the_map = a_map(live_session)
    place = (CENTRE[0] + 0.003, CENTRE[1])
    a_pin(live_session, the_map, "unsafe", place, comment="Auta tu jezdí moc rychle")
    open_map(phone)
    assert phone.locator("html[data-others]").count() == 0
    place_a_pin(phone, "Bezpečně")
    phone.wait_for_selector("html[data-others='1']", state="attached")

    own = phone.get_by_role("button", name="Vaše značka").bounding_box()
    assert own is not None
    zoom = stored_pins(phone)[0]["properties"]["zoom"]
    east_px = 0.003 / 360 * 256 * 2**zoom
    phone.touchscreen.tap(own["x"] + own["width"] / 2 + east_px, own["y"] + own["height"] / 2)
    expect(phone.get_by_text("Auta tu jezdí moc rychle")).to_be_visible()
    support = phone.get_by_role("button", name="Také to tak cítím")
    support.tap()
    expect(support).to_have_attribute("aria-pressed", "true")
    expect(support).to_contain_text("1")


def test_the_questions_about_oneself_are_asked_once(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    place_a_pin(phone, "Bezpečně")
    phone.get_by_role("button", name="3 krátké otázky o vás").tap()
    phone.get_by_label("65 a více").tap()
    phone.get_by_role("button", name="Uložit").tap()
    screen(phone, "thanks")
    place_a_pin(phone, "Zlepšit")
    expect(phone.get_by_role("button", name="3 krátké otázky o vás")).to_have_count(0)


def test_the_sheet_is_pulled_down_to_see_the_map_and_comes_back(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    grip = phone.get_by_role("button", name="Ukázat nebo schovat tento panel")
    choice = phone.locator(".choice").first
    pull(phone, grip, 200)
    expect(choice).to_be_hidden()
    expect(grip).to_have_attribute("aria-expanded", "false")
    grip.tap()
    expect(choice).to_be_visible()


def test_a_hidden_pin_tells_its_author_why(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    place_a_pin(phone, "Bezpečně", "Pan Novák odvedle")
    live_session.execute(update(Pin).values(state=PinState.HIDDEN, hidden_reason="Je v něm jméno."))
    live_session.commit()
    phone.reload()
    phone.get_by_role("button", name="Moje značky").tap()
    expect(phone.locator(".mark-row .label-bad")).to_be_visible()
    phone.get_by_role("button", name="Pan Novák").tap()
    expect(phone.get_by_text("Je v něm jméno.")).to_be_visible()


def test_unsent_words_are_there_when_the_page_comes_back(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    choose(phone, "Zlepšit")
    phone.get_by_role("button", name="Je to tady").tap()
    phone.locator("#comment").fill("Chybí lavička")
    phone.reload()
    screen(phone, "comment")
    expect(phone.locator("#comment")).to_have_value("Chybí lavička")
    phone.get_by_role("button", name="Odeslat").tap()
    screen(phone, "thanks")


def test_too_many_characters_are_counted_and_not_sent(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    choose(phone, "Zlepšit")
    phone.get_by_role("button", name="Je to tady").tap()
    phone.locator("#comment").fill("a" * 950)
    expect(phone.get_by_text("Zbývá 50 znaků")).to_be_visible()
    phone.locator("#comment").fill("a" * 1003)
    expect(phone.get_by_text("O 3 znaky víc")).to_be_visible()
    phone.get_by_role("button", name="Odeslat").tap()
    screen(phone, "comment")
    assert stored_pins(phone) == []


def test_an_event_is_greeted_and_goes_with_the_pin(phone: Page, live_session: Session) -> None:
    an_event(live_session, a_map(live_session), "FORUM1", title={"cs": "Veřejné fórum"})
    open_map(phone, "/m/testov?lang=cs&event=forum1")
    expect(phone.get_by_text("Veřejné fórum")).to_be_visible()
    place_a_pin(phone, "Bezpečně")
    assert stored_pins(phone)[0]["properties"]["event"] == "FORUM1"


def test_an_unknown_event_is_said_and_pins_are_still_taken(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone, "/m/testov?lang=cs&event=NIC")
    expect(phone.get_by_text("Kód této akce neznáme")).to_be_visible()
    place_a_pin(phone, "Bezpečně")
    assert stored_pins(phone)[0]["properties"]["event"] is None


def test_the_browser_s_back_goes_one_step_back(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    open_map(phone)
    choose(phone, "Nebezpečně")
    phone.get_by_role("button", name="Je to tady").tap()
    screen(phone, "comment")
    phone.go_back()
    screen(phone, "place")
    phone.go_back()
    screen(phone, "start")


def test_where_the_browser_stores_nothing_the_page_works_and_says_so(phone: Page, live_session: Session) -> None:
    a_map(live_session)
    phone.add_init_script("Storage.prototype.setItem = () => { throw new Error('refused'); }")
    open_map(phone)
    place_a_pin(phone, "Bezpečně")
    phone.get_by_role("button", name="Moje značky").tap()
    expect(phone.get_by_text("pamatovat")).to_be_visible()


def test_where_i_am_and_a_street_bring_the_map_there(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session, **BASEMAP)
    here = {"longitude": 15.51, "latitude": 49.615}
    phone = open_context(**PHONE, geolocation=here, permissions=["geolocation"]).new_page()
    open_map(phone)
    choose(phone, "Bezpečně")
    phone.get_by_role("button", name="Kde jsem").tap()
    expect(phone.locator(".place-status")).to_have_text("Posuňte mapu tak, aby hrot mířil na místo.")
    phone.get_by_role("button", name="Najít ulici nebo místo").tap()
    phone.locator("#seek").fill("lipova")
    phone.get_by_role("option", name="Lipová").tap()
    expect(phone.locator(".place-status")).to_have_text("Nejblíž: Lipová")


def test_at_320_pixels_nothing_is_cut_off_sideways(
    open_context: Callable[..., BrowserContext], live_session: Session
) -> None:
    a_map(live_session, questions=[WORDS])
    phone = open_context(**(PHONE | {"viewport": {"width": 320, "height": 568}})).new_page()
    open_map(phone)
    place_a_pin(phone, "Nebezpečně", "Tma")
    phone.reload()
    screen(phone, "start")
    for name in ("Moje značky", "O mapě"):
        phone.get_by_role("button", name=name).tap()
        assert phone.evaluate("document.querySelector('.sheet-body').scrollWidth") <= 320
        phone.get_by_role("button", name="Zpět").tap()
