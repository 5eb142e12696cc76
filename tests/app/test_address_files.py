"""RÚIAN address lists: coordinates turned, labels as people write them, every gap told."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Sequence

import pytest

from app.errors import InvalidInput
from app.inputs import address_files
from app.inputs.address_files import AddressList, Wanted, read_address_file
from tests.ruian import HEADING, NEWER_HEADING, a_list, a_row, zipped

TESTOV = Wanted(900001, "Testov")


def read(content: bytes, wanted: Wanted = TESTOV) -> AddressList:
    return read_address_file(io.BytesIO(content), wanted)


def labels(*rows: Sequence[str]) -> list[str]:
    return [address.label for address in read(a_list(rows)).rows]


@pytest.mark.parametrize("heading", [HEADING, NEWER_HEADING])
@pytest.mark.parametrize("encoding", ["cp1250", "utf-8", "utf-8-sig"])
def test_positive_krovak_with_y_first_lands_in_its_place(heading: Sequence[str], encoding: str) -> None:
    found = read(a_list([a_row(7, (15.7955, 49.9511))], heading=heading, encoding=encoding))
    (address,) = found.rows
    assert (address.code, address.label, address.part) == (7, "Široká 12, Testov", "Testov")
    assert (address.lon, address.lat) == pytest.approx((15.7955, 49.9511), abs=1e-6)


def test_the_numbers_of_the_standard_land_where_it_says() -> None:
    (address,) = read(a_list([a_row(y="647061.241", x="1070586.506")])).rows
    assert (address.lon, address.lat) == pytest.approx((15.7955, 49.9511), abs=1e-6)


def test_labels_are_what_people_write() -> None:
    assert labels(
        a_row(1, part="Chrudim II", orientation=3),
        a_row(2, part="Chrudim II", orientation=3, letter="a"),
        a_row(3, part="Vlčnov", street=""),
        a_row(4, part="Vlčnov", street="", kind="č.ev.", house=5),
        a_row(5, part="Vlčnov", kind="č.ev.", house=5),
        a_row(6, part=""),
    ) == [
        "Široká 12/3, Chrudim II",
        "Široká 12/3a, Chrudim II",
        "č. p. 12, Vlčnov",
        "č. ev. 5, Vlčnov",
        "Široká č. ev. 5, Vlčnov",
        "Široká 12, Testov",
    ]


def test_every_row_that_is_no_use_is_told() -> None:
    found = read(
        a_list(
            [
                a_row(1),
                a_row(2, None),
                a_row(3, town=900002, town_name="Jinde"),
                a_row(4, y="daleko"),
                a_row(1),
                a_row(5)[:12],
                a_row(6, house="dům"),
                a_row(7, street="Sta\x00rá"),
                *(a_row(10 + n) for n in range(100)),
                a_row(8, y="0.00", x="0.00"),
            ]
        )
    )
    assert (found.read, len(found.rows), found.without_place, found.elsewhere) == (109, 101, 1, 1)
    assert [(row.number, row.problem.message.split()[-1]) for row in found.refused] == [
        (4, "numbers."),
        (5, "twice."),
        (6, "columns."),
        (7, "numbers."),
        (8, "stored."),
        (109, "Czechia."),
    ]


def test_an_address_absurdly_far_from_the_others_is_refused() -> None:
    near = [a_row(n, (15.52 + n * 0.001, 49.62)) for n in range(5)]
    border = a_row(90, (15.52, 49.62 + 0.5))  # 56 km: a large municipality still
    far = a_row(91, (15.52, 49.62 + 0.6))  # 67 km
    found = read(a_list([*near, far, border]))
    assert [address.code for address in found.rows] == [0, 1, 2, 3, 4, 90]
    assert [(row.number, row.problem.data) for row in found.refused] == [(6, {"km": 60})]
    assert found.refused_count == 1


REFUSED = {
    "empty": (b"", "empty or missing"),
    "nothing in it": (a_list([]), "no addresses"),
    "another town's": (a_list([a_row(town=571164, town_name="Chrudim")]), "list of Chrudim (571164)"),
    "no list": (b"a;b\n1;2\n", "not a RÚIAN address list"),
    "a program": (b"MZ\x00\x01", "not a RÚIAN address list"),
    "degrees": (a_list([a_row(y="15.5", x="49.6")]), "not those of S-JTSK"),
    "a broken zip": (b"PK\x03\x04nonsense", "zip is damaged"),
    "no list in the zip": (zipped(b"x", "readme.md"), "no list of your municipality"),
    "a list without its columns": (a_list([], heading=HEADING[:10]), "not a RÚIAN address list"),
}


@pytest.mark.parametrize(("content", "words"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_the_towns_list_is_refused_in_words(content: bytes, words: str) -> None:
    with pytest.raises(InvalidInput, match=words.replace("(", r"\(").replace(")", r"\)")):
        read(content)


def test_a_zip_of_many_lists_gives_the_towns_own() -> None:
    other = a_list([a_row(town=571164)])
    packed = zipped(a_list([a_row()]), **{"CSV/20261031_OB_571164_ADR.csv": other})
    assert [address.label for address in read(packed).rows] == ["Široká 12, Testov"]


def test_a_zip_bomb_stays_packed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(address_files, "MOST_UNPACKED_BYTES", 1 << 20)
    with pytest.raises(InvalidInput, match="larger than 1 MB"):
        read(zipped(b"0" * (2 << 20)))


def test_a_bomb_in_bz2_is_not_even_opened() -> None:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("20261031_OB_900001_ADR.csv", b"0" * 100_000)
    with pytest.raises(InvalidInput, match="damaged"):
        read(packed.getvalue())


def test_a_town_without_a_code_is_known_by_its_name() -> None:
    assert len(read(a_list([a_row()]), Wanted(None, "TESTOV")).rows) == 1
    with pytest.raises(InvalidInput, match="list of Testov"):
        read(a_list([a_row()]), Wanted(None, "Jinde"))
