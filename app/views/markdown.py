"""Texts of officials as safe HTML: a little Markdown, no HTML of theirs, no pictures, links that leak nothing."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.token import Token
from markupsafe import Markup

SCHEMES = ("http", "https", "mailto")
REL = "noopener nofollow"
TOP_HEADING = 3
"""A page has its own h1 and h2; headings in a text come under them."""
MOST_CHARACTERS = 20_000
"""Longer texts are shown as they are: nobody reads them, and nobody shall keep the server busy with them."""
BREAK = re.compile(r"\s+")


class _Writer(RendererHTML):
    """HTML as markdown-it writes it, with what only a page can know: its headings, its links."""

    def link_open(self, tokens: Sequence[Token], idx: int, options: object, env: object) -> str:
        """A link that does not vouch for where it goes."""
        tokens[idx].attrSet("rel", REL)
        return self.renderToken(tokens, idx, options, env)  # type: ignore[arg-type]

    def heading_open(self, tokens: Sequence[Token], idx: int, options: object, env: object) -> str:
        """A heading of the level that the page around leaves free."""
        return f"<{_heading(tokens[idx].tag)}>"

    def heading_close(self, tokens: Sequence[Token], idx: int, options: object, env: object) -> str:
        """Its end."""
        return f"</{_heading(tokens[idx].tag)}>\n"


def rendered(text: str | None) -> Markup:
    """The text as HTML that can't do anything: no tags of its own, no pictures, http(s) and mailto links only."""
    if not text:
        return Markup()
    if len(text) > MOST_CHARACTERS:
        return Markup("<p>{}</p>").format(text)
    return Markup(_parser().render(text))  # noqa: S704 - HTML in the text is escaped, links are checked below


def plain_text(text: str | None) -> str:
    """What the text says in one line, without its signs: for descriptions, cards and whatever takes no HTML."""
    if not text:
        return ""
    if len(text) > MOST_CHARACTERS:
        return BREAK.sub(" ", text).strip()
    return BREAK.sub(" ", " ".join(_said(_parser().parse(text)))).strip()


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": True}, renderer_cls=_Writer)
    parser.enable("strikethrough")
    parser.disable(["image", "html_block", "html_inline", "code", "fence", "reference"])
    parser.validateLink = _goes_somewhere  # type: ignore[method-assign, assignment]
    return parser


def _goes_somewhere(address: str) -> bool:
    """Whether a link may go there; markdown-it then leaves others as the text they are."""
    try:
        parts = urlsplit(address.strip())
    except ValueError:
        return False
    if parts.scheme.lower() not in SCHEMES:
        return False
    return bool(parts.hostname) if parts.scheme.lower() != "mailto" else "@" in parts.path


def _heading(tag: str) -> str:
    return f"h{min(6, int(tag[1]) + TOP_HEADING - 1)}"


def _said(tokens: Sequence[Token]) -> list[str]:
    words: list[str] = []
    for token in tokens:
        if token.children is not None:
            words.append(
                "".join(" " if t.type in ("softbreak", "hardbreak") else t.content for t in token.children)
            )
        elif token.content:
            words.append(token.content)
    return words
