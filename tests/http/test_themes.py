"""The page of themes: words and quotes of each feeling, place and group; nothing personal in it."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import msgspec
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from app.models import FlagKind, Pin, PinFlag, PinState
from app.queries.analyses import nobody_told
from app.queries.analysis_themes import Result, find
from app.queries.comments import comments_to_quote, read_comments
from app.queries.maps import MapRecord
from tests.builders import CENTRE, a_basemap, a_map, a_pin, an_analysis, an_official
from tests.doors import sign_in

PAGE = "/office/maps/testov/analysis/themes"
GENDER = {
    "key": "gender",
    "type": "single",
    "label": {"cs": "Kdo jste", "en": "Who are you"},
    "options": [
        {"key": "woman", "label": {"cs": "Žena", "en": "A woman"}},
        {"key": "man", "label": {"cs": "Muž", "en": "A man"}},
    ],
}
DARK = "Večer je v podchodu tma a sedí tam opilci"
QUIET = "Klidný park, kde se dá odpočinout pod stromy"


def a_talking_town(session: Session, people: int = 30, **more: Any) -> MapRecord:
    """Half of the people write of the dark, half of the quiet; as many pins again say nothing."""
    the_map = a_map(session, about=[GENDER], **({"basemap_geojson": a_basemap("Lipová")} | more))
    for n in range(people):
        about = {"gender": "woman" if n % 2 else "man"}
        near = (CENTRE[0] + 0.0003 * (n % 3), CENTRE[1] + 0.0002 * (n // 3 % 3))
        far = (near[0] + 0.01, near[1])
        a_pin(session, the_map, "unsafe", near, f"r{n}", comment=f"{DARK} {'!' * (n % 4)}", about=about)
        a_pin(session, the_map, "safe", far, f"r{n}", comment=f"{QUIET}{'.' * (n % 4)}")
        a_pin(session, the_map, "unsafe", near, f"r{n}")
        a_pin(session, the_map, "safe", far, f"r{n}")
    return the_map


def office(app: Flask, session: Session) -> FlaskClient:
    return sign_in(app.test_client(), an_official(session))


def page_of(official: FlaskClient) -> str:
    answer = official.get(PAGE, query_string={"lang": "en"})
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", answer.text)))


def found(session: Session, the_map: MapRecord) -> Result:
    return find(session, the_map, {}, nobody_told)


def words(result: Result, category: str) -> set[str]:
    return {word.text for one in result.categories if one.category == category for word in one.words}


def test_the_page_says_why_in_how_many_peoples_words_and_how_many_are_silent(app: Flask, session: Session) -> None:
    the_map = a_talking_town(session)
    official = office(app, session)
    an_analysis(session, the_map, "themes")
    text = page_of(official)
    assert "Something is written at 60 of 120 pins, by 30 of 30 people" in text
    assert "50 % of pins say nothing" in text
    assert "30 of 30 people (100 %)" in text
    assert "where people wrote about other feelings: 0 %" in text
    assert "tma" in text
    assert DARK in text
    assert "log-likelihood" in text
    assert "no proof" in text
    hub = official.get("/office/maps/testov/analysis?lang=en").text
    assert "30 of 30 people who wrote a word about it" in hub


def test_a_word_leads_to_the_map_with_the_comments_that_say_it(app: Flask, session: Session) -> None:
    the_map = a_talking_town(session)
    official = office(app, session)
    an_analysis(session, the_map, "themes")
    page = unescape(official.get(PAGE).text)
    link = re.search(r'class="themes-word" href="([^"]*words=tma[^"]*)"', page)
    assert link
    there = official.get(link[1].replace("/office/maps/testov", "/office/maps/testov/pins.json"))
    assert there.json["count"] == 30


def test_places_are_read_one_by_one(app: Flask, session: Session) -> None:
    the_map = a_talking_town(session)
    result = found(session, the_map)
    assert {(place.category, place.name) for place in result.places} >= {("unsafe", "Lipová")}
    dark = next(place for place in result.places if place.category == "unsafe")
    assert (dark.people, dark.writers, dark.commented) == (30, 30, 30)
    assert "tma" in {word.text for word in (*dark.words, *dark.common)}


def test_what_only_one_group_writes_is_told_with_both_numbers(app: Flask, session: Session) -> None:
    the_map = a_talking_town(session)
    for n in range(30):
        if n % 2:
            a_pin(session, the_map, "unsafe", CENTRE, f"r{n}", comment="Bojím se tudy chodit sama s kočárkem")
    result = found(session, the_map)
    told = {(one.option, one.people, one.of, one.others, one.others_of) for one in result.groups.words}
    assert ("woman", 15, 15, 0, 15) in told
    assert not {option for option, *_ in told} - {"woman"}
    an_analysis(session, the_map, "themes")
    text = page_of(office(app, session))
    assert re.search(
        r"A woman .{0,40}more often write of .{0,80}15 of 15 people; the others who answered 0 of 15", text
    )


def test_of_groups_of_fewer_than_k_people_nothing_is_told(session: Session) -> None:
    the_map = a_map(session, about=[GENDER])
    for n in range(12):
        about = {"gender": "man" if n < 4 else "woman"}
        a_pin(session, the_map, "unsafe", CENTRE, f"r{n}", comment="opilci" if n < 4 else "auta", about=about)
    result = found(session, the_map)
    assert result.groups.spoken == ()
    assert result.groups.words == ()


def test_one_busy_person_makes_no_theme(session: Session) -> None:
    the_map = a_talking_town(session)
    for _ in range(60):
        a_pin(session, the_map, "unsafe", CENTRE, "busy", comment="Holubi, všude samí holubi")
    assert not {word for word in words(found(session, the_map), "unsafe") if word.startswith("holub")}


def test_answers_in_own_words_are_read_but_never_quoted(session: Session) -> None:
    why = {"key": "why", "type": "text", "label": {"cs": "Proč"}}
    the_map = a_map(session, questions=[why])
    for n in range(20):
        a_pin(session, the_map, "unsafe", CENTRE, f"r{n}", answers={"why": "Rozbité lampy u školy"})
        a_pin(session, the_map, "safe", CENTRE, f"r{n}", comment="Krásný klid v parku u řeky")
    result = found(session, the_map)
    assert words(result, "unsafe") == {"rozbité lampy", "školy"}
    unsafe = next(one for one in result.categories if one.category == "unsafe")
    assert unsafe.commented == 20
    assert not any(theme.quotes for theme in unsafe.themes)


def test_nothing_personal_is_quoted(app: Flask, session: Session) -> None:
    the_map = a_talking_town(session, 0)
    bad = [
        "Večer je tu tma a soused Novák řve",
        "Tma v podchodu, volejte 777 123 456",
        "Tma v podchodu, pište na jan@novak.cz",
        "Tma v podchodu a cikáni",
        "Tma v podchodu, kurva, to je hrůza",
        "Tma v podchodu, Jana Nováková se bojí",
        "Tma v podchodu, auto 1T2 3456 tu stojí",
    ]
    for n in range(40):
        a_pin(session, the_map, "unsafe", CENTRE, f"r{n}", comment=bad[n % len(bad)])
        a_pin(session, the_map, "safe", CENTRE, f"r{n}", comment="Klid a park")
    official = office(app, session)
    an_analysis(session, the_map, "themes")
    text = page_of(official)
    assert "tma" in text
    for comment in bad:
        assert comment not in text
    assert "Novák" not in text
    assert "777 123" not in text


def test_what_is_hidden_covered_flagged_or_withdrawn_after_the_run_is_not_quoted(
    app: Flask, session: Session
) -> None:
    the_map = a_talking_town(session)
    official = office(app, session)
    result = an_analysis(session, the_map, "themes")
    assert DARK not in msgspec.json.encode(result).decode()
    quoted = sorted({pin for one in result.categories for theme in one.themes for pin in theme.quotes})
    quoted += sorted({pin for place in result.places for pin in place.quotes})
    assert set(comments_to_quote(session, the_map, quoted)) == set(quoted)
    mine = list(session.query(Pin).filter(Pin.category == "unsafe", Pin.comment.is_not(None)))
    changes = [{"state": PinState.HIDDEN}, {"original_comment": "Jan"}, {"state": PinState.PENDING}]
    for i, pin in enumerate(mine):
        if i % 5 < 3:
            session.execute(update(Pin).where(Pin.id == pin.id).values(**changes[i % 5]))
        elif i % 5 == 3:
            session.add(PinFlag(map_id=the_map.id, pin_id=pin.id, kind=FlagKind.PHONE))
        else:
            session.execute(delete(Pin).where(Pin.id == pin.id))
    session.commit()
    text = page_of(official)
    assert DARK not in text
    assert QUIET in text
    assert "30 of 30 people" in text


def test_hidden_pins_are_not_read_at_all(session: Session) -> None:
    the_map = a_map(session)
    a_pin(session, the_map, comment="klid", state=PinState.HIDDEN)
    a_pin(session, the_map, comment="tma", state=PinState.PENDING)
    comments = read_comments(session, the_map)
    assert comments.texts == ("tma",)
    assert not comments.quotable.any()


def test_comments_with_lines_quotes_and_emoji_come_as_they_are(session: Session) -> None:
    the_map = a_map(session, about=[GENDER])
    texts = ['Řekla: "tma",\r\na šla; \\n', "🦊 liška,\tjezevec", "NULL", '""']
    for text in texts:
        a_pin(session, the_map, comment=text, about={"gender": ["man", "woman"]})
    comments = read_comments(session, the_map, ["gender"])
    assert sorted(comments.texts) == sorted(texts)
    assert set(comments.answers["gender"].tolist()) == {3}


def test_maps_with_few_words_get_words_and_no_error(app: Flask, session: Session) -> None:
    for slug, count in (("prazdna", 0), ("jeden", 1), ("ctyri", 4)):
        the_map = a_map(session, slug)
        for n in range(count):
            a_pin(session, the_map, "unsafe", CENTRE, f"r{n}", comment="tma u školy")
        result = found(session, the_map)
        assert (result.commented, result.writers) == (count, count)
        assert not [theme for one in result.categories for theme in one.themes]
        assert msgspec.json.decode(msgspec.json.encode(result), type=Result) == result
        email = an_official(session, f"{slug}@x.example", town=slug)
        an_analysis(session, the_map, "themes")
        page = sign_in(app.test_client(), email).get(f"/office/maps/{slug}/analysis/themes?lang=en")
        assert page.status_code == 200


def test_the_table_has_every_key_word_with_its_numbers(app: Flask, session: Session) -> None:
    the_map = a_talking_town(session)
    official = office(app, session)
    an_analysis(session, the_map, "themes")
    answer = official.get(PAGE + ".csv")
    heading, *rows = answer.data.decode("utf-8-sig").splitlines()
    assert heading.startswith(
        "part;category;place;question;option;theme;word;is_name;people;of;elsewhere;elsewhere_of"
    )
    assert [row.split(";")[:13] for row in rows if ";sedí;" in row] == [
        ["feeling", "unsafe", "", "", "", "1", "sedí", "no", "30", "30", "0", "30", "83.178"]
    ]
