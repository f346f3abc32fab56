"""A thread of the driver that looks for what Spark does not notice while the query runs.

The driver ends with what the monitor finds, except for a standstill, which it only logs.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, cast

from py4j.protocol import Py4JJavaError
from pyspark.sql import SparkSession

from cpu_anomaly.continuity import MISSING_SECONDS, Continuity
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.lost_records import RecordsLostError
from cpu_anomaly.session import RestartNeededError
from cpu_anomaly.slots import PartitionGrowth
from cpu_anomaly.topics import Bounds, TopicReplacedError
from cpu_anomaly.unread import UnreadRecords

CLOCK_SECONDS = 1.0
TOPICS_SECONDS = 5.0
# A shorter step delays the next batch by no more than its own length.
MAX_STEP_BACK_SECONDS = 5.0
# A batch may take this long, beyond the interval at which batches commit; even in a large backlog it takes seconds.
STANDSTILL_SECONDS = 60.0
# No further record may be read after these, not even by the batch that is running.
FATAL = (TopicReplacedError, RecordsLostError)


class WallClock:
    """Compares the clock by which Spark waits for the next batch with one that cannot be set. Both are in seconds."""

    def __init__(self, wall: Callable[[], float], steady: Callable[[], float]) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead = self._compare()

    @staticmethod
    def of_jvm(spark: SparkSession) -> WallClock:
        system = cast(Any, spark.sparkContext)._jvm.java.lang.System
        return WallClock(lambda: system.currentTimeMillis() / 1e3, lambda: system.nanoTime() / 1e9)

    def require_no_step_back(self) -> None:
        """Raises RestartNeededError if the clock was set back since the last call."""
        ahead = self._compare()
        step, self._ahead = self._ahead - ahead, ahead
        if step > MAX_STEP_BACK_SECONDS:
            raise RestartNeededError(
                f"the wall clock was set back by {step:.0f} s, and Spark would wait until it shows the old time again, "
                "so the driver is started again"
            )

    def _compare(self) -> float:
        """By how much the wall clock is ahead, not counting a pause of this process between two readings."""
        while True:
            before, wall, after = self._steady(), self._wall(), self._steady()
            if after - before < CLOCK_SECONDS:
                return wall - before


class Standstill:
    """Logs that the query leaves records unread without a commit."""

    def __init__(
        self, log: EventLog, seconds: float, records: UnreadRecords, steady: Callable[[], float] = time.monotonic
    ) -> None:
        """`seconds` is the interval of the mode."""
        self._log = log
        self._first = seconds + STANDSTILL_SECONDS
        self._records = records
        self._steady = steady
        self._commits = 0
        # When the query began to leave something unread, and where the topic ended then.
        self._since: float | None = None
        self._end: Mapping[str, int] = {}
        self._next = self._first

    def note(self, commits: int, position: Mapping[str, int], bounds: Bounds) -> None:
        """Logs it once per STANDSTILL_SECONDS."""
        is_behind = bounds.unread(position) > 0
        # Not whether the position moves: a batch that reads nothing is a commit, too.
        if not is_behind or commits != self._commits:
            self._commits, self._since, self._next = commits, None, self._first
        if is_behind and self._since is None:
            self._since, self._end = self._steady(), bounds.end
        seconds = 0.0 if self._since is None else self._steady() - self._since
        if seconds >= self._next:
            self._look_closer(seconds, position, bounds)

    def _look_closer(self, seconds: float, position: Mapping[str, int], bounds: Bounds) -> None:
        """What was there all the time may not be records, and the records may just have come."""
        unread = self._records.bounds(position, bounds)
        if replace(unread, end=self._end).unread({}) > 0:
            self._log.write("standstill", seconds=round(seconds), unread=unread.unread({}))
            self._next = seconds + STANDSTILL_SECONDS
        else:
            self._since, self._end, self._next = self._steady(), bounds.end, self._first


class Monitor:
    """Looks at the clock every second and at the topics every five."""

    def __init__(
        self, clock: WallClock, continuity: Continuity, growth: PartitionGrowth, standstill: Standstill
    ) -> None:
        self._clock = clock
        self._continuity = continuity
        self._growth = growth
        self._standstill = standstill
        self._commits = 0
        self._found: Exception | None = None

    def start(self) -> None:
        threading.Thread(target=self._run, name="monitor", daemon=True).start()

    def committed(self, position: Mapping[str, int]) -> None:
        """A batch has ended here: offsets by partition of the input topic."""
        self._commits += 1
        self._note(lambda: self._continuity.committed(position))

    def has_found(self) -> bool:
        return self._found is not None

    def raise_found(self) -> None:
        if self._found:
            raise self._found

    def raise_fatal(self) -> None:
        if isinstance(self._found, FATAL):
            raise self._found

    @contextmanager
    def explaining(self) -> Iterator[None]:
        """If the query fails, and there is a reason for which the next one would fail too, raises that."""
        try:
            yield
        except FATAL:
            raise
        except Exception as error:
            self._note(self._look_at_everything)
            if self._found:
                raise self._found from error
            raise

    def _run(self) -> None:
        next_look = time.monotonic() + TOPICS_SECONDS
        while not self.has_found():
            time.sleep(CLOCK_SECONDS)
            self._note(self._clock.require_no_step_back)
            if time.monotonic() >= next_look:
                self._note(self._look)
                next_look = time.monotonic() + TOPICS_SECONDS

    def _look(self) -> None:
        bounds = self._continuity.look()
        self._growth.require_slots(len(bounds.end))
        self._standstill.note(self._commits, self._continuity.position, bounds)

    def _look_at_everything(self) -> None:
        self._look()
        if self._continuity.misses_topics:
            time.sleep(MISSING_SECONDS)
            self._look()
        self._continuity.require_unread_records()

    def _note(self, check: Callable[[], None]) -> None:
        """Keeps what was found first."""
        try:
            check()
        except Py4JJavaError:  # the broker is away: the query waits for it, or fails
            pass
        except Exception as error:  # noqa: BLE001 (the main thread raises it)
            self._found = self._found or error
