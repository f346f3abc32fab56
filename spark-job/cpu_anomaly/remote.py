"""A driver without a supervisor on its machine, such as one that YARN runs.

It is asked to stop, and tells how it is, by files of the checkpoint, which whoever submitted it reaches too.
"""

from __future__ import annotations

import json
import os
import time
import traceback
from collections.abc import Callable
from typing import Any, cast

from pyspark.sql import SparkSession

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.event_log import EventLog

# Written by the orchestrator: {"application": id}. One for another application is an old one.
STOP_FILE = "cpu-anomaly-stop.json"
# Read by the orchestrator: {"application": id, "attempt": number, "lines": [line of the log, ...]}.
LIFE_FILE = "cpu-anomaly-life.json"
LIFE = frozenset({"started", "ready", "failed", "stopped"})
# Each look is a request to the file system.
POLL_SECONDS = 2.0


class RemoteDriver:
    """Of one attempt of an application."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        application: str,
        attempt: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._checkpoint = checkpoint
        self._application = application
        self._attempt = attempt
        self._clock = clock
        self._lines: list[str] = []
        self._is_stop_wanted = False
        self._next_look = clock()

    @staticmethod
    def of(spark: SparkSession, location: str) -> RemoteDriver:
        context = cast(Any, spark.sparkContext)
        attempt = context._jsc.sc().applicationAttemptId()
        return RemoteDriver(
            Checkpoint.of(spark, location),
            str(context.applicationId),
            int(attempt.get()) if attempt.isDefined() else 1,
        )

    def is_stop_wanted(self) -> bool:
        """Looks at most every POLL_SECONDS. A file system that does not answer asks for nothing."""
        if self._is_stop_wanted or self._clock() < self._next_look:
            return self._is_stop_wanted
        self._next_look = self._clock() + POLL_SECONDS
        try:
            wanted = self._checkpoint.parse(STOP_FILE, lambda text: json.loads(text)["application"])
            self._is_stop_wanted = wanted == self._application
        except Exception:  # noqa: BLE001 (the query, which needs the checkpoint too, says what is wrong with it)
            traceback.print_exc()
        return self._is_stop_wanted

    def keep(self, event: str, line: str) -> None:
        """Keeps the lines of the log that tell of this driver's life. The job runs on if they cannot be kept."""
        if event not in LIFE:
            return
        try:
            if self._lines and self._kept() != self._application:
                return  # another driver has taken the checkpoint
            self._lines.append(line)
            life = {"application": self._application, "attempt": self._attempt, "lines": self._lines}
            self._checkpoint.write(LIFE_FILE, json.dumps(life))
        except Exception:  # noqa: BLE001
            traceback.print_exc()

    def _kept(self) -> str | None:
        return self._checkpoint.parse(LIFE_FILE, lambda text: str(json.loads(text)["application"]))


def watched_elsewhere(
    spark: SparkSession, location: str, is_stop_wanted: Callable[[], bool], log: EventLog
) -> Callable[[], bool]:
    """How this driver is asked to stop: as it is, unless its environment says that nobody is beside it."""
    if os.environ.get("CPU_ANOMALY_SUPERVISOR") != "checkpoint":
        return is_stop_wanted
    remote = RemoteDriver.of(spark, location)
    log.on_line = remote.keep
    return remote.is_stop_wanted
