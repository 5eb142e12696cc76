"""A photo with a pin: sent once, made anew from its pixels, seen by nobody until it is let to be shown."""

from __future__ import annotations

import base64
import io
import re
import struct
import uuid
import zlib
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image, ImageCms
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from app.inputs import pin_photos
from app.models import Pin, PinPhoto, PinState, TownMap
from app.queries.maps import MapRecord
from app.services import pin_photos as service
from tests.builders import (
    OTHER_TOKEN,
    TOKEN,
    a_feature,
    a_map,
    a_picture,
    a_pin,
    a_pin_photo,
    a_token,
    an_official,
    bearer,
)

ITEMS = "/api/collections/testov/items"
HEIC = base64.b64decode(
    "AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAZdtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAA"
    "AAAAADRpbG9jAAAAAERAAAIAAQAAAAABuwABAAAAAAAAAC0AAgAAAAAB6AABAAAAAAAAACoAAAA4aWluZgAAAAAAAgAAABVp"
    "bmZlAgAAAAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAAA1mlwcnAAAAC3aXBjbwAAAHho"
    "dmNDAQNwAAAAkAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQArQgEBA3AAAAMAkAAA"
    "AwAAAwAeoDCBJZbqSSmubgIaDAgAAAMAyAAAAwAIQGIAAQAHRAHBcrAiQAAAABNjb2xybmNseAABAA0ABoAAAAAUaXNwZQAA"
    "AAAAAABgAAAASAAAABBwaXhpAAAAAAMICAgAAAAXaXBtYQAAAAAAAAABAAEEgQIDBAAAABppcmVmAAAAAAAAAA5jZHNjAAIA"
    "AQABAAAAX21kYXQAAAApKAGvGYD3fIU3//r5gR8uIb8mC7T4XVZn+bO+du3oAex0rvmRegkjwd0AAAAGRXhpZgAATU0AKgAA"
    "AAgAAQEPAAIAAAAFAAAAGgAAAABKYW5hAAA="
)
"""A picture of 96 × 72 points as an iPhone sends it, half red, half blue; its EXIF says "Jana"."""


@pytest.fixture
def the_map(session: Session) -> MapRecord:
    return a_map(session, photos=True)


@pytest.fixture
def pin(client: FlaskClient, the_map: MapRecord) -> str:
    return a_pin_of_mine(client)


def a_pin_of_mine(client: FlaskClient) -> str:
    answer = client.post(ITEMS, json=a_feature("unsafe"), headers=bearer())
    assert answer.status_code == 201
    return str(answer.json["id"])


def send(client: FlaskClient, pin: str, content: bytes, alt: str = "", token: str = TOKEN, **more: Any) -> Any:
    data = {"alt": alt, "photo": (io.BytesIO(content), "x.jpg")}
    return client.put(f"{ITEMS}/{pin}/photo", data=data | more, headers=bearer(token, **{"Accept-Language": "en"}))


def own(client: FlaskClient, pin: str) -> dict[str, Any]:
    properties: dict[str, Any] = client.get(f"{ITEMS}/{pin}", headers=bearer(**{"Accept-Language": "en"})).json[
        "properties"
    ]
    return properties


def stored(session: Session) -> PinPhoto:
    session.expire_all()
    return session.scalars(select(PinPhoto)).one()


def opened(content: bytes) -> Image.Image:
    return Image.open(io.BytesIO(content))


def shown(session: Session, pin: str) -> None:
    session.execute(update(PinPhoto).where(PinPhoto.pin_id == uuid.UUID(pin)).values(state="shown"))
    session.commit()


