"""Light, lens and sensor: from what is there to the pixels of a JPEG."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Picture = NDArray[np.uint8]
COARSE = 16
"""Light changes slowly: it is worked out for every sixteenth pixel."""


@dataclass(frozen=True)
class Light:
    """How a photo is lit, and how its camera takes it."""

    warm: tuple[float, float, float]
    """Gains of red, green and blue."""
    warm_beyond: tuple[float, float, float]
    """The same at the other side of the picture: a window here, a lamp there."""
    exposure: float
    fall: float
    """How much darker it is at the far side, 0 to 1."""
    shadows: tuple[tuple[float, float], ...]
    """Of each: how much light it takes, and how soft its edge is in shares of the picture."""
    glare: float
    """How bright the flash is mirrored, in whites; 0 for none."""
    glare_size: float
    grain: float
    """Noise of a middle grey, in 255ths."""
    blur_px: float
    moved_px: float
    sharpened: float
    jpeg: int
    exif_turn: int = 1
    """EXIF orientation, 1 to 8; only those without mirroring."""


def lit(
    photo: Picture,
    light: Light,
    shade: NDArray[np.float32],
    rng: np.random.Generator,
    *,
    avoid: tuple[float, float] | None = None,
) -> Picture:
    """The scene as a camera takes it. `shade` is the light that the sheet's slopes leave, for every pixel.

    `avoid` is the point (shares of width and height) that the flash's mirror image stays away from.
    """
    height, width = photo.shape[:2]
    linear = (np.linspace(0, 1, 256, dtype=np.float32) ** 2.2).astype(np.float32)
    scene = np.asarray(cv2.LUT(photo, linear), np.float32)
    field = _field((width, height), light, rng)
    scene *= cv2.resize(field, (width, height), interpolation=cv2.INTER_LINEAR)
    scene *= shade[..., None]
    if light.glare > 0:
        scene += cv2.resize(_glare((width, height), light, rng, avoid), (width, height))[..., None]
    scene = _blurred(scene, light, rng)
    np.clip(scene, 0, 1, out=scene)
    np.sqrt(scene, out=scene)  # nearly the tone curve of a camera, and cheap
    scene *= 255
    if light.grain > 0:
        _add_noise(scene, light.grain, rng)
    if light.sharpened > 0:
        scene += light.sharpened * (scene - cv2.GaussianBlur(scene, (0, 0), 1.5))
    return np.asarray(np.clip(scene + 0.5, 0, 255), np.uint8)


def _field(size: tuple[int, int], light: Light, rng: np.random.Generator) -> NDArray[np.float32]:
    """How much light of each colour falls on each sixteenth pixel."""
    width, height = size[0] // COARSE + 1, size[1] // COARSE + 1
    x, y = np.meshgrid(np.linspace(-1, 1, width, dtype=np.float32), np.linspace(-1, 1, height, dtype=np.float32))
    turn = rng.uniform(0, 2 * np.pi)
    way = (x * math.cos(turn) + y * math.sin(turn)) / 1.4
    level = 1 - light.fall * (way + 1) / 2
    level *= 1 - rng.uniform(0.03, 0.16) * (x * x + y * y) / 2  # vignette
    for strength, soft in light.shadows:
        level *= 1 - strength * _shadow(x, y, soft, rng)
    share = ((way + 1) / 2)[..., None]
    tone = np.array(light.warm, np.float32) * (1 - share) + np.array(light.warm_beyond, np.float32) * share
    return np.asarray(light.exposure * level[..., None] * tone, np.float32)


def _shadow(
    x: NDArray[np.float32], y: NDArray[np.float32], soft: float, rng: np.random.Generator
) -> NDArray[np.float32]:
    """The shadow of a head, a phone with the arm that holds it, or of something straight."""
    turn = rng.uniform(0, 2 * np.pi)
    u, v = x * math.cos(turn) + y * math.sin(turn), -x * math.sin(turn) + y * math.cos(turn)
    kind = int(rng.integers(3))
    if kind == 0:
        far = np.hypot(u - rng.uniform(-0.3, 0.5), (v - rng.uniform(-0.4, 0.4)) * 1.2) - rng.uniform(0.25, 0.6)
        far = np.minimum(far, np.maximum(np.abs(v) - rng.uniform(0.3, 0.6), -u))
    elif kind == 1:
        far = np.maximum(np.abs(u) - rng.uniform(0.2, 0.4), np.abs(v) - rng.uniform(0.3, 0.6))
        far = np.minimum(far, np.maximum(np.abs(v + 0.1) - 0.15, -u))
    else:
        far = u - rng.uniform(-0.3, 0.5) + rng.normal(0, 0.1) * v
    return np.asarray(1 / (1 + np.exp(np.clip(far / soft * 2, -30, 30))), np.float32)


def _glare(
    size: tuple[int, int], light: Light, rng: np.random.Generator, avoid: tuple[float, float] | None
) -> NDArray[np.float32]:
    width, height = size[0] // COARSE + 1, size[1] // COARSE + 1
    at = rng.uniform(0.25, 0.75, 2) if avoid is None else np.clip(np.array(avoid), 0, 1)
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, height / width, height))
    far = np.hypot(x - at[0], (y - at[1] * height / width) * rng.uniform(0.8, 1.3)) / light.glare_size
    return np.asarray(light.glare * (np.exp(-(far**2)) + 0.12 * np.exp(-far)), np.float32)


def _blurred(scene: NDArray[np.float32], light: Light, rng: np.random.Generator) -> NDArray[np.float32]:
    if light.blur_px > 0.3:
        scene = np.asarray(cv2.GaussianBlur(scene, (0, 0), light.blur_px), np.float32)
    if light.moved_px > 1:
        reach = math.ceil(light.moved_px / 2) + 1
        kernel = np.zeros((2 * reach + 1, 2 * reach + 1), np.float32)
        turn = rng.uniform(0, np.pi)
        for way in np.linspace(-light.moved_px / 2, light.moved_px / 2, 8 * reach):
            x, y = reach + way * math.cos(turn), reach + way * math.sin(turn)
            kernel[round(y), round(x)] += 1
        scene = np.asarray(cv2.filter2D(scene, -1, kernel / kernel.sum()), np.float32)
    return scene


def _add_noise(scene: NDArray[np.float32], grain: float, rng: np.random.Generator) -> None:
    """Noise of the sensor after a phone's own smoothing: a tile of it, laid again and again."""
    tile = rng.standard_normal((512, 512, 3), dtype=np.float32)
    blotches = cv2.GaussianBlur(rng.standard_normal((512, 512, 3), dtype=np.float32), (0, 0), 1.6) * 3
    tile = (tile.mean(axis=2, keepdims=True) * 1.2 + tile * 0.45 + blotches * 0.5) * grain * 0.8
    height, width = scene.shape[:2]
    for top in range(0, height, 512):
        for left in range(0, width, 512):
            part = scene[top : top + 512, left : left + 512]
            part += tile[: part.shape[0], : part.shape[1]]


def jpeg(photo: Picture, light: Light) -> bytes:
    """The photo as a file; turned pixels carry the EXIF orientation that puts them right."""
    turned = {1: photo, 3: np.rot90(photo, 2), 6: np.rot90(photo, 1), 8: np.rot90(photo, -1)}[light.exif_turn]
    picture = Image.fromarray(np.ascontiguousarray(turned))
    exif = Image.Exif()
    exif[0x0112] = light.exif_turn
    exif[0x010F] = "Synthetic"
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=light.jpeg, subsampling=2 if light.jpeg < 90 else 0, exif=exif)
    return file.getvalue()
