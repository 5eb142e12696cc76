"""Layers as a stream of bytes, from the process that has the rows to one that writes a file of them.

A line of JSON says what comes; then the rows of each layer in turn, in chunks behind their length, ended by a
chunk of none: CSV as the database copied it, or Arrow's stream format. A stream that breaks off is no file.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import chain
from typing import TYPE_CHECKING, Any, Final, Protocol

from gis.formats.copied_points import CopiedPoints
from gis.formats.layer import Field, Kind, Layer, Look, Paint

if TYPE_CHECKING:
    import pyarrow as pa

LENGTH: Final = struct.Struct("<I")
CHUNK_BYTES: Final = 1 << 18


class Sink(Protocol):
    """Where bytes go."""

    def write(self, data: bytes, /) -> Any:
        """Take all of them."""


class Source(Protocol):
    """Where bytes come from."""

    def readline(self) -> bytes:
        """One line."""

    def read(self, size: int, /) -> bytes:
        """So many bytes, fewer only at the end."""


class BrokenOff(EOFError):
    """The sender went away before it was done."""


def send_layers(layers: Sequence[Layer], form: str, sink: Sink) -> None:
    """Send the layers, reading their rows on the way; one not yet sent is not read."""
    head = {"form": form, "layers": [_plain(layer) for layer in layers]}
    sink.write(json.dumps(head, ensure_ascii=False).encode() + b"\n")
    for layer in layers:
        for chunk in _chunks(layer):
            for start in range(0, len(chunk), CHUNK_BYTES):
                part = chunk[start : start + CHUNK_BYTES]
                sink.write(LENGTH.pack(len(part)))
                sink.write(part)
        sink.write(LENGTH.pack(0))


def receive_layers(source: Source) -> tuple[list[Layer], str]:
    """The layers and the form wanted; their rows are read in their order, as they are asked for."""
    head = json.loads(source.readline() or "null")
    if head is None:
        raise BrokenOff
    return [_layer(described, source) for described in head["layers"]], head["form"]


def _plain(layer: Layer) -> dict[str, Any]:
    return {
        "name": layer.name,
        "title": layer.title,
        "geometry_type": layer.geometry_type,
        "epsg": layer.epsg,
        "fields": [{**asdict(field), "values": dict(field.values)} for field in layer.fields],
        "look": asdict(layer.look) if layer.look else None,
        "description": layer.description,
        "copied": isinstance(layer.batches, CopiedPoints),
    }


def _chunks(layer: Layer) -> Iterable[bytes]:
    if isinstance(layer.batches, CopiedPoints):
        return layer.batches.pieces
    return _arrow_chunks(layer.batches)


def _arrow_chunks(batches: Iterator[pa.RecordBatch]) -> Iterator[bytes]:
    import pyarrow as pa

    first = next(batches, None)
    if first is None:
        return
    sink = _Gathering()
    with pa.ipc.new_stream(pa.PythonFile(sink, mode="w"), first.schema) as writer:
        for batch in chain([first], batches):
            writer.write_batch(batch)
            yield sink.taken()
    yield sink.taken()


class _Gathering:
    """What has been written since the last time."""

    closed = False

    def __init__(self) -> None:
        self._held: list[bytes] = []

    def write(self, data: Any) -> int:
        self._held.append(bytes(data))
        return len(self._held[-1])

    def flush(self) -> None:
        """Nothing waits here."""

    def close(self) -> None:
        """What is left can still be taken."""

    def taken(self) -> bytes:
        whole = b"".join(self._held)
        self._held.clear()
        return whole


def _layer(described: Mapping[str, Any], source: Source) -> Layer:
    fields = [Field(**{**field, "kind": Kind(field["kind"])}) for field in described["fields"]]
    look = described["look"]
    return Layer(
        name=described["name"],
        title=described["title"],
        geometry_type=described["geometry_type"],
        epsg=described["epsg"],
        fields=fields,
        batches=CopiedPoints(_received(source), fields)
        if described["copied"]
        else _arrow_batches(_received(source)),
        look=Look([Paint(**paint) for paint in look["paints"]], look["field"]) if look else None,
        description=described["description"],
    )


def _received(source: Source) -> Iterator[bytes]:
    while True:
        head = source.read(LENGTH.size)
        if len(head) < LENGTH.size:
            raise BrokenOff
        (length,) = LENGTH.unpack(head)
        if not length:
            return
        chunk = source.read(length)
        if len(chunk) < length:
            raise BrokenOff
        yield chunk


def _arrow_batches(chunks: Iterator[bytes]) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    from gis.formats.copied_points import Reading

    first = next(chunks, None)
    if first is None:
        return
    with pa.ipc.open_stream(pa.PythonFile(Reading(chain([first], chunks)), mode="r")) as reader:
        yield from reader
    # To the end, whatever Arrow left unread: the next layer begins there.
    for _ in chunks:
        pass
