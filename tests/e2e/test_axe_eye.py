"""The eye that looks at all pages, looked at itself: each kind of wrong is found on a page made so."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page

from tests.axe import DARK, FORCED, LARGE, LIGHT, NARROW, Way, findings

WRONG = {
    "image-alt": (LIGHT, "<img src='data:image/gif;base64,R0lGODlhAQABAAAAACw=' width=40 height=40>"),
    "color-contrast": (LIGHT, "<p style='color:#999;background:#fff'>Bledá slova</p>"),
    "target-size": (LIGHT, "<a href='/a' style='font-size:9px'>a</a><br><a href='/b' style='font-size:9px'>b</a>"),
    "heading-order": (LIGHT, "<h4>Přeskočeno</h4>"),
    "focus not seen": (LIGHT, "<button style='outline:none'>Nikde</button>"),
    "focus covered": (
        LIGHT,
        "<a href='/a'>Pod lištou</a><div style='position:fixed;inset:0;background:#fff'>Lišta</div>",
    ),
    "under 48 px": (LIGHT, "<button class='choice' style='height:30px'>Malé</button>"),
    "no edge": (FORCED, "<button style='border:0'>Jen slovo</button>"),
    "sideways:": (NARROW, "<p style='width:500px'>Široké</p>"),
    "sideways within": (NARROW, "<div style='overflow:auto'><p style='width:500px'>Široké</p></div>"),
    "clipped": (LARGE, "<p style='height:20px;overflow:hidden'>Uříznuté</p>"),
    "overlaps": (LARGE, "<p style='height:20px'>První věta</p><p style='margin:-40px 0 0'>Druhá věta</p>"),
}
PAGE = """<!doctype html><html lang="cs"><head><title>Zkouška</title>
<style>html {{ color-scheme: light dark; background: Canvas }} body, button {{ font-size: 1rem }}</style></head>
<body><main><h1>Zkouška</h1>{}</main></body></html>"""


@pytest.mark.parametrize("kind", WRONG)
def test_it_sees(desktop: Page, kind: str) -> None:
    way, wrong = WRONG[kind]
    desktop.set_content(PAGE.format(wrong))
    assert [line for line in findings(desktop, [way]) if kind in line]


@pytest.mark.parametrize("way", [LIGHT, DARK, FORCED, NARROW, LARGE], ids=lambda way: way.name)
def test_it_says_nothing_of_a_page_with_which_all_is_well(desktop: Page, way: Way) -> None:
    desktop.set_content(PAGE.format("<p>V pořádku.</p><p><button>Dál na další stránku</button></p>"))
    assert findings(desktop, [way]) == []
