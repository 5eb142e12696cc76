"""Forms of the map editor as parts of `map.json`: dates as people say them, keys, rows that move, places."""

from __future__ import annotations

from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from app.errors import InvalidInput
from app.inputs.defaults import CATEGORIES
from app.inputs.map_begin import parse_beginning, parse_town, provisional_boundary
from app.inputs.map_edits import READY, edited, ready_made
from app.inputs.map_folder import parse_map
from app.inputs.map_forms import PUBLISH, SECTIONS, digest
from app.inputs.map_sent import Noted, Sent
from app.views.office.overview_map import clicked_place

BEFORE: dict[str, Any] = {
    "title": {"cs": "Mapa", "de": "Karte"},
    "intro": {},
    "thanks": {},
    "privacy_contact": None,
    "languages": ["cs", "en"],
    "opens": None,
    "closes": None,
    "categories": [
        {"key": "safe", "word": {"cs": "Dobře"}, "label": {"cs": "Dobře"}, "prompt": {}, "color": "#009E73"},
        {"key": "unsafe", "word": {"cs": "Zle"}, "label": {"cs": "Zle"}, "prompt": {}, "color": "#D55E00"},
    ],
    "questions": [],
    "about": [],
}


def described(section: str, before: dict[str, Any] | None = None, **form: Any) -> tuple[dict[str, Any], Noted]:
    """What the section makes of a form whose dots are written as two underscores."""
    pairs = [
        (name.replace("__", "."), value)
        for name, values in form.items()
        for value in (values if isinstance(values, list) else [values])
    ]
    noted = Noted()
    typed = SECTIONS[section].sent(Sent(MultiDict(pairs)))
    return SECTIONS[section].described(typed, before or BEFORE, noted), noted


@pytest.mark.parametrize(
    ("day", "clock", "closes"),
    [
        ("2026-10-31", "", "2026-10-31T23:59:59+01:00"),
        ("31. 10. 2026", "", "2026-10-31T23:59:59+01:00"),
        ("2026-07-01", "17:30", "2026-07-01T17:30:00+02:00"),
        ("1.7.2026", "9.05", None),
        ("1.7.2026", "09.05", "2026-07-01T09:05:00+02:00"),
        ("", "", None),
    ],
)
def test_a_day_without_a_time_lasts_to_its_end(day: str, clock: str, closes: str | None) -> None:
    found, noted = described("dates", closes_day=day, closes_time=clock)
    assert (found["closes"], bool(noted.problems)) == (closes, closes is None and bool(day))


@pytest.mark.parametrize(("day", "clock"), [("brzy", ""), ("2026-02-30", ""), ("1026-02-03", ""), ("", "12:00")])
def test_a_day_that_is_none_is_told_beside_the_field(day: str, clock: str) -> None:
    _, noted = described("dates", opens_day=day, opens_time=clock)
    assert [problem.field for problem in noted.problems] == ["opens"]


def test_dates_come_back_as_they_were_typed_and_untouched_ones_to_the_second() -> None:
    stored = BEFORE | {"opens": "2026-03-01T08:00:00.25+01:00", "closes": "2026-11-01T00:00:00+01:00"}
    shown = SECTIONS["dates"].shown(stored)
    assert shown == {
        "opens_day": "2026-03-01",
        "opens_time": "08:00",
        "closes_day": "2026-10-31",  # midnight is the end of the day before
        "closes_time": "",
    }
    found, _ = described("dates", stored, **shown)
    assert found == {"opens": stored["opens"], "closes": stored["closes"]}


@pytest.mark.parametrize("after", [*PUBLISH, "same"])
@pytest.mark.parametrize("open_", list(PUBLISH))
def test_publishing_is_one_choice_while_open_and_one_after(open_: str, after: str) -> None:
    found, noted = described(
        "rules",
        open=open_,
        after=after,
        k="5",
        moderation="pre",
        show_others="never",
        retention_days="90",
    )
    assert noted.problems == []
    publish = found["publish"]
    assert (publish["pins"], publish["heat"]) == PUBLISH[open_]
    assert (publish["after"]["pins"], publish["after"]["heat"]) == PUBLISH.get(after, (None, None))
    shown = SECTIONS["rules"].shown(BEFORE | found)
    assert (shown["open"], shown["after"]) == (open_, after)


def test_texts_in_languages_the_form_does_not_show_stay() -> None:
    found, noted = described("texts", languages=["cs"], title__cs=" Nová  mapa ", title__en="")
    assert (found["title"], noted.problems) == ({"de": "Karte", "cs": "Nová mapa"}, [])


