"""Seven languages: chosen by the browser, switched, kept; said whole on citizens' pages and by no other."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from babel.support import NullTranslations
from flask.testing import FlaskClient
from sqlalchemy import update
from sqlalchemy.orm import Session

from app.i18n import public_languages
from app.inputs.defaults import ABOUT, CATEGORIES
from app.inputs.library import ready_sets
from app.models import TownMap
from app.queries.maps import MapRecord
from tests.builders import TOKEN, a_feature, a_map, a_pin, an_answered_place, an_event, an_official, bearer
from tests.doors import sign_in

FURTHER = ("uk", "sk", "de", "pl", "nb")
PAGES = (
    "/",
    "/m/testov",
    "/m/testov?event=FORUM1",
    "/m/testov?embed",
    "/m/testov/privacy",
    "/m/testov/accessibility",
    "/m/testov/write",
    "/m/testov/receipt",
    "/m/testov/results",
    "/m/otevreny/results",
    "/stories/testov",
    "/m/nikde",
)
OUTSIDE = (3.0, 3.0)


class Silence(NullTranslations):
    """Notes every message that a catalogue was asked for and had no words for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def gettext(self, message: str) -> str:
        """The message itself, noted."""
        self.asked.add(message)
        return message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        """The same for a count."""
        self.asked.add(msgid1)
        return super().ngettext(msgid1, msgid2, n)

    ugettext = gettext
    ungettext = ngettext


@pytest.fixture
def silence(request: pytest.FixtureRequest) -> Iterator[Silence]:
    """What the language of this test was asked and could not say."""
    translations: Any = public_languages()[request.node.callspec.params["code"]].translations
    found = Silence()
    before, translations._fallback = translations._fallback, found
    yield found
    translations._fallback = before


@pytest.fixture
def town(session: Session) -> MapRecord:
    """A finished map with a story, answers and an event, and an open one."""
    over = (datetime.now(UTC) - timedelta(days=3)).isoformat()
    the_map = a_map(session, closes=over, privacy_contact="urad@testov.example", thanks={"cs": "Díky!"})
    an_event(session, the_map)
    for n in range(7):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}", comment=f"Tma {n}", about={"age": "65plus"})
    an_answered_place(session, the_map)
    values = {"story": {"cs": "Opravili jsme lampy."}, "story_published": True, "version": TownMap.version + 1}
    session.execute(update(TownMap).where(TownMap.id == the_map.id).values(**values))
    session.commit()
    a_pin(session, a_map(session, "otevreny"), "safe")
    return the_map


@pytest.mark.parametrize("code", FURTHER)
def test_every_page_of_citizens_says_all_in_the_language(
    client: FlaskClient, town: MapRecord, code: str, silence: Silence
) -> None:
    for page in PAGES:
        answer = client.get(page, headers={"Accept-Language": f"{code};q=0.9"})
        assert answer.status_code == (404 if page.endswith("nikde") else 200), page
        assert f'<html lang="{code}"' in answer.text, page
        assert answer.headers["Content-Language"] == code
    assert silence.asked == set()


@pytest.mark.parametrize("code", FURTHER)
def test_what_a_phone_sends_wrongly_is_refused_in_the_language(
    client: FlaskClient, session: Session, code: str, silence: Silence
) -> None:
    a_map(session)
    headers = bearer(TOKEN) | {"Accept-Language": code}
    sent = (
        a_feature("safe", OUTSIDE),
        a_feature("nothing"),
        a_feature("safe", comment="x" * 9000),
        a_feature("safe", event="NIC"),
        a_feature("safe") | {"id": "1"},
        {"type": "Feature"},
    )
    for feature in sent:
        answer = client.post("/api/collections/testov/items", json=feature, headers=headers)
        assert answer.status_code in (400, 422), answer.text
        assert answer.headers["Content-Language"] == code
    answer = client.post("/api/collections/nikde/items", json=a_feature(), headers=headers)
    assert answer.status_code == 404
    assert silence.asked == set()


def test_a_refusal_only_programs_meet_stays_in_a_whole_language(client: FlaskClient, session: Session) -> None:
    a_map(session)
    answer = client.get(
        "/api/collections/testov/items?filter=category+%3C%3E%3C", headers={"Accept-Language": "nb, cs;q=0.1"}
    )
    assert (answer.status_code, answer.headers["Content-Language"]) == (400, "en")


@pytest.mark.parametrize(
    ("accepted", "spoken"),
    [
        ("uk-UA,ru;q=0.9,en;q=0.8", "uk"),
        ("fr-FR, nn;q=0.9, en;q=0.8", "nb"),
        ("no", "nb"),
        ("fr, it", "cs"),
        ("en;q=0.2, de-CH;q=0.7", "de"),
    ],
)
def test_all_that_the_browser_accepts_is_weighed(client: FlaskClient, accepted: str, spoken: str) -> None:
    assert f'<html lang="{spoken}"' in client.get("/", headers={"Accept-Language": accepted}).text


