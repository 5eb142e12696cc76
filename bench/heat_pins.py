"""What keeping the counts costs whoever pins: with the triggers and without them, alone and eight at a time."""

from __future__ import annotations

import secrets
import statistics
import threading
import time
import uuid
from collections.abc import Callable

import numpy as np
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from app.inputs.pins import PinInput
from app.queries.maps import MapRecord
from app.services.counts import fold
from app.services.pins import create_pin
from bench.crowd import CENTRE
from bench.table import print_table
from gis.crs import KROVAK, WGS84, transformer

PINS_A_ROUND = 150
PINS_A_PERSON = 8
THREADS = 8
SECONDS = 2.0
SPREAD_M = 3000.0


def measure_pins(engine: Engine, the_map: MapRecord, rounds: int) -> None:
    """Print both tables."""
    _alone(engine, the_map, rounds)
    _together(engine, the_map, rounds)


def _alone(engine: Engine, the_map: MapRecord, rounds: int) -> None:
    """One after another; with and without take turns, a round of some hundred pins each."""
    times: dict[bool, list[float]] = {True: [], False: []}
    ratios = []
    dice = np.random.default_rng(0)
    with Session(engine) as session:
        for number in range(rounds + 1):
            each = {}
            for counting in (True, False) if number % 2 else (False, True):
                _count(engine, the_map, counting)
                each[counting] = statistics.median(_pinned(session, the_map, dice))
                if number:
                    times[counting].append(each[counting])
            if number:
                ratios.append(each[True] / each[False])
    _count(engine, the_map, counting=True)
    mine, plain = (statistics.median(times[counting]) for counting in (True, False))
    print_table(
        f"heat: storing a pin and committing, ms, median of {rounds} rounds of {PINS_A_ROUND} in turn",
        ["", "ms", "ratio"],
        [
            ["ours: counted in the same transaction", f"{mine:.2f}", f"{statistics.median(ratios):.2f}"],
            ["reference: the triggers switched off", f"{plain:.2f}", ""],
        ],
    )


def _pinned(session: Session, the_map: MapRecord, dice: np.random.Generator) -> list[float]:
    """How long each of a round's pins took, in milliseconds."""
    took = []
    token = ""
    for n in range(PINS_A_ROUND):
        if n % PINS_A_PERSON == 0:
            token = secrets.token_hex(32)
        pin = _a_pin(the_map, dice, SPREAD_M)
        begun = time.perf_counter()
        create_pin(session, the_map, token, pin)
        session.commit()
        took.append((time.perf_counter() - begun) * 1000)
    return took


def _together(engine: Engine, the_map: MapRecord, rounds: int) -> None:
    """Eight people at once: into one square, into squares of their own, and into one square uncounted."""
    ways: dict[str, tuple[float, bool]] = {
        "ours: all into one square": (0.0, True),
        "ours: each into other squares": (SPREAD_M, True),
        "reference: one square, triggers off": (0.0, False),
    }
    found: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds + 1):
        for name, (spread_m, counting) in ways.items():
            _count(engine, the_map, counting)
            stored = _crowd(engine, the_map, spread_m)
            if number:
                found[name].append(stored)
    _count(engine, the_map, counting=True)
    middle = {name: statistics.median(values) for name, values in found.items()}
    base = middle["reference: one square, triggers off"]
    print_table(
        f"heat: pins a second by {THREADS} people at once, median of {rounds} rounds of {SECONDS:.0f} s in turn",
        ["", "pins/s", "ratio"],
        [[name, f"{value:.0f}", f"{value / base:.2f}"] for name, value in middle.items()],
    )


def _crowd(engine: Engine, the_map: MapRecord, spread_m: float) -> float:
    """Pins stored in a second by people who do nothing but pin."""
    stop = threading.Event()
    stored = [0] * THREADS
    failed: list[Exception] = []

    def pin_on(who: int) -> None:
        dice = np.random.default_rng([who, int(spread_m)])
        try:
            with Session(engine) as session:
                while not stop.is_set():
                    create_pin(session, the_map, secrets.token_hex(32), _a_pin(the_map, dice, spread_m))
                    session.commit()
                    stored[who] += 1
        except Exception as error:  # told by the one who measures
            failed.append(error)

    _at_once(pin_on, stop)
    if failed:
        raise failed[0]
    return sum(stored) / SECONDS


def _at_once(work: Callable[[int], None], stop: threading.Event) -> None:
    threads = [threading.Thread(target=work, args=(who,)) for who in range(THREADS)]
    for thread in threads:
        thread.start()
    time.sleep(SECONDS)
    stop.set()
    for thread in threads:
        thread.join()


def _a_pin(the_map: MapRecord, dice: np.random.Generator, spread_m: float) -> PinInput:
    """A pin within so many metres of the town's middle; within none of them all are in one square."""
    x, y = np.floor(np.array(CENTRE) / 25) * 25 + 12.5 + dice.uniform(-1, 1, 2) * max(spread_m, 10)
    lon, lat = transformer(KROVAK, WGS84)(x, y)
    return PinInput(uuid.uuid4(), float(lon), float(lat), the_map.categories[0].key, zoom=17)


def _count(engine: Engine, the_map: MapRecord, counting: bool) -> None:
    """Switch the triggers on or off; what has waited so far is taken in, so that each round begins alike."""
    with Session(engine) as session:
        fold(session, the_map.id)
        session.execute(text(f"ALTER TABLE pin {'ENABLE' if counting else 'DISABLE'} TRIGGER USER"))
        session.commit()