def test_too_long_or_unstorable_texts_are_told_in_their_language() -> None:
    _, noted = described(
        "texts", languages=["cs", "en"], title__cs="Mapa", title__en="x" * 121, intro__cs="a\x00b"
    )
    assert [problem.field for problem in noted.problems] == ["title.en", "intro.cs"]


def test_the_order_of_rows_is_the_order_of_categories_and_keys_stay() -> None:
    found, _ = described(
        "categories",
        row=["c1", "n7", "c0"],
        c0__key="safe",
        c0__word__cs="Dobře",
        c1__key="unsafe",
        c1__word__cs="Zle",
        n7__word__cs="Nuda je tu",
        n7__color="own",
        n7__own_color="#123456",
    )
    assert [category["key"] for category in found["categories"]] == ["unsafe", "nuda_je_tu", "safe"]
    assert found["categories"][1]["color"] == "#123456"
    assert found["categories"][1]["label"] == {"cs": "Nuda je tu"}


def test_rows_in_which_nothing_was_written_fall_away() -> None:
    found, noted = described(
        "categories", row=["c0", "n1"], c0__key="safe", c0__word__cs="Dobře", n1__color="#D55E00"
    )
    assert (len(found["categories"]), noted.problems) == (1, [])


def test_keys_are_made_of_words_and_never_twice() -> None:
    found, _ = described(
        "questions",
        row=["n0", "n1", "n2"],
        n0__type="text",
        n0__label__cs="Proč?",
        n1__type="text",
        n1__label__cs="Proč",
        n2__type="text",
        n2__label__cs="65 a více?",
    )
    assert [question["key"] for question in found["questions"]] == ["proc", "proc_2", "k_65_a_vice"]


def test_key_of_a_question_is_never_that_of_a_pin() -> None:
    found, _ = described("questions", row=["n0"], n0__type="text", n0__label__cs="Category")
    assert found["questions"][0]["key"] == "category_2"


def test_options_keep_their_keys_when_they_move_and_go_when_emptied() -> None:
    question = {
        "key": "when",
        "type": "single",
        "label": {"cs": "Kdy?"},
        "options": [{"key": key, "label": {"cs": key}} for key in ("day", "night", "always")],
        "categories": [],
        "published": True,
    }
    found, _ = described(
        "questions",
        BEFORE | {"questions": [question]},
        row=["q0"],
        q0__key="when",
        q0__type="single",
        q0__label__cs="Kdy?",
        q0__option=["o2", "o0", "o1", "o3"],
        q0__o0__key="day",
        q0__o0__label__cs="ve dne",
        q0__o1__key="night",
        q0__o1__label__cs=" ",
        q0__o2__key="always",
        q0__o2__label__cs="pořád",
        q0__o3__label__cs="Ráno",
    )
    assert found["questions"][0]["options"] == [
        {"key": "always", "label": {"cs": "pořád"}},
        {"key": "day", "label": {"cs": "ve dne"}},
        {"key": "rano", "label": {"cs": "Ráno"}},
    ]


@pytest.mark.parametrize(("chosen", "asked_with"), [([], []), (["safe"], ["safe"]), (["safe", "unsafe"], [])])
def test_question_asked_with_every_category_is_asked_with_all(chosen: list[str], asked_with: list[str]) -> None:
    found, _ = described("questions", row=["n0"], n0__type="text", n0__label__cs="Proč?", n0__categories=chosen)
    assert found["questions"][0]["categories"] == asked_with


def test_category_that_goes_leaves_the_questions_that_name_it() -> None:
    question = {"key": "why", "label": {"cs": "Proč?"}, "type": "text", "categories": ["safe", "unsafe"]}
    before = BEFORE | {"questions": [question]}
    found, noted = described("categories", before, row=["c0"], c0__key="safe", c0__word__cs="Dobře")
    assert (found["questions"][0]["categories"], noted.problems) == (["safe"], [])


def test_category_with_which_alone_something_is_asked_can_not_go() -> None:
    question = {"key": "why", "label": {"cs": "Proč?"}, "type": "text", "categories": ["unsafe"]}
    before = BEFORE | {"questions": [question]}
    _, noted = described("categories", before, row=["c0"], c0__key="safe", c0__word__cs="Dobře")
    assert [(p.field, p.data) for p in noted.problems] == [("categories", {"question": "Proč?"})]


