"""The analyses that a town office can ask for, by name: one list for pages, runs, files and the command line.

Each takes a while and is made by a process of its own (services/analyses.py); what comes out is kept as JSON with
the mark of the pins it was made of, so that pages only read.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType
from typing import Any, Protocol, cast

from sqlalchemy.orm import Session

from app.i18n import N_
from app.queries.maps import MapRecord

Asked = Mapping[str, str]
"""What was chosen beside the map, by name; each kind says which names it knows."""


class Cancelled(Exception):
    """Nobody waits for it any more."""


class Told(Protocol):
    """Whom an analysis tells how far it is."""

    def __call__(self, share: float, step: str) -> None:
        """Say how much of 1 is done and what comes next (a gettext id); raises Cancelled when it shall stop."""


def nobody_told(share: float, step: str) -> None:
    """Tell nobody: for whoever waits for the result itself."""


@dataclass(frozen=True)
class AnalysisKind:
    """One analysis."""

    key: str
    """As it stands in addresses and in `AnalysisRun.kind`."""
    title: str
    """A gettext id."""
    question: str
    """What it answers, in one sentence: a gettext id."""

    @property
    def result_type(self) -> type:
        """The dataclass of what comes out: texts, numbers, lists and other such dataclasses only."""
        return cast("type", self._part("Result"))

    def make(self, session: Session, the_map: MapRecord, asked: Asked, told: Told) -> Any:
        """What comes out of this map now."""
        find: Callable[..., Any] = self._part("find")
        return find(session, the_map, asked, told)

    def beside(self, session: Session, the_map: MapRecord, asked: Asked) -> str:
        """The mark of what it is made of beside the pins of the map (another round, a layer); empty for most.

        A kind that looks at more says so by a function of this name in its module.
        """
        beside: Callable[..., str] | None = getattr(self._module(), "beside", None)
        return beside(session, the_map, asked) if beside else ""

    def _part(self, name: str) -> Any:
        return getattr(self._module(), name)

    def _module(self) -> ModuleType:
        return importlib.import_module(f"app.queries.analysis_{self.key}")


ANALYSES: Mapping[str, AnalysisKind] = {
    kind.key: kind
    for kind in (
        AnalysisKind(
            "places", N_("Hot spots and clusters"), N_("Where do more people speak than chance would bring?")
        ),
        AnalysisKind(
            "contrast", N_("Contrasts"), N_("Where does one feeling outweigh the other, and where do they oppose?")
        ),
        AnalysisKind(
            "themes", N_("What the comments say"), N_("Which words belong to which feeling, place and group?")
        ),
        AnalysisKind("rounds", N_("Then and now"), N_("What has changed since the last round, beyond chance?")),
        AnalysisKind(
            "facts", N_("Feelings and facts"), N_("Do feelings lie near lamps, stops, or what police recorded?")
        ),
        AnalysisKind(
            "robustness", N_("How sure the ranking is"), N_("Would the top places change with other people?")
        ),
    )
}
"""In the order of the page."""
