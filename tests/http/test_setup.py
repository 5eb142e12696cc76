"""Setting a map up by its forms: every section, what is wrong beside its field, two editors, opening, closing."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.datastructures import MultiDict
from werkzeug.test import TestResponse

from app.models import AuditEntry, BasemapLayer, Pin, Town, TownMap
from app.queries.map_description import describe
from app.queries.maps import MapRecord, read_map
from tests.builders import BOX, a_basemap, a_draft, a_map, a_pin, an_event, an_official
from tests.doors import csrf_of, sign_in

BASE = "/office/maps/testov/setup"
SEEN = re.compile(r'name="seen" value="([0-9a-f]+)"')


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(
        session,
        questions=[
            {
                "key": "when",
                "label": {"cs": "Kdy?", "en": "When?"},
                "categories": ["unsafe"],
                "options": [{"key": "day", "label": {"cs": "ve dne", "en": "by day"}}],
            }
        ],
    )


@pytest.fixture
def editor(session: Session, client: FlaskClient, the_map: MapRecord) -> FlaskClient:
    an_official(session)
    return sign_in(client, "urad@testov.example")


def post(client: FlaskClient, address: str, **form: Any) -> TestResponse:
    """Send a form; dots of names are written as two underscores."""
    data = {name.replace("__", "."): value for name, value in form.items()}
    return client.post(address, data=data | {"csrf_token": csrf_of(client, f"{BASE}/dates")})


def now(session: Session, slug: str = "testov") -> MapRecord:
    session.expire_all()
    return read_map(session, slug)


def deeds(session: Session) -> list[tuple[str, dict[str, Any]]]:
    """What the log says of maps."""
    found = session.query(AuditEntry).filter(AuditEntry.action.startswith("map.")).order_by(AuditEntry.id)
    return [(entry.action, entry.detail) for entry in found]


RULES = {"open": "pins", "after": "same", "k": "5", "moderation": "post", "show_others": "always"}
TEXTS = {
    "languages": ["cs", "en"],
    "title__cs": "Nový název",
    "title__en": "New title",
    "intro__cs": "Úvod s **tučným**",
    "privacy_contact": "gdpr@testov.example",
}
CATEGORIES = {
    "row": ["c1", "c0", "n5"],
    "c0__key": "safe",
    "c0__word__cs": "Bezpečně",
    "c0__color": "#009E73",
    "c0__shape": "circle",
    "c1__key": "unsafe",
    "c1__word__cs": "Strach",
    "c1__color": "own",
    "c1__own_color": "#123abc",
    "c1__shape": "heart",
    "n5__word__cs": "Nuda",
    "n5__word__en": "Boring",
    "n5__color": "#E69F00",
    "n5__shape": "star",
}
ABOUT = {
    "row": ["n0"],
    "n0__type": "multiple",
    "n0__label__cs": "Jak se pohybujete?",
    "n0__option": ["o0", "o1"],
    "n0__o0__label__cs": "pěšky",
    "n0__o1__label__cs": "na kole",
}


@pytest.mark.parametrize("section", ["texts", "categories", "questions", "about", "rules", "dates"])
def test_each_section_shows_what_is_stored_and_saves_it_unchanged(
    editor: FlaskClient, session: Session, section: str
) -> None:
    before = describe(session, now(session))
    page = editor.get(f"{BASE}/{section}")
    assert page.status_code == 200
    answer = editor.post(f"{BASE}/{section}", data=_form_of(page.text))
    assert answer.status_code == 303, answer.text
    session.expire_all()
    assert describe(session, now(session)) == before
    assert deeds(session) == []


FIELD = re.compile(
    r"<input\b([^>]*)>|<textarea\b([^>]*)>(.*?)</textarea>|<select\b([^>]*)>(.*?)</select>", re.DOTALL
)


def _form_of(page: str) -> MultiDict[str, str]:
    """The fields of the section's form as a browser would send them."""
    form = page[page.index('class="setup-form"') :]
    form = re.sub(r"<template.*?</template>", "", form[: form.index("</form>")], flags=re.DOTALL)
    fields = []
    for tag in FIELD.finditer(form):
        attributes = tag[1] or tag[2] or tag[4]
        name = re.search(r'name="([^"]*)"', attributes)
        is_choice = re.search(r'type="(radio|checkbox)"', attributes)
        if name is None or (is_choice and "checked" not in attributes):
            continue
        value = re.search(r'value="([^"]*)"', attributes if tag[1] else (tag[5] and _chosen(tag[5])) or "")
        fields.append((name[1], unescape(tag[3] if tag[2] else value[1] if value else "")))
    return MultiDict(fields)


