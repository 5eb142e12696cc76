"""What a sheet lies on, and what lies on the sheet: tables, hands, cups; drawn, not taken from anywhere."""

from __future__ import annotations

import math
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]
TABLES: Final = ("wood", "dark wood", "white", "grey", "cloth", "stone", "green")
THINGS: Final = ("hand", "cup", "phone", "paper", "tape")


def table(kind: str, size: tuple[int, int], rng: np.random.Generator) -> Picture:
    """A table top of so many pixels, seen from above."""
    width, height = size[0] // 2 + 1, size[1] // 2 + 1
    drawn = {
        "wood": lambda: _wood((176, 134, 92), width, height, rng),
        "dark wood": lambda: _wood((88, 60, 42), width, height, rng),
        "white": lambda: _plain((226, 224, 218), width, height, rng, 1.5),
        "grey": lambda: _plain((120, 122, 126), width, height, rng, 3),
        "green": lambda: _plain((72, 104, 78), width, height, rng, 6),
        "cloth": lambda: _cloth(width, height, rng),
        "stone": lambda: _plain((168, 160, 150), width, height, rng, 16),
    }[kind]()
    return np.asarray(
        cv2.resize(np.clip(drawn, 0, 255).astype(np.uint8), size, interpolation=cv2.INTER_CUBIC), np.uint8
    )


