"""The forms and links of pages, as somebody with bad intentions finds them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random
from typing import Final
from urllib.parse import parse_qsl, urljoin, urlsplit

from bench.fuzz_files import spoiled_file
from bench.fuzz_values import nasty, spoiled_text

BOUNDARY: Final = "----pocit-fuzz-7MA4YWxkTrZu0gW"


@dataclass
class PageForm:
    """One form: where it goes, and what a browser would send."""

    action: str
    method: str
    values: list[tuple[str, str]] = field(default_factory=list)
    choices: dict[str, list[str]] = field(default_factory=dict)
    files: list[str] = field(default_factory=list)
    is_multipart: bool = False


class _Reader(HTMLParser):
    """Gathers forms, links and the names asked for in them."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.address = address
        self.forms: list[PageForm] = []
        self.links: set[str] = set()
        self._form: PageForm | None = None
        self._select: str | None = None
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        said = {name: value or "" for name, value in attrs}
        for name in ("href", "src"):
            if said.get(name, "").startswith(("/", "?", "./")):
                self.links.add(urljoin(self.address, said[name]).split("#")[0])
        if tag == "form":
            action = urljoin(self.address, said.get("action", ""))
            self._form = PageForm(action, said.get("method", "get").upper())
            self._form.is_multipart = "multipart" in said.get("enctype", "")
            self.forms.append(self._form)
        elif self._form is not None and said.get("name"):
            self._field(tag, said, self._form)
        if tag == "option" and self._form is not None and self._select:
            self._option(said, self._form, self._select)

    def _field(self, tag: str, said: Mapping[str, str], form: PageForm) -> None:
        name, kind = said["name"], said.get("type", "text")
        if tag == "select":
            self._select = name
        elif tag == "textarea":
            self._area = name
            form.values.append((name, ""))
        elif kind == "file":
            form.files.append(name)
            form.is_multipart = True
        elif kind in ("checkbox", "radio", "submit") or tag == "button":
            form.choices.setdefault(name, []).append(said.get("value", "on"))
            if "checked" in said:
                form.values.append((name, said.get("value", "on")))
        else:
            form.values.append((name, said.get("value", "")))

    def _option(self, said: Mapping[str, str], form: PageForm, name: str) -> None:
        first = name not in form.choices
        form.choices.setdefault(name, []).append(said.get("value", ""))
        if first or "selected" in said:
            form.values = [one for one in form.values if one[0] != name] + [(name, said.get("value", ""))]

    def handle_data(self, data: str) -> None:
        if self._area and self._form is not None:
            self._form.values = [(n, v + data if n == self._area else v) for n, v in self._form.values]

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._form = None
        elif tag == "select":
            self._select = None
        elif tag == "textarea":
            self._area = None


def read_page(address: str, text: str) -> tuple[list[PageForm], set[str]]:
    """The forms and the links of a page."""
    reader = _Reader(address)
    reader.feed(text)
    return reader.forms, reader.links


def asked_names(addresses: Iterable[str]) -> set[str]:
    """Names of the parameters in these addresses."""
    return {
        name for address in addresses for name, _ in parse_qsl(urlsplit(address).query, keep_blank_values=True)
    }


def filled(form: PageForm, dice: Random) -> list[tuple[str, str]]:
    """The form as somebody would send it, with one to three things wrong, or now and then none."""
    values = list(form.values)
    for name, choices in form.choices.items():
        if dice.random() < 0.5 and not any(one == name for one, _ in values):
            values.append((name, dice.choice(choices)))
    for n, (name, value) in enumerate(values):  # empty fields are filled: most forms want them
        if not value and dice.random() < 0.5:
            values[n] = (name, dice.choice(("Lípa", "12", "2026-11-21", "a@b.cz", "safe", "15.52,49.62")))
    for _ in range(dice.choice((0, 1, 1, 1, 2, 3))):
        if values:
            _spoil(values, dice.randrange(len(values)), dice)
    return values


def _spoil(values: list[tuple[str, str]], n: int, dice: Random) -> None:
    """Make one field wrong; the form's own token mostly stays, or nothing else would ever be looked at."""
    name, value = values[n]
    deed = dice.random()
    if name == "csrf_token" and dice.random() < 0.95:
        return
    if deed < 0.55:
        values[n] = (name, nasty(dice))
    elif deed < 0.75:
        values[n] = (name, spoiled_text(value, dice.getrandbits(40)))
    elif deed < 0.83:
        del values[n]
    elif deed < 0.9:
        values += [(name, nasty(dice)) for _ in range(dice.choice((1, 2, 60)))]
    elif deed < 0.95:
        values[n] = (spoiled_text(name, dice.getrandbits(40)), value)
    else:
        values.append((nasty(dice), nasty(dice)))


def multipart(
    values: Iterable[tuple[str, str]], names: Iterable[str], files: Mapping[str, bytes], dice: Random
) -> bytes:
    """A body with files, now and then with parts that no browser would write."""
    lines: list[bytes] = []
    for name, value in values:
        lines += [
            f"--{BOUNDARY}".encode(),
            f'Content-Disposition: form-data; name="{_quoted(name)}"'.encode("utf-8", "surrogatepass"),
            b"",
            value.encode("utf-8", "surrogatepass"),
        ]
    for name in names:
        for _ in range(dice.choice((0, 1, 1, 1, 1, 1, 1, 1, 2))):
            filename, content = spoiled_file(files, dice)
            lines += [
                f"--{BOUNDARY}".encode(),
                f'Content-Disposition: form-data; name="{_quoted(name)}"; filename="{_quoted(filename)}"'.encode(
                    "utf-8", "surrogatepass"
                ),
                b"Content-Type: application/octet-stream",
                b"",
                content,
            ]
    lines += [f"--{BOUNDARY}--".encode(), b""]
    body = b"\r\n".join(lines)
    if dice.random() < 0.03:
        body = body[: dice.randrange(len(body))]
    return body


def _quoted(name: str) -> str:
    return name.replace('"', "%22").replace("\r", "%0D").replace("\n", "%0A")
