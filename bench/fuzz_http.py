"""Bad requests for every address: as nobody, as a citizen's device, as officials, and as no HTTP at all."""

from __future__ import annotations

import json
import re
import threading
import uuid
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import count as count_up
from random import Random
from typing import Any, Final
from urllib.parse import quote, urlencode

from werkzeug.routing import Map, Rule

from app.config import ROOT
from bench.fuzz_pages import BOUNDARY, multipart
from bench.fuzz_server import Answer, Server, request
from bench.fuzz_values import NUMBERS, PLAUSIBLE, as_json, nasty, spoiled_bytes, spoiled_document, spoiled_text
from bench.fuzz_watch import MOST_S, Tally, timed

THREADS: Final = 3
TOKENS: Final = tuple(f"a-device-token-of-the-fuzzer-{n:04}" for n in range(40))
HEADERS: Final = (
    "Accept", "Accept-Language", "Accept-Encoding", "If-None-Match", "If-Modified-Since", "If-Match", "Range",
    "Cookie",
    "Authorization", "X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "X-Forwarded-Prefix",
    "Content-Type", "Origin",
    "Referer", "Sec-Fetch-Site", "Sec-Fetch-Mode", "User-Agent", "X-Request-Id", "X-CSRFToken", "Prefer",
    "Content-Crs", "DNT",
    "X-HTTP-Method-Override", "Content-Encoding", "Transfer-Encoding", "Expect", "TE",
)  # fmt: skip
GOOD_HEADERS: Final = (
    "text/html", "application/json", "application/geo+json", "*/*", "cs,en;q=0.5", "uk", "gzip, br", 'W/"abc"',
    "bytes=0-10",
    "Sat, 21 Nov 2026 10:00:00 GMT", "multipart/form-data", "application/x-www-form-urlencoded", "https",
    "Bearer x", "Basic eDp5",
    "bytes=-1,5-2,99999999999-", "session=abc", "pocit_device=abc", "navigate", "same-origin", "identity;q=0",
    "*;q=nan",
)  # fmt: skip
METHODS: Final = (
    "GET",
    "GET",
    "GET",
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "get",
)
NAMED: Final = re.compile(
    r"""(?:args|arguments|form|values|given)\s*(?:\.get\(|\.getlist\(|\[)\s*["']([\w.-]+)["']"""
)


def quoted(target: str) -> bytes:
    """An address as bytes that fit into a request's first line."""
    return quote(target.encode("utf-8", "surrogatepass"), safe="/?&=%:;,+@!$'()*~#[]-._").encode()


@dataclass
class Ground:
    """What there is to be asked for."""

    rules: Sequence[Rule]
    pins: Sequence[str]
    serials: Sequence[str]
    names: Sequence[str]
    """Of parameters and fields."""
    files: Mapping[str, bytes]


def parameter_names() -> list[str]:
    """Names that our code asks requests for."""
    texts = [path.read_text(encoding="utf-8") for path in sorted((ROOT / "app").rglob("*.py"))]
    return sorted({name for text in texts for name in NAMED.findall(text)})


def rules_of(found: Map) -> list[Rule]:
    """All addresses but those of plain files."""
    return sorted((rule for rule in found.iter_rules() if rule.endpoint != "static"), key=lambda rule: rule.rule)


Make = Callable[[Random], tuple[str, bytes, bool]]
"""What is asked (for the report), the request's bytes, and whether it is HTTP at all."""


def run(kind: str, server: Server, make: Make, count: int, dice: int) -> Tally:
    """So many requests, some at once."""
    tally, lock, numbers = Tally(kind), threading.Lock(), count_up()

    def work() -> None:
        while (number := next(numbers)) < count:
            what, sent, is_http = make(Random(f"{dice} {kind} {number}"))
            answer = server.send(sent, ends=not is_http)
            if answer.seconds > MOST_S:  # only who is slow twice is not merely on a busy machine
                answer = server.send(sent, ends=not is_http)
            with lock:
                note(tally, what, sent, answer, is_http=is_http)

    with timed(tally), ThreadPoolExecutor(THREADS) as pool:
        for done in [pool.submit(work) for _ in range(THREADS)]:
            done.result()
    return tally


def note(tally: Tally, what: str, sent: bytes, answer: Answer, *, is_http: bool = True) -> None:
    """Count an answer; a 5xx that is no pause, or none at all, is a fault."""
    shown = sent[:700]
    tally.statuses[str(answer.status)] = tally.statuses.get(str(answer.status), 0) + 1
    tally.took(answer.seconds, shown)
    tally.refused += 400 <= answer.status < 500 or answer.is_pause
    if answer.status >= 500 and not answer.is_pause and answer.status not in (501, 505):
        tally.broke(f"{answer.status} {what}", shown)
    elif answer.status == 0 and is_http:
        tally.broke(f"no answer {what}", shown)
    if b"Traceback (most recent call last)" in answer.body:
        tally.broke(f"traceback shown {what}", shown)