def _soft_noise(
    width: int, height: int, spread: tuple[float, float], rng: np.random.Generator
) -> NDArray[np.float32]:
    """Even noise of standard deviation about 1, blurred by so many pixels along and across."""
    less = [max(1, int(way / 2)) for way in spread]
    small = rng.standard_normal((height // less[1] + 2, width // less[0] + 2), dtype=np.float32)
    sigmas = [max(way / step, 0.1) for way, step in zip(spread, less, strict=True)]
    soft = cv2.GaussianBlur(small, (0, 0), sigmaX=sigmas[0], sigmaY=sigmas[1])
    even = np.asarray(soft / max(float(soft.std()), 1e-6), np.float32)
    return np.asarray(cv2.resize(even, (width, height), interpolation=cv2.INTER_LINEAR), np.float32)


def _wood(tone: tuple[int, int, int], width: int, height: int, rng: np.random.Generator) -> NDArray[np.float32]:
    grain = (
        _soft_noise(width, height, (width / 6, 2.5), rng) * 8
        + _soft_noise(width, height, (width / 3, 14), rng) * 10
    )
    fine = _soft_noise(width, height, (20, 1.0), rng) * 3
    boards = np.zeros((height, 1), np.float32)
    edge = int(rng.integers(height // 5, height // 2))
    for start in range(int(rng.integers(edge)), height, edge):
        boards[start:] += rng.normal(0, 7)
        boards[start : start + 3] -= 55
    picture = np.array(tone, np.float32) + (grain + fine + boards)[..., None] * np.array(
        [1, 0.85, 0.65], np.float32
    )
    return np.asarray(
        picture if rng.random() < 0.5 else cv2.resize(np.rot90(picture), (width, height)), np.float32
    )


def _plain(
    tone: tuple[int, int, int], width: int, height: int, rng: np.random.Generator, rough: float
) -> NDArray[np.float32]:
    noise = (
        _soft_noise(width, height, (1.0, 1.0), rng) * rough
        + _soft_noise(width, height, (60, 60), rng) * rough * 0.5
    )
    return np.asarray(np.array(tone, np.float32) + noise[..., None], np.float32)


def _cloth(width: int, height: int, rng: np.random.Generator) -> NDArray[np.float32]:
    """Checks."""
    step = int(rng.integers(60, 200))
    turn = rng.uniform(0, np.pi / 2)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    along, across = x * math.cos(turn) + y * math.sin(turn), -x * math.sin(turn) + y * math.cos(turn)
    share = (np.sin(along * np.pi / step) > 0).astype(np.float32) * 0.5 + (np.sin(across * np.pi / step) > 0) * 0.5
    tones = [(178, 44, 48), (54, 84, 150), (60, 120, 76)]
    tone = np.array(tones[int(rng.integers(3))], np.float32)
    weave = _soft_noise(width, height, (1.0, 1.0), rng)[..., None] * 5
    return np.asarray(235 + (tone - 235) * share[..., None] + weave, np.float32)


def lay_thing(
    photo: Picture, kind: str, at: tuple[float, float], towards: float, reach: float, rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Lay a thing on the photo that covers a circle of `reach` pixels around `at`; what it covers comes back.

    `towards` is the direction (radians) in which it goes on: an arm comes from there.
    """
    height, width = photo.shape[:2]
    less = 4
    shape = np.zeros((height // less + 1, width // less + 1), np.uint8)
    x, y, r = at[0] / less, at[1] / less, max(reach / less, 2)
    ahead = np.array([math.cos(towards), math.sin(towards)])
    if kind == "hand":
        tone = _draw_hand(shape, (x, y), ahead, r, rng)
    elif kind == "cup":
        cv2.circle(shape, (round(x), round(y)), round(r * 1.05), 255, -1)
        tone = (rng.uniform(60, 230), rng.uniform(60, 230), rng.uniform(60, 230))
    else:
        size = {"phone": (2.2, 4.2), "paper": (3.0, 4.0), "tape": (2.1, 2.6)}[kind]
        tone = {"phone": (22.0, 22.0, 26.0), "paper": (238.0, 236.0, 230.0), "tape": (196.0, 178.0, 132.0)}[kind]
        middle = np.array([x, y]) + ahead * r * (size[1] / 2 - 1.05)
        box = cv2.boxPoints(((middle[0], middle[1]), (size[1] * r, size[0] * r), math.degrees(towards)))
        cv2.fillPoly(shape, [np.round(box).astype(np.int32)], 255)
    return _laid(photo, shape, np.array(tone, np.float32), r * less, rng, kind)


def _draw_hand(
    shape: Picture, at: tuple[float, float], ahead: NDArray[np.float64], r: float, rng: np.random.Generator
) -> tuple[float, float, float]:
    """A thumb or fingers over the edge, a palm and an arm behind."""
    side = np.array([-ahead[1], ahead[0]])
    start = np.array(at)
    for n, off in enumerate((-1.0, -0.3, 0.4, 1.1)):
        tip = start + side * r * off - ahead * r * (0.15 if n in {1, 2} else -0.2)
        end = start + side * r * off * 0.8 + ahead * r * 3.2
        cv2.line(shape, _whole(tip), _whole(end), 255, max(2, round(r * 0.82)))
    palm = start + ahead * r * 4.2
    cv2.ellipse(
        shape,
        (_whole(palm), (round(r * 3.6), round(r * 3.4)), math.degrees(math.atan2(ahead[1], ahead[0]))),
        255,
        -1,
    )
    cv2.line(shape, _whole(palm), _whole(palm + ahead * r * 30), 255, max(3, round(r * 2.4)))
    tones = [(224.0, 172.0, 145.0), (198.0, 140.0, 112.0), (141.0, 92.0, 70.0), (92.0, 60.0, 46.0)]
    return tones[int(rng.integers(len(tones)))]


def _whole(at: NDArray[np.float64]) -> tuple[int, int]:
    return round(float(at[0])), round(float(at[1]))


def _laid(
    photo: Picture, shape: Picture, tone: NDArray[np.float32], reach: float, rng: np.random.Generator, kind: str
) -> NDArray[np.bool_]:
    """Colour the shape as something round that throws a shadow."""
    height, width = photo.shape[:2]
    small_reach = max(reach / 4, 2)
    body = cv2.GaussianBlur(shape, (0, 0), 1.0)
    round_off = cv2.GaussianBlur(shape, (0, 0), max(1.0, small_reach * 0.35)).astype(np.float32) / 255
    bulge = 0.62 + 0.42 * round_off if kind in {"hand", "cup"} else np.full(shape.shape, 0.97, np.float32)
    shift = np.array([[1, 0, small_reach * 0.12], [0, 1, small_reach * 0.16]])
    shade = cv2.GaussianBlur(cv2.warpAffine(shape, shift, shape.shape[::-1]), (0, 0), max(1.0, small_reach * 0.15))
    size = (width, height)
    alpha = cv2.resize(body, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    dark = 1 - 0.4 * cv2.resize(shade, size, interpolation=cv2.INTER_LINEAR).astype(np.float32)[..., None] / 255
    skin = tone * cv2.resize(bulge, size, interpolation=cv2.INTER_LINEAR)[..., None]
    rows = np.flatnonzero((dark < 0.995).any(axis=(1, 2)) | (alpha > 0).any(axis=(1, 2)))
    if len(rows):
        part = slice(int(rows[0]), int(rows[-1]) + 1)
        noise = rng.normal(0, 3, (part.stop - part.start, 1, 1)).astype(np.float32)
        below = photo[part].astype(np.float32) * dark[part]
        photo[part] = np.clip(below + (skin[part] + noise - below) * alpha[part], 0, 255).astype(np.uint8)
    return np.asarray(alpha[..., 0] > 0.05)