@pytest.mark.parametrize(
    ("deed", "order", "touched"),
    [
        ("up:c1", ["c1", "c0"], "c1"),
        ("up:c0", ["c0", "c1"], "c0"),
        ("down:c0", ["c1", "c0"], "c0"),
        ("remove:c0", ["c1"], "c1"),
        ("add", ["c0", "c1", "n2"], "n2"),
        ("add:improve", ["c0", "c1", "n2"], "n2"),
        ("add:safe", ["c0", "c1"], None),
        ("remove:nobody", ["c0", "c1"], None),
        ("drop table", ["c0", "c1"], None),
        ("up:c0.o1", ["c0", "c1"], "c0"),
    ],
)
def test_buttons_change_rows_and_nonsense_changes_nothing(
    deed: str, order: list[str], touched: str | None
) -> None:
    typed = SECTIONS["categories"].shown(BEFORE)
    for row in typed["rows"]:
        row["options"] = []
    after, about = edited("categories", typed, deed)
    assert ([row["row"] for row in after["rows"]], about) == (order, touched)


def test_options_move_within_their_question() -> None:
    typed, touched = edited("questions", {"rows": []}, "add:when")
    assert touched == "n0"
    typed, _ = edited("questions", typed, "down:n0.o0")
    typed, _ = edited("questions", typed, "remove:n0.o2")
    typed, _ = edited("questions", typed, "add:n0.add")
    assert [option["key"] for option in typed["rows"][0]["options"]] == ["night", "day", ""]


@pytest.mark.parametrize(("section", "key"), [(section, key) for section, ready in READY.items() for key in ready])
def test_each_ready_made_row_can_be_added_once_and_saved(section: str, key: str) -> None:
    empty = BEFORE | {"categories": BEFORE["categories"] if section != "categories" else []}
    typed, _ = edited(section, {"rows": [], "scope": section}, f"add:{key}")
    assert key not in [one["key"] for one in ready_made(section, typed)]
    noted = Noted()
    found = SECTIONS[section].described(typed, empty, noted)
    town = {"name": "Testov", "ruian": 912_345}
    boundary = provisional_boundary((15.5, 49.6))
    parsed = parse_map({"title": {"cs": "x"}, "town": town} | found, slug="testov", boundary=boundary)
    assert noted.problems == []
    assert len(getattr(parsed, section)) == 1


def test_mark_of_a_section_changes_with_it_and_only_with_it() -> None:
    renamed = BEFORE | {"title": {"cs": "Jiná"}}
    assert digest("texts", BEFORE) != digest("texts", renamed)
    assert digest("categories", BEFORE) == digest("categories", renamed)


@pytest.mark.parametrize(
    ("typed", "place"),
    [
        ("49.951, 15.796", (15.796, 49.951)),
        ("49.951 15.796", (15.796, 49.951)),
        ("49,951; 15,796", (15.796, 49.951)),
        ("49.951N, 15.796E", (15.796, 49.951)),
        ("15.796, 49.951", None),
        ("někde u lesa", None),
        ("", None),
        ("49.951", None),
    ],
)
def test_place_is_read_as_maps_write_it(typed: str, place: tuple[float, float] | None) -> None:
    form = Sent(MultiDict({"title.cs": "Mapa", "place": typed}))
    if place is None:
        with pytest.raises(InvalidInput) as refusal:
            parse_beginning(form, needs_place=True)
        assert [problem.field for problem in refusal.value.problems] == ["place"]
    else:
        assert parse_beginning(form, needs_place=True).centre == place


def test_click_on_the_little_map_is_a_place_and_a_key_press_is_none() -> None:
    assert clicked_place("232", "158") == "50.092, 14.422"  # Prague
    assert clicked_place("0", "0") is None
    assert clicked_place("", "") is None
    assert clicked_place("99999", "1") is None
    assert clicked_place("²", "1") is None


@pytest.mark.parametrize(
    ("form", "fields"),
    [
        ({"name": "Chrudim", "ruian": "571 164"}, []),
        ({"name": "Bratislava"}, []),
        ({"name": ""}, ["name"]),
        ({"name": "Chrudim", "ruian": "12"}, ["ruian"]),
        ({"name": "Chrudim", "slug": "Ne takhle!"}, ["slug"]),
    ],
)
def test_town_needs_a_name_and_six_digits_or_none(form: dict[str, str], fields: list[str]) -> None:
    if not fields:
        assert parse_town(form).name == form["name"]
        return
    with pytest.raises(InvalidInput) as refusal:
        parse_town(form)
    assert [problem.field for problem in refusal.value.problems] == fields


def test_our_translations_go_when_an_official_says_something_else() -> None:
    ready = dict(CATEGORIES[1].word)
    typed = {"cs": "Hlučno", "en": "Noisy"}
    assert Noted().texts("word", typed, ready, 40) == typed
    kept = Noted().texts("word", {"cs": ready["cs"], "en": ready["en"]}, ready, 40)
    assert kept == ready
    own = {"cs": "Nebezpečně", "en": "Unsafe", "uk": "Страшно"}
    assert Noted().texts("word", typed, own, 40) == typed | {"uk": "Страшно"}
