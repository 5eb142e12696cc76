"""The handbook's pictures, taken from the running app with the data of Vzorov.

Run it beside `./run demo`, with the address, the e-mail and the password that the terminal prints:

    .venv/bin/python -m docs.handbook.make_pictures http://127.0.0.1:8000 urad@vzorov.example PASSWORD

It walks the screens in Czech as a clerk and, once, as somebody with a phone. The draft of a map and the pin it
makes on the way it takes away again. A table of made-up ages stays where there was none, and so do one council
report and three paper sheets with a made-up photo, of which no pin is stored; the log of who did what remembers it
all.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from bench.photos import take as photograph
from bench.photos_paper import Print
from bench.photos_shot import draw_shot, resized
from gis.paper.frame_picture import frame_picture, page_picture
from gis.paper.layout import lay_out
from gis.paper.sheet import PaperSheet, Sticker

PICTURES = Path(__file__).parent / "pictures"
DESKTOP = (1100, 720)
PHONE = (390, 720)
MOST_COLOURS = 128
MOST_BYTES = 90_000
COMPUTED_MS = 120_000
"""How long an analysis of a small town may take."""
SETTLED_MS = 1500
"""How long tiles and heat take to stand still on a slow machine."""

AGES = (
    "věk;muži;ženy\n0–14;720;690\n15–24;430;410\n25–44;1120;1080\n45–64;1150;1190\n65–84;760;980\n85+;60;130\n"
).encode()
"""Who lives in Vzorov: made up, like the town."""
COMMENT = "Auta tu jezdí moc rychle. Volejte mi na 777 123 456."
PAPER = "A3"
PAPER_SCALE = 7500
"""The middle of Vzorov fills the sheet."""
STICKERS = (Sticker.of("safe", "#009e73"), Sticker.of("unsafe", "#d55e00"), Sticker.of("improve", "#0072b2"))
SEED = 12
"""Of the made-up photo: where its stickers are, and how the phone was held."""
SAID_ON_PAPER = "Tady se lidé zdraví, i když se neznají."
SAID_AT_DESK = "Na přechodu se nedá přejít, auta nezastaví."


@dataclass(frozen=True)
class Office:
    """A signed-in clerk's page and where the app is."""

    page: Page
    base: str

    def open(self, path: str) -> Page:
        """The page of that path, once it stands still."""
        self.page.goto(f"{self.base}/office{path}")
        self.page.wait_for_timeout(SETTLED_MS)
        return self.page

    def press(self, name: str) -> None:
        """Press the button of exactly that name and wait for the next page."""
        self.page.get_by_role("button", name=name, exact=True).first.click()
        self.page.wait_for_timeout(SETTLED_MS)


def main() -> None:
    """Take all the pictures."""
    words = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    words.add_argument("base", help="where the app runs, for example http://127.0.0.1:8000")
    words.add_argument("email", help="an editor of Vzorov")
    words.add_argument("password")
    words.add_argument("--browser", default="/usr/bin/chromium", help="the Chromium to use")
    given = words.parse_args()
    PICTURES.mkdir(exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given.browser, args=["--no-sandbox", "--disable-gpu"])
        office = sign_in(browser, given.base.rstrip("/"), given.email, given.password)
        people(office)
        new_map(office)
        events(office)
        with pin_of_a_phone(browser, office.base):
            queue(office)
        answer_for_a_place(office)
        reading(office)
        ages_of_the_town(office)
        who_is_missing(office)
        report(office)
        rules(office)
        refused_file(office)
        into_the_gis(office)
        analyses(office)
        paper(office)
        photo(office)
        desk(office)
        browser.close()


