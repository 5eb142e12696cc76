"""The list itself: every column of the database (kept.py says what the words mean)."""

from __future__ import annotations

from collections.abc import Mapping

from app.i18n import N_
from app.queries.kept import Kept, Seen, Until, Whose, Why

CITIZEN, OFFICIAL, TOWN = Whose.CITIZEN, Whose.OFFICIAL, Whose.TOWN


def _row(  # noqa: PLR0913, PLR0917 - a line of a table
    table: str, columns: str, whose: Whose, what: str, why: Why, until: Until, seen: Seen
) -> Kept:
    return Kept(table, tuple(columns.split()), whose, what, why, until, seen)


PINS = (
    _row(
        "pin", "map_id id category position",
        CITIZEN, N_("the place and the feeling"),
        Why.PIN, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "pin", "comment answers",
        CITIZEN, N_("the words about the place and the answers about it"),
        Why.PIN, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "pin", "created_at",
        CITIZEN, N_(
            "when it was sent; everybody is told only the day, and the office too once the persons are taken "
            "away"
        ),
        Why.PIN, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "pin", "changed_at checked_at",
        CITIZEN, N_("when it was changed, and looked through for names and numbers"),
        Why.LOOK, Until.PIN, Seen.OFFICE,
    ),
    _row(
        "pin", "channel event",
        CITIZEN, N_("whether it came by phone, on paper or from a file, and at which event"),
        Why.PIN, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "pin", "zoom precision_m square_x square_y",
        CITIZEN, N_("how exact the place is, and in which square of the grid it is counted"),
        Why.COUNTING, Until.PIN, Seen.OFFICE,
    ),
    _row(
        "pin", "respondent_id",
        CITIZEN, N_(
            "an opaque mark that is the same for all pins of one person; afterwards one that ties nothing "
            "together"
        ),
        Why.COUNTING, Until.PERSON, Seen.OFFICE,
    ),
    _row(
        "pin", "state hidden_reason flagged",
        CITIZEN, N_("whether everybody may see it, and if not, why"),
        Why.LOOK, Until.PIN, Seen.OFFICE,
    ),
    _row(
        "pin", "original_comment",
        CITIZEN, N_("what was written, where the office covered words of it"),
        Why.LOOK, Until.PERSON, Seen.OFFICE,
    ),
    _row(
        "pin", "status answer answered_at place_id",
        TOWN, N_("what the town answers"),
        Why.ANSWER, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "pin", "supports",
        CITIZEN, N_("how many others feel the same"),
        Why.PIN, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "support", "map_id pin_id respondent_id",
        CITIZEN, N_("who feels the same as another person’s pin says"),
        Why.PIN, Until.PERSON, Seen.NOBODY,
    ),
    _row(
        "pin_flag", "map_id pin_id kind detail settled",
        CITIZEN, N_("what the program noticed in the words: a phone number, a plate, a link, a rude word"),
        Why.LOOK, Until.PIN, Seen.OFFICE,
    ),
    _row(
        "pin_photo", "map_id pin_id picture small width height alt state",
        CITIZEN, N_("the photo of a place, made anew from its pixels, and what is to be seen in it"),
        Why.PIN, Until.PIN, Seen.EVERYBODY,
    ),
    _row(
        "pin_photo", "digest created_at",
        CITIZEN, N_("the print of the file that was sent, and when"),
        Why.OWN, Until.PERSON, Seen.NOBODY,
    ),
    _row(
        "pin_photo", "reason checked_by checked_at",
        OFFICIAL, N_("who looked at a photo, and why it is not shown"),
        Why.LOOK, Until.REFUSED, Seen.OFFICE,
    ),
)  # fmt: skip

PERSONS = (
    _row(
        "respondent", "map_id id created_at",
        CITIZEN, N_("the scrambled print of a random number that the browser made up"),
        Why.OWN, Until.PERSON, Seen.OFFICE,
    ),
    _row(
        "respondent", "about",
        CITIZEN, N_("answers about oneself, where the map asks and the person answers"),
        Why.GROUPS, Until.PERSON, Seen.OFFICE,
    ),
    _row(
        "respondent", "receipt_hash",
        CITIZEN, N_("the scrambled print of the code with which people come back"),
        Why.OWN, Until.PERSON, Seen.NOBODY,
    ),
    _row(
        "respondent_device", "map_id device_id respondent_id",
        CITIZEN, N_("which further phone speaks for the same person"),
        Why.OWN, Until.PERSON, Seen.NOBODY,
    ),
)  # fmt: skip