def test_a_photo_waits_and_nobody_but_its_author_sees_it(client: FlaskClient, session: Session, pin: str) -> None:
    answer = send(client, pin, a_picture(), "  Rozbitá\n lampa ")
    assert (answer.status_code, answer.json["id"]) == (201, pin)
    assert answer.json["properties"] | {
        "photo": None, "photo_state": "waiting", "photo_alt": "Rozbitá lampa", "photo_reason": None,
    } == answer.json["properties"]  # fmt: skip
    public = client.get(f"{ITEMS}/{pin}").json["properties"]
    assert (public["photo"], public["photo_alt"]) == (None, None)
    assert client.get(f"/m/testov/photos/{pin}.jpg").status_code == 404
    assert client.get(f"{ITEMS}/{pin}/photo").status_code == 404
    assert client.get(f"{ITEMS}/{pin}/photo", headers=bearer(OTHER_TOKEN)).status_code == 404
    mine = client.get(f"{ITEMS}/{pin}/photo", headers=bearer())
    assert (mine.status_code, mine.mimetype) == (200, "image/jpeg")
    assert mine.headers["Cache-Control"] == "private, no-store"
    assert opened(mine.data).size == (320, 240)


def test_once_it_is_shown_everybody_sees_it_and_finds_its_address_and_words(
    client: FlaskClient, session: Session, pin: str
) -> None:
    send(client, pin, a_picture(size=(1400, 900)), "Rozbitá lampa")
    shown(session, pin)
    public = client.get(f"{ITEMS}/{pin}").json["properties"]
    assert (public["photo"], public["photo_alt"]) == (f"/m/testov/photos/{pin}.jpg", "Rozbitá lampa")
    picture = client.get(public["photo"])
    assert picture.headers["Content-Security-Policy"].endswith("; sandbox")
    assert picture.headers["X-Content-Type-Options"] == "nosniff"
    small = client.get(public["photo"] + "?small")
    assert (opened(picture.data).size, max(opened(small.data).size)) == ((1400, 900), 480)
    # Whoever has it asks again: refused later it is gone at once.
    assert picture.headers["Cache-Control"] == "public, no-cache"
    assert client.get(public["photo"], headers={"If-None-Match": picture.headers["ETag"]}).status_code == 304
    features = client.get("/data/testov/pins.geojson").get_json(force=True)["features"]
    assert features[0]["properties"]["photo"] == public["photo"]
    assert f"/m/testov/photos/{pin}.jpg" in client.get("/data/testov/pins.csv").text


@pytest.mark.parametrize(
    "change",
    [
        update(Pin).values(state=PinState.HIDDEN),
        update(Pin).values(state=PinState.PENDING),
        update(PinPhoto).values(state="refused"),
        update(TownMap).values(pin_photos=False, version=TownMap.version + 1),
        update(TownMap).values(publish_pins=False, version=TownMap.version + 1),
        update(TownMap).values(draft=True, version=TownMap.version + 1),
    ],
    ids=["hidden", "pending", "refused", "no-photos", "no-pins", "draft"],
)
def test_a_shown_photo_is_gone_with_whatever_let_it_be_seen(
    client: FlaskClient, session: Session, pin: str, change: Any
) -> None:
    send(client, pin, a_picture())
    shown(session, pin)
    assert client.get(f"/m/testov/photos/{pin}.jpg").status_code == 200
    session.execute(change)
    session.commit()
    assert client.get(f"/m/testov/photos/{pin}.jpg").status_code == 404
    assert client.get(f"{ITEMS}/{pin}/photo").status_code == 404


def test_sending_twice_changes_nothing_also_after_an_official_has_looked(
    client: FlaskClient, session: Session, pin: str
) -> None:
    content = a_picture()
    assert [send(client, pin, content, "Lampa").status_code for _ in range(2)] == [201, 200]
    first = stored(session).created_at
    assert send(client, pin, content, "Rozbitá lampa").status_code == 201  # nobody has looked yet
    assert stored(session).alt == "Rozbitá lampa"
    session.execute(update(PinPhoto).values(state="refused", reason="person|", alt="Lampa u lípy"))
    session.commit()
    assert send(client, pin, content, "Rozbitá lampa").status_code == 200
    row = stored(session)
    assert (row.state, row.alt, row.created_at > first) == ("refused", "Lampa u lípy", True)
    assert own(client, pin)["photo_reason"] == "People can be recognised in it."


def test_another_photo_takes_the_place_of_the_one_before_and_waits_again(
    client: FlaskClient, session: Session, pin: str
) -> None:
    send(client, pin, a_picture(), "První")
    session.execute(update(PinPhoto).values(state="shown", checked_by="urad@testov.example"))
    session.commit()
    assert send(client, pin, a_picture(size=(300, 400))).status_code == 201
    row = stored(session)
    assert (row.state, row.alt, row.checked_by, row.width, row.height) == ("waiting", None, None, 300, 400)
    assert client.get(f"/m/testov/photos/{pin}.jpg").status_code == 404


