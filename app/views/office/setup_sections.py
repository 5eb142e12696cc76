"""The sections of a map, each a form of its own; buttons within a form change its rows without saving."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import jsonify, redirect, render_template, request, url_for
from markupsafe import Markup
from werkzeug.wrappers import Response

from app.db import session
from app.errors import FormOutdated, InvalidInput, Refusal
from app.i18n import public_languages, text_in
from app.inputs.map_edits import edited, ready_made
from app.inputs.map_forms import SECTIONS, Typed, digest
from app.inputs.map_rows import color_of
from app.inputs.map_sent import Noted, Sent
from app.models import Role
from app.queries.map_description import describe
from app.queries.maps import MapRecord
from app.queries.setup import last_change, pins_by_category
from app.security import require
from app.services.map_drafts import Change, change_map, has_pins
from app.views.citizen import ENDINGS
from app.views.office import blueprint, setup_words
from app.views.office.access import office_map
from app.views.reader import reader_language
from gis.palette import category_css
from gis.shapes import SHAPES

NAMES = ",".join(SECTIONS)
SECTION = f"/maps/<slug>/setup/<any({NAMES}):section>"
SAVE, SAVE_AND_GO_ON = "save", "next"
UNCHOSEN = "#877c6e"
"""What a category without a colour is drawn in."""
PREVIEWED = ("texts", "categories")
AT_THEIR_FIELD: Mapping[str, tuple[str, ...]] = {
    **{scope: (f"{scope}[",) for scope in ("categories", "questions", "about")},
    "texts": SECTIONS["texts"].keys,
    "rules": (*SECTIONS["rules"].keys, "open", "after", "promise"),
    "dates": SECTIONS["dates"].keys,
}
"""How the fields of problems begin that the section's page tells beside a field; others are told at its head."""


@blueprint.get(SECTION)
def setup_section(slug: str, section: str) -> str:
    """The form of one section as it is stored."""
    the_map = office_map(slug, Role.EDITOR)
    description = describe(session(), the_map)
    return _form(the_map, section, description, SECTIONS[section].shown(description))


@blueprint.post(SECTION)
def save_section(slug: str, section: str) -> Response | str | tuple[str, int]:
    """Save the section; or only add, remove or move a row of the form."""
    the_map = office_map(slug, Role.EDITOR)
    typed = SECTIONS[section].sent(Sent(request.form))
    deed = request.form.get("do", SAVE)
    if deed not in (SAVE, SAVE_AND_GO_ON):
        typed, row = edited(section, typed, deed)
        return _form(the_map, section, describe(session(), the_map), typed, touched=row)
    try:
        change_map(session(), require(), the_map, Change(section, typed, request.form.get("seen")))
    except InvalidInput as refusal:
        session().rollback()
        return _form(the_map, section, describe(session(), the_map), typed, refusal), 422
    except FormOutdated as refusal:
        session().rollback()
        return _form(the_map, section, describe(session(), the_map), typed, refusal), 409
    session().commit()
    goes_on = setup_words.next_section(section) if deed == SAVE_AND_GO_ON else section
    if goes_on is None:
        return redirect(url_for("office.setup", slug=slug, saved=1), 303)
    return redirect(url_for("office.setup_section", slug=slug, section=goes_on, saved=1), 303)


@blueprint.post(f"{SECTION}/preview")
def preview_section(slug: str, section: str) -> Response:
    """The phone's first screen as the form would make it, and the style sheet of its colours."""
    the_map = office_map(slug, Role.EDITOR)
    description = describe(session(), the_map)
    typed = SECTIONS[section].sent(Sent(request.form))
    phone = _phone(section, typed, description)
    return jsonify(
        html=render_template("office/setup/_phone.html", phone=phone, the_map=the_map), css=phone["css"]
    )


