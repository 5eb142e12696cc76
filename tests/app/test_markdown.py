"""Texts of officials as HTML: what they may do, and what never comes through."""

from __future__ import annotations

import time
from html.parser import HTMLParser

import pytest

from app.views.markdown import plain_text, rendered

ALLOWED = {
    "p", "br", "em", "strong", "s", "a", "ul", "ol", "li", "blockquote", "hr", "h3", "h4", "h5", "h6", "code",
}  # fmt: skip


class Seen(HTMLParser):
    """Every tag and attribute as a browser would find them."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def seen(text: str) -> list[tuple[str, dict[str, str | None]]]:
    reader = Seen()
    reader.feed(rendered(text))
    return reader.tags


def test_a_little_markdown_becomes_html() -> None:
    assert rendered("Jde o **park** a\n\n- lavičky\n- lampy") == (
        "<p>Jde o <strong>park</strong> a</p>\n<ul>\n<li>lavičky</li>\n<li>lampy</li>\n</ul>\n"
    )


def test_a_new_line_stays_a_new_line() -> None:
    assert rendered("první\ndruhý") == "<p>první<br />\ndruhý</p>\n"


def test_headings_come_under_those_of_the_page() -> None:
    assert [tag for tag, _ in seen("# Jedna\n\n## Dvě\n\n##### Pět\n\nNadpis\n===")] == ["h3", "h4", "h6", "h3"]


def test_links_go_to_the_web_and_to_mail_and_vouch_for_nothing() -> None:
    tags = seen("[web](https://mesto.example/a?b=1&c=2) a [pošta](mailto:urad@mesto.example)")
    assert tags[1:] == [
        ("a", {"href": "https://mesto.example/a?b=1&c=2", "rel": "noopener nofollow"}),
        ("a", {"href": "mailto:urad@mesto.example", "rel": "noopener nofollow"}),
    ]


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "<a href='javascript:alert(1)'>x</a>",
        "text <b onmouseover=alert(1)>x</b>",
        "<!-- --><svg/onload=alert(1)>",
        "<style>*{display:none}</style>",
        "[x](javascript:alert(1))",
        "[x](JaVaScRiPt:alert(1))",
        "[x](java\tscript:alert(1))",
        "[x](&#106;avascript:alert(1))",
        "[x](javascript&colon;alert(1))",
        "[x](\x01javascript:alert(1))",
        "[x](data:text/html;base64,PHNjcmlwdD4=)",
        "[x](vbscript:msgbox(1))",
        "[x](file:///etc/passwd)",
        "[x](//evil.example/x)",
        "[x](/office/sign-out)",
        "[x](https:evil)",
        "<javascript:alert(1)>",
        "![x](https://a.example/seen.png)",
        "![x](javascript:alert(1))",
        '[x](https://a.example "onmouseover=alert(1)")',
        '[x](https://a.example/"onmouseover="alert(1))',
        "[x][1]\n\n[1]: javascript:alert(1)",
        "```html\n<script>alert(1)</script>\n```",
        "    <script>alert(1)</script>",
        "<https://a.example/<script>>",
        "[<img src=x onerror=alert(1)>](https://a.example)",
        "&lt;script&gt;alert(1)&lt;/script&gt;",
        "[x](http://[::1)",
    ],
)
def test_nothing_that_acts_comes_through(text: str) -> None:
    for tag, attributes in seen(text):
        assert tag in ALLOWED, (tag, rendered(text))
        assert set(attributes) <= ({"href", "rel", "title"} if tag == "a" else {"start"} if tag == "ol" else set())
        if tag == "a":
            assert str(attributes["href"]).startswith(("https://a.example", "mailto:"))
            assert attributes["rel"] == "noopener nofollow"


def test_what_looks_like_html_is_shown_as_it_was_written() -> None:
    assert rendered("1 < 2 & <b>") == "<p>1 &lt; 2 &amp; &lt;b&gt;</p>\n"


def test_an_empty_text_is_nothing() -> None:
    assert rendered("") == rendered(None) == ""
    assert plain_text(None) == ""


def test_plain_text_says_the_same_without_signs() -> None:
    text = "# Park\n\nJde o **lavičky**,\n[lampy](https://a.example) a:\n\n- stromy\n- <b>vodu</b>"
    assert plain_text(text) == "Park Jde o lavičky, lampy a: stromy <b>vodu</b>"


def test_a_hostile_text_does_not_keep_the_server_busy() -> None:
    """Nested brackets and stars, at which careless parsers take minutes."""
    began = time.perf_counter()
    for text in ("[" * 9_000, "*a_" * 6_000, "> " * 9_000, "- " * 9_000, "![](" * 4_000, "`" * 19_000):
        rendered(text)
    rendered("x" * 1_000_000)
    assert time.perf_counter() - began < 20