def at_random(ground: Ground) -> Make:
    """Any address by any method with anything in it, as somebody nobody knows."""

    def make(dice: Random) -> tuple[str, bytes, bool]:
        rule = dice.choice(ground.rules)
        headers = {"X-Forwarded-For": an_address(dice)} | bad_headers(dice)
        method = dice.choice(METHODS) if dice.random() < 0.5 else dice.choice(sorted(rule.methods or {"GET"}))
        body = bad_body(ground, dice) if method not in ("GET", "HEAD") else None
        if body is None and dice.random() < 0.03:
            body = bad_body(ground, dice)[:500]  # more of it, unread, would break the connection before the answer
        target = quoted(path_of(rule, ground, dice) + query(ground, dice))
        if dice.random() < 0.05:
            target = (
                spoiled_bytes(target, dice).replace(b" ", b"+").replace(b"\r", b"").replace(b"\n", b"") or b"/"
            )
        return f"{method} {rule.rule}", request(method, target, headers, body), True

    return make


def an_address(dice: Random) -> str:
    """Where a request comes from: many places, or our limits would answer everything."""
    return dice.choice(
        (f"198.51.{dice.randrange(256)}.{dice.randrange(256)}", f"2001:db8:{dice.randrange(65536):x}::1")
    )


def path_of(rule: Rule, ground: Ground, dice: Random) -> str:
    """An address of this rule; most of its parts name what is there."""

    def part(found: re.Match[str]) -> str:
        converter, _, name = found[1].rpartition(":")
        if dice.random() < 0.15:
            return nasty(dice)
        return good_part(name, converter, ground, dice)

    return re.sub(r"<([^>]+)>", part, rule.rule)


def good_part(name: str, converter: str, ground: Ground, dice: Random) -> str:
    """A value that may stand in an address under this name."""
    if converter.startswith("any"):
        known: list[str] = re.findall(r"[\w.-]+", converter[4:-1])
        return dice.choice(known or ["x"])
    if name in ("z", "x", "y", "row", "col"):
        return dice.choice(("12", "13", "14", "0", "2223", "1402", "4447", "2804", "99", "30", str(2**31), "-1"))
    if converter == "int":
        return str(dice.choice((1, 2, 3, 0, 2**31, 2**63, 10**30)))
    choices = {
        "slug": ("vzorov",), "town": ("vzorov",), "code": ("FORUM1",), "serial": ground.serials,
        "item": ground.pins,
        "pin_id": ground.pins, "kind": ("contrast", "robustness", "themes", "places", "facts", "rounds"),
        "category": ("safe", "unsafe", "improve"), "what": ("frame", "small", "whole"),
    }.get(name)  # fmt: skip
    return dice.choice(choices) if choices else str(uuid.UUID(int=dice.getrandbits(128), version=4))


def query(ground: Ground, dice: Random) -> str:
    """Parameters that are asked for somewhere, with values that are not."""
    pairs = []
    for _ in range(dice.choice((0, 1, 1, 2, 3, 6))):
        name = dice.choice(ground.names) if dice.random() < 0.95 else nasty(dice)
        value = nasty(dice)[:2000] if dice.random() < 0.7 else dice.choice(PLAUSIBLE)
        pairs.append(
            f"{quote(name[:500], safe='', errors='replace')}={quote(value, safe='', errors='surrogatepass')}"
        )
    return f"?{'&'.join(pairs)}" if pairs else ""


def bad_headers(dice: Random) -> dict[str, str]:
    """Headers that no program of good will sends."""
    found = {}
    for _ in range(dice.choice((0, 1, 1, 2, 4))):
        value = dice.choice(
            (dice.choice(GOOD_HEADERS), spoiled_text(dice.choice(GOOD_HEADERS), dice.getrandbits(40)), nasty(dice))
        )
        name = dice.choice(HEADERS)
        if name not in ("Transfer-Encoding", "Expect", "X-Forwarded-For"):
            found[name] = re.sub(r"[\r\n\0]", " ", value)[:4000]
    return found


def bad_body(ground: Ground, dice: Random) -> bytes:
    """A body of any kind."""
    kind = dice.randrange(5)
    if kind == 0:
        return dice.randbytes(dice.choice((0, 1, 50, 3000)))
    if kind == 1:
        return as_json(spoiled_document(FEATURE, dice.getrandbits(40)))
    if kind == 2:
        pairs = [(dice.choice(ground.names), nasty(dice)[:3000]) for _ in range(dice.randrange(1, 8))]
        return urlencode(pairs, errors="surrogatepass").encode()
    if kind == 3:
        return b"[" * dice.choice((10, 5000, 100_000))
    return multipart([(dice.choice(ground.names), nasty(dice)[:3000])], ["photo"], ground.files, dice)


FEATURE: Final[dict[str, Any]] = {
    "type": "Feature",
    "id": "",
    "geometry": {"type": "Point", "coordinates": [15.52, 49.62]},
    "properties": {"category": "safe", "comment": "Tady je hezky.", "zoom": 17, "when": "day"},
}


OWN: Final = tuple(str(uuid.UUID(int=5000 + n, version=4)) for n in range(len(TOKENS)))
"""A pin of each of the devices."""


