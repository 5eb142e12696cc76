"""PMTiles from strangers: tiles that are there, and files that say anything of themselves."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from pmtiles.tile import Compression, TileType, write_varint

from app.errors import InvalidInput
from app.services.tile_packs import PackFacts, keep_pack, pack_path, pack_tile
from app.services.tiles import Tile, TileUnavailable
from tests.builders import BOX
from tests.packs import a_pack, a_picture, middle

LIMIT = 10_000_000


def keep(folder: Path, data: bytes, limit: int = LIMIT) -> PackFacts:
    return keep_pack(io.BytesIO(data), folder, BOX, limit)


def refusal(folder: Path, data: bytes, limit: int = LIMIT) -> str:
    with pytest.raises(InvalidInput) as refused:
        keep(folder, data, limit)
    assert list(folder.iterdir()) == []  # nothing of it stays
    (problem,) = refused.value.problems
    assert problem.field == "pack"
    return problem.message % problem.data if problem.data else problem.message


def test_tiles_come_out_as_they_went_in(tmp_path: Path) -> None:
    tiles = {middle(z): a_picture(f"#{z:02d}8050") for z in range(10, 15)}
    facts = keep(tmp_path, a_pack(tiles))
    assert (facts.min_zoom, facts.max_zoom) == (10, 14)
    for tile, data in tiles.items():
        found = pack_tile(tmp_path, facts.fingerprint, tile)
        assert found is not None
        assert (found.data, found.mimetype) == (data, "image/png")
    assert pack_tile(tmp_path, facts.fingerprint, Tile(14, 0, 0)) is None
    assert pack_tile(tmp_path, facts.fingerprint, middle(15)) is None


@pytest.mark.parametrize(("kind", "mimetype"), [("JPEG", "image/jpeg"), ("WEBP", "image/webp")])
def test_other_pictures_will_do(tmp_path: Path, kind: str, mimetype: str) -> None:
    facts = keep(tmp_path, a_pack({middle(12): a_picture(kind=kind)}, tile_type=TileType[kind]))
    found = pack_tile(tmp_path, facts.fingerprint, middle(12))
    assert found is not None
    assert found.mimetype == mimetype


def test_a_large_file_with_leaf_directories_is_read(tmp_path: Path) -> None:
    """Thousands of different tiles do not fit into the root directory."""
    at = middle(14)
    tiles = {
        Tile(14, at.x + dx, at.y + dy): a_picture()[:-8] + (dx * 1000 + dy).to_bytes(8, "big")
        for dx in range(80)
        for dy in range(80)
    }
    facts = keep(tmp_path, a_pack(tiles))
    for tile in (at, Tile(14, at.x + 79, at.y + 79), Tile(14, at.x + 40, at.y + 3)):
        found = pack_tile(tmp_path, facts.fingerprint, tile)
        assert found is not None
        assert found.data == tiles[tile]


def test_the_same_file_is_kept_once_under_its_fingerprint(tmp_path: Path) -> None:
    one, two = (keep(tmp_path, a_pack()) for _ in range(2))
    assert one == two
    assert [path.name for path in tmp_path.iterdir()] == [f"{one.fingerprint}.pmtiles"]


def test_vector_tiles_are_told_what_to_do(tmp_path: Path) -> None:
    assert "vector tiles" in refusal(tmp_path, a_pack(tile_type=TileType.MVT, tile_compression=Compression.GZIP))


def test_what_is_no_pmtiles_is_told(tmp_path: Path) -> None:
    for data in (b"", b"MZ" + bytes(500), b"PMTiles\x02" + bytes(200), b"PMTiles\x03", a_picture()):
        assert "not a PMTiles file" in refusal(tmp_path, data)


def test_tiles_of_another_place_are_told(tmp_path: Path) -> None:
    assert "no tiles of your town" in refusal(tmp_path, a_pack({Tile(12, 5, 5): a_picture()}))
    elsewhere = {"min_lon_e7": 0, "min_lat_e7": 0, "max_lon_e7": 10_000_000, "max_lat_e7": 10_000_000}
    assert "no tiles of your town" in refusal(tmp_path, a_pack(**elsewhere))


def test_tiles_that_are_no_pictures_are_told(tmp_path: Path) -> None:
    assert "not PNG, JPEG or WebP" in refusal(tmp_path, a_pack({middle(12): b"<svg onload=alert(1)>"}))


def test_too_large_a_file_is_not_stored(tmp_path: Path) -> None:
    assert "larger than 0 MB" in refusal(tmp_path, a_pack(), limit=500)


def test_a_file_that_was_cut_off_is_told(tmp_path: Path) -> None:
    whole = a_pack()
    for length in (130, len(whole) // 2, len(whole) - 10):
        refusal(tmp_path, whole[:length])


def header_with(data: bytes, **numbers: int) -> bytes:
    places = {"root_offset": 8, "root_length": 16, "leaf_offset": 40, "tile_offset": 56}
    changed = bytearray(data)
    for name, number in numbers.items():
        changed[places[name] : places[name] + 8] = number.to_bytes(8, "little")
    return bytes(changed)


@pytest.mark.parametrize(
    "numbers",
    [
        {"root_offset": 2**63},
        {"root_length": 2**40},
        {"tile_offset": 2**62},
        {"root_length": 0},
        {"root_length": 3},
    ],
)
def test_numbers_beyond_the_file_are_told(tmp_path: Path, numbers: dict[str, int]) -> None:
    assert "damaged" in refusal(tmp_path, header_with(a_pack(), **numbers))


def with_directory(directory: bytes) -> bytes:
    whole = a_pack()
    return header_with(whole, root_offset=len(whole), root_length=len(directory)) + directory


def numbers(*values: int) -> bytes:
    whole = io.BytesIO()
    for value in values:
        write_varint(whole, value)
    return whole.getvalue()


def test_a_directory_that_unpacks_into_a_gigabyte_is_not_unpacked(tmp_path: Path) -> None:
    assert "damaged" in refusal(tmp_path, with_directory(gzip.compress(bytes(900_000_000), 1)[:900_000]))
    assert "damaged" in refusal(tmp_path, with_directory(gzip.compress(bytes(50_000_000))))


def test_a_directory_that_claims_billions_of_entries_is_told(tmp_path: Path) -> None:
    assert "damaged" in refusal(tmp_path, with_directory(gzip.compress(numbers(2**40, 1, 1, 1))))
    assert "damaged" in refusal(tmp_path, with_directory(gzip.compress(b"\xff" * 100)))


def test_directories_that_lead_into_one_another_end(tmp_path: Path) -> None:
    """One entry for every tile, which is no tile but the directory itself."""
    whole = a_pack()
    leaf = gzip.compress(numbers(1, 0, 0, 60, 1))
    data = header_with(whole, root_offset=len(whole), root_length=len(leaf), leaf_offset=len(whole))
    data += leaf + bytes(100)
    refusal(tmp_path, data)


def test_a_file_that_is_gone_gives_no_tile(tmp_path: Path) -> None:
    with pytest.raises(TileUnavailable):
        pack_tile(tmp_path, "0123456789abcdef", middle(12))
    assert pack_path(tmp_path, "a").name == "a.pmtiles"
