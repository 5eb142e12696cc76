"""What kind of file something is, by how it begins: the same for who takes files in and for who opens them."""

from __future__ import annotations

from typing import Final

HEAD_BYTES: Final = 1024
"""So much of a file tells its kind: before a PDF's first words may stand something else."""
PDF: Final = "PDF"
HEIF: Final = "HEIF"
_BEGINS: Final = (
    (b"\xff\xd8\xff", "JPEG"),
    (b"\x89PNG\r\n\x1a\n", "PNG"),
    (b"II*\x00", "TIFF"),
    (b"MM\x00*", "TIFF"),
)


def kind_of(head: bytes) -> str | None:
    """JPEG, PNG, TIFF, WEBP, HEIF or PDF, by the first HEAD_BYTES of a file; None for anything else.

    A picture in which a PDF's first words happen to stand is a picture.
    """
    for begins, kind in _BEGINS:
        if head.startswith(begins):
            return kind
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "WEBP"
    if head[4:8] == b"ftyp":
        return HEIF
    return PDF if b"%PDF-" in head[:HEAD_BYTES] else None
