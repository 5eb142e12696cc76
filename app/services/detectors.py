"""What in a text should be looked at before everybody reads it: personal data, links, vulgar words.

Pure functions from a text to the places where it says so. Numbers are judged by what stands around them: a price,
a year, a house or parcel number is no phone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date

from app.models import FlagKind
from app.services.vulgar import Span, WordList, merged, vulgar_spans

HELD = frozenset({FlagKind.PHONE, FlagKind.EMAIL, FlagKind.BIRTH_NUMBER, FlagKind.NUMBER_PLATE, FlagKind.VULGAR})
"""Kinds for which a new pin waits for a look, where the map holds such pins."""

GAP = r"[ \u00a0.\-–/]?"
_PHONE = re.compile(
    rf"""
    (?<![\w.,/:+\-])
    (?:
        (?: (?:\+|00[ ]?)42[01] | \(\s?(?:\+|00)?42[01]\s?\) )                # with the country's code
        [ \u00a0.\-/]{{0,2}} \d (?:{GAP}\d){{8}}
      | 42[01] {GAP} [2-9]\d\d {GAP} \d{{3}} {GAP} \d{{3}}
      | (?:\+|00) [1-9]\d{{0,2}} (?: [ \u00a0.\-/]{{0,2}} \(? \d \)? ){{7,11}}   # another country
      | [2-9]\d\d {GAP} \d{{3}} {GAP} \d{{3}}                                          # 777 123 456
      | [67]\d\d {GAP} \d\d {GAP} \d\d {GAP} \d\d                                      # 777 12 34 56
      | [67]\d (?: [ .\-] \d\d ){{2}} [ .\-] \d{{3}}                                   # 77 71 23 456
      | [2-79](?:[ .\-]\d){{8}}                                                        # 7 7 7 1 2 3 4 5 6
      | 09\d\d {GAP} \d{{3}} {GAP} \d{{3}}                                             # 0905 123 456, Slovakia
      | 0[2-5]\d? {GAP} \d{{3}} {GAP} \d\d {GAP} \d\d
    )
    (?![\w@]) (?![.,/:\-]\d)
    """,
    re.VERBOSE,
)
_NO_PHONE_AFTER = re.compile(
    r"\s*(?:,-|kč|kc\b|czk|eur|€|korun|milion|mil\b|mld|tis|m2|m²|m3|lid|obyvatel|ks\b|kus|kwh|°)", re.IGNORECASE
)
_NO_PHONE_BEFORE = re.compile(
    r"(?:parc\w*\.?|parcel\w*|p\.\s?č\.|st\.|č\.\s?p\.|čp\.?|č\.\s?j\.|čj\.?|sp\.\s?zn\.?|ič[o]?|dič|účt\w*|účet|č\.\s?ú\.?|"
    r"psč|gps|ev\.\s?č\.?|katastr\w*|lv|id|isbn|smlouv\w*|zakázk\w*)[\s:.č#]*(?:číslo|čísl\w*)?[\s:.]*$",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"(?<![\w.+-])[\w.+-]+\s?@\s?[\w-]+(?:\.[\w-]+)*\.[a-z]{2,}(?![\w-])", re.IGNORECASE)
_DOT = r"\s*(?:\.|[(\[{]\s*(?:\.|tečka|tecka|dot)\s*[)\]}]|\s(?:tečka|tecka|dot)\s)\s*"
_WRITTEN_EMAIL = re.compile(
    rf"""
    (?<![\w.+-]) [\w+-]+ (?:\.[\w+-]+)* \s*
    (?: [(\[{{<] \s* (?:zavináč|zavinac|at|@) \s* [)\]}}>] | \b(?:zavináč|zavinac)\b )
    \s* [\w-]+ (?: {_DOT} [\w-]+ )*? {_DOT} [a-z]{{2,6}} \b
  | (?<![\w.+-]) (?!(?:look|see|is|are|found|it|you|here|me|us|write|available|only)\b)
    [\w+-]+ (?:\.[\w+-]+)* \s at \s
    (?:seznam|gmail|email|centrum|volny|post|atlas|outlook|hotmail|yahoo|icloud|proton(?:mail)?|tiscali|azet|zoznam)
    {_DOT} (?:cz|sk|com|me|eu)\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