def test_photo_is_taken_back_and_goes_with_its_pin_and_with_everything(
    client: FlaskClient, session: Session, pin: str
) -> None:
    send(client, pin, a_picture())
    assert client.delete(f"{ITEMS}/{pin}/photo", headers=bearer(OTHER_TOKEN)).status_code == 403
    assert [client.delete(f"{ITEMS}/{pin}/photo", headers=bearer()).status_code for _ in range(2)] == [204, 204]
    assert session.scalars(select(PinPhoto)).all() == []
    send(client, pin, a_picture())
    client.delete(f"{ITEMS}/{pin}", headers=bearer())
    assert session.scalars(select(PinPhoto)).all() == []
    send(client, a_pin_of_mine(client), a_picture())
    client.delete("/api/collections/testov/respondent", headers=bearer())
    assert session.scalars(select(PinPhoto)).all() == []


def test_nothing_that_the_camera_wrote_is_kept(client: FlaskClient, session: Session, pin: str) -> None:
    exif = Image.Exif()
    exif[0x010F], exif[0x0112], exif[0x9286] = "Phone of Jana", 6, "secret"
    exif.get_ifd(0x8825)[2] = (49.0, 57.0, 4.0)
    profile = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    content = a_picture(
        exif=exif, icc_profile=profile, comment=b"of Jana too", xmp=b"<x:xmpmeta>GPS of Jana</x:xmpmeta>"
    )
    assert b"Jana" in content
    assert send(client, pin, content + b"trailing Jana").status_code == 201
    row = stored(session)
    for picture in (row.picture, row.small):
        assert b"Jana" not in picture
        info = opened(picture).info
        assert {"exif", "icc_profile", "comment", "xmp"} & info.keys() == set()
        assert not opened(picture).getexif()
    # Upright, as the camera meant it: 6 is a quarter turn.
    assert (row.width, row.height) == (240, 320)
    assert opened(row.picture).size == (240, 320)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_phones_kinds_of_photos_are_read_and_large_ones_made_smaller(
    client: FlaskClient, session: Session, pin: str, kind: str
) -> None:
    assert send(client, pin, a_picture(kind, size=(3000, 2000))).status_code == 201
    row = stored(session)
    assert (row.width, row.height, opened(row.picture).format) == (1600, 1067, "JPEG")
    assert max(opened(row.small).size) == 480


def test_photo_of_an_iphone_is_read(client: FlaskClient, session: Session, pin: str) -> None:
    assert b"Jana" in HEIC
    assert send(client, pin, HEIC).status_code == 201
    row = stored(session)
    assert (row.width, row.height, b"Jana" in row.picture) == (96, 72, False)
    blue, red = (opened(row.picture).getpixel((x, 36)) for x in (20, 76))
    assert isinstance(blue, tuple)
    assert isinstance(red, tuple)
    assert blue[2] > 2 * blue[0]
    assert red[0] > 2 * red[2]


def test_see_through_and_deep_pictures_become_plain_ones(client: FlaskClient, session: Session, pin: str) -> None:
    written = io.BytesIO()
    Image.new("RGBA", (100, 100), (255, 0, 0, 0)).save(written, "PNG")
    assert send(client, pin, written.getvalue()).status_code == 201
    assert opened(stored(session).picture).getpixel((50, 50)) == (255, 255, 255)
    written = io.BytesIO()
    Image.new("I;16", (100, 100), 32768).save(written, "PNG")
    assert send(client, pin, written.getvalue()).status_code == 201
    assert abs(opened(stored(session).picture).getpixel((50, 50))[0] - 128) < 4


