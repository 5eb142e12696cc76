"""What photos may cost: the work to open them, the places to be read in, the room of those that wait."""

from __future__ import annotations

import fcntl
import io
import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.inputs import pin_photo_reader as reader
from app.inputs import pin_photos
from app.inputs.pin_photos import PhotosBusy, SentPhoto, parse_alt
from app.models import Pin, PinPhoto
from app.queries.maps import MapRecord
from app.services import pin_photos as service
from tests.builders import OTHER_TOKEN, TOKEN, a_feature, a_map, a_picture, bearer

ITEMS = "/api/collections/testov/items"


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, photos=True)


@pytest.fixture
def pin(client: FlaskClient, the_map: MapRecord) -> str:
    return a_pin_of(client)


@pytest.fixture
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin_photos, "WAIT_S", 0.2)


def a_pin_of(client: FlaskClient, token: str = TOKEN) -> str:
    return str(client.post(ITEMS, json=a_feature("unsafe"), headers=bearer(token)).json["id"])


def send(client: FlaskClient, pin: str, content: bytes, token: str = TOKEN, alt: str = "") -> Any:
    data = {"alt": alt, "photo": (io.BytesIO(content), "x.jpg")}
    return client.put(f"{ITEMS}/{pin}/photo", data=data, headers=bearer(token, **{"Accept-Language": "en"}))


def in_passes(size: int, passes: int) -> bytes:
    """A progressive JPEG whose last pass comes again and again."""
    written = io.BytesIO()
    Image.new("L", (size, size), 200).save(written, "JPEG", progressive=True)
    content = written.getvalue()
    last = content.rfind(b"\xff\xda")
    return content[:last] + content[last:-2] * passes + b"\xff\xd9"


def test_passes_of_a_photo_are_counted_as_its_decoder_meets_them() -> None:
    assert reader.scans(a_picture()) == 1
    assert 3 <= reader.scans(a_picture(progressive=True)) <= 12
    # Neither a preview within, nor a film that a phone writes behind, nor bytes of a comment are passes.
    assert reader.scans(a_picture(exif=b"Exif\0\0" + b"\xff\xda\0\2" * 500)) == 1
    assert reader.scans(a_picture(comment=b"\xff\xda" * 500)) == 1
    assert reader.scans(a_picture() + b"\xff\xda" * 500) == 1
    assert reader.scans(in_passes(320, 500)) == reader.MOST_SCANS + 1
    assert reader.scans(b"\xff\xd8\xff\xda") == 1
    assert reader.scans(b"") == 0


def test_photo_of_many_passes_is_refused_before_it_is_decoded(
    client: FlaskClient, session: Session, pin: str
) -> None:
    answer = send(client, pin, in_passes(8000, 2000))
    assert answer.status_code == 422
    assert "can’t open" in answer.json["errors"][0]["message"]
    assert session.scalars(select(PinPhoto)).all() == []
    assert send(client, pin, in_passes(320, 40)).status_code == 201


def test_reader_takes_little_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    taken = []
    monkeypatch.setattr("resource.setrlimit", lambda what, most: taken.append((what, most[0])))
    monkeypatch.setattr("os.nice", lambda _: 0)
    monkeypatch.setattr("app.inputs.reading_apart._give_up_network", lambda: None)
    monkeypatch.setattr("app.inputs.reading_apart.lock_in", lambda _: None)
    monkeypatch.setattr("sys.argv", ["reader", "/nowhere", "/nowhere"])
    with pytest.raises(FileNotFoundError):
        reader.main()
    import resource

    assert {(resource.RLIMIT_CPU, 6), (resource.RLIMIT_AS, 5 << 28)} <= set(taken)
    assert pin_photos.READING_S <= 8


@pytest.mark.parametrize(("kind", "status"), [("PNG", 422), ("WEBP", 422), ("JPEG", 201)])
def test_only_what_cameras_write_may_have_many_megapixels(
    client: FlaskClient, pin: str, kind: str, status: int
) -> None:
    written = io.BytesIO()
    quick = {"PNG": {"compress_level": 1}, "WEBP": {"method": 0, "quality": 1}, "JPEG": {}}[kind]
    Image.new("RGB", (5200, 4900), (9, 99, 9)).save(written, kind, **quick)
    answer = send(client, pin, written.getvalue())
    assert answer.status_code == status
    if status == 422:
        assert "too many pixels" in answer.json["errors"][0]["message"]


def test_noise_is_kept_in_few_bytes() -> None:
    written = io.BytesIO()
    noise = [Image.effect_noise((1600, 1600), 120) for _ in range(3)]
    Image.merge("RGB", noise).save(written, "JPEG", quality=95)
    made = pin_photos.make_photo(SentPhoto(written.getvalue(), None), "192.0.2.7")
    assert 100_000 < len(made.picture) <= 700_000
    assert (made.width, made.height) == (1600, 1600)