def sign_in(browser: Browser, base: str, email: str, password: str) -> Office:
    """The office of somebody signed in."""
    page = browser.new_context(
        viewport={"width": DESKTOP[0], "height": DESKTOP[1]}, locale="cs-CZ", reduced_motion="reduce"
    ).new_page()
    office = Office(page, base)
    office.open("/sign-in")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Heslo", exact=True).fill(password)
    office.press("Přihlásit se")
    if "/sign-in" in page.url:
        raise SystemExit("The e-mail or the password is not that of the demo.")
    return office


def people(office: Office) -> None:
    """Inviting a colleague, typed but not sent."""
    page = office.open("/towns/vzorov/people")
    page.get_by_label("E-mail").fill("kolegyne@vzorov.example")
    page.get_by_label("Moderátor(ka)").check()
    take(page, "01-pozvanka")


def new_map(office: Office) -> None:
    """From a title to the checklist; the draft is deleted again."""
    page = office.open("/maps/new")
    page.locator("[id='title.cs']").fill("Cesta do školy ve Vzorově")
    page.get_by_label("Okolí školy").check()
    take(page, "02-nova-mapa")
    office.press("Založit koncept")
    setup = page.url.partition("?")[0].removeprefix(f"{office.base}/office")
    try:
        office.open(setup)
        take(page, "03-seznam")
        page.get_by_role("link", name="Hranice", exact=True).click()
        page.wait_for_timeout(SETTLED_MS)
        office.press("Nakreslit novou")
        ground = page.locator("#map").bounding_box() or {"x": 0.0, "y": 0.0, "width": 0.0, "height": 0.0}
        for right, down in ((0.25, 0.25), (0.5, 0.2), (0.75, 0.3), (0.8, 0.7), (0.5, 0.8), (0.22, 0.65)):
            page.mouse.click(ground["x"] + ground["width"] * right, ground["y"] + ground["height"] * down)
            page.wait_for_timeout(350)
        take(page, "04-hranice")
    finally:
        office.open(setup)
        page.get_by_text("Smazat koncept…").click()
        page.locator("details[open] button").last.click()
        page.wait_for_timeout(SETTLED_MS)


def events(office: Office) -> None:
    """The events of Vzorov with their codes and posters."""
    take(office.open("/maps/vzorov/events"), "05-akce")


@contextmanager
def pin_of_a_phone(browser: Browser, base: str) -> Iterator[None]:
    """A pin with a telephone number, as long as it is needed; pictures of it on the phone."""
    context = browser.new_context(
        viewport={"width": PHONE[0], "height": PHONE[1]}, locale="cs-CZ", has_touch=True, is_mobile=True,
        reduced_motion="reduce",
    )  # fmt: skip
    phone = context.new_page()
    phone.goto(f"{base}/m/vzorov")
    phone.wait_for_timeout(SETTLED_MS)
    take(phone, "06-telefon")
    phone.get_by_role("button", name="Nebezpečně").click()
    phone.wait_for_timeout(SETTLED_MS)
    phone.get_by_role("button", name="Je to tady").click()
    phone.locator("textarea:visible").first.fill(COMMENT)
    phone.get_by_role("button", name="Odeslat").click()
    phone.wait_for_timeout(SETTLED_MS)
    try:
        yield
    finally:
        phone.goto(f"{base}/m/vzorov")
        phone.wait_for_timeout(SETTLED_MS)
        phone.get_by_role("button", name="Moje značky").click()
        phone.get_by_role("button", name="Smazat všechno moje").click()
        phone.wait_for_timeout(SETTLED_MS)
        phone.get_by_role("button", name="Smazat").last.click()
        phone.wait_for_timeout(SETTLED_MS)
        context.close()


def queue(office: Office) -> None:
    """The pin with the telephone number, waiting."""
    page = office.open("/maps/vzorov/queue")
    page.locator("main").get_by_text("telefon", exact=False).first.click()
    page.wait_for_timeout(SETTLED_MS)
    take(page, "07-fronta")


def answer_for_a_place(office: Office) -> None:
    """An answer for the strongest place that has none, begun but not saved."""
    page = office.open("/maps/vzorov/places/new?near=15.520227,49.625234&category=unsafe")
    page.get_by_label("v plánu").check()
    take(page, "08-odpoved")