def a_png_bomb(side: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * (side // 8 + 1) * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"<html><script>alert(1)</script>", "can’t open"),
        (b"%PDF-1.7", "can’t open"),
        (b"\xff\xd8\xff\xe0 as if it were a photo", "can’t open"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "can’t open"),
        (b"", "Choose a photo"),
        (a_png_bomb(30_000), "too many pixels"),
        (a_png_bomb(12_000), "too many pixels"),
        (a_picture(size=(40, 300)), "too small"),
        (a_picture()[:2000], "can’t open"),
    ],
    ids=["html", "pdf", "broken", "svg", "empty", "bomb", "small-bomb", "tiny", "cut"],
)
def test_what_is_no_photo_is_refused_in_words_and_stored_nowhere(
    client: FlaskClient, session: Session, pin: str, content: bytes, says: str
) -> None:
    answer = send(client, pin, content)
    assert answer.status_code == 422
    assert answer.mimetype == "application/problem+json"
    assert answer.json["errors"][0]["field"] == "photo"
    assert says in answer.json["errors"][0]["message"]
    assert session.scalars(select(PinPhoto)).all() == []


def test_too_heavy_and_of_the_wrong_type(client: FlaskClient, pin: str, monkeypatch: pytest.MonkeyPatch) -> None:
    content = a_picture()
    monkeypatch.setattr(pin_photos, "MOST_FILE_BYTES", len(content))
    monkeypatch.setattr("app.views.api.photos.MOST_FORM_BYTES", len(content) + 2000)
    assert send(client, pin, content).status_code == 201
    assert send(client, pin, content + b"\0").status_code == 413
    assert send(client, pin, content + b"\0" * 2000).status_code == 413
    answer = client.put(f"{ITEMS}/{pin}/photo", data=a_picture(), headers=bearer(**{"Content-Type": "image/jpeg"}))
    assert answer.status_code == 415
    assert send(client, pin, a_picture(), "x" * 301).status_code == 422
    assert send(client, pin, a_picture(), "x\0").status_code == 400


def test_only_one_s_own_pin_gets_a_photo_and_only_where_and_while_the_map_takes_them(
    client: FlaskClient, session: Session, pin: str
) -> None:
    assert send(client, pin, a_picture(), token=OTHER_TOKEN).status_code == 403
    assert send(client, str(uuid.uuid4()), a_picture()).status_code == 404
    assert client.put(f"{ITEMS}/{pin}/photo", data={"photo": (io.BytesIO(a_picture()), "x")}).status_code == 401
    an_official(session)
    assert send(client, pin, a_picture(), token=a_token(session)).status_code == 403
    send(client, pin, a_picture())
    session.execute(update(TownMap).values(closes_at="2026-01-01T00:00:00Z", version=TownMap.version + 1))
    session.commit()
    assert send(client, pin, a_picture(size=(200, 200))).status_code == 422
    assert client.delete(f"{ITEMS}/{pin}/photo", headers=bearer()).status_code == 422
    assert client.get(f"{ITEMS}/{pin}/photo", headers=bearer()).status_code == 200
    session.execute(update(TownMap).values(closes_at=None, pin_photos=False, version=TownMap.version + 1))
    session.commit()
    assert send(client, pin, a_picture(size=(200, 200))).status_code == 422
    assert client.delete(f"{ITEMS}/{pin}/photo", headers=bearer()).status_code == 204


def test_a_device_sends_so_many_and_then_waits(
    client: FlaskClient, pin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        "app.views.api.photos.OF_DEVICE", service.Limit("photo device", 2, service.OF_DEVICE.window)
    )
    tried = [send(client, pin, a_picture(size=(200 + n, 200))) for n in range(3)]
    assert [answer.status_code for answer in tried] == [201, 201, 429]
    assert int(tried[2].headers["Retry-After"]) > 0


def test_maps_that_take_no_photos_look_as_they_did(client: FlaskClient, session: Session) -> None:
    a_map(session)
    pin = a_pin_of_mine(client)
    assert "photo" not in client.get(f"{ITEMS}/{pin}").json["properties"]
    assert "photo_state" not in own(client, pin)
    assert send(client, pin, a_picture()).status_code == 422


def test_photo_makes_what_is_kept_of_its_pin_old(client: FlaskClient, session: Session, pin: str) -> None:
    def changed_at() -> Any:
        session.expire_all()
        return session.scalars(select(Pin.changed_at)).one()

    moments = [changed_at()]
    send(client, pin, a_picture())
    moments.append(changed_at())
    client.delete(f"{ITEMS}/{pin}/photo", headers=bearer())
    moments.append(changed_at())
    assert moments == sorted(set(moments))