PAPER = (
    _row(
        "sheet", "map_id serial print_id n",
        TOWN, N_("which paper maps were printed"),
        Why.PAPER, Until.MAP, Seen.OFFICE,
    ),
    _row(
        "sheet", "receipt_hash about",
        CITIZEN, N_("the scrambled print of the code on a paper map, and the answers about oneself written on it"),
        Why.OWN, Until.PERSON, Seen.OFFICE,
    ),
    _row(
        "sheet", "checked_by checked_at",
        OFFICIAL, N_("who copied a paper map, and when"),
        Why.DEEDS, Until.MAP, Seen.OFFICE,
    ),
    _row(
        "sheet_print", "map_id id event geometry by_row pages_on picture pdf made_by created_at",
        TOWN, N_("what was printed, and by whom"),
        Why.PAPER, Until.MAP, Seen.OFFICE,
    ),
    _row(
        "sheet_photo",
        "map_id id digest page filename state serial corners reading reason evidence uploaded_by created_at "
        "begun_at read_at",
        CITIZEN, N_("which photos of paper maps were sent, and how they were read"),
        Why.PAPER, Until.PERSON, Seen.OFFICE,
    ),
    _row(
        "photo_picture", "map_id photo_id what content",
        CITIZEN, N_("the photos of paper maps"),
        Why.PAPER, Until.PHOTO, Seen.OFFICE,
    ),
    _row(
        "sheet_mark",
        "map_id id serial photo_id kind state category x_mm y_mm found diameter_mm confidence precision_mm "
        "row comment changed_by changed_at",
        CITIZEN, N_("the marks on a paper map and the words beside them"),
        Why.PAPER, Until.PERSON, Seen.OFFICE,
    ),
)  # fmt: skip

COUNTS = (
    _row(
        "heat_block", "map_id category block_x block_y people pins crowd office_people office_pins office_crowd",
        TOWN, N_("how many people marked a feeling in a square of 25 m"),
        Why.COUNTING, Until.MAP, Seen.OFFICE,
    ),
    _row(
        "heat_change", "map_id id respondent_id category square_x square_y visible counted",
        CITIZEN, N_("pins that are not in those counts yet"),
        Why.COUNTING, Until.COUNTED, Seen.NOBODY,
    ),
    _row(
        "heat_state", "map_id folded folded_mark folded_at visible visible_at",
        TOWN, N_("how far the counts have come"),
        Why.COUNTING, Until.MAP, Seen.NOBODY,
    ),
    _row(
        "heat_snapshot", "map_id taken_on category block_x block_y people pins crowd",
        TOWN, N_("the counts of one day, for a map that does not publish its pins"),
        Why.COUNTING, Until.TOMORROW, Seen.EVERYBODY,
    ),
    _row(
        "day_snapshot", "map_id taken_on taken_at summary",
        TOWN, N_("the numbers of one day for such a map"),
        Why.COUNTING, Until.TOMORROW, Seen.EVERYBODY,
    ),
    _row(
        "analysis_run",
        "map_id id kind asked mark state step share result problem asked_by created_at started_at beat_at "
        "finished_at",
        TOWN, N_("analyses of the map, and who asked for them"),
        Why.WORK, Until.MAP, Seen.OFFICE,
    ),
    _row(
        "report", "map_id id language state progress step asked_by asked_at changed_at",
        TOWN, N_("reports for the council, and who asked for them"),
        Why.WORK, Until.MAP, Seen.OFFICE,
    ),
)  # fmt: skip

