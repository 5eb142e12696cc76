"""Forms of citizens and officials, answered by somebody who means no good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from hypothesis import strategies as st

from app.inputs import (
    accounts,
    answer_forms,
    basemap_forms,
    desk,
    embed_form,
    event_forms,
    fact_forms,
    identity,
    map_begin,
    map_edits,
    map_forms,
    open_data_form,
    photo_files,
    pin_photo_forms,
    pin_photos,
    queue_forms,
    reasons,
    report_forms,
    sheet_marks,
    sheets,
    story_form,
    token_forms,
    word_forms,
    write_form,
)
from app.inputs.accessibility_form import parse_statement
from app.inputs.map_sent import Noted, Sent
from app.models import Role
from bench.fuzz_target import PIN, Ground, Target
from bench.fuzz_values import AnsweringForm, AnsweringLists, seeds, spoiled_texts, texts
from gis.named_places import NamedPlace


def of_forms(ground: Ground) -> list[Target]:
    """Forms of citizens and officials."""
    the_map = ground.the_map
    place = NamedPlace("street", "Lipová", 15.52, 49.62, 60.0, the_map.boundary)
    one = st.builds(AnsweringForm, seeds())
    lists = st.builds(AnsweringLists, seeds())
    written = st.builds(
        lambda n: AnsweringLists(n, {"id": str(PIN["id"]), "category": "safe", "comment": "Tma"}), seeds()
    )
    desked = st.builds(
        lambda n: AnsweringLists(
            n,
            {
                "deed": "pin",
                "person": str(PIN["id"]),
                "pin": str(PIN["id"]),
                "category": "safe",
                "at": "15.52 49.62",
                "zoom": "17",
            },
        ),
        seeds(),
    )
    questions = the_map.questions
    keys = list(the_map.category_by_key)
    today = date(2026, 11, 21)
    return [
        Target("written pin", written, lambda form: write_form.parse_written(form, place, questions, None)),
        Target("place of a pin", spoiled_texts("street:Lipová"), write_form.parse_place_key),
        Target("desk", desked, lambda form: desk.parse_desk(form, the_map.about)),
        Target("desk pin", desked, lambda form: desk.parse_desk_pin(form, the_map.questions, None)),
        Target("sheet review", lists, lambda form: sheet_marks.parse_review(form, the_map.about)),
        Target("sheet order", one, lambda form: sheets.parse_print(form, ("FORUM1",))),
        Target("photo by hand", one, photo_files.parse_by_hand),
        Target("photo rule", one, photo_files.parse_photo_rule),
        Target("photo deed", one, pin_photo_forms.parse_photo_deed),
        Target("photo words", texts(), pin_photos.parse_alt),
        Target("file name", texts(), photo_files.shown_name),
        Target("event", one, lambda form: event_forms.parse_event(form, ("cs", "en"), "FORUM1")),
        Target("answer", one, answer_forms.parse_answer),
        Target("answered place", one, lambda form: answer_forms.parse_place(form, form.getlist("category"), keys)),
        Target("ready answer", one, answer_forms.parse_template),
        Target("queue", one, lambda form: queue_forms.parse_deed(form, form.getlist("pin"))),
        Target("masking", texts(), lambda text: queue_forms.parse_masking(text, text[::-1])),
        Target("moment seen", spoiled_texts("2026-11-21T10:00:00.123456+00:00"),
               lambda text: queue_forms.parse_moment("seen", text)),
        Target("hiding", one, reasons.parse_hiding),
        Target("account", one, lambda form: accounts.parse_invitation(form, tuple(Role))),
        Target("password", one, accounts.parse_password_change),
        Target("sign-in", one, accounts.parse_credentials),
        Target("confirmation", one, accounts.parse_confirmation),
        Target("statement", one, lambda form: parse_statement(form, today)),
        Target("embedding", one, embed_form.parse_origins),
        Target("identity", one, lambda form: identity.parse_provider(form, has_secret=True)),
        Target("open data", lists, open_data_form.parse_open_data),
        Target("ico", spoiled_texts("00006947"), open_data_form.parse_ico),
        Target("report", one, report_forms.parse_report_wish),
        Target("story", one, lambda form: story_form.parse_story(form, ("cs", "en"))),
        Target("token name", one, token_forms.parse_token_form),
        Target("words of a town", one, word_forms.parse_town_words),
        Target("basemap", one, basemap_forms.parse_basemap),
        Target("tile address", spoiled_texts("https://a.example/{z}/{x}/{y}.png"), basemap_forms.tile_template),
        Target("facts", one, lambda form: fact_forms.parse_fact_form(form, with_address=True)),
        Target("town", one, map_begin.parse_town),
    ]  # fmt: skip


@dataclass(frozen=True)
class Typed:
    """Names and values of a form of the map editor, in the order of the page."""

    values: Mapping[str, list[str]]

    def keys(self) -> Sequence[str]:
        """The names."""
        return list(self.values)

    def getlist(self, key: str) -> list[str]:
        """All values of a name."""
        return list(self.values.get(key, []))


NAMES: Final = (
    "title.cs", "title.en", "intro.cs", "thanks.cs", "privacy_contact", "languages", "opens_day", "opens_time",
    "closes_day",
    "closes_time", "row", "q0.key", "q0.label.cs", "q0.type", "q0.option", "q0.o0.label.cs", "q0.o0.key",
    "q0.categories",
    "q0.published", "c0.key", "c0.color", "c0.shape", "c0.word.cs", "c0.label.cs", "k", "moderation",
    "retention_days", "start",
    "place", "show_others", "publish", "after", "photos", "hold_flagged", "deed", "q0.at", "c0.at", "q0.o0.at",
)  # fmt: skip


def of_maps(ground: Ground) -> list[Target]:
    """The map editor: each section's form, the deeds of its buttons, and beginning a map."""
    sections = sorted(map_forms.SECTIONS)
    rows = st.sampled_from(["q0", "c0", "n1", "q0.o0", "q٣", "q²", "q", "", "q" + "9" * 5000])
    typed = st.one_of(
        texts(), rows, st.sampled_from(["cs", "2026-11-21", "10:00", "single", "#ff0000", "usual", "round:vzorov"])
    )
    form = st.dictionaries(
        st.one_of(st.sampled_from(NAMES), texts()), st.lists(typed, min_size=1, max_size=3), max_size=25
    ).map(Typed)
    deed = spoiled_texts("add", "add:age", "remove:q0", "up:c0", "add:q0.add", "up:q0.o1", "remove:q" + "9" * 5000)

    def section(given_input: tuple[str, Typed, str]) -> None:
        name, filled, wanted = given_input
        one = map_forms.SECTIONS[name]
        sent = one.sent(Sent(filled))
        after, _ = map_edits.edited(name, sent, wanted)
        map_edits.ready_made(name, after)
        one.described(after, ground.description, Noted())

    def begin(filled: Typed) -> None:
        map_begin.parse_beginning(Sent(filled), needs_place=True)

    return [
        Target("section of a map", st.tuples(st.sampled_from(sections), form, deed), section),
        Target("beginning of a map", form, begin),
    ]