def test_reading_process_that_dies_is_a_refusal(
    client: FlaskClient, pin: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pin_photos, "READING_S", 0.001)
    assert send(client, pin, a_picture()).status_code == 422


def test_filters_find_pins_with_a_photo(client: FlaskClient, session: Session, the_map: MapRecord) -> None:
    with_photo, without = a_pin(session, the_map), a_pin(session, the_map)
    a_pin_photo(session, with_photo, "shown")
    found = client.get(f"{ITEMS}?filter=photo IS NOT NULL").json["features"]
    assert [one["id"] for one in found] == [str(with_photo.id)]
    assert without.id != with_photo.id


def test_who_has_the_code_sees_their_photo_and_takes_it_back(
    client: FlaskClient, session: Session, pin: str
) -> None:
    send(client, pin, a_picture(), "Rozbitá lampa")
    session.execute(update(PinPhoto).values(state="refused", reason="person|"))
    session.commit()
    receipt = client.post("/api/collections/testov/respondent/receipt", headers=bearer()).json["receipt"]
    picture = f"/m/testov/receipt/pins/{pin}/photo.jpg"
    assert client.get(picture).status_code == 404
    client.set_cookie("pocit_lang", "en")
    client.post("/m/testov/receipt", data={"code": receipt})
    page = client.get("/m/testov/receipt").text
    assert f'src="{picture}" alt="Rozbitá lampa"' in page
    assert "People can be recognised in it." in page
    answer = client.get(picture)
    assert (answer.mimetype, answer.headers["Cache-Control"]) == ("image/jpeg", "private, no-store")
    gone = f"/m/testov/receipt/pins/{pin}/photo/delete"
    assert client.post(gone, data={"mark": "x"}).status_code == 400
    mark = re.search(r'name="mark" value="(\w+)"', page)
    assert mark
    assert client.post(gone, data={"mark": mark[1]}).status_code == 303
    assert session.scalars(select(PinPhoto)).all() == []
    assert "The photo has been deleted." in client.get("/m/testov/receipt?done=photo").text


def test_results_show_the_photos_that_are_shown_with_their_words(
    client: FlaskClient, session: Session, the_map: MapRecord
) -> None:
    seen, unseen = (a_pin(session, the_map, comment=f"Lampa {n}") for n in range(2))
    a_pin_photo(session, seen, "shown", alt="Lampa u <b>lípy</b>")
    a_pin_photo(session, unseen, "waiting")
    page = client.get("/m/testov/results").text
    assert f'src="/m/testov/photos/{seen.id}.jpg?small" alt="Lampa u &lt;b&gt;lípy&lt;/b&gt;"' in page
    assert str(unseen.id) + ".jpg" not in page


@pytest.mark.parametrize("photos", [True, False])
def test_privacy_words_tell_of_photos_where_there_are_any(
    client: FlaskClient, session: Session, photos: bool
) -> None:
    a_map(session, photos=photos)
    client.set_cookie("pocit_lang", "en")
    assert ("The town office looks at each photo" in client.get("/m/testov/privacy").text) == photos
    assert ('"photosUrl": "/m/testov/photos/"' in client.get("/m/testov").text.replace('":"', '": "')) == photos


@pytest.mark.parametrize("ending", ["geojson", "csv", "gpkg", "fgb", "shp.zip", "parquet"])
def test_every_form_of_file_and_the_tiles_know_of_photos(
    client: FlaskClient, session: Session, the_map: MapRecord, ending: str
) -> None:
    a_pin_photo(session, a_pin(session, the_map), "shown")
    a_pin(session, the_map)
    answer = client.get(f"/data/testov/pins.{ending}")
    assert answer.status_code == 200
    assert len(answer.data) > 100
    # The middle of the map lies in this tile.
    tile = client.get("/api/collections/testov/tiles/WebMercatorQuad/14/5583/8898")
    assert tile.status_code == 200
    assert b"photo_alt" in tile.data
