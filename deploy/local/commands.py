"""The commands of `./run`."""

from __future__ import annotations

import argparse
import os
import sys

from deploy.local import checks, databases, demo, environment, serve, system
from deploy.local.console import Console, Refused
from deploy.local.places import Places
from deploy.local.processes import CHILDREN, SIGNALS, Stopped, run_through
from deploy.local.surroundings import Surroundings, surroundings

USAGE = """\
usage: ./run demo [--port N] [--host H]   set up what is missing, load the sample maps, serve
       ./run test [pytest arguments]      all checks and tests; with arguments only pytest
       ./run pocit …                      the command line (./run pocit --help)
       ./run bench [name] [arguments]     the benchmarks
       ./run build                        what a server needs of Python and pages, and nothing started

POCIT_HOME            the folder of all local state (.local in the checkout)
DATABASE_URL          an existing PostGIS database instead of the private one
POCIT_DEMO_PASSWORD   the password of the demo's officials
"""

NOT_OURS = "Another user (root?) may have made it: start as that one, or set POCIT_HOME to a folder of your own."


def main(arguments: list[str]) -> int:
    """Run one command; its exit status."""
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    command, rest = (arguments[0], arguments[1:]) if arguments else ("", [])
    if command in {"-h", "--help", "help"}:
        print(USAGE, end="")
        return 0
    known = {"demo": run_demo, "test": run_test, "pocit": run_pocit, "bench": run_bench, "build": run_build}
    if command not in known:
        print(f"./run: no such command: {command}\n\n{USAGE}" if command else USAGE, end="", file=sys.stderr)
        return 2
    SIGNALS.install()
    try:
        return known[command](rest)
    except Refused as refused:
        print(refused, file=sys.stderr)
        return 1
    except PermissionError as error:
        print(f"No permission: {error.filename}\n{NOT_OURS}", file=sys.stderr)
        return 1
    except Stopped as stopped:
        CHILDREN.end_all()
        return 128 + stopped.number


def run_demo(arguments: list[str]) -> int:
    """From nothing to a served app; ends by Ctrl-C or SIGTERM."""
    parser = argparse.ArgumentParser(
        prog="./run demo", description="Set up what is missing, and serve the sample maps."
    )
    parser.add_argument("--port", type=_port, default=8000, metavar="N", help="port (8000)")
    parser.add_argument("--host", default="127.0.0.1", metavar="H", help="address to listen on (127.0.0.1)")
    chosen = parser.parse_args(arguments)
    console, places = Console(), Places.from_environment()
    serve.refuse_taken_port(chosen.host, chosen.port)
    environment.prepare(places, "runtime", [*_database_needs(), *system.PRINTING], console)
    serving = False
    try:
        with surroundings(places, console) as around:
            content = demo.load(around, console)
            server = serve.Server(around, chosen.host, chosen.port)
            try:
                with console.step("Server"):
                    server.start()
                    server.wait_until_ready()
                serving = True
                _say_ready(console, chosen.host, chosen.port, content)
                serve.watch(server, around, console)
            finally:
                with SIGNALS.closing():
                    server.stop()
    except Stopped:
        if not serving:
            raise
    console.say("Stopped.")
    return 0


def _say_ready(console: Console, host: str, port: int, content: demo.Content) -> None:
    address = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    console.say(
        f"\n  Ready:   {address}\n"
        f"  Office:  {address}/office/\n"
        f"           e-mail    {content.email}\n"
        f"           password  {content.password}\n"
        "  Ctrl-C ends it.\n"
    )


def run_test(arguments: list[str]) -> int:
    """All checks, or pytest alone with the person's arguments."""
    console, places = Console(), Places.from_environment()
    needs = [*_database_needs(), *system.PRINTING, system.NODE, system.CHROMIUM, system.FIREFOX, system.GDAL]
    environment.prepare(places, "dev", needs, console)
    with surroundings(places, console) as around:
        # Tests make databases of their own and have a folder of their own; the demo's are out of their reach.
        url = around.cluster.admin_url() if around.cluster else around.database_url
        given = around.environment(
            POCIT_TEST_DATABASE_URL=os.environ.get("POCIT_TEST_DATABASE_URL", url),
            POCIT_HOME=str(places.home / "test"),
        )
        given.pop("DATABASE_URL", None)
        if arguments:
            return checks.pytest(around, given, arguments)
        return checks.run_all(around, given, console)


def run_build(arguments: list[str]) -> int:
    """Make a release ready to be served by others: its environment and its pages."""
    argparse.ArgumentParser(
        prog="./run build", description="Make ready what a server needs of Python and pages; nothing is started."
    ).parse_args(arguments)
    environment.prepare(Places.from_environment(), "runtime", list(system.PRINTING), Console())
    return 0


def run_pocit(arguments: list[str]) -> int:
    """The app's command line, its input, output and exit status untouched."""
    console, places = Console(sys.stderr, brief=True), Places.from_environment()
    environment.prepare(places, "runtime", [*_database_needs(), *system.PRINTING], console)
    with surroundings(places, console) as around:
        asks_itself = arguments[:2] == ["db", "upgrade"]
        if not asks_itself and not around.database_facts()["revision"]:
            with console.step("Migrations"):
                around.cli(("db", "upgrade"))
        return _hand_over(around, "app.cli", arguments)


def run_bench(arguments: list[str]) -> int:
    """The benchmarks, on a database of their own."""
    console, places = Console(sys.stderr), Places.from_environment()
    if os.environ.get("DATABASE_URL") and not os.environ.get("POCIT_BENCH_DATABASE_URL"):
        raise Refused(
            "Benchmarks fill the database they are given: name one for them in POCIT_BENCH_DATABASE_URL."
        )
    environment.prepare(places, "dev", _database_needs(), console)
    with surroundings(places, console, name=databases.BENCH) as around:
        url = os.environ.get("POCIT_BENCH_DATABASE_URL", around.database_url)
        return _hand_over(around, "bench", arguments, POCIT_BENCH_DATABASE_URL=url, DATABASE_URL=url)


def _hand_over(around: Surroundings, module: str, arguments: list[str], **more: str) -> int:
    return run_through(
        around.python("-m", module, *arguments), env=around.environment(**more), pass_fds=around.kept()
    )


def _database_needs() -> list[system.Need]:
    return [] if os.environ.get("DATABASE_URL") else [system.postgis()]


def _port(text: str) -> int:
    number = int(text) if text.isdigit() else 0
    if not 0 < number < 65536:
        raise argparse.ArgumentTypeError(f"{text} is not a port (1 to 65535)")
    return number
