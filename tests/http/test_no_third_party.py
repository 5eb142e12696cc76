"""Nobody's browser is sent to anybody else: all pages, styles and scripts are read for what they would load."""

from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from app.config import ROOT
from tests.builders import a_map, a_pin, a_report, an_event, an_official
from tests.doors import sign_in

LOADS = {"src", "srcset", "data", "poster", "action", "formaction", "background", "ping", "manifest"}
LINKS_THAT_LOAD = {
    "stylesheet",
    "icon",
    "preload",
    "modulepreload",
    "prefetch",
    "preconnect",
    "dns-prefetch",
    "manifest",
}
FOREIGN = re.compile(r"""(?:https?:)?//(?!localhost|127\.0\.0\.1)[a-z0-9.-]+\.[a-z]{2,}""", re.IGNORECASE)
IN_STYLE = re.compile(r"""(?:url\(\s*['"]?|@import\s+['"])((?:https?:)?//[^'")\s]+)""", re.IGNORECASE)
IN_SCRIPT = re.compile(
    r"""(?:fetch|import|importScripts|sendBeacon|new\s+(?:Worker|SharedWorker|EventSource|WebSocket|Request))"""
    r"""\s*\(\s*[`'"](?:(?:https?|wss?):)?//""",
)
DATA_BLOCK = re.compile(r'<script type="application/json"[^>]*>(.*?)</script>', re.DOTALL)


class Loads(HTMLParser):
    """What a page makes the browser ask for by itself."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        self.found += [value for name, value in said.items() if name in LOADS and tag != "a"]
        if tag == "link" and LINKS_THAT_LOAD & set(said.get("rel", "").split()):
            self.found.append(said.get("href", ""))
        self.found += IN_STYLE.findall(said.get("style", ""))


def pages_of(app: Flask) -> list[str]:
    """The addresses of all pages that need no more than a map, an event and a report."""
    values = {"slug": "testov", "town": "testov", "code": "FORUM1", "ending": "json", "name": "pins"}
    found = []
    for rule in app.url_map.iter_rules():
        if "GET" in (rule.methods or ()) and rule.arguments <= values.keys():
            with app.test_request_context():
                try:
                    built = rule.build({name: values[name] for name in rule.arguments}, append_unknown=False)
                except ValueError:  # a file of another kind of name, no page
                    continue
            if built is not None:
                found.append(built[1])
    return sorted(set(found))


@pytest.mark.parametrize("who", ["anybody", "an official"])
def test_no_page_loads_anything_from_elsewhere(
    app: Flask, client: FlaskClient, session: Session, who: str
) -> None:
    the_map = a_map(session)
    an_event(session, the_map)
    a_report(session, the_map)
    a_pin(session, the_map, comment="Večer je tu tma")
    an_official(session, "urad@testov.example")
    session.commit()
    if who == "an official":
        sign_in(client, "urad@testov.example")
    read, wrong = 0, []
    for path in pages_of(app):
        if "sign-out" in path:
            continue
        answer = client.get(path, headers={"Accept": "text/html,*/*"})
        if not (answer.mimetype or "").startswith("text/html"):
            answer.close()
            continue
        read += 1
        page = answer.get_data(as_text=True)
        loads = Loads()
        loads.feed(page)
        wrong += [(path, one) for one in loads.found if FOREIGN.match(one.strip())]
        policy = answer.headers.get("Content-Security-Policy", "")
        assert policy, path
        wrong += [(path, one) for one in FOREIGN.findall(policy)]
    assert wrong == []
    assert read > (30 if who == "an official" else 12)


def test_no_style_and_no_script_of_ours_asks_anybody_else() -> None:
    wrong = []
    for path in [*(ROOT / "static/css").rglob("*.css"), *(ROOT / "static/js").rglob("*.js")]:
        text = path.read_text(encoding="utf-8")
        found = IN_STYLE.findall(text) if path.suffix == ".css" else IN_SCRIPT.findall(text)
        wrong += [(path.name, one) for one in found]
    assert wrong == []
    assert IN_SCRIPT.search('fetch("https://example.org/x")')
    assert IN_STYLE.search("@import 'https://example.org/x.css'")
