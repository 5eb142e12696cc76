"""What the page of feelings and facts says, as message ids."""

from __future__ import annotations

from app.i18n import N_
from app.queries.analysis_facts import ALONE, FARTHER, MANY, NEARER, SHAKY, UNCLEAR

SHARES = N_(
    "Of %(places)s places that %(people)s people marked “%(word)s”, %(share)s lie within %(reach)s m of "
    "“%(layer)s”; of all marked places %(all)s. By chance it would be %(chance)s."
)
SHARES_ALONE = N_(
    "Of %(places)s places that %(people)s people marked “%(word)s”, %(share)s lie within %(reach)s m of "
    "“%(layer)s”."
)
LABELS = {
    NEARER: N_("nearer than chance"),
    FARTHER: N_("farther than chance"),
    UNCLEAR: N_("no relation can be told"),
    MANY: N_("no relation can be told"),
    SHAKY: N_("no relation can be told"),
    ALONE: N_("nothing to compare with"),
}
VERDICTS = {
    NEARER: N_("So people mark this nearer to them than whatever else they mark."),
    FARTHER: N_("So people mark this farther from them than whatever else they mark."),
    UNCLEAR: N_("Chance alone may bring as much."),
    MANY: N_("Taken alone that would be rare by chance, but of %(tests)s comparisons one may well come out so."),
    SHAKY: N_("It rests on few people: others might say otherwise."),
    ALONE: N_("Too few people marked anything else, so there is nothing to set it against."),
}
GROUND = N_(
    "Of the town’s ground %(ground)s lies so near; the same marks moved about the town would hit %(chance)s."
)
GROUND_VERDICTS = {
    NEARER: N_("People pin here more than on other ground."),
    FARTHER: N_("People pin here less than on other ground."),
    UNCLEAR: N_("That is what chance brings."),
}
DENSITY = N_(
    "Correlation of the number of people with the density of the layer: %(r)s (chance: %(low)s to %(high)s)."
)
TOO_FEW = N_("“%(word)s”: fewer than %(least)s people marked it; too few to be set beside anything.")
EMPTY_LAYER = N_("Nothing of this layer lies in the town or near it.")
NO_RELATION = N_(
    "Between what people marked and the town’s data no relation can be told from chance. That does not prove "
    "that there is none."
)
COUNTED = N_(
    "Compared: %(tests)s times a feeling with a layer. Counted: people %(people)s, places they marked %(places)s."
)
FOUND = N_("People mark some things nearer to the town’s data, or farther from them, than chance would bring:")
NO_VOICES = N_("Too few people have pinned yet to say how feelings lie to facts.")

METHOD = (
    N_(
        "A place is one 25 m square that one person marked with one feeling, counted once; its distance "
        "is that of the square’s centre to the nearest point, line or area of the layer. Counted: places "
        "%(places)s, people %(people)s, pins %(pins)s. Interval: the middle 95 %% when people are drawn "
        "anew %(draws)s times."
    ),
    N_(
        "Chance, where people pin at all: feelings are dealt out anew in two ways, and the more cautious "
        "counts. First they are shuffled %(shuffles)s times among voices, where all that one person "
        "marked with one feeling stays together. Then what each spot within %(marked)s m of a mark says "
        "is moved along the ground, so that a quarter many people fear stays one quarter (random shift, "
        "Lotwick and Silverman 1982, along Hilbert’s curve)."
    ),
    N_(
        "Chance, anywhere in the town: the whole pattern of marks is moved along the town’s %(ground)s ha"
        " of ground and keeps its clusters. Density: correlation of people and of the layer over that "
        "ground, each as Gaussians of 75 m, against the same shifts."
    ),
    N_(
        "%(tests)s pairs are tested together; “nearer” or “farther” is said where at most %(sure)s of "
        "such statements would be false alarms (Benjamini and Hochberg 1995) and people drawn anew would "
        "say the same."
    ),
)
LIMITS = (
    N_(
        "It says what lies together, not what causes what. Lamps stand where people walk in the evening, "
        "and where people walk they also mark."
    ),
    N_(
        "A layer is what somebody recorded: crime that was reported, not all crime; lamps that stand, not"
        " light that shines; and only as complete as its source."
    ),
    N_("People who pin are not a sample of the town, and a mark may lie some metres beside what was meant."),
)
ANONYMISED = N_(
    "It is no longer known who placed which pins of this map: every pin counts as a person of its own."
)
