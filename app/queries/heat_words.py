"""How heat is counted, in the sentences that go with it wherever it is shown or taken."""

from __future__ import annotations

from app.i18n import N_

METHOD_PEOPLE = N_(
    "Counted in squares of 25 m: one person counts once in one square and feeling, however many pins they"
    " placed there. Each count is spread softly over its surroundings, most of it within %(metres)s m."
)
METHOD_PINS = N_(
    "Every pin counts, in squares of 25 m; few busy people may weigh much. Each count is spread softly over"
    " its surroundings, most of it within %(metres)s m."
)
METHOD_K = N_("Nothing is drawn where fewer than %(k)s people marked the same thing within a square of 250 m.")
METHOD_WHO = N_(
    "People took part of their own accord; this is not a survey of a chosen sample. Many pins in one place"
    " mean that many people know it."
)
