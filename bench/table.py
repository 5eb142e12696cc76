"""Figures as a table in plain text."""

from __future__ import annotations

from collections.abc import Sequence


def print_table(title: str, heading: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A title, then columns as wide as they need; the first column is text, the others stand right."""
    written = [[str(cell) for cell in row] for row in (heading, *rows)]
    widths = [max(len(row[n]) for row in written) for n in range(len(heading))]
    print(f"\n{title}")
    for row in written:
        cells = [
            row[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:], strict=True)),
        ]
        print("  " + "   ".join(cells))
