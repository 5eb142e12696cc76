"""Why a photo is not read: reasons as data, with what was measured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


class Reason(StrEnum):
    """What is wrong with a photo; the words and what to do are in app/inputs/photo_words.py."""

    NOT_A_PICTURE = "not_a_picture"
    TOO_SMALL = "too_small"
    TOO_LARGE = "too_large"
    BLURRED = "blurred"
    TOO_DARK = "too_dark"
    TOO_BRIGHT = "too_bright"
    """Flash or sun has burnt out so much of the frame that marks may be lost."""
    NOT_A_SHEET = "not_a_sheet"
    """No markers at all."""
    MARKERS_HIDDEN = "markers_hidden"
    """Some, but not enough to be sure; the evidence names those that are missing."""
    NO_SERIAL = "no_serial"
    """Markers, but no code that can be read: the serial may be typed."""
    UNKNOWN_SHEET = "unknown_sheet"
    """A serial that was not printed here."""
    OTHER_MAP = "other_map"
    """A sheet of another map."""
    SEVERAL_SHEETS = "several_sheets"
    NOT_FLAT = "not_flat"
    """The markers don't lie where they should by more than the limit: folded, crumpled, or a screen."""
    NO_COLOUR = "no_colour"
    """A grey copy: stickers can't be told apart."""
    TOO_MANY_MARKS = "too_many_marks"
    TOO_HARD = "too_hard"
    """Reading took too long, or broke."""


@dataclass(frozen=True)
class Failure:
    """A photo that was not read, and why."""

    reason: Reason
    evidence: Mapping[str, object] = field(default_factory=dict)
