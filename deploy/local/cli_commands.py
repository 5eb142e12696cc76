"""Run in the virtual environment: several commands of `pocit`, read as JSON lists, in one process.

Loading the app takes seconds; a first start has half a dozen commands to give.
"""

from __future__ import annotations

import json
import sys


def run(commands: list[list[str]]) -> None:
    """Run the commands in turn; the first that fails ends it, and is named."""
    from app.cli import main  # not in the launcher's own Python

    for command in commands:
        sys.argv = ["pocit", *command]
        try:
            main()
        except SystemExit as ended:
            if ended.code:
                print(f"(in `pocit {' '.join(command)}`)", file=sys.stderr)
                raise


if __name__ == "__main__":
    run(json.load(sys.stdin))
