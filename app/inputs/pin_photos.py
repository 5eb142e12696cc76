"""A photo that a citizen sends with a pin: how large it may be, its words, and the pictures made of its pixels."""

from __future__ import annotations

import fcntl
import hashlib
import tempfile
import threading
import time
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, Final

from app.errors import Malformed, Problem, ServerBusy, TooLarge, Unacceptable
from app.i18n import N_
from app.inputs.answer_forms import plain
from app.inputs.fields import storable
from app.inputs.left_files import NotAResult, read_result
from app.inputs.reading_apart import run_apart
from app.turns import Places
from gis.scan.kind import HEAD_BYTES, HEIF, kind_of

MOST_FILE_BYTES: Final = 12 << 20
MOST_FORM_BYTES: Final = MOST_FILE_BYTES + (64 << 10)
"""With what stands around the file in a form."""
MOST_ALT_CHARACTERS: Final = 300
FIELD: Final = "photo"
KINDS: Final = frozenset({"JPEG", "PNG", "WEBP", HEIF})
READING_S: Final = 8.0
MOST_PICTURE_BYTES: Final = 1 << 20
MOST_PX: Final = 1600
SMALL_PX: Final = 480

NO_PHOTO: Final = N_("Choose a photo first; this file is empty or missing.")
TOO_HEAVY: Final = N_("The photo has more than %(megabytes)s MB. Please take a smaller one.")
NOT_A_PHOTO: Final = N_("We can’t open this photo. Please send JPEG, PNG, WebP or HEIC.")
TOO_MANY_PIXELS: Final = N_("The photo has too many pixels. Please take a smaller one.")
TOO_SMALL: Final = N_("The photo is too small to show anything.")
ALT_TOO_LONG: Final = N_("Describe the photo in at most %(most)s characters.")
WORDS: Final = {"not_a_photo": NOT_A_PHOTO, "too_large": TOO_MANY_PIXELS, "too_small": TOO_SMALL}

WAIT_S: Final = 5.0
AGAIN_S: Final = 5
HERE: Final = Path(__file__).parent
SEATS: Final = (HERE / "pin_photos.py", HERE / "pin_photo_reader.py")
"""Who reads a photo holds one of these files, whichever process of the server it is: so many at once."""

_readers = Places(2, waiting=2)
"""A class of thirty sends its photos within minutes: each takes less than a second, so some may wait."""
_from_one = threading.Condition()
_reading: set[str] = set()
_patient = threading.BoundedSemaphore(2)
"""Who may wait for a photo from the same address: each holds a thread."""


class PhotosBusy(ServerBusy):
    """As many photos are opened as the machine bears, or one from the same address."""

    title = N_("Many photos are coming just now. Please try again in a moment.")

    def __init__(self) -> None:
        """Come again soon: a photo takes about a second."""
        super().__init__(AGAIN_S)


@dataclass(frozen=True)
class SentPhoto:
    """A photo as it came, with what its sender says is to be seen."""

    content: bytes = field(repr=False)
    alt: str | None

    @property
    def digest(self) -> bytes:
        """By which the same file is known again."""
        return hashlib.sha256(self.content).digest()


@dataclass(frozen=True)
class MadePhoto:
    """The same made anew: two JPEGs that hold pixels and nothing else."""

    picture: bytes = field(repr=False)
    small: bytes = field(repr=False)
    width: int
    height: int


def parse_sent_photo(source: IO[bytes] | None, alt: str) -> SentPhoto:
    """The photo of a form; Unacceptable or TooLarge for what can't be one, before anything opens it."""
    words = parse_alt(alt)
    content = source.read(MOST_FILE_BYTES + 1) if source else b""
    if len(content) > MOST_FILE_BYTES:
        raise TooLarge(Problem(FIELD, TOO_HEAVY, {"megabytes": MOST_FILE_BYTES >> 20}))
    if not content:
        raise Unacceptable(Problem(FIELD, NO_PHOTO))
    if kind_of(content[:HEAD_BYTES]) not in KINDS:
        raise Unacceptable(Problem(FIELD, NOT_A_PHOTO))
    return SentPhoto(content, words)


