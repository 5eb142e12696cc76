"""What is wrong with a page for people who see, hear or reach it otherwise: axe-core's findings and our own.

axe-core reads the tree and the colours. What it can't know – whether a page must be pushed sideways, whether large
text is cut off or lies over other text, whether the focus can be seen – the script `LOOK` measures.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from app.config import ROOT

LOOK = ROOT / "tests" / "axe_look.js"
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice")
TONES = ("color-contrast", "link-in-text-block")
"""What alone can change when only the colours do."""
SIZES = ("target-size", "scrollable-region-focusable")
"""What alone can change when only the sizes do."""


@dataclass(frozen=True)
class Way:
    """One way of looking at a page: its width, its tones, the size of its letters."""

    name: str
    width: int = 1280
    height: int = 800
    media: Mapping[str, str] = ()  # type: ignore[assignment]
    text_percent: int = 100
    rules: Sequence[str] = ()
    """Of axe-core; all when empty."""
    checks: Sequence[str] = ()
    """Of ours."""


PLAIN = {"color_scheme": "light", "forced_colors": "none", "reduced_motion": "reduce"}
LIGHT = Way("light", checks=("focus", "targets"))
DARK = Way("dark", media={"color_scheme": "dark"}, rules=TONES)
FORCED = Way("forced colours", media={"forced_colors": "active"}, rules=TONES, checks=("edges",))
FITS = ("sideways", "clipped", "overlaps")
NARROW = Way("320 px", 320, 568, rules=SIZES, checks=(*FITS, "focus", "targets"))
LARGE = Way("200 % text", text_percent=200, rules=SIZES, checks=FITS)
LARGE_PHONE = Way("200 % text on a phone", 390, 844, text_percent=200, rules=SIZES, checks=FITS)
WAYS = (LIGHT, DARK, FORCED, NARROW, LARGE)


def findings(page: Page, ways: Sequence[Way] = WAYS, within: str = "") -> list[str]:
    """A line for each thing wrong with what the page shows now, looked at in each of these ways."""
    lines = []
    for way in ways:
        with seen(page, way):
            found = [*_axe(page, way.rules, within), *_ours(page, way.checks, within)]
            lines += [f"[{way.name}] {line}" for line in found]
    return lines


@contextmanager
def seen(page: Page, way: Way) -> Iterator[None]:
    """The page as it looks in this way, until the end of the block."""
    before = page.viewport_size
    page.emulate_media(**{**PLAIN, **dict(way.media)})  # type: ignore[arg-type]
    page.set_viewport_size({"width": way.width, "height": way.height})
    page.evaluate("percent => { document.documentElement.style.fontSize = percent }", f"{way.text_percent}%")
    try:
        # Two frames: what follows the size of the window has followed by then; a legend asks for its own tones.
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        page.wait_for_function(
            "() => !document.querySelector('[data-legend][aria-busy=true], [data-legend].is-waiting')"
        )
        yield
    finally:
        page.evaluate("() => { document.documentElement.style.fontSize = '' }")
        page.emulate_media(**PLAIN)  # type: ignore[arg-type]
        if before:
            page.set_viewport_size(before)


def _axe(page: Page, rules: Sequence[str], within: str) -> list[str]:
    if not AXE.exists():
        pytest.fail("axe-core is missing: ./run test installs it")
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate(_source(AXE))
    only = {"type": "rule", "values": list(rules)} if rules else {"type": "tag", "values": list(TAGS)}
    asked = {
        "runOnly": only,
        "resultTypes": ["violations"],
        "rules": {} if rules else {"target-size": {"enabled": True}},
    }
    found: list[dict[str, Any]] = page.evaluate(
        """async ([within, asked]) => {
            const {violations} = await axe.run(within || document, asked);
            const where = ({target, html, any, all, none}) => ({
                at: target.flat().join(" "),
                html: html.slice(0, 160),
                why: [...any, ...all, ...none][0]?.message ?? "",
            });
            return violations.map(({id, nodes}) => ({id, nodes: nodes.map(where)}));
        }""",
        [within, asked],
    )
    return [
        f"{wrong['id']}: {node['at']} – {node['why']} – {node['html']}"
        for wrong in found
        for node in wrong["nodes"]
    ]


def _ours(page: Page, checks: Sequence[str], within: str) -> list[str]:
    if not checks:
        return []
    if not page.evaluate("() => Boolean(window.pocitLook)"):
        page.evaluate(_source(LOOK))
    found: list[str] = page.evaluate("([checks, within]) => pocitLook(checks, within)", [list(checks), within])
    return found


@cache
def _source(path: Path) -> str:
    # The value of a script is what the browser hands back: nothing.
    return f"(() => {{ {path.read_text(encoding='utf-8')} }})()"


def nothing_wrong(found: Sequence[str]) -> None:
    """Fails with all that was found, one line each."""
    assert not found, f"{len(found)} things are wrong:\n" + "\n".join(found)