def _form(
    the_map: MapRecord,
    section: str,
    description: dict[str, Any],
    typed: Typed,
    refusal: Refusal | None = None,
    touched: str | None = None,
) -> str:
    """The section's page with what was typed; a stale form gets today's mark, so that the next save counts."""
    is_stale = isinstance(refusal, FormOutdated)
    edits = request.method == "POST" and refusal is None
    seen = (
        request.form.get("seen", "") if request.method == "POST" and not is_stale else digest(section, description)
    )
    problems = setup_words.problems_by_field(refusal)
    name, about = setup_words.section_words(section)
    after = setup_words.next_section(section)
    return render_template(
        f"office/setup/{'questions' if section in ('questions', 'about') else section}.html",
        the_map=the_map,
        section=section,
        section_name=name,
        section_about=about,
        sections=[(key, setup_words.section_words(key)[0]) for key in SECTIONS],
        next_name=setup_words.section_words(after)[0] if after else None,
        typed=typed,
        seen=seen,
        is_stale=is_stale,
        changed_by=last_change(session(), the_map.id, section) if is_stale else None,
        unsaved=edits or refusal is not None,
        touched=touched,
        problems=problems,
        general=[words for field, words in problems.items() if not field.startswith(AT_THEIR_FIELD[section])],
        phone=_phone(section, typed, description) if section in PREVIEWED else None,
        has_pins=has_pins(session(), the_map.id),
        **_words_of(section, the_map, typed),
    )


def _words_of(section: str, the_map: MapRecord, typed: Typed) -> dict[str, Any]:
    """What only this section's template asks for."""
    codes = list(dict.fromkeys([*typed.get("languages", ()), *the_map.languages]))
    if section == "texts":
        shown = [code for code in codes if code in typed["languages"]] or list(the_map.languages)
        offered = setup_words.language_names(list(dict.fromkeys([*codes, "cs", *public_languages()])))
        return {"codes": shown, "names": setup_words.language_names(shown), "offered": offered}
    found: dict[str, Any] = {
        "codes": list(the_map.languages),
        "names": setup_words.language_names(the_map.languages),
    }
    if section == "rules":
        found |= {
            "publish_words": setup_words.PUBLISH_WORDS,
            "moderation_words": setup_words.MODERATION_WORDS,
            "show_others_words": setup_words.SHOW_OTHERS_WORDS,
        }
    if section in ("categories", "questions", "about"):
        found |= {
            "ready": ready_made(section, typed),
            "fills": setup_words.fills(),
            "color_words": setup_words.COLOR_WORDS,
            "shapes": SHAPES,
            "shape_words": setup_words.SHAPE_WORDS,
            "type_words": setup_words.TYPE_WORDS,
            "pins": pins_by_category(session(), the_map.id) if section == "categories" else {},
        }
    return found


def _phone(section: str, typed: Typed, description: dict[str, Any]) -> dict[str, Any]:
    """What the first screen says: of the form where it is about that, else of what is stored."""
    code = reader_language().code
    frame = description
    if section == "texts":
        frame = description | SECTIONS["texts"].described(typed, description, Noted())
    if section == "categories":
        rows = [(row["row"], row["word"], row["label"], color_of(row), row["shape"]) for row in typed["rows"]]
    else:
        rows = [(c["key"], c["word"], c["label"], c["color"], c["shape"]) for c in description["categories"]]
    colors = {row: color if _is_color(color) else UNCHOSEN for row, _, _, color, _ in rows}
    handed = "".join(
        f'[data-category="{row}"]{{{"".join(f"--cat{end}:var(--category-{row}{end});" for end in ENDINGS)}}}'
        for row in colors
    )
    return {
        "town": description["town"]["name"],
        "title": text_in(frame["title"], code),
        "intro": text_in(frame["intro"], code),
        "categories": [
            {"row": row, "word": text_in(word, code), "label": text_in(label, code), "shape": shape or "circle"}
            for row, word, label, _, shape in rows
        ],
        "css": Markup(category_css(colors) + handed),  # noqa: S704 - names of rows and colours are checked
    }


def _is_color(color: str) -> bool:
    return len(color) == 7 and color[0] == "#" and all(sign in "0123456789abcdefABCDEF" for sign in color[1:])
