"""How heat is counted, in the sentences that go with it wherever it is shown or taken."""

from __future__ import annotations

from babel.numbers import format_decimal

from app.i18n import N_, Language
from app.inputs.filters import Scope
from app.inputs.heat import HeatQuery, Measure, Weight
from app.queries.maps import MapRecord
from gis.analysis.share import LEAST_PEOPLE, SHOULDER_BANDWIDTHS

MOST_BANDWIDTHS = 2
"""Within so many bandwidths lies most of a Gaussian on a plane: 86 %. (Within one, 39 %.)"""
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
METHOD_SHARE = N_(
    "The colour is a share: of everything that people marked hereabouts, how many per cent are this. One person"
    " counts once in one square of 25 m and feeling; each count is spread softly, most of it within %(metres)s m."
)
METHOD_SHARE_OF_PINS = N_(
    "The colour is a share: of all pins hereabouts, how many per cent are this; few busy people may weigh much."
    " Each pin is spread softly over its surroundings, most of it within %(metres)s m."
)
METHOD_SHARE_LEAST = N_(
    "It is left empty where less was said than %(people)s people who mark one and the same place give %(far)s m"
    " away from it: of so few voices a share would be chance."
)
METHOD_SHARE_LIMIT = N_(
    "A share says what was marked there, not how many of all who walk by feel so: that is known of nobody who"
    " marked nothing."
)
METHOD_OFFICE = N_("For the town office: single people can show here. Don’t publish this file.")
METHOD_CHOSEN = N_("Only a part of the pins is counted: %(filter)s.")
METHOD_AREA = N_("Pins beyond the area drawn are not counted, so the heat grows thin towards its edge.")
METHOD_SHOWN = N_("In this file only pins that everybody may see are counted and quoted.")


def unit_words(query: HeatQuery) -> str:
    """What the numbers of a legend are, as a gettext id."""
    if query.measure is Measure.SHARE:
        return (
            N_("per cent of all feelings marked there")
            if query.weight is Weight.PEOPLE
            else N_("per cent of all pins there")
        )
    return N_("people per hectare") if query.weight is Weight.PEOPLE else N_("pins per hectare")


def least_voices(the_map: MapRecord) -> int:
    """Of how many people there must be as much as they would say, for a share to be told."""
    return max(LEAST_PEOPLE, the_map.k)


def method_words(the_map: MapRecord, query: HeatQuery, scope: Scope, language: Language) -> list[str]:
    """How a surface was counted, and where it is left empty, in sentences."""
    by_people = query.weight is Weight.PEOPLE
    if query.measure is Measure.SHARE:
        messages = [METHOD_SHARE if by_people else METHOD_SHARE_OF_PINS, METHOD_SHARE_LEAST, METHOD_SHARE_LIMIT]
    else:
        messages = [METHOD_PEOPLE if by_people else METHOD_PINS]
    if scope is Scope.PUBLIC:
        messages.append(METHOD_K)
    data = {
        "metres": format_decimal(MOST_BANDWIDTHS * query.bandwidth_m, locale=language.locale),
        "far": format_decimal(round(SHOULDER_BANDWIDTHS * query.bandwidth_m), locale=language.locale),
        "people": least_voices(the_map),
        "k": the_map.k,
    }
    return [language.gettext(message, data) for message in messages]