def as_citizen(ground: Ground) -> Make:
    """What a phone sends to the API, spoiled."""
    bodies = {
        "items": FEATURE, "respondent": {"age": "adult", "relation": "resident"}, "join": {"receipt": "ABCD-EFGH"},
    }  # fmt: skip

    def make(dice: Random) -> tuple[str, bytes, bool]:
        who = dice.randrange(len(TOKENS))
        pin = OWN[who] if dice.random() < 0.7 else dice.choice(ground.pins[:20])
        base = "/api/collections/vzorov"
        method, path, what = dice.choice(
            (
                ("POST", f"{base}/items", "items"), ("POST", f"{base}/items", "items"), ("PUT",
                f"{base}/items/{pin}", "items"),
                ("PATCH", f"{base}/items/{pin}", "items"), ("DELETE", f"{base}/items/{pin}", "items"),
                ("PUT", f"{base}/items/{pin}/support", "items"), ("DELETE", f"{base}/items/{pin}/support",
                "items"),
                ("PUT", f"{base}/respondent", "respondent"), ("POST", f"{base}/respondent/join", "join"),
                ("POST", f"{base}/respondent/receipt", "join"), ("GET", f"{base}/respondent", "join"),
                ("PUT", f"{base}/items/{pin}/photo", "photo"),
            )
        )  # fmt: skip
        token = (
            dice.choice(TOKENS) if dice.random() < 0.9 else spoiled_text(dice.choice(TOKENS), dice.getrandbits(40))
        )
        headers = {
            "Authorization": f"Bearer {token}", "Content-Type": dice.choice(("application/geo+json",
            "application/json")),
            "X-Forwarded-For": an_address(dice),
        }  # fmt: skip
        if dice.random() < 0.15:
            headers |= bad_headers(dice)
        if what == "photo":
            headers["Content-Type"] = f"multipart/form-data; boundary={BOUNDARY}"
            body = multipart([("alt", nasty(dice)[:500])], ["photo"], ground.files, dice)
        else:
            good = json.loads(json.dumps(bodies[what]))
            if what == "items":
                new = str(uuid.UUID(int=dice.getrandbits(128), version=4))
                good["id"] = new if method == "POST" and dice.random() < 0.9 else pin
                good["geometry"]["coordinates"] = [15.52 + dice.gauss(0, 0.01), 49.62 + dice.gauss(0, 0.006)]
            body = as_json(spoiled_document(good, dice.getrandbits(40))) if dice.random() < 0.85 else as_json(good)
            if dice.random() < 0.1:
                body = spoiled_bytes(body, dice)
        headers = {name: re.sub(r"[\r\n\0]", " ", value) for name, value in headers.items()}
        return f"{method} {path.replace(pin, '<item>')}", request(method, quoted(path), headers, body), True

    return make


def no_http(ground: Ground) -> Make:
    """Requests broken as bytes: lengths that lie, lines that don't end, bodies in pieces."""
    bodies = as_json(FEATURE), b"csrf_token=x&email=a"

    def make(dice: Random) -> tuple[str, bytes, bool]:
        body = dice.choice(bodies)
        rule = dice.choice(ground.rules)
        sent = request(
            dice.choice(METHODS),
            quoted(path_of(rule, ground, dice)),
            {dice.choice(HEADERS): dice.choice(GOOD_HEADERS)},
            body,
        )
        deed = dice.randrange(6)
        if deed == 0:
            sent = sent.replace(
                b"Content-Length: ", b"Content-Length: " + dice.choice((b"-", b"9", b"0x", b"+", b"1, "))
            )
        elif deed == 1:
            pieces = b"%x\r\n%s\r\n0\r\n\r\n" % (dice.choice((len(body), 2**31, 3)), body)
            sent = sent.replace(b"Connection: close", b"Connection: close\r\nTransfer-Encoding: chunked").replace(
                body, pieces
            )
        elif deed == 2:
            sent = sent.replace(b"\r\n", b"\n")
        elif deed == 3:
            sent = sent.replace(b"Host:", b"X" * dice.choice((10, 9000)) + b": y\r\nHost:")
        else:
            sent = spoiled_bytes(sent, dice)
        return "no HTTP", sent, False

    return make


def numbers_in_json(ground: Ground) -> Make:
    """Pins whose every number is one at which programs turn over."""

    def make(dice: Random) -> tuple[str, bytes, bool]:
        place = [dice.choice(NUMBERS), dice.choice(NUMBERS)] if dice.random() < 0.5 else [15.52, 49.62]
        pin = {**FEATURE, "id": str(uuid.uuid4()), "geometry": {"type": "Point", "coordinates": place}}
        pin["properties"] = {"category": "safe", "zoom": dice.choice(NUMBERS), "precision_m": dice.choice(NUMBERS)}
        headers = {"Authorization": f"Bearer {dice.choice(TOKENS)}", "Content-Type": "application/json"}
        headers["X-Forwarded-For"] = an_address(dice)
        return "POST numbers", request("POST", b"/api/collections/vzorov/items", headers, as_json(pin)), True

    return make
