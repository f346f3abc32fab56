"""Waiting for a query while it runs, and stopping it between two batches."""

from __future__ import annotations

import time
from collections.abc import Callable

from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.watch import Watch

POLL_SECONDS = 0.1
# See `stop_after_batch`.
GRACE_SECONDS = 20.0


def run_until(is_over: Callable[[], bool], running: StreamingQuery) -> None:
    """Returns when it is over or the query has ended. Raises what made the query fail."""
    while not is_over() and not has_ended(running):
        pass


def stop_after_batch(
    running: StreamingQuery, watch: Watch, batch_seconds: float, grace_seconds: float = GRACE_SECONDS
) -> None:
    """Stops between two batches if possible: a batch that is cut short is replayed, which repeats results.

    `batch_seconds` is how long a batch keeps reading new records: the mode's `batch_ms`. After that it may take
    `grace_seconds` to commit, and the stopped query as long again to end.
    """
    committed = watch.committed
    deadline = time.monotonic() + batch_seconds + grace_seconds
    while running.status["isTriggerActive"] and watch.committed == committed and time.monotonic() < deadline:
        if has_ended(running):
            return
    running.stop()
    watch.terminated.wait(grace_seconds)


def has_ended(running: StreamingQuery) -> bool:
    """Waits for the end for POLL_SECONDS. Raises what made the query fail."""
    return bool(running.awaitTermination(POLL_SECONDS))  # type: ignore[arg-type]  # it accepts fractions of a second
