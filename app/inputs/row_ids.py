"""Ids made of what rows say: the same row is the same pin, however often its file comes."""

from __future__ import annotations

import hashlib
import uuid
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

NAMESPACE = uuid.UUID("6f1c3f0e-6d0b-5c0e-9f43-9a4f0a8b6c11")
"""For ids derived from what a row says: the same row is the same pin, however often it comes."""


def salted(slug: str, secret: bytes) -> tuple[str, ...]:
    """What the ids of a map's rows and persons are made with: nobody outside can make them, so none is a proof."""
    return (slug, secret.hex())


def unsalted(slug: str) -> tuple[str, ...]:
    """What an earlier version made them with: only to know again what is stored so, never for new ids."""
    return (slug,)


class Times:
    """How often each of many numbers has come, in eight bytes for each.

    The numbers are the first halves of UUIDs: that two different ones are equal does not happen.
    """

    def __init__(self) -> None:
        self._seen: list[NDArray[np.uint64]] = []
        self._again: Counter[int] = Counter()

    def again(self, numbers: Sequence[int]) -> list[tuple[int, int]]:
        """Which of these have come before, by their place, and for the how-manieth time they come now."""
        new = np.array(numbers, dtype=np.uint64)
        firsts, places = np.unique(new, return_index=True)
        before = np.ones(len(new), dtype=bool)
        before[places] = _within(firsts, self._seen)
        self._remember(firsts)
        found = []
        for place in np.flatnonzero(before).tolist():
            self._again[numbers[place]] += 1
            found.append((place, 1 + self._again[numbers[place]]))
        return found

    def _remember(self, numbers: NDArray[np.uint64]) -> None:
        if not len(numbers):
            return
        # Lists of about doubling length: each number is sorted anew a few times only.
        while self._seen and len(self._seen[-1]) <= 2 * len(numbers):
            numbers = np.union1d(numbers, self._seen.pop())
        self._seen.append(numbers)


def _within(numbers: NDArray[np.uint64], sorted_lists: Iterable[NDArray[np.uint64]]) -> NDArray[np.bool_]:
    found = np.zeros(len(numbers), dtype=bool)
    for known in sorted_lists:
        places = np.searchsorted(known, numbers).clip(max=len(known) - 1)
        found |= known[places] == numbers
    return found


def named(texts: Sequence[str]) -> list[str]:
    """The version 5 UUIDs of texts in our namespace, as 32 digits each; as uuid.uuid5, five times as quick."""
    begun = hashlib.sha1(NAMESPACE.bytes, usedforsecurity=False)
    digests = []
    for text in texts:
        one = begun.copy()
        one.update(text.encode())
        digests.append(one.digest())
    octets = np.frombuffer(b"".join(digests), dtype=np.uint8).reshape(-1, 20)[:, :16].copy()
    octets[:, 6] = octets[:, 6] & 0x0F | 0x50
    octets[:, 8] = octets[:, 8] & 0x3F | 0x80
    digits = octets.tobytes().hex()
    return [digits[start : start + 32] for start in range(0, len(digits), 32)]