def parse_alt(text: str) -> str | None:
    """What is to be seen, on one line; None where nothing was written."""
    if not storable(text):
        raise Malformed(Problem("alt", N_("The text holds characters that can't be stored.")))
    shown = (" " if unicodedata.category(one) == "Cc" else one for one in plain(text) if not _is_unseen(one))
    alt = " ".join("".join(shown).split()).strip("\u200d")
    if len(alt) > MOST_ALT_CHARACTERS:
        raise Unacceptable(Problem("alt", ALT_TOO_LONG, {"most": MOST_ALT_CHARACTERS}))
    return alt or None


def _is_unseen(character: str) -> bool:
    """Whether it only turns or hides what stands around it; the joiner within emoji and scripts may stay."""
    return unicodedata.category(character) == "Cf" and character != "\u200d"


def make_photo(sent: SentPhoto, sender: str) -> MadePhoto:
    """The photo upright, small enough, and without all that the camera wrote beside it.

    It is opened in a process of its own (inputs/pin_photo_reader.py), and what that says is checked like any
    other input. Of one sender, a place on the network, one is read at a time. Unacceptable for what is no photo,
    InvalidInput for one that takes too long, PhotosBusy.
    """
    with tempfile.TemporaryDirectory(prefix="pocit-photo-") as place:
        folder = Path(place)
        (folder / "sent").write_bytes(sent.content)
        with _turn(sender):
            told = run_apart(
                "app.inputs.pin_photo_reader",
                (str(folder / "sent"), str(folder)),
                folder,
                skipped_drivers="",
                seconds=READING_S,
                too_hard=Problem(FIELD, NOT_A_PHOTO),
            )
        if "problem" in told:
            raise Unacceptable(Problem(FIELD, WORDS.get(str(told["problem"]), NOT_A_PHOTO)))
        picture, small = (_jpeg(folder / name) for name in ("picture.jpg", "small.jpg"))
        return MadePhoto(picture, small, _side(told.get("width")), _side(told.get("height")))


@contextmanager
def _turn(place: str) -> Iterator[None]:
    """The right to have a photo opened: one from a place, two of the server; PhotosBusy when it does not come."""
    _take(place)
    try:
        try:
            _readers.take()
        except ServerBusy as busy:
            raise PhotosBusy from busy
        try:
            with _seat():
                yield
        finally:
            _readers.leave()
    finally:
        with _from_one:
            _reading.discard(place)
            _from_one.notify_all()


def _take(place: str) -> None:
    """Take the one turn of a place; a few wait for it, the others come again."""
    with _from_one:
        if place in _reading:
            if not _patient.acquire(blocking=False):
                raise PhotosBusy
            try:
                if not _from_one.wait_for(lambda: place not in _reading, WAIT_S):
                    raise PhotosBusy
            finally:
                _patient.release()
        _reading.add(place)


@contextmanager
def _seat() -> Iterator[None]:
    """One of the seats that all processes of the server share; PhotosBusy when none comes free soon."""
    files = [path.open("rb") for path in SEATS]
    try:
        until = time.monotonic() + WAIT_S
        while not any(_held(file) for file in files):
            if time.monotonic() > until:
                raise PhotosBusy
            time.sleep(0.1)
        yield
    finally:
        for file in files:
            file.close()


def _held(file: IO[bytes]) -> bool:
    """Whether the seat is ours; where files can't be locked, seats are not counted."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def _jpeg(path: Path) -> bytes:
    try:
        content = read_result(path, MOST_PICTURE_BYTES)
    except NotAResult as error:
        raise Unacceptable(Problem(FIELD, NOT_A_PHOTO)) from error
    if kind_of(content[:HEAD_BYTES]) != "JPEG":
        raise Unacceptable(Problem(FIELD, NOT_A_PHOTO))
    return content


def _side(told: Any) -> int:
    if not isinstance(told, int) or not 1 <= told <= MOST_PX:
        raise Unacceptable(Problem(FIELD, NOT_A_PHOTO))
    return told
