"""Somebody who walks through the pages, and sends their forms with something wrong in them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Final
from urllib.parse import urlencode, urlsplit

from bench.fuzz_http import Ground, Make, note, query, quoted
from bench.fuzz_pages import BOUNDARY, PageForm, asked_names, filled, multipart, read_page
from bench.fuzz_server import Answer, Server, request
from bench.fuzz_watch import Tally

SKIPPED: Final = re.compile(
    r"/sign-out|/account/password|/second-step|/setup/delete|/setup/address|/boundary/|/setup/close|/people/.*(remove|role)"
    r"|/new-password|/receipt/withdraw|/setup/dates|/towns/new|/maps/new|/next-round|/sign-in"
)
"""Where a form that is not bad enough would end the town, the map or the session."""
HEAVY: Final = re.compile(
    r"/report$|/sheets$|poster|slips|/analysis/.*start|everything|/photos$|heat\.html|\.tif|/older$|picture\.png"
)
FORM: Final = {"Content-Type": "application/x-www-form-urlencoded"}


@dataclass
class Browser:
    """Somebody's cookies, and the address they come from."""

    server: Server
    address: str = "203.0.113.9"
    token: str | None = None
    cookies: dict[str, str] = field(default_factory=dict)

    def headers(self, **more: str) -> dict[str, str]:
        """What this browser sends with each request."""
        found = {"X-Forwarded-For": self.address, "Accept": "text/html"} | more
        if self.cookies:
            found["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        if self.token:
            found["Authorization"] = f"Bearer {self.token}"
        return found

    def send(self, method: str, target: str, body: bytes | None = None, **headers: str) -> Answer:
        """The answer to an ordinary request; its cookies are kept."""
        answer = self.server.send(request(method, quoted(target), self.headers(**headers), body))
        for cookie in answer.cookies:
            name, _, rest = cookie.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return answer

    def sign_in(self, email: str, password: str) -> None:
        """Sign in as an official."""
        forms, _ = read_page("/office/sign-in", self.send("GET", "/office/sign-in").body.decode())
        values = dict(next(form for form in forms if ("email", "") in form.values).values)
        values |= {"email": email, "password": password}
        answer = self.send("POST", "/office/sign-in", urlencode(values).encode(), **FORM)
        if answer.status != 303:
            msg = f"{email} can't sign in: {answer.status}"
            raise RuntimeError(msg)


@dataclass
class Found:
    """What a walk through the pages brought."""

    forms: list[PageForm]
    addresses: list[str]


def walk(browser: Browser, begin: Sequence[str], most: int, tally: Tally) -> Found:
    """The forms and links of the pages that can be reached from these, each sort of address a few times."""
    waiting, seen, sorts = list(begin), set(begin), dict[str, int]()
    forms: dict[tuple[str, str, tuple[str, ...]], PageForm] = {}
    addresses: set[str] = set()
    looked = 0
    while waiting and looked < most:
        looked += 1
        address = waiting.pop(0)
        answer = browser.send("GET", address)
        note(tally, f"GET {urlsplit(address).path}", address.encode(), answer)
        if not answer.headers.get("content-type", "").startswith("text/html"):
            continue
        found, links = read_page(address, answer.body.decode("utf-8", "replace"))
        for form in found:
            forms.setdefault((form.method, sort_of(form.action), tuple(name for name, _ in form.values)[:6]), form)
        addresses |= links
        for link in sorted(links - seen):
            sort = sort_of(link)
            if link.startswith(("/office", "/m/")) and not SKIPPED.search(link) and sorts.get(sort, 0) < 2:
                sorts[sort] = sorts.get(sort, 0) + 1
                seen.add(link)
                waiting.append(link)
    return Found(list(forms.values()), sorted(addresses))


def sort_of(address: str) -> str:
    """An address without what makes it one of many."""
    parts = urlsplit(address)
    path = re.sub(r"[0-9a-f]{8}-[0-9a-f-]{27}|/\d+|/[2-9A-Z]{9}\b", "/_", parts.path)
    return f"{path}?{','.join(sorted(asked_names([address])))}"


def by_forms(browser: Browser, found: Found, ground: Ground) -> Make:
    """The forms of pages, filled in badly by who may fill them in; and their links, with bad parameters."""
    forms = [form for form in found.forms if not SKIPPED.search(form.action)]

    def make(dice: Random) -> tuple[str, bytes, bool]:
        headers = browser.headers(**{"Accept-Language": dice.choice(("cs", "en", "uk"))})
        address = dice.choice(found.addresses)
        form = dice.choice(forms) if forms else None
        if (
            form is None
            or dice.random() < 0.25
            or (HEAVY.search(urlsplit(form.action).path) and dice.random() < 0.9)
        ):
            if SKIPPED.search(address) or (HEAVY.search(address) and dice.random() < 0.8):
                address = "/office/"
            target = urlsplit(address).path + query(ground, dice)
            return f"GET {sort_of(address)}", request("GET", quoted(target), headers), True
        values = filled(form, dice)
        what = f"{form.method} {sort_of(form.action)}"
        if form.method == "GET":
            target = urlsplit(form.action).path + "?" + urlencode(values, errors="surrogatepass")[:6000]
            return what, request("GET", quoted(target), headers), True
        if form.is_multipart:
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
            body = multipart(values, form.files, ground.files, dice)
        else:
            headers |= FORM
            body = urlencode(values, errors="surrogatepass").encode()
        return what, request("POST", quoted(form.action), headers, body), True

    return make
