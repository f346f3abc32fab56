"""Stand-ins for a query that Spark runs, and for what Spark reports of it."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any, cast

from pyspark.sql.streaming.listener import StreamingQueryListener

# What a wait for the query does: True if the query has ended then. It may raise what made the query fail.
Step = Callable[[], bool]
NOTHING = cast(Any, None)
# For what should happen at once.
SECONDS = 10.0


class Query:
    """A running query. Each wait for its end runs a step; after the last one it runs on until it is stopped."""

    # Of the checkpoint.
    id = "1-2"

    def __init__(self, *steps: Step) -> None:
        self._steps = list(steps)
        self._stopped = threading.Event()
        self._has_ended = False
        self._deadline = time.monotonic() + SECONDS
        self.waits = 0
        self.status = {"isTriggerActive": False}
        self.listener: StreamingQueryListener | None = None

    @property
    def is_stopped(self) -> bool:
        return self._stopped.is_set()

    def awaitTermination(self, _seconds: float) -> bool:
        self.waits += 1
        if self._steps and not self._has_ended:
            self._has_ended = self._steps.pop(0)()
            self._deadline = time.monotonic() + SECONDS
        assert time.monotonic() < self._deadline, "the query was neither stopped nor left to its end"
        return self._has_ended or self._stopped.wait(0.001)

    def stop(self) -> None:
        self._stopped.set()
        if self.listener:
            self.listener.onQueryTerminated(NOTHING)

    def wait_for_stop(self) -> None:
        assert self._stopped.wait(SECONDS), "the query was not stopped"


def ended() -> bool:
    return True


def running() -> bool:
    return False


def fail() -> bool:
    raise RuntimeError("no broker")


def progress_event(
    batch: int,
    *,
    end: Mapping[str, int] | None = None,
    unread: int = 0,
    left_out: bool = False,
    windows: Mapping[str, object] | None = None,
    **changes: object,
) -> Any:
    """The report of a batch of one line. `end` and `unread` are offsets of the topic `in`; `changes` are its fields."""
    end = end or {"0": 5}
    latest = {partition: offset + unread for partition, offset in end.items()}
    progress = {
        "batchId": batch,
        "timestamp": "2023-11-14T22:13:20.000Z",
        "numInputRows": 1,
        "sources": [{"endOffset": {"in": end}, "latestOffset": {"in": latest}}],
        "stateOperators": [],
        "observedMetrics": {"input": {"rows": 1, "used": 0 if left_out else 1}, "windows": windows or {}},
        "eventTime": {},
        "durationMs": {},
        **changes,
    }
    return SimpleNamespace(progress=SimpleNamespace(json=json.dumps(progress)))
