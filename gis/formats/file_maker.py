"""A process of its own that writes one file: `python -m gis.formats.file_maker FILE`, the layers on its stdin.

GDAL and Arrow take a hundred megabytes and hold Python's lock while they write; here they burden no web server,
and what they took goes back to the machine with the end of the process. Exit 0: the file is whole. Exit 3: the
form can't hold so much. Exit 4: the layers broke off. Anything else is a failure, told on stderr; then there is
no file.
"""

from __future__ import annotations

import shutil
import sys
from importlib.abc import MetaPathFinder
from pathlib import Path

TOO_LARGE = 3
BROKEN_OFF = 4


class Hidden(MetaPathFinder):
    """What pyogrio would load if it is installed, and what doubles its memory, is not to be found."""

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> None:
        """Nothing, or nothing at all."""
        if fullname in ("pandas", "geopandas"):
            raise ModuleNotFoundError(fullname, name=fullname)


def main(target: Path) -> int:
    """Write the file of the layers that stdin brings; its folder is ours and goes with a failure."""
    sys.meta_path.insert(0, Hidden())
    from gis.formats.layer_pipe import BrokenOff, receive_layers
    from gis.formats.shapefile import FileTooLarge
    from gis.formats.vector_files import write_layers

    whole = False
    try:
        layers, form = receive_layers(sys.stdin.buffer)
        write_layers(layers, form, target)
        whole = True
    except FileTooLarge:
        return TOO_LARGE
    except BrokenOff:
        return BROKEN_OFF
    finally:
        if not whole:
            # Also when whoever wanted it is gone and can't clean up any more.
            shutil.rmtree(target.parent, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