_BIRTH = re.compile(r"(?<![\w./\-])(\d\d)(\d\d)(\d\d)(?:\s?/\s?(\d{3,4})|[ ]?(\d{4}))(?![\w/]|[.,\-]\d)")
_FILE_NUMBER = re.compile(
    r"(?:č\.\s?j\.|čj\.?|sp\.\s?zn\.?|parc\w*\.?|p\.\s?č\.|účt\w*|účet|č\.\s?ú\.?)[\s:]*(?:č\S*)?\s*$",
    re.IGNORECASE,
)
_PLATE = re.compile(
    r"""
    (?<![\w/.,\-]) (?:
        \d [ABCEHJKLMPSTUZ] [0-9ABCDEFHIJKLMNPRSTUVXYZ] [ \u00a0\-]? \d{2} [ \-]? \d{2}   # 1T2 3456, 1AB 2345
      | EL [ ]? \d{3} [ ]? [A-Z]{2}                                                        # electric
      | [A-Z]{2} [ \-]? \d{3} [ \-]? (?!CZ|EU|KC|KM|MM|CM)[A-Z]{2}                         # Slovakia
    ) (?![\w/]) (?![.,]\d)
    """,
    re.VERBOSE,
)
_SMALL_PLATE = re.compile(r"(?<![\w/.,\-])\d[abcejlptsuz][0-9abcdefhijklmnprstuvxyz] ?\d{4}(?![\w/])(?![.,]\d)")
_OLD_PLATE = re.compile(r"(?<![\w/.,\-])([A-Z]{2})([A-Z])?[ \-]?\d\d(?P<dash>[ \-])\d\d(?![\w/\-:])(?![.,]\d)")
DISTRICTS = """
    AA AB AC AD AE AH AI AJ AK AL AM AN AO AP AR AS AT AU AV AX AY AZ BA BE BI BK BM BN BO BR BS BV BZ CB CE CH CK
    CL CR CV DC DO FI FM GT HB HK HO HR JC JE JH JI JN KA KD KH KI KL KM KO KR KT KV LB LI LN LT MB ME MO MS NA NB
    NJ OC OL OM OP OS OT OV PA PB PE PH PI PJ PM PN PR PS PT PU PV PY PZ RA RK RO SM SO ST SU SY TA TC TP TR TU TX
    UH UL UO US VS VY ZL ZN ZR
"""
"""Districts on number plates from before 2001."""
WEEKDAYS = frozenset({"PO", "UT", "ST", "CT", "PA", "SO", "NE"})
"""Opening hours look like old plates: PO 08-16."""
_LINK = re.compile(
    r"""
    (?: https?://[^\s<>"]+ | \bwww\.[^\s<>"]+ )
  | (?<![\w@./\-]) (?:[a-z0-9](?:[\w\-]*\w)?\.)+
    (?: (?:cz|sk|com|eu|org|net|info|biz|shop|online|xyz|app|club|link|ru|pl)\b (?:/[^\s<>"]*)?
      | (?:ly|me|gl|gg|io|tv|de|at|to|be|cc|co)/[\w\-?=&%./]+ )
    (?![\w@])
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NEXT_SENTENCE = re.compile(r"[^A-Z./]\.(?:[A-Z][a-z]+)$")
"""A dot without a space behind it: "Sídliště.Info je…"."""
_AT = re.compile(r"@|zavin|\bat\b|\(\s*at", re.IGNORECASE)
_DIGITS = re.compile(r"\d")


def find_all(text: str, words: WordList) -> dict[FlagKind, list[Span]]:
    """Every kind that the text gives reason for, with the places [start, end) that do."""
    found: dict[FlagKind, list[Span]] = {}
    if _AT.search(text):
        found[FlagKind.EMAIL] = emails(text)
    if _DIGITS.search(text):
        found[FlagKind.BIRTH_NUMBER] = birth_numbers(text)
        found[FlagKind.NUMBER_PLATE] = number_plates(text)
        taken = found[FlagKind.BIRTH_NUMBER] + found[FlagKind.NUMBER_PLATE]
        found[FlagKind.PHONE] = _apart(phones(text), taken)
    if "." in text or "://" in text:
        found[FlagKind.LINK] = _apart(links(text), found.get(FlagKind.EMAIL, []))
    found[FlagKind.VULGAR] = vulgar_spans(text, words)
    return {kind: spans for kind, spans in found.items() if spans}


def phones(text: str) -> list[Span]:
    """Phone numbers: Czech, Slovak, and foreign ones with a country's code."""
    return [match.span() for match in _PHONE.finditer(text) if _is_phone(match, text)]


def emails(text: str) -> list[Span]:
    """E-mail addresses, also with the sign written as a word."""
    return merged(match.span() for pattern in (_EMAIL, _WRITTEN_EMAIL) for match in pattern.finditer(text))


def birth_numbers(text: str) -> list[Span]:
    """Birth numbers (rodné číslo) whose date exists and, from 1954 on, whose sum is right (Act 133/2000 Coll.)."""
    return [match.span() for match in _BIRTH.finditer(text) if _is_birth_number(match, text)]


def number_plates(text: str) -> list[Span]:
    """Number plates: Czech ones of today and from before 2001, Slovak ones."""
    return merged(_plates(text))


def links(text: str) -> list[Span]:
    """Links: with a scheme, with www, or a bare domain of a usual kind."""
    found = []
    for match in _LINK.finditer(text):
        start, end = match.span()
        if _NEXT_SENTENCE.search(match[0]):
            continue
        while end > start and text[end - 1] in ".,;:!?)\u201c\u201d\"'":
            end -= 1
        found.append((start, end))
    return found


def _apart(spans: list[Span], taken: list[Span]) -> list[Span]:
    return [s for s in spans if not any(s[0] < end and start < s[1] for start, end in taken)]


def _is_phone(match: re.Match[str], text: str) -> bool:
    if _NO_PHONE_AFTER.match(text, match.end()) or _NO_PHONE_BEFORE.search(text[: match.start()][-40:]):
        return False
    written = match[0]
    digits = re.sub(r"\D", "", written)
    # Round numbers count something.
    return not (len(digits) <= 9 and digits.endswith("00000")) and not _is_years(written)


def _is_years(written: str) -> bool:
    parts = re.findall(r"\d+", written)
    return len(parts) > 1 and all(len(part) == 4 and part[:2] in ("19", "20") for part in parts)


def _is_birth_number(match: re.Match[str], text: str) -> bool:
    year, month, day = (int(match[n]) for n in (1, 2, 3))
    ending = match[4] or match[5]
    if _FILE_NUMBER.search(text[: match.start()][-30:]):
        return False
    if len(ending) == 3:
        full_year = 1900 + year if year < 54 else None
    else:
        full_year = 1900 + year if year >= 54 else 2000 + year
        whole = int(match[1] + match[2] + match[3] + ending)
        first_nine, last = divmod(whole, 10)
        if whole % 11 and not (first_nine % 11 == 10 and last == 0):
            return False
    if full_year is None:
        return False
    for shift in (0, 50, *((20, 70) if full_year >= 2004 else ())):
        if 1 <= month - shift <= 12:
            try:
                return date(full_year, month - shift, day) <= date.today()  # noqa: DTZ011 - a day more or less
            except ValueError:
                return False
    return False


def _plates(text: str) -> Iterator[Span]:
    for pattern in (_PLATE, _SMALL_PLATE):
        for match in pattern.finditer(text):
            yield match.span()
    for match in _OLD_PLATE.finditer(text):
        district, letter = match[1], match[2]
        if district not in DISTRICTS.split() or (
            letter is None and (match["dash"] != "-" or district in WEEKDAYS)
        ):
            continue
        yield match.span()


def as_detail(found: Mapping[FlagKind, list[Span]]) -> dict[str, dict[str, list[list[int]]]]:
    """What was found as the flags' details are stored."""
    return {kind.value: {"spans": [list(span) for span in spans]} for kind, spans in found.items()}
