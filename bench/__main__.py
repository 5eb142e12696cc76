"""`./run bench [name] [arguments]`: one benchmark, or all of them."""

from __future__ import annotations

import importlib
import pkgutil
import sys
from pathlib import Path

PLUMBING = {
    "fuzz_api", "fuzz_browser", "fuzz_files", "fuzz_forms", "fuzz_http", "fuzz_pages", "fuzz_parsers",
    "fuzz_readers", "fuzz_rows", "fuzz_server", "fuzz_sheets", "fuzz_tables", "fuzz_target", "fuzz_town",
    "fuzz_values", "fuzz_watch",
    "__main__", "api_peers", "crowd", "crowd_tables", "database", "heat_loading", "heat_pins", "memory",
    "reidentify_attacks", "scale_maps", "sending", "servers", "servers_bare", "table", "visitors",
    "page_lighthouse", "page_umap",
    "paper_peer", "paper_reader", "paper_score", "paper_tables", "photos", "photos_lens", "photos_light",
    "photos_marks", "photos_paper", "photos_scene", "photos_shot", "photos_table", "photos_wrong",
}  # fmt: skip


def names() -> list[str]:
    """The benchmarks there are: every module here that is not plumbing."""
    found = pkgutil.iter_modules([str(Path(__file__).parent)])
    return sorted(module.name for module in found if module.name not in PLUMBING)


def main(arguments: list[str]) -> int:
    """Run what is asked for; 2 for a name there is not."""
    known = names()
    if arguments and arguments[0] not in known:
        print(f"bench: there is no “{arguments[0]}”; there are: {', '.join(known)}", file=sys.stderr)
        return 2
    for name in arguments[:1] or known:
        importlib.import_module(f"bench.{name}").main(arguments[1:])
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
