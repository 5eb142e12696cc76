"""The town's own words for the story of a map: written, looked at, published, taken back."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from app.db import session
from app.errors import InvalidInput
from app.i18n import public_languages
from app.inputs.story_form import MOST_STORY_CHARACTERS, parse_story
from app.models import Role
from app.queries.maps import MapRecord
from app.security import require
from app.services.stories import publish_story, unpublish_story, write_story
from app.views.office import blueprint
from app.views.office.access import office_map
from app.views.reader import reader_language

PREVIEW = "preview"


@blueprint.get("/maps/<slug>/story")
def story(slug: str) -> str:
    """The form with the stored words."""
    the_map = office_map(slug, Role.EDITOR)
    return _form(the_map, {f"story_{language}": text for language, text in the_map.story.items()})


@blueprint.post("/maps/<slug>/story")
def save_story(slug: str) -> Response | str | tuple[str, int]:
    """Keep the words, and publish or take back; or only show how they will look."""
    the_map = office_map(slug, Role.EDITOR)
    deed = request.form.get("deed", "")
    try:
        texts = parse_story(request.form, the_map.languages)
        if deed == PREVIEW:
            return _form(the_map, request.form, preview=texts)
        write_story(session(), require(), the_map, texts)
        if deed in DEEDS:
            DEEDS[deed](the_map)
    except InvalidInput as refusal:
        session().rollback()
        return _form(the_map, request.form, refusal=refusal), 422
    session().commit()
    return redirect(url_for("office.story", slug=slug, saved=1), 303)


DEEDS: Mapping[str, Callable[[MapRecord], None]] = {
    "publish": lambda the_map: publish_story(session(), require(), the_map),
    "unpublish": lambda the_map: unpublish_story(session(), require(), the_map),
}


def _form(
    the_map: MapRecord,
    typed: Mapping[str, str],
    *,
    preview: Mapping[str, str] | None = None,
    refusal: InvalidInput | None = None,
) -> str:
    words = reader_language()
    known = public_languages()
    return render_template(
        "office/story.html",
        the_map=the_map,
        typed=typed,
        preview=preview,
        problems={p.field: words.gettext(p.message, p.data) for p in refusal.problems} if refusal else {},
        is_over=the_map.is_over(),
        was_saved="saved" in request.args,
        most=MOST_STORY_CHARACTERS,
        language_names={
            code: known[code].locale.get_display_name(words.code) if code in known else code
            for code in the_map.languages
        },
    )