def _chosen(options: str) -> str:
    found = re.search(r"<option[^>]* selected", options)
    return found[0] if found else ""


def test_texts_are_saved_for_the_languages_of_the_map(editor: FlaskClient, session: Session) -> None:
    assert post(editor, f"{BASE}/texts", **TEXTS).status_code == 303
    after = now(session)
    assert after.title == {"cs": "Nový název", "en": "New title"}
    assert after.intro == {"cs": "Úvod s **tučným**"}
    assert after.privacy_contact == "gdpr@testov.example"
    assert deeds(session) == [("map.change", {"section": "texts"})]


def test_citizens_get_the_saved_text_at_once(editor: FlaskClient, session: Session) -> None:
    editor.get("/m/testov")  # kept in memory from here on
    post(editor, f"{BASE}/texts", **TEXTS)
    assert "Nový název" in editor.get("/m/testov?lang=cs").text


def test_categories_are_added_reworded_recoloured_moved_and_removed(editor: FlaskClient, session: Session) -> None:
    assert post(editor, f"{BASE}/categories", **CATEGORIES).status_code == 303
    after = now(session).categories
    assert [(c.key, c.color, c.shape) for c in after] == [
        ("unsafe", "#123abc", "heart"),
        ("safe", "#009E73", "circle"),
        ("nuda", "#E69F00", "star"),
    ]
    assert after[0].word["cs"] == "Strach"
    assert after[2].word == {"cs": "Nuda", "en": "Boring"}


def test_category_with_pins_stays_and_says_why(editor: FlaskClient, session: Session, the_map: MapRecord) -> None:
    a_pin(session, the_map, "improve")
    page = editor.get(f"{BASE}/categories?lang=en").text
    assert "1 pin says this" in page
    assert 'value="remove:c2"' not in page
    assert 'value="remove:c0"' in page
    answer = post(editor, f"{BASE}/categories", **CATEGORIES)
    assert answer.status_code == 422
    assert "improve" in answer.text
    assert "Nuda" in answer.text  # nothing typed is lost
    assert [c.key for c in now(session).categories] == ["safe", "unsafe", "improve"]


def test_category_with_which_alone_a_question_is_asked_stays(editor: FlaskClient, session: Session) -> None:
    form = {"row": ["c0"], "c0__key": "safe", "c0__word__cs": "Bezpečně", "c0__color": "#009E73"}
    answer = post(editor, f"{BASE}/categories?lang=en", **form)
    assert answer.status_code == 422
    assert "Kdy?" in answer.text


def test_questions_about_the_person_are_never_published(editor: FlaskClient, session: Session) -> None:
    assert post(editor, f"{BASE}/about", **ABOUT, n0__published="1").status_code == 303
    (question,) = now(session).about
    assert (question.key, question.type, question.published) == ("jak_se_pohybujete", "multiple", False)
    assert [option["key"] for option in question.options] == ["pesky", "na_kole"]


def test_all_questions_can_go(editor: FlaskClient, session: Session) -> None:
    assert post(editor, f"{BASE}/questions").status_code == 303
    assert post(editor, f"{BASE}/about").status_code == 303
    after = now(session)
    assert (after.questions, after.about) == ((), ())


def test_rules_say_what_is_published_while_open_and_after(editor: FlaskClient, session: Session) -> None:
    form = RULES | {"open": "heat", "after": "pins", "k": "7", "moderation": "pre", "retention_days": "90"}
    assert post(editor, f"{BASE}/rules", **form).status_code == 303
    after = now(session)
    assert (after.publish_pins_open, after.publish_heat_open) == (False, True)
    assert (after.publish_pins_after, after.publish_heat_after) == (True, True)
    assert (after.k, after.moderation, after.hold_flagged, after.retention_days) == (7, "pre", False, 90)


