"""Texts that maps begin with: which of them an official has since written anew, in the languages of the map."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from app.i18n import Texts
from app.inputs.defaults import ABOUT, CATEGORIES
from app.inputs.library import ready_sets


def still_meant(before: Texts, typed: Texts) -> dict[str, str]:
    """The text as it was; without our own translations of it once an official has said something else.

    A ready category is there in seven languages, its form shows those of the map. Who makes “Unsafe” into “Noisy”
    in Czech does not see that Ukrainians still read “Unsafe”: they are given the map's first language then.
    """
    if all(before.get(code, "").strip() == text.strip() for code, text in typed.items()):
        return dict(before)
    hidden = {code: text for code, text in before.items() if code not in typed}
    is_ours = any(hidden.items() <= ours.items() for ours in _built_in())
    return {code: text for code, text in before.items() if code in typed or not is_ours}


@cache
def _built_in() -> tuple[Texts, ...]:
    usual = [text for one in CATEGORIES for text in (one.word, one.label, one.prompt)]
    usual += [text for asked in ABOUT for text in (asked.label, *(_label(option) for option in asked.options))]
    return (*usual, *(text for ready in ready_sets() for text in _texts_of(ready.description)))


def _label(option: Mapping[str, Any]) -> Texts:
    label: Texts = option["label"]
    return label


def _texts_of(part: Any) -> Iterator[Texts]:
    """Every text in several languages anywhere in a part of `map.json`."""
    if isinstance(part, Mapping):
        if "cs" in part:
            yield part
        else:
            for value in part.values():
                yield from _texts_of(value)
    elif isinstance(part, list):
        for value in part:
            yield from _texts_of(value)