MAPS = (
    _row(
        "town", "id slug name ruian ico addresses census vulgar_words ordinary_words accessibility created_at",
        TOWN, N_("the town, its census figures and its words"),
        Why.MAP, Until.TOWN, Seen.EVERYBODY,
    ),
    _row(
        "address", "town_id code label street number part position",
        TOWN, N_("the public list of the town’s addresses, to look up places"),
        Why.MAP, Until.TOWN, Seen.EVERYBODY,
    ),
    _row(
        "fact_layer", "id town_id name shape source features version loaded_at",
        TOWN, N_("layers of facts, such as street lamps"),
        Why.WORK, Until.TOWN, Seen.OFFICE,
    ),
    _row(
        "fact", "layer_id n place label happened_on",
        TOWN, N_("what stands in those layers"),
        Why.WORK, Until.TOWN, Seen.OFFICE,
    ),
    _row(
        "town_map",
        "id town_id slug version title intro thanks privacy_contact languages boundary metric_srid basemap "
        "opens_at closes_at publish_pins publish_heat publish_pins_after publish_heat_after k moderation "
        "show_others draft hold_flagged previous_id retention_days photo_days whole_photos pin_photos "
        "embed_origins anonymised_at final_summary open_data story story_published created_at",
        TOWN, N_("the map itself: its words and its rules"),
        Why.MAP, Until.MAP, Seen.EVERYBODY,
    ),
    _row(
        "town_map", "salt",
        TOWN, N_("a random number, so that a phone can’t be followed from map to map"),
        Why.OWN, Until.MAP, Seen.NOBODY,
    ),
    _row(
        "basemap_layer", "map_id geojson fingerprint",
        TOWN, N_("the map’s background"),
        Why.MAP, Until.MAP, Seen.EVERYBODY,
    ),
    _row(
        "category", "map_id key position word label prompt color shape",
        TOWN, N_("the feelings to choose from"),
        Why.MAP, Until.MAP, Seen.EVERYBODY,
    ),
    _row(
        "question", "map_id scope key position type label options categories published",
        TOWN, N_("the questions the map asks"),
        Why.MAP, Until.MAP, Seen.EVERYBODY,
    ),
    _row(
        "event", "map_id code kind title place starts_at ends_at target_group expected_people simple",
        TOWN, N_("events at which pins are collected"),
        Why.MAP, Until.MAP, Seen.OFFICE,
    ),
    _row(
        "answered_place", "map_id id name area categories status answer answered_at",
        TOWN, N_("the town’s answers for places"),
        Why.ANSWER, Until.MAP, Seen.EVERYBODY,
    ),
    _row(
        "answer_template", "id town_id title status text",
        TOWN, N_("ready wordings of answers"),
        Why.ANSWER, Until.TOWN, Seen.OFFICE,
    ),
)  # fmt: skip

OFFICE = (
    _row(
        "official",
        "id email password_hash is_admin totp_secret totp_last_step recovery_hashes oidc_issuer oidc_subject "
        "session_epoch created_at",
        OFFICIAL, N_("the account: e-mail, hash of the password, sealed second step"),
        Why.SIGN_IN, Until.ACCOUNT, Seen.SELF,
    ),
    _row(
        "town_role", "official_id town_id role",
        OFFICIAL, N_("who may do what in which town"),
        Why.SIGN_IN, Until.ACCOUNT, Seen.OFFICE,
    ),
    _row(
        "official_session", "key_hash official_id browser began_at seen_at",
        OFFICIAL, N_("in which browsers somebody is signed in; never an address"),
        Why.SIGN_IN, Until.SESSION, Seen.SELF,
    ),
    _row(
        "invitation", "id token_hash town_id role email invited_by created_at expires_at used_at",
        OFFICIAL, N_("who was invited to the office, and by whom"),
        Why.SIGN_IN, Until.INVITATION, Seen.OFFICE,
    ),
    _row(
        "access_token", "id official_id name token_hash towns created_at last_used_at",
        OFFICIAL, N_("keys for maps programs, as hashes"),
        Why.SIGN_IN, Until.ACCOUNT, Seen.SELF,
    ),
    _row(
        "identity_provider", "town_id name issuer client_id client_secret",
        TOWN, N_("where the town’s officials sign in"),
        Why.SIGN_IN, Until.TOWN, Seen.SELF,
    ),
    _row(
        "audit_entry", "id at official_id official town_id map_id map_slug action subject detail",
        OFFICIAL, N_("the log of what officials did: rows are added and never changed"),
        Why.DEEDS, Until.GOOD, Seen.OFFICE,
    ),
    _row(
        "throttle", "action key_hash window_start attempts",
        CITIZEN, N_(
            "how often one network address tried one thing; the address only as a hash with a salt of the "
            "day, which is deleted too"
        ),
        Why.FLOOD, Until.TWO_DAYS, Seen.NOBODY,
    ),
)  # fmt: skip

KEPT: tuple[Kept, ...] = (*PINS, *PERSONS, *PAPER, *COUNTS, *MAPS, *OFFICE)
CHAPTERS: Mapping[str, tuple[Kept, ...]] = {
    N_("Pins and what is said of places"): PINS,
    N_("The persons behind the pins"): PERSONS,
    N_("Paper maps"): PAPER,
    N_("Counts and analyses"): COUNTS,
    N_("The map and the town"): MAPS,
    N_("The office and the safety of the server"): OFFICE,
}