def test_pins_hidden_so_far_are_not_shown_without_a_second_thought(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    hidden = RULES | {"open": "heat", "retention_days": "180"}
    assert post(editor, f"{BASE}/rules", **hidden).status_code == 303
    a_pin(session, the_map)
    shown = RULES | {"retention_days": "180"}
    answer = post(editor, f"{BASE}/rules", **shown)
    assert answer.status_code == 422
    assert 'name="promise"' in answer.text
    assert now(session).publish_pins is False
    assert post(editor, f"{BASE}/rules", **shown, promise="1").status_code == 303
    assert now(session).publish_pins is True


def test_dates_are_those_of_the_towns_clocks(editor: FlaskClient, session: Session) -> None:
    form = {"opens_day": "2026-09-14", "opens_time": "08:00", "closes_day": "2026-10-31"}
    assert post(editor, f"{BASE}/dates", **form).status_code == 303
    after = now(session)
    assert after.opens_at == datetime(2026, 9, 14, 6, tzinfo=UTC)
    assert after.closes_at == datetime(2026, 10, 31, 22, 59, 59, tzinfo=UTC)


def test_slip_of_the_pen_does_not_take_pins_and_people_apart(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_pin(session, the_map)
    answer = post(editor, f"{BASE}/dates?lang=en", closes_day="2025-01-31")
    assert answer.status_code == 422
    assert "deleted at once, for good" in answer.text
    assert now(session).closes_at is None


def test_map_whose_links_are_gone_does_not_open_again(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    row = session.get_one(TownMap, the_map.id)
    row.closes_at = datetime.now(UTC) - timedelta(days=200)
    row.anonymised_at = datetime.now(UTC)
    row.version += 1
    session.commit()
    answer = post(editor, f"{BASE}/dates?lang=en", closes_day="2099-01-01")
    assert answer.status_code == 422
    assert 'id="wrong-closes"' in answer.text


WRONG = [
    ("texts", TEXTS | {"title__cs": "", "title__en": "Only English"}, "wrong-title.cs", "Only English"),
    ("texts", TEXTS | {"title__en": "x" * 200}, "wrong-title.en", "x" * 200),
    ("texts", TEXTS | {"languages": []}, "wrong-languages", "Nový název"),
    ("texts", TEXTS | {"languages": ["klingon!"]}, "wrong-languages", "Nový název"),
    ("categories", CATEGORIES | {"n5__word__cs": ""}, "wrong-categories[2].word.cs", "Boring"),
    ("categories", CATEGORIES | {"c1__own_color": "red"}, "wrong-categories[0].color", "Strach"),
    ("categories", CATEGORIES | {"c1__shape": "skull"}, "wrong-categories[0].shape", "Strach"),
    ("categories", {"row": []}, None, ""),
    ("about", ABOUT | {"n0__label__cs": "", "n0__label__en": "How?"}, "wrong-about[0].label.cs", "na kole"),
    ("about", ABOUT | {"n0__option": []}, "wrong-about[0].options", "Jak se pohybujete?"),
    ("about", ABOUT | {"n0__type": "essay"}, "wrong-about[0].type", "na kole"),
    ("about", ABOUT | {"n0__o1__label__cs": "y" * 161}, "wrong-about[0].options[1].label.cs", "pěšky"),
    ("about", ABOUT | {"n0__o1__key": "with space"}, "wrong-about[0].options[1].key", "pěšky"),
    ("questions", ABOUT | {"n0__key": "comment"}, None, "na kole"),
    ("rules", RULES | {"k": "pět", "retention_days": "90"}, "wrong-publish.k", "pět"),
    ("rules", RULES | {"k": "0", "retention_days": "90"}, "wrong-publish.k", ""),
    ("rules", RULES | {"retention_days": "99999"}, "wrong-retention_days", "99999"),
    ("rules", RULES | {"open": "everything", "retention_days": "90"}, "wrong-open", ""),
    ("rules", RULES | {"moderation": "never", "retention_days": "90"}, "wrong-moderation", ""),
    ("dates", {"opens_day": "zítra"}, "wrong-opens", "zítra"),
    ("dates", {"opens_day": "2026-10-01", "closes_day": "2026-09-01"}, "wrong-closes", "2026-10-01"),
]


@pytest.mark.parametrize(("section", "form", "beside", "kept"), WRONG)
def test_what_is_wrong_stands_beside_its_field_and_nothing_typed_is_lost(
    editor: FlaskClient, session: Session, section: str, form: dict[str, Any], beside: str | None, kept: str
) -> None:
    before = describe(session, now(session))
    answer = post(editor, f"{BASE}/{section}", **form)
    assert answer.status_code == 422
    if beside:
        assert f'id="{beside}"' in answer.text
    else:
        assert 'class="notice notice-bad"' in answer.text
    assert kept in answer.text
    session.expire_all()
    assert describe(session, now(session)) == before


def test_what_is_wrong_is_said_in_the_readers_language(editor: FlaskClient) -> None:
    said = {}
    for code in ("cs", "en"):
        text = post(editor, f"{BASE}/rules?lang={code}", **(RULES | {"k": "0", "retention_days": "9"})).text
        said[code] = re.search(r'id="wrong-publish.k">([^<]+)', text)[1]
    assert said["en"] == "This must be a whole number from 1 to 100."
    assert said["cs"] != said["en"]


@pytest.mark.parametrize(("section", "form"), [("categories", CATEGORIES), ("questions", ABOUT), ("about", ABOUT)])
def test_buttons_within_a_form_work_without_scripts_and_save_nothing(
    editor: FlaskClient, session: Session, section: str, form: dict[str, Any]
) -> None:
    before = describe(session, now(session))
    first = form["row"][0]
    page = post(editor, f"{BASE}/{section}", **form, do="add")
    assert page.status_code == 200
    assert page.text.count('class="setup-row card"') == len(form["row"]) + 2  # the new one, and the template
    page = post(editor, f"{BASE}/{section}", **form, do=f"remove:{first}")
    assert page.text.count('class="setup-row card"') == len(form["row"])
    session.expire_all()
    assert describe(session, now(session)) == before


def test_option_is_added_to_its_question_without_scripts(editor: FlaskClient) -> None:
    page = post(editor, f"{BASE}/about", **ABOUT, do="add:n0.add").text
    assert 'name="n0.option" value="o2"' in page


def test_two_editors_of_one_section_learn_of_each_other_and_lose_nothing(
    editor: FlaskClient, session: Session, app: Any
) -> None:
    an_official(session, "petra@testov.example")
    petra = sign_in(app.test_client(), "petra@testov.example")
    seen = SEEN.search(editor.get(f"{BASE}/texts").text)[1]
    theirs = TEXTS | {"title__cs": "Název od Petry", "seen": SEEN.search(petra.get(f"{BASE}/texts").text)[1]}
    assert post(petra, f"{BASE}/texts", **theirs).status_code == 303
    stale = post(editor, f"{BASE}/texts", **TEXTS, seen=seen)
    assert stale.status_code == 409
    assert "petra@testov.example" in stale.text
    assert "Nový název" in stale.text
    assert now(session).title["cs"] == "Název od Petry"
    again = post(editor, f"{BASE}/texts", **TEXTS, seen=SEEN.search(stale.text)[1])
    assert again.status_code == 303
    assert now(session).title["cs"] == "Nový název"


def test_two_editors_of_different_sections_do_not_disturb_each_other(
    editor: FlaskClient, session: Session
) -> None:
    texts = SEEN.search(editor.get(f"{BASE}/texts").text)[1]
    rules = SEEN.search(editor.get(f"{BASE}/rules").text)[1]
    assert post(editor, f"{BASE}/texts", **TEXTS, seen=texts).status_code == 303
    assert post(editor, f"{BASE}/rules", **RULES, retention_days="90", seen=rules).status_code == 303
    after = now(session)
    assert (after.title["cs"], after.retention_days) == ("Nový název", 90)


def test_stale_form_stays_stale_through_buttons_that_save_nothing(editor: FlaskClient) -> None:
    seen = SEEN.search(editor.get(f"{BASE}/categories").text)[1]
    assert post(editor, f"{BASE}/categories", **CATEGORIES).status_code == 303
    page = post(editor, f"{BASE}/categories", **CATEGORIES, seen=seen, do="add").text
    assert SEEN.search(page)[1] == seen
    assert post(editor, f"{BASE}/categories", **CATEGORIES, seen=seen).status_code == 409


def test_a_form_changes_neither_boundary_grid_basemap_nor_events(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    row = session.get_one(TownMap, the_map.id)
    row.metric_srid = 32633  # a grid that nobody would compute again
    row.basemap = {"kind": "pmtiles", "fingerprint": "abc", "attribution": {}}
    row.version += 1
    session.add(BasemapLayer(map_id=row.id, geojson=a_basemap(), fingerprint="whatever"))
    session.commit()
    an_event(session, the_map, "STANEK1")
    assert post(editor, f"{BASE}/texts", **TEXTS).status_code == 303
    after = now(session)
    assert after.boundary.equals(BOX)
    assert (after.metric_srid, after.basemap["kind"]) == (32633, "pmtiles")
    assert session.get(BasemapLayer, the_map.id) is not None
    assert [event["code"] for event in describe(session, after)["events"]] == ["STANEK1"]


def test_words_of_a_section_can_not_break_out_of_the_page(editor: FlaskClient) -> None:
    evil = '"><script>alert(1)</script>'
    answer = post(editor, f"{BASE}/categories", **(CATEGORIES | {"c0__word__cs": evil, "n5__word__cs": ""}))
    assert "<script>alert" not in answer.text
    preview = post(editor, f"{BASE}/categories/preview", **(CATEGORIES | {"c0__word__cs": evil}))
    assert "<script>" not in preview.json["html"]


def test_row_names_can_not_break_out_of_the_style_sheet(editor: FlaskClient) -> None:
    form = {"row": ["x{}*{color:red}", "c0"], "c0__word__cs": "Dobře", "c0__color": "red;}*{display:none"}
    css = post(editor, f"{BASE}/categories/preview", **form).json["css"]
    assert "display:none" not in css
    assert "color:red" not in css


def test_preview_shows_the_first_screen_of_what_is_typed(editor: FlaskClient) -> None:
    answer = post(editor, f"{BASE}/texts/preview?lang=cs", **TEXTS)
    assert "Nový název" in answer.json["html"]
    assert "<strong>tučným</strong>" in answer.json["html"]
    assert "--category-safe:" in answer.json["css"]


def test_unknown_section_is_nothing(editor: FlaskClient) -> None:
    assert editor.get(f"{BASE}/secrets").status_code == 404


def test_draft_opens_once_nothing_needed_is_missing(editor: FlaskClient, session: Session) -> None:
    a_draft(session, "koncept", town={"name": "Testov", "slug": "testov"}, title={"en": "Only English"})
    base = "/office/maps/koncept/setup"
    page = editor.get(f"{base}?lang=en").text
    assert "needed to open" in page
    answer = post(editor, f"{base}/open")
    assert answer.status_code == 422
    assert now(session, "koncept").draft
    assert post(editor, f"{base}/texts", **TEXTS).status_code == 303
    assert post(editor, f"{base}/open").status_code == 303
    assert now(session, "koncept").is_open()
    assert ("map.open", {"opens": "now"}) in deeds(session)
    assert editor.get("/m/koncept").status_code == 200


def test_checklist_says_what_is_missing_and_where_to_mend_it(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    a_draft(session, "koncept", town={"name": "Testov", "slug": "testov"}, about=[], intro={"cs": "Úvod"})
    page = editor.get("/office/maps/koncept/setup?lang=en").text
    for sentence in (
        "The introduction is missing in: English.",
        "The boundary is only a provisional box.",
        "There is only blank paper under the pins.",
        "There is no closing date",
        "Nobody is named whom people can ask about their data.",
        "1 person of your office can look at pins.",
        "People choose from: Safe, Unsafe, Improve.",
        "Nothing is asked but for a pin.",
        "so without a closing date never",
    ):
        assert sentence in page, sentence
    for section in ("texts", "categories", "questions", "rules", "dates"):
        assert f'href="/office/maps/koncept/setup/{section}"' in page
    assert 'href="/office/maps/koncept/boundary"' in page
    assert 'href="/office/maps/koncept/basemap"' in page


def test_draft_with_a_date_waits_for_it_unless_told_otherwise(editor: FlaskClient, session: Session) -> None:
    later = datetime.now(UTC) + timedelta(days=9)
    a_draft(
        session,
        "koncept",
        town={"name": "Testov", "slug": "testov"},
        title={"cs": "Koncept", "en": "Draft"},
        opens=later.isoformat(),
    )
    assert post(editor, "/office/maps/koncept/setup/open").status_code == 303
    waiting = now(session, "koncept")
    assert (waiting.draft, waiting.is_open(), waiting.opens_at) == (False, False, later)
    assert post(editor, "/office/maps/koncept/setup/open", at_once="1").status_code == 303
    assert now(session, "koncept").is_open()


def test_map_that_waits_can_go_back_to_a_draft(editor: FlaskClient, session: Session) -> None:
    later = (datetime.now(UTC) + timedelta(days=9)).isoformat()
    a_map(session, "ceka", town={"name": "Testov", "slug": "testov"}, opens=later)
    assert post(editor, "/office/maps/ceka/setup/close").status_code == 303
    assert now(session, "ceka").draft


def test_open_map_closes_now_and_opens_again_by_its_date(editor: FlaskClient, session: Session) -> None:
    assert post(editor, f"{BASE}/close").status_code == 303
    assert now(session).is_over()
    assert ("map.close", {"back_to_draft": False}) in deeds(session)
    assert post(editor, f"{BASE}/dates", closes_day="2099-01-01").status_code == 303
    assert now(session).is_open()


def test_only_a_draft_without_pins_can_be_deleted(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    assert post(editor, f"{BASE}/delete").status_code == 422
    draft = a_draft(session, "koncept", town={"name": "Testov", "slug": "testov"}, basemap_geojson=a_basemap())
    an_event(session, draft)
    a_pin(session, draft)
    assert post(editor, "/office/maps/koncept/setup/delete").status_code == 422
    session.query(Pin).filter_by(map_id=draft.id).delete()
    session.commit()
    assert post(editor, "/office/maps/koncept/setup/delete").status_code == 303
    assert editor.get("/office/maps/koncept/setup").status_code == 404
    assert ("map.delete", {}) in deeds(session)
    assert session.query(Town).filter_by(slug="testov").count() == 1


def test_address_changes_while_the_map_is_a_draft(editor: FlaskClient, session: Session) -> None:
    a_draft(session, "koncept", town={"name": "Testov", "slug": "testov"})
    base = "/office/maps/koncept/setup/address"
    for wrong in ("Ne takhle!", "testov", "new", "", "-x"):
        answer = post(editor, base, slug=wrong)
        assert (answer.status_code, 'id="wrong-slug"' in answer.text) == (422, True), wrong
    answer = post(editor, base, slug=" Testov-2027 ")
    assert answer.location.startswith("/office/maps/testov-2027/setup")
    assert editor.get("/m/testov-2027").status_code == 200
    assert editor.get("/m/koncept").status_code == 404
    assert post(editor, f"{BASE}/address", slug="jinak").status_code == 422  # it has been open


def test_next_round_copies_everything_but_dates_events_and_pins(
    editor: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    row = session.get_one(TownMap, the_map.id)
    row.metric_srid = 32633
    row.closes_at = datetime.now(UTC) - timedelta(days=1)
    row.version += 1
    session.add(BasemapLayer(map_id=row.id, geojson=a_basemap(), fingerprint="f"))
    session.commit()
    a_pin(session, the_map)
    an_event(session, the_map)
    answer = post(editor, "/office/maps/testov/next-round")
    assert answer.location == "/office/maps/testov-2/setup?round=1"
    before, after = now(session), now(session, "testov-2")
    assert (after.draft, after.previous, after.opens_at, after.closes_at) == (True, "testov", None, None)
    assert (after.metric_srid, after.boundary) == (32633, before.boundary)
    assert (after.categories, after.questions, after.about) == (before.categories, before.questions, before.about)
    assert after.basemap == before.basemap
    assert session.get_one(BasemapLayer, after.id).geojson == a_basemap()
    assert describe(session, after)["events"] == []
    assert session.query(Pin).filter_by(map_id=after.id).count() == 0
    assert after.salt != before.salt  # nobody is followed from round to round
    assert ("map.next_round", {"previous": "testov"}) in deeds(session)
    assert post(editor, "/office/maps/testov-2/next-round").status_code == 422  # a draft has no next round
    assert post(editor, "/office/maps/testov/next-round").location.startswith("/office/maps/testov-3/")
