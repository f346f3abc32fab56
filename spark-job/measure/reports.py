"""Figures from Spark's report of each batch (the JSON of StreamingQueryProgress). Times are in milliseconds."""

from __future__ import annotations

import json
import statistics
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from pyspark.sql.streaming.listener import (
    QueryIdleEvent,
    QueryProgressEvent,
    QueryStartedEvent,
    QueryTerminatedEvent,
    StreamingQueryListener,
)

Progress = Mapping[str, Any]

PARTS_OF_A_BATCH = ("triggerExecution", "latestOffset", "queryPlanning", "walCommit", "addBatch", "commitOffsets")


class Reports(StreamingQueryListener):
    """Passes on the report of each batch."""

    def __init__(self) -> None:
        self.on_batch: Callable[[Progress], None] = lambda _: None

    def onQueryStarted(self, _event: QueryStartedEvent) -> None:
        pass

    def onQueryProgress(self, event: QueryProgressEvent) -> None:
        self.on_batch(json.loads(event.progress.json))

    def onQueryIdle(self, _event: QueryIdleEvent) -> None:
        pass

    def onQueryTerminated(self, _event: QueryTerminatedEvent) -> None:
        pass


def durations_of(progress: Progress) -> dict[str, float]:
    return {name: progress["durationMs"].get(name, 0) for name in PARTS_OF_A_BATCH}


def median_durations(batches: Sequence[Progress]) -> dict[str, float]:
    """Part by part; empty without batches."""
    durations = [durations_of(progress) for progress in batches]
    if not durations:
        return {}
    return {name: statistics.median(each[name] for each in durations) for name in PARTS_OF_A_BATCH}


def state_ms(progress: Progress) -> float:
    """Time in the state store, summed over tasks: Spark does not report the slowest one."""
    names = ("allUpdatesTimeMs", "allRemovalsTimeMs", "commitTimeMs")
    return float(sum(state.get(name, 0) for state in progress["stateOperators"] for name in names))


def state_rows(progress: Progress) -> int:
    return sum(state["numRowsTotal"] for state in progress["stateOperators"])


def steady_rate(batches: Sequence[Progress], samples_per_record: float) -> float | None:
    """Samples per second over all batches but the first and the last; None if there are no others."""
    steady = batches[1:-1]
    steady_ms = sum(batch["durationMs"]["triggerExecution"] for batch in steady)
    return sum(batch["numInputRows"] for batch in steady) * samples_per_record * 1000 / steady_ms if steady else None
