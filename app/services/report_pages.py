"""A report in words and pictures: the page that becomes the PDF, and the standalone HTML for screens."""

from __future__ import annotations

import logging
import re
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from app.config import ROOT
from app.i18n import N_
from app.inputs.answer_forms import STATUS_WORDS
from app.models import Channel, EventKind
from app.queries.coverage import Compared
from app.queries.coverage_words import Missing, group_label, limit_words, missing_words
from app.queries.day_chart import day_chart
from app.queries.heat import uses_snapshot
from app.queries.maps import CategoryRecord
from app.queries.report import SILENT, Answers, Report, Tally, told
from app.services.report_pictures import Ground, LegendClass, Manner
from app.services.report_words import Pen
from gis.analysis.coverage import GroupShare
from gis.formats.report_map import ReportMap, dark_css, report_map
from gis.palette import THEMES, ThemeName, palette, shades
from gis.shapes import svg_path

FOLDER = ROOT / "templates"
VARIANT = "pdf/ua-1"
"""PDF/UA: title, language, tags, and words for every picture."""
DECIMAL_COMMA = frozenset({"cs"})
CHANNEL_WORDS: Mapping[str, str] = {
    Channel.WEB: N_("phone or computer"),
    Channel.PAPER: N_("paper map"),
    Channel.IMPORT: N_("taken over from another source"),
}
EVENT_WORDS: Mapping[str, str] = {
    EventKind.FORUM: N_("Public forum"),
    EventKind.ROUND_TABLE: N_("Round table"),
    EventKind.SCHOOL_FORUM: N_("School forum"),
    EventKind.STAND: N_("Stand in the street"),
}
PAGE_LAID = re.compile(r"Page (\d+)")

Markdown = Callable[[str | None], Markup]
"""Makes safe HTML of an official's text."""


class Edition(StrEnum):
    """For what a page is written."""

    PDF = "pdf"
    HTML = "html"


@dataclass(frozen=True)
class Maps:
    """The drawn maps by category, their legends, and the ground they share."""

    ground: Ground
    drawn: Mapping[str, ReportMap]
    places: Mapping[tuple[str, int], ReportMap]
    """The surroundings of the n-th strongest place of a category, where there is a map of them."""
    legends: Mapping[str, Sequence[LegendClass]]


@dataclass(frozen=True)
class GroupRow:
    """A group beside the census; shares are told only where no group of the question is below k."""

    label: str
    is_few: bool
    here: float | None
    town: float
    verdict: str


def write_page(report: Report, maps: Maps, pen: Pen, markdown: Markdown, edition: Edition) -> str:
    """The whole report as one page of HTML that needs nothing from outside."""
    environment = _environment()
    words = pen.language.translations
    template = environment.get_template("report/document.html")
    page = template.render(
        report=report,
        the_map=report.the_map,
        summary=report.summary,
        maps=maps,
        edition=edition,
        lang=pen.language.code,
        pen=pen,
        say=pen.say,
        number=pen.number,
        _=lambda message, **data: pen.word(message) % data,
        ngettext=lambda one, many, n, **data: words.ungettext(one, many, n) % ({"n": pen.number(n)} | data),
        markdown=markdown,
        chart=day_chart(report.summary.days, pen.short_day, pen.number),
        picture=lambda key, alt: _picture(maps.drawn[key], alt, edition, on_common_ground=True),
        place_picture=lambda at, alt: _picture(maps.places[at], alt, edition, on_common_ground=False),
        category_style=_category_style(report, edition),
        tones=palette(),
        dark_ground=dark_css(".ground"),
        status_words=STATUS_WORDS,
        channel_words=CHANNEL_WORDS,
        event_words=EVENT_WORDS,
        told=lambda count: told(count, report.the_map.k),
        option_words=lambda answers, tally: option_words(answers, tally, pen),
        silent=SILENT,
        group_rows=lambda compared: _group_rows(report, compared, pen),
        missing=_missing(report, pen),
        limits=_limits(report, pen),
        daily=uses_snapshot(report.the_map),
        only_imported=[count.key for count in report.summary.channels] == [Channel.IMPORT],
        attribution=_attribution(report, pen),
    )
    return pen.typeset(page)


def lay_out(page: str, on_page: Callable[[int], None]) -> bytes:
    """The page as a tagged PDF; nothing is fetched. `on_page` hears the number of each page that is laid out."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher

    document = HTML(string=page, url_fetcher=URLFetcher(allowed_protocols=("data",)))
    with _heard(on_page):
        written: bytes = document.write_pdf(pdf_variant=VARIANT)
    return written


def option_words(answers: Answers, tally: Tally, pen: Pen) -> str:
    """The words of a row's answers: of one, or of several put together."""
    labels = {str(option["key"]): pen.say(option["label"]) for option in answers.question.options}
    labels[SILENT] = pen.word(N_("did not say"))
    return ", ".join(labels.get(key, key) for key in tally.options)


@cache
def _environment() -> Environment:
    return Environment(
        loader=FileSystemLoader(FOLDER),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )


def _picture(drawn: ReportMap, alt: str, edition: Edition, *, on_common_ground: bool) -> Markup:
    """A map: in the PDF an image, on a screen a drawing, which may lie on the one ground of the page."""
    if edition is Edition.PDF:
        light = report_map(replace(drawn, heat={t: png for t, png in drawn.heat.items() if t == "light"}))
        source = b64encode(light.encode()).decode()
        return Markup('<img class="map" alt="{}" src="data:image/svg+xml;base64,{}">').format(alt, source)
    words = Markup('class="map" role="img" aria-label="{}"').format(alt)
    on_page = replace(drawn, ground='<use href="#ground"/>') if on_common_ground else drawn
    return Markup(report_map(on_page, element=words))  # noqa: S704 - all texts in it are escaped there


def _category_style(report: Report, edition: Edition) -> Markup:
    """Each category's shape and colours, as rules for light paper and for dark screens."""
    sheets = {theme: "".join(_worn(category, theme) for category in report.the_map.categories) for theme in THEMES}
    dark = f"@media screen and (prefers-color-scheme:dark){{{sheets['dark']}}}" if edition is Edition.HTML else ""
    return Markup(sheets["light"] + dark)  # noqa: S704 - keys and colours are checked when a map is stored


def _worn(category: CategoryRecord, theme: ThemeName) -> str:
    tone = shades(category.color, theme)
    drawing = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 220 220">'
        f'<path d="{svg_path(category.shape, centre=(110, 110), radius=100)}" fill="{tone.ink}"/></svg>'
    )
    source = b64encode(drawing.encode()).decode()
    wearer = f'[data-category="{category.key}"]'
    return (
        f"{wearer}{{--cat:{tone.fill};--cat-ink:{tone.ink};--cat-tint:{tone.tint}}}"
        f"{wearer} .shape{{background-image:url(data:image/svg+xml;base64,{source})}}"
    )


def _group_rows(report: Report, compared: Compared, pen: Pen) -> list[GroupRow]:
    """The groups of a question beside the census.

    With the numbers of the other groups, rounded shares would let a group below k be reckoned.
    """
    is_open = not _has_few(report, compared)
    return [
        GroupRow(
            label=group_label(compared, group.key, pen.language),
            is_few=_is_few(report, group),
            here=group.seen_share if is_open else None,
            town=group.expected_share,
            verdict=group.verdict,
        )
        for group in compared.coverage.groups
    ]


def _missing(report: Report, pen: Pen) -> list[Missing]:
    """Who is missing, in sentences; without shares where one of the question's groups is below k."""
    if report.coverage is None:
        return []
    said = missing_words(report.coverage, pen.language)
    return [
        Missing(_without_shares(report, compared, group, pen), None) if _has_few(report, compared) else sentence
        for (compared, group), sentence in zip(report.coverage.missing, said, strict=True)
    ]


def _without_shares(report: Report, compared: Compared, group: GroupShare, pen: Pen) -> str:
    few = N_("“%(group)s”: fewer than %(k)s of those who took part, but %(town)s of the town’s people.")
    fewer = N_("“%(group)s”: %(town)s of the town’s people, but a smaller share of those who took part.")
    return pen.word(few if _is_few(report, group) else fewer) % {
        "group": group_label(compared, group.key, pen.language),
        "k": report.the_map.k,
        "town": pen.percent(group.expected_share),
    }


def _limits(report: Report, pen: Pen) -> list[str]:
    """What the comparison can't say; how many answered is left out with the shares."""
    if report.coverage is None:
        return []
    said = limit_words(report.coverage, report.counts.people, pen.language)
    compared = [one for one in (report.coverage.age, report.coverage.sex) if one is not None]
    # The first sentences tell how many answered each of the compared questions.
    return [sentence for i, sentence in enumerate(said) if i >= len(compared) or not _has_few(report, compared[i])]


def _has_few(report: Report, compared: Compared) -> bool:
    return any(_is_few(report, group) for group in compared.coverage.groups)


def _is_few(report: Report, group: GroupShare) -> bool:
    return 0 < group.seen < report.the_map.k


def manner_of(pen: Pen) -> Manner:
    """How the language writes on maps."""
    return Manner(pen.word(N_("N (north)"))[:1], pen.language.code in DECIMAL_COMMA)


def _attribution(report: Report, pen: Pen) -> str:
    given = report.the_map.basemap.get("attribution") or ""
    return given if isinstance(given, str) else pen.say(given)


class _Listener(logging.Handler):
    """Hears of the pages that are laid out in one thread."""

    def __init__(self, on_page: Callable[[int], None]) -> None:
        super().__init__()
        self.on_page = on_page
        self.thread_id = threading.get_ident()

    def emit(self, record: logging.LogRecord) -> None:
        """Pass the number of the page on."""
        found = PAGE_LAID.search(record.getMessage())
        if found and record.thread == self.thread_id:
            self.on_page(int(found[1]))


@contextmanager
def _heard(on_page: Callable[[int], None]) -> Iterator[None]:
    """WeasyPrint tells its progress to a logger, and to nobody else."""
    from weasyprint.logger import PROGRESS_LOGGER

    listener = _Listener(on_page)
    PROGRESS_LOGGER.addHandler(listener)
    PROGRESS_LOGGER.setLevel(logging.INFO)
    PROGRESS_LOGGER.propagate = False
    try:
        yield
    finally:
        PROGRESS_LOGGER.removeHandler(listener)