@pytest.fixture
def all_seats(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Every place to read a photo in, held by another process of the server."""
    assert all(path.is_file() for path in pin_photos.SEATS)
    seats = [tmp_path / path.name for path in pin_photos.SEATS]
    monkeypatch.setattr(pin_photos, "SEATS", seats)
    with ExitStack() as stack:
        for path in seats:
            path.touch()
            fcntl.flock(stack.enter_context(path.open("rb")), fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield


@pytest.mark.usefixtures("all_seats", "hurried")
def test_all_processes_together_read_two_and_say_when_to_come_again(client: FlaskClient, pin: str) -> None:
    answer = send(client, pin, a_picture())
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert answer.json["title"] == "Many photos are coming just now. Please try again in a moment."


@pytest.mark.usefixtures("hurried")
def test_photos_from_one_address_are_read_one_by_one(client: FlaskClient, pin: str) -> None:
    with pin_photos._turn("127.0.0.1"):
        assert send(client, pin, a_picture()).status_code == 503
        with pin_photos._turn("192.0.2.7"):
            pass
    assert send(client, pin, a_picture()).status_code == 201


def test_who_comes_while_another_from_there_is_read_waits_a_little() -> None:
    came = threading.Event()

    def wait() -> None:
        with pin_photos._turn("192.0.2.7"):
            came.set()

    with pin_photos._turn("192.0.2.7"):
        other = threading.Thread(target=wait)
        other.start()
        assert not came.wait(0.2)
    other.join(5)
    assert came.is_set()


@pytest.mark.usefixtures("hurried")
def test_more_than_a_few_do_not_even_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pin_photos, "_patient", threading.BoundedSemaphore(1))
    with pin_photos._turn("192.0.2.7"):
        pin_photos._patient.acquire()
        monkeypatch.setattr(pin_photos, "WAIT_S", 60)
        with pytest.raises(PhotosBusy), pin_photos._turn("192.0.2.7"):
            pass


@pytest.mark.parametrize(("name", "most"), [("MOST_WAITING", 1), ("MOST_WAITING_BYTES", 1)])
def test_only_so_many_wait_on_a_map(
    client: FlaskClient, session: Session, pin: str, monkeypatch: pytest.MonkeyPatch, name: str, most: int
) -> None:
    monkeypatch.setattr(service, name, most)
    assert send(client, pin, a_picture()).status_code == 201
    other = a_pin_of(client, OTHER_TOKEN)
    answer = send(client, other, a_picture(), OTHER_TOKEN)
    assert answer.status_code == 422
    assert "Too many photos wait" in answer.json["errors"][0]["message"]
    # Another photo in the place of one that waits is no more than there was.
    assert send(client, pin, a_picture(size=(200, 200))).status_code == 201
    session.execute(update(PinPhoto).values(state="shown"))
    session.commit()
    assert send(client, other, a_picture(), OTHER_TOKEN).status_code == 201
    assert send(client, pin, a_picture(size=(300, 200))).status_code == 422
    # What is there already is told as ever.
    assert send(client, pin, a_picture(size=(200, 200))).status_code == 200


@pytest.mark.parametrize(
    ("change", "state"),
    [
        ({"lon": 0.0004}, "shown"),  # 29 m
        ({"lon": 0.0009}, "waiting"),  # 64 m
        ({"category": "safe"}, "waiting"),
        ({"comment": "Lampa"}, "shown"),
    ],
    ids=["near", "far", "category", "words"],
)
def test_photo_of_a_pin_that_is_of_another_place_or_choice_is_looked_at_again(
    client: FlaskClient, session: Session, pin: str, change: dict[str, Any], state: str
) -> None:
    send(client, pin, a_picture())
    session.execute(update(PinPhoto).values(state="shown", checked_by="urad@testov.example"))
    session.commit()
    before = session.scalars(select(PinPhoto.created_at)).one()
    new = a_feature("unsafe", id=pin)
    new["geometry"]["coordinates"][0] += change.get("lon", 0)
    new["properties"] |= {key: value for key, value in change.items() if key != "lon"}
    answer = client.put(f"{ITEMS}/{pin}", json=new, headers=bearer())
    assert answer.status_code == 200, answer.text
    session.expire_all()
    row = session.scalars(select(PinPhoto)).one()
    assert (row.state, row.checked_by is None) == (state, state == "waiting")
    # Whoever has it open saw it with the pin as it was: their decision does not hold.
    assert (row.created_at > before) == (state == "waiting")
    assert client.get(f"/m/testov/photos/{pin}.jpg").status_code == (200 if state == "shown" else 404)


def test_a_refused_photo_stays_refused_when_its_pin_moves(client: FlaskClient, session: Session, pin: str) -> None:
    send(client, pin, a_picture())
    session.execute(update(PinPhoto).values(state="refused", reason="rude|"))
    session.commit()
    new = a_feature("safe", id=pin)
    assert client.put(f"{ITEMS}/{pin}", json=new, headers=bearer()).status_code == 200
    session.expire_all()
    assert session.scalars(select(PinPhoto.state)).one() == "refused"
    assert session.get(Pin, (session.scalars(select(Pin.map_id)).one(), uuid.UUID(pin)))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("Lampa\x07\x1b[31m u lípy", "Lampa[31m u lípy"),
        ("Lampa \u202egpj.exe\u2066 u\u200b lípy\ufeff\u200e", "Lampa gpj.exe u lípy"),
        ("\u200b\u202e\u200d", None),
        ("Rodina 👩\u200d👧 u lípy", "Rodina 👩\u200d👧 u lípy"),
        ("Lampa\x85\x9bu\tlípy", "Lampa u lípy"),
    ],
)
def test_words_of_a_photo_hold_nothing_that_turns_or_hides(sent: str, kept: str | None) -> None:
    assert parse_alt(sent) == kept
