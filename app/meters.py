"""What is counted while serving, in the form Prometheus reads: over all processes of this server together.

Labels are names out of our own code – a route, a class of refusal – never what somebody sent: their number is
bounded, and nobody can be recognised by them. Under gunicorn each process counts in a small file of its own in
memory (deploy/gunicorn.conf.py); elsewhere in itself. The names are kept: dashboards and alerts hang on them.
"""

from __future__ import annotations

import os
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, multiprocess
from prometheus_client.registry import Collector

FOLDER: Final = "PROMETHEUS_MULTIPROC_DIR"
SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
"""Edges of the histogram; 0.15 s is what a post may take at most, for 95 in a hundred."""

REQUESTS = Counter("pocit_requests", "Requests answered, by the name of the route.", ["route", "method", "status"])
DURATION = Histogram(
    "pocit_request_seconds",
    "Time from a request to its answer's beginning, by what it is for.",
    ["kind"],
    buckets=SECONDS,
)
UNDER_WAY = Gauge(
    "pocit_requests_under_way", "Requests being answered at this moment.", multiprocess_mode="livesum"
)
REFUSALS = Counter("pocit_refusals", "Requests refused, by the class of the refusal.", ["refusal"])
FAILURES = Counter("pocit_failures", "Requests that broke: on our side, or for want of the database.", ["kind"])
PINS = Counter("pocit_pins_stored", "New pins stored, by the way they came.", ["way"])
CONNECTIONS = Gauge(
    "pocit_database_connections_used",
    "Connections to the database that requests and threads hold at this moment.",
    multiprocess_mode="livesum",
)
HOUSE_ROUNDS = Counter(
    "pocit_retention_rounds", "Rounds of what is done by itself after a deadline, by outcome.", ["outcome"]
)
HOUSE_FAILURES = Counter(
    "pocit_retention_failures", "Maps or steps of retention that failed, and are tried again."
)
HOUSE_DONE_AT = Gauge(
    "pocit_retention_last_success_timestamp_seconds",
    "When a whole round of retention last went well.",
    multiprocess_mode="max",
)


def collected(*others: Collector) -> CollectorRegistry:
    """All that was counted by all processes of this server, and what these others find."""
    registry = CollectorRegistry()
    if os.environ.get(FOLDER):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    else:
        for collector in (
            *(REQUESTS, DURATION, UNDER_WAY, REFUSALS, FAILURES, PINS, CONNECTIONS),
            *(HOUSE_ROUNDS, HOUSE_FAILURES, HOUSE_DONE_AT),
        ):
            registry.register(collector)
    for other in others:
        registry.register(other)
    return registry


def forget_process(pid: int) -> None:
    """Let what an ended process held at its end no longer count as held; what it had counted stays."""
    if os.environ.get(FOLDER):
        multiprocess.mark_process_dead(pid)  # type: ignore[no-untyped-call]
