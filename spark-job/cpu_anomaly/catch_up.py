"""Reading a backlog that is larger than one batch, whatever the order of its samples.

Spark bounds a batch by its number of records only: it takes the same share of what is unread in each partition. All of
them have one watermark. So samples would be late in a partition that is behind the others in time, or out of order.
Therefore the driver first works out how far apart in time the batches will be, and adds that to the watermark's delay
until the backlog is read. The state does not depend on the delay. A few records all along the backlog are enough if it
is in order; if not, all of it is read once more, for its times only.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.backlog import Backlog, Position, Probe, Stretch, records_between
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.modes import Mode
from cpu_anomaly.settings import Settings
from cpu_anomaly.spread import is_in_order, late_at_most, longest_ms, spread_in_order_ms, spread_ms
from cpu_anomaly.topics import Bounds, Topics, patiently


class Prober(Protocol):
    """Reads the times of a backlog's samples."""

    def probe(self, backlog: Backlog) -> Collection[Probe]:
        """A few of them, at the backlog's places. A place without a sample is left out."""

    def read(self, backlog: Backlog) -> Collection[Stretch]:
        """All of them. A stretch without a sample is left out."""


@dataclass(frozen=True)
class Phase:
    """How the query runs until it ends, is stopped, or a batch leaves more than `max_lag` records unread."""

    settings: Settings
    mode: Mode
    max_lag: float = inf


class CatchUp:
    """Decides how the query runs next, from what is unread now."""

    def __init__(self, ordinary: Phase, topics: Topics, checkpoint: Checkpoint, prober: Prober, log: EventLog) -> None:
        """`ordinary` is how the query runs unless there is a backlog."""
        self._settings = ordinary.settings
        self._mode = ordinary.mode
        self._topics = topics
        self._checkpoint = checkpoint
        self._prober = prober
        self._log = log
        # Fields of the log that say which samples will be late all the same; none if the longest delay was enough.
        self.limits: Mapping[str, int] = {}

    def next_phase(self, bounds: Bounds | None = None) -> Phase:
        """Asks the broker for the bounds of the input topic, unless they are given. Samples are read for a backlog."""
        if self._mode.catch_up is None:
            return Phase(self._settings, self._mode)
        backlog = self._backlog(bounds)
        if backlog is None:
            return Phase(self._settings, self._mode, self._settings.max_offsets_per_trigger)
        return Phase(replace(self._settings, watermark_ms=self._delay_ms(backlog)), self._mode.catch_up)

    def _delay_ms(self, backlog: Backlog) -> int:
        probes = self._prober.probe(backlog)
        longest = longest_ms(backlog, probes, self._settings.window_ms)
        spread = spread_in_order_ms(backlog, probes)
        if is_in_order(probes, self._settings.watermark_ms) and spread <= longest:
            return self._longer_delay_ms(backlog, spread)
        stretches = self._read(backlog)
        # What has arrived meanwhile moves the ends of the batches.
        backlog = self._backlog(None) or backlog
        spread = spread_ms(backlog, stretches)
        delay = self._longer_delay_ms(backlog, spread, longest)
        if late := late_at_most(backlog, stretches, delay):
            self.limits = {"spread_ms": spread, "possible_ms": longest, "late_at_most": late}
            self._log.write("catch_up_limited", **self.limits)
        return delay

    def _longer_delay_ms(self, backlog: Backlog, spread: int, longest: float = inf) -> int:
        delay = self._settings.watermark_ms + int(min(spread, longest))
        self._log.write("catch_up", records=backlog.records, spread_ms=spread, delay_ms=delay)
        return delay

    def _read(self, backlog: Backlog) -> Collection[Stretch]:
        self._log.write("catch_up_reading", records=backlog.records)
        start = time.monotonic()
        stretches = self._prober.read(backlog)
        self._log.write("catch_up_read", records=backlog.records, seconds=round(time.monotonic() - start, 1))
        return stretches

    def _backlog(self, bounds: Bounds | None) -> Backlog | None:
        """None if one batch can read all that is unread, or if unread records are gone, which Spark will report."""
        committed, planned = self._read_so_far()
        if committed is None and self._settings.starting_offsets == "latest":
            return None
        limit = self._settings.max_offsets_per_trigger
        bounds = bounds or patiently(self._topics.input_bounds)
        first, end = bounds.earliest, bounds.end
        start = {**first, **(committed or {})}
        start = {each: start[each] for each in end}  # without a partition that appeared since
        is_complete = all(start[each] >= first[each] for each in end)
        if not is_complete or records_between(start, end) <= limit:
            return None
        return Backlog(start, end, limit, planned and {**start, **planned})

    def _read_so_far(self) -> tuple[Position | None, Position | None]:
        """Up to where batches have committed, and where a batch ends that Spark has planned and will run again."""
        topic, last = self._settings.input_topic, self._checkpoint.last_commit()
        is_planned = self._checkpoint.fingerprint(f"offsets/{last + 1}") is not None
        planned = self._checkpoint.plan(last + 1).end[topic] if is_planned else None
        if last >= 0:
            return self._checkpoint.plan(last).end[topic], planned
        return (self._checkpoint.first_offsets()[topic] if is_planned else None), planned