def reading(office: Office) -> None:
    """A search that needs no accents, with one category chosen."""
    take(office.open("/maps/vzorov?category=unsafe&words=svetlo"), "09-cteni")


def ages_of_the_town(office: Office) -> None:
    """A table of ages, unless the town has one already."""
    page = office.open("/towns/vzorov/census")
    source = page.get_by_label("Odkud čísla jsou")
    if source.input_value():
        return
    page.get_by_label("Tabulka věku (CSV)").set_input_files(
        {"name": "vek.csv", "mimeType": "text/csv", "buffer": AGES}
    )
    office.press("Načíst soubor do tabulky")
    source.fill("Vzorov, vymyšlená čísla")
    office.press("Uložit tabulku")


def who_is_missing(office: Office) -> None:
    """The overview against the town's ages."""
    page = office.open("/maps/vzorov/dashboard")
    page.get_by_role("heading", name="Kdo tu chybí").evaluate("(title) => title.scrollIntoView()")
    page.mouse.wheel(0, -20)
    take(page, "10-kdo-chybi")


def report(office: Office) -> None:
    """A finished report, as it is read in the browser."""
    page = office.open("/maps/vzorov/report")
    if not page.get_by_role("link", name="Číst tady").count():
        office.press("Vytvořit zprávu")
        page.get_by_role("link", name="Číst tady").first.wait_for(timeout=120_000)
    page.goto(page.get_by_role("link", name="Číst tady").first.evaluate("(link) => link.href"))
    take(page, "11-zprava")


def rules(office: Office) -> None:
    """What is shown to whom, and for how long it is kept."""
    page = office.open("/maps/vzorov/setup/rules")
    page.get_by_text("Kolik dní po zavření").first.evaluate("(text) => text.scrollIntoView({block: 'center'})")
    take(page, "12-mazani")


def refused_file(office: Office) -> None:
    """What an unsuitable boundary file is told."""
    page = office.open("/maps/vzorov/boundary")
    page.get_by_label("Soubor s hranicí").set_input_files(
        {"name": "hranice.zip", "mimeType": "application/zip", "buffer": b"MZ" + bytes(600)}
    )
    page.locator("form", has=page.locator("#file")).locator("button").click()
    page.locator("#file-error").wait_for()
    page.locator("#file-error").evaluate("(words) => words.scrollIntoView({block: 'center'})")
    take(page, "13-odmitnuty-soubor")


def into_the_gis(office: Office) -> None:
    """How a GIS is connected."""
    take(office.open("/maps/vzorov/connect"), "14-do-gis")


def analyses(office: Office) -> None:
    """What is behind the colours: computed where nobody has done it yet."""
    for kind, name in (("places", "15-ohniska"), ("contrast", "16-kontrasty"), ("facts", "17-fakta")):
        page = office.open(f"/maps/vzorov/analysis/{kind}")
        if page.locator(".analysis-running, .analysis-made").count() == 0:
            page.locator(".analysis-start button").click()
        page.locator(".analysis-made").wait_for(timeout=COMPUTED_MS)
        page.locator(".analysis-running").wait_for(state="detached", timeout=COMPUTED_MS)
        office.open(f"/maps/vzorov/analysis/{kind}")
        page.locator("h1").evaluate("(title) => window.scrollTo(0, title.getBoundingClientRect().top - 8)")
        take(page, name)


def paper(office: Office) -> None:
    """Sheets for the forum, ordered where there were none."""
    page = office.open("/maps/vzorov/sheets")
    if not page.locator(".sheet-chip").count():
        form = page.locator("form:has([name=paper])")
        form.locator(f".chip:has([value={PAPER}])").click()
        form.locator("[name=count]").fill("3")
        form.locator("[name=event]").select_option("FORUM1")
        form.locator("details summary").click()
        form.locator("[name=scale]").fill(str(PAPER_SCALE))
        form.locator(".button-primary").click()
        page.wait_for_url("**made=*", timeout=COMPUTED_MS)
        page.goto(page.url.partition("?")[0])
    take(page, "18-papir")


