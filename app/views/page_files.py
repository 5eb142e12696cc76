"""The files that a page asks for: its style sheets joined into one, its scripts asked for all at once."""

from __future__ import annotations

import posixpath
import re

from flask import Flask, g, request
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from app.assets import BUILD, PALETTE
from app.views.reader import assets

_SHEET = re.compile(r'[ \t]*<link rel="stylesheet" href="([^"]+)">\n?')
CODINGS = {"br": ".br", "gzip": ".gz"}
"""The compressed forms that lie beside each built file, the better one first."""


def init_app(app: Flask) -> None:
    """Teach templates to ask for few files, and send the built ones as they lie there compressed."""
    app.jinja_env.filters["one_sheet"] = one_sheet
    app.jinja_env.globals["preloads"] = preloads
    app.jinja_env.globals["page_preloads"] = page_preloads


def one_sheet(head: str) -> Markup:
    """The head with one style sheet in the place of its links to several, where one was built of just these."""
    hrefs = _SHEET.findall(head)
    address = assets().style_sheet([_name(href) for href in hrefs]) if len(hrefs) > 1 else None
    if address is None:
        return Markup(head)  # noqa: S704 - our own template
    link = f'<link rel="stylesheet" href="{escape(address)}">\n'
    # In the place of the first: what a page sets in its own <style> comes after it, as it did.
    first = _SHEET.sub(link, head, count=1)
    before, _, after = first.partition(link)
    return Markup(before + link + _SHEET.sub("", after))  # noqa: S704


def preloads(script: str) -> Markup:
    """Links that have the script and what it imports fetched while the head is being read."""
    g.setdefault("preloaded", set()).add(script)
    return _links([assets().url(script), *assets().first_of(script)])


def page_preloads() -> Markup:
    """The same for the scripts that the page names further down: only what these import."""
    wanted = [name for name in g.get("scripts", {}) if name not in g.get("preloaded", ())]
    return _links(dict.fromkeys(address for name in wanted for address in assets().first_of(name)))


def send_compressed(response: Response, filename: str) -> bool:
    """Put the built file's compressed form into the answer, if the browser takes one."""
    if not is_built(filename):
        return False
    for coding, ending in CODINGS.items():
        path = assets().folder / f"{filename}{ending}"
        if request.accept_encodings[coding] > 0 and path.is_file():
            response.set_data(path.read_bytes())
            response.headers["Content-Encoding"] = coding
            response.headers.pop("ETag", None)  # that of the plain form
            return True
    return False


def is_built(filename: str) -> bool:
    """Whether the file's name already tells its content; a way round through that folder does not count."""
    is_plain = filename == posixpath.normpath(filename)
    return is_plain and filename.startswith(f"{BUILD}/") and not filename.endswith(".json")


def _links(addresses: list[str] | dict[str, None]) -> Markup:
    # Words and their looks first: on a slow line the scripts shall not take their share of it.
    link = Markup('<link rel="modulepreload" fetchpriority="low" href="{}">\n')
    return Markup("").join(link.format(address) for address in addresses)


def _name(href: str) -> str:
    """What a template wrote: the file's name under static/, or the palette's."""
    path = href.partition("?")[0]
    if path.endswith(f"/{PALETTE}"):
        return PALETTE
    return path.removeprefix(f"{assets().url_prefix}/")
