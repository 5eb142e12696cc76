"""Entries of the log in words: what was changed from what to what, as far as it is not in the deed itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.i18n import N_
from app.inputs.reasons import READY_REASONS
from app.models import PinStatus
from app.queries.analyses import ANALYSES
from app.services.audit import ACTIONS
from app.views.office.people import ROLE_NAMES
from app.views.reader import number, reader_language

KEY_WORDS: Mapping[str, str] = {
    "analysis": N_("analysis"),
    "before": N_("before"),
    "by": N_("invited by"),
    "code": N_("code"),
    "ico": N_("IČO"),
    "issuer": N_("issuer"),
    "kind": N_("kind"),
    "language": N_("language"),
    "languages": N_("languages"),
    "left": N_("recovery codes left"),
    "n": N_("pins"),
    "name": N_("name"),
    "n_parts": N_("parts"),
    "n_photos": N_("photos"),
    "n_sessions": N_("browsers"),
    "n_tokens": N_("tokens"),
    "opens": N_("opens"),
    "people": N_("people"),
    "pins": N_("pins"),
    "previous": N_("after the map"),
    "reason": N_("reason"),
    "role": N_("role"),
    "rows": N_("rows"),
    "section": N_("section"),
    "source": N_("source"),
    "status": N_("status"),
    "step": N_("where it failed"),
    "way": N_("how"),
}
"""Details worth reading, by their key; the others are in the files."""
VALUE_WORDS: Mapping[str, str] = {
    **ROLE_NAMES,
    PinStatus.RECEIVED: N_("received"),
    PinStatus.PLANNED: N_("planned"),
    PinStatus.DONE: N_("done"),
    PinStatus.DECLINED: N_("can’t be"),
    "password": N_("password"),
    "code": N_("code"),
    "identity": N_("the town’s account"),
    "invitation": N_("invitation"),
    "now": N_("at once"),
    **{key: kind.title for key, kind in ANALYSES.items()},
}
"""Values that are names of ours, where they stand alone."""
NAMED = frozenset({"analysis", "role", "status", "from", "to", "way", "step", "opens"})
"""Details whose values are such names."""


def deed_words(action: str) -> str:
    """What was done; an old deed that no code of ours does any more by its key."""
    return reader_language().gettext(ACTIONS.get(action, action))


def detail_words(detail: Mapping[str, Any]) -> str:
    """What more is known of a deed, as short text."""
    words = reader_language()
    parts = []
    if "from" in detail or "to" in detail:
        parts.append(f"{_value('from', detail.get('from'))} → {_value('to', detail.get('to'))}")
    parts += [
        f"{words.gettext(KEY_WORDS[key])}: {_value(key, value)}"
        for key, value in detail.items()
        if key in KEY_WORDS and value is not None and not isinstance(value, (bool, dict))
    ]
    return " · ".join(parts)


def _value(key: str, value: Any) -> str:
    words = reader_language()
    if isinstance(value, list):
        joined = " → " if key == "status" else ", "
        return joined.join(_value(key, one) for one in value)
    if value is None:
        return "–"
    if isinstance(value, (int, float)):
        return number(value)
    if key == "reason" and value in READY_REASONS:
        return words.gettext(READY_REASONS[value])
    if key in NAMED:
        return ", ".join(words.gettext(VALUE_WORDS.get(part, part)) for part in str(value).split(", "))
    return str(value)
