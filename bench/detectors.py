"""What looking through a comment costs, against reading its words at all; and the worst that a text can do.

`./run bench detectors [FILE.csv [COLUMN]]` looks through the comments of a file instead of made-up ones.
"""

from __future__ import annotations

import csv
import re
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

from app.services.detectors import find_all
from app.services.vulgar import word_list
from bench.table import print_table

SENTENCES = (
    "Chybí tu přechod pro chodce, bojím se o děti.",
    "Večer tu nesvítí žádná lampa a je tu tma.",
    "Zavolejte mi na 777 123 456 nebo jan@novak.cz, ukážu vám to.",
    "Auta parkují na chodníku, například 1T2 3456, a s kočárkem neprojdu.",
    "Krásné místo. Více laviček!",
)
COPIES = 1000
ROUNDS = 5
LONG = 10_000
"""The longest comment that an import takes."""
HOSTILE = (
    "a.",
    "a-",
    "1 ",
    "777 ",
    "a@",
    "zavináč ",
    "a zavináč a ",
    "k*",
    "www.",
    "a b ",
    "(at) a ",
    "\u00e9\u0301",
)


def main(arguments: list[str]) -> None:
    """Both in turn, then each hostile text once."""
    comments = _read(arguments) if arguments else list(SENTENCES) * COPIES
    words = word_list()
    found = Counter(kind.value for comment in comments for kind in find_all(comment, words))
    ours, bare = [], []
    for _ in range(ROUNDS):
        bare.append(
            _seconds(comments, lambda comment: re.findall(r"\w+", unicodedata.normalize("NFD", comment.lower())))
        )
        ours.append(_seconds(comments, lambda comment: find_all(comment, words)))
    each = 1e6 / len(comments)
    rows = [
        ["ours: all detectors", f"{min(ours) * each:.1f}"],
        ["reference: lower case, normal form, words", f"{min(bare) * each:.1f}"],
        ["ratio ours / reference", f"{min(ours) / min(bare):.1f}"],
    ]
    print_table(f"detectors: µs a comment, {len(comments)} comments, best of {ROUNDS}", ["", "µs"], rows)
    print(f"  found: {dict(found.most_common())}")
    plain = _seconds([(SENTENCES[0] * LONG)[:LONG]], lambda comment: find_all(comment, words))
    worst = max(HOSTILE, key=_hostile)
    worst_ms, plain_ms = _hostile(worst) * 1000, plain * 1000
    print(f"  {LONG} characters: a plain text {plain_ms:.1f} ms, the worst ({worst!r}) {worst_ms:.1f} ms")


def _read(arguments: Sequence[str]) -> list[str]:
    column = arguments[1] if len(arguments) > 1 else "Komentář"
    with Path(arguments[0]).open(encoding="utf-8-sig", newline="") as file:
        return [row[column] for row in csv.DictReader(file) if row[column].strip()]


def _hostile(unit: str) -> float:
    return _seconds([(unit * LONG)[:LONG]], lambda comment: find_all(comment, word_list()))


def _seconds(comments: Sequence[str], work: Callable[[str], object]) -> float:
    start = time.perf_counter()
    for comment in comments:
        work(comment)
    return time.perf_counter() - start