def test_the_switch_names_seven_languages_in_themselves_and_keeps_the_choice(
    client: FlaskClient, session: Session
) -> None:
    a_map(session)
    page = client.get("/m/testov?event=FORUM1&lang=pl")
    links = re.findall(r'href="\?([^"]+)" lang="(\w+)" hreflang="\w+"[^>]*>([^<]+)<', page.text)
    assert [(code, name) for _, code, name in links] == [
        ("cs", "Čeština"), ("en", "English"), ("uk", "Українська"), ("sk", "Slovenčina"),
        ("de", "Deutsch"), ("pl", "Polski"), ("nb", "Norsk bokmål"),
    ]  # fmt: skip
    assert all("event=FORUM1" in address for address, _, _ in links)
    assert '<html lang="pl"' in client.get("/", headers={"Accept-Language": "cs"}).text


def test_the_office_speaks_whole_languages_only(client: FlaskClient, session: Session) -> None:
    a_map(session)
    an_official(session)
    client.get("/m/testov?lang=uk")
    sign_in(client, "urad@testov.example")
    page = client.get("/office/maps/testov", headers={"Accept-Language": "uk, en;q=0.5"})
    assert '<html lang="en"' in page.text
    assert re.findall(r'hreflang="(\w+)"', page.text) == ["cs", "en"]
    assert '<html lang="cs"' in client.get("/office/maps/testov", headers={"Accept-Language": "uk"}).text
    client.get("/office/maps/testov?lang=en")
    assert '<html lang="en"' in client.get("/m/testov", headers={"Accept-Language": "uk"}).text


@pytest.mark.parametrize("address", ["/data/", "/api/", "/api/collections/testov"])
def test_data_and_documents_of_the_api_speak_whole_languages_only(
    client: FlaskClient, session: Session, address: str
) -> None:
    a_map(session)
    headers = {"Accept": "text/html", "Accept-Language": "sk"}
    assert '<html lang="cs"' in client.get(address, headers=headers).text
    assert '<html lang="en"' in client.get(address, headers=headers | {"Accept-Language": "de"}).text


def test_texts_that_the_town_has_not_translated_say_which_language_they_are_in(
    client: FlaskClient, session: Session
) -> None:
    a_map(session, title={"cs": "Naše mapa"}, intro={"cs": "Kde *je* tma?", "de": "Wo ist es dunkel?"})
    page = client.get("/m/testov?lang=de").text
    assert re.search(r'<h1 class="citizen-title" lang="cs">Naše mapa</h1>', page)
    assert re.search(r'class="folded prose">\s*<p>Wo ist es dunkel', page)
    assert json.loads(block(page, "foreign"))["Naše mapa"] == "cs"
    czech = client.get("/m/testov?lang=cs").text
    assert 'lang="cs">Naše mapa' not in czech
    assert 'id="foreign"' not in czech
    assert '<a href="/m/testov"><span lang="cs">Naše mapa</span></a>' in client.get("/?lang=de").text


def test_pages_carry_no_words_of_others(client: FlaskClient, session: Session) -> None:
    the_map = a_map(session)
    for n in range(6):
        a_pin(session, the_map, "unsafe", respondent=f"r{n}")
    citizen = json.loads(block(client.get("/m/testov?lang=cs").text, "messages"))
    results = json.loads(block(client.get("/m/testov/results?lang=cs").text, "messages"))
    assert "What do you want to mark?" in citizen
    assert "What do you want to mark?" not in results
    assert not {"Hide", "Draw an area"} & (citizen.keys() | results.keys())
    assert 'id="messages"' not in client.get("/m/testov/privacy?lang=cs").text


def test_a_ukrainian_day_ends_no_sentence_twice(client: FlaskClient, session: Session) -> None:
    a_map(session, closes="2099-10-25T12:00:00+02:00")
    assert "25 жовтня 2099<" in client.get("/?lang=uk").text


def test_what_a_map_begins_with_is_written_in_every_language() -> None:
    codes = list(public_languages())
    texts = [text for category in CATEGORIES for text in (category.word, category.label, category.prompt)]
    texts += [text for question in ABOUT for text in (question.label, *(o["label"] for o in question.options))]
    for ready in ready_sets():
        texts += [ready.title, ready.why, *_texts_of(ready.description)]
    assert [text for text in texts if sorted(text) != sorted(codes) or not all(text.values())] == []  # type: ignore[type-var,union-attr]


def _texts_of(part: Any) -> Iterator[dict[str, str]]:
    if isinstance(part, dict) and "cs" in part:
        yield part
    elif isinstance(part, dict):
        for value in part.values():
            yield from _texts_of(value)
    elif isinstance(part, (list, tuple)):
        for value in part:
            yield from _texts_of(value)


def block(page: str, name: str) -> str:
    """The data that the page hands to its scripts under this id."""
    found = re.search(rf'id="{name}">(.*?)</script>', page, re.DOTALL)
    assert found, name
    return found[1]