def photo(office: Office) -> None:
    """A made-up photo of one of the sheets: read, and being checked; nothing of it is stored."""
    page = office.open("/maps/vzorov/sheets")
    if not page.locator(".sheet-chip-read, .sheet-chip-checked").count():
        with page.expect_download() as begun:
            page.locator(".print-file a").first.click()
        made_up = photo_of_sheet(begun.value.path().read_bytes())
        page = office.open("/maps/vzorov/photos")
        page.set_input_files("#photos", {"name": "forum.jpg", "mimeType": "image/jpeg", "buffer": made_up})
        page.locator(".photos-row.is-read").wait_for(timeout=COMPUTED_MS)
        office.open("/maps/vzorov/sheets")
    page.locator(".sheet-chip-read a, .sheet-chip-checked a").first.click()
    page.locator("[data-photo][data-ready]").wait_for()
    page.keyboard.press("Enter")
    page.locator(".sheet-mark.is-chosen [name=row]").fill("1")
    page.locator(".sheet-mark.is-chosen [name=comment]").fill(SAID_ON_PAPER)
    page.keyboard.press("Home")
    take(page, "19-fotka")


def desk(office: Office) -> None:
    """What somebody says in an interview, typed but not stored."""
    page = office.open("/maps/vzorov/desk?event=FORUM1")
    page.locator(".chip-category:has([value=unsafe])").click()
    ground = page.locator("#map").bounding_box() or {"x": 0.0, "y": 0.0, "width": 0.0, "height": 0.0}
    page.mouse.click(ground["x"] + ground["width"] * 0.5, ground["y"] + ground["height"] * 0.55)
    page.locator("#comment").fill(SAID_AT_DESK)
    take(page, "20-stul")


def photo_of_sheet(pdf: bytes) -> bytes:
    """A made-up photo of a PDF's first page with stickers on it, always the same for the same page.

    Where the sheet lies on the ground the photo need not know.
    """
    layout = lay_out(PAPER, landscape=True, stickers=[(one.key, one.rgb) for one in STICKERS], with_slip=True)
    sheet = PaperSheet(layout, 5514, (0.0, 0.0, 1.0, 1.0), PAPER_SCALE, STICKERS)
    px_per_mm = 10.0
    size = round(layout.page[0] * px_per_mm), round(layout.page[1] * px_per_mm)
    printed = Print(
        sheet,
        "",
        page_picture(pdf, layout.page, (0, 0), px_per_mm, size),
        px_per_mm,
        frame_picture(pdf, sheet),
    )
    lot = np.random.default_rng(SEED)
    shot = draw_shot(sheet, lot, "ordinary")
    light = replace(
        shot.light, exposure=1.05, fall=0.1, shadows=(), warm=(1.0, 1.0, 1.0), warm_beyond=(1.0, 1.0, 1.0)
    )
    shot = replace(shot, light=light, count=16, kinds=("sticker",), crowded=False, table="wood")
    return photograph(printed, resized(shot, 12), lot)[0]


def take(page: Page, name: str) -> None:
    """Store what the page shows now, in few colours."""
    page.wait_for_timeout(SETTLED_MS)
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    colours = MOST_COLOURS
    while True:
        picture = io.BytesIO()
        few = shot.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
        few.save(picture, "PNG", optimize=True)
        if picture.tell() <= MOST_BYTES or colours <= 16:
            break
        colours //= 2
    (PICTURES / f"{name}.png").write_bytes(picture.getvalue())
    sys.stdout.write(f"{name}.png  {picture.tell() // 1000} kB, {colours} colours\n")


if __name__ == "__main__":
    main()
