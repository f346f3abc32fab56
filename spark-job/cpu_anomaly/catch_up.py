"""Reading a backlog that is larger than one batch, whatever the order of its samples.

Spark bounds a batch by its number of records only: it takes the same share of what is unread in each partition. All of
them have one watermark. So samples would be late in a partition that is behind the others in time, or out of order.
Therefore the driver first works out how far apart in time the batches will be, and adds that to the watermark's delay
until the backlog is read. The state does not depend on the delay. A few records all along the backlog are enough if it
is in order; if not, all of it is read once more, for its times only.

What arrives before Spark fixes the ends of the backlog is read along with it: early, if its partition has nothing else
to read. It must not make the rest late, so the delay then reaches from the present to the oldest sample, if the state
has room for so many windows. Real-time mode has no such batches: there the driver only says what may be late.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import inf
from typing import Protocol

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.backlog import Backlog, Position, Probe, Times, records_between
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.modes import Mode
from cpu_anomaly.session import uses_rocksdb
from cpu_anomaly.settings import Settings
from cpu_anomaly.spread import (
    MAX_STATE_ROWS,
    is_in_order,
    late_at_most,
    longest_ms,
    reach_ms,
    spread_at_any_speed_ms,
    spread_in_order_ms,
    spread_ms,
)
from cpu_anomaly.topics import Bounds, Topics, patiently

# Spark has fixed the ends of a backlog this long after the driver has looked at it.
START_MS = 60_000


class Prober(Protocol):
    """Reads the times of a backlog's samples."""

    def probe(self, backlog: Backlog) -> Collection[Probe]:
        """A few of them, at the backlog's places. A place without a sample is left out."""

    def read(self, backlog: Backlog) -> Times:
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
        # Fields of the log that say which samples are, or may be, late all the same; none if no sample is.
        self.remark: Mapping[str, object] = {}

    def next_phase(self, bounds: Bounds | None = None) -> Phase:
        """Asks the broker for the bounds of the input topic, unless they are given. Samples are read for a backlog."""
        backlog = self._backlog(bounds)
        if self._mode.catch_up is None:
            if backlog:
                self._say_what_may_be_late(backlog)
            return Phase(self._settings, self._mode)
        if backlog is None:
            return Phase(self._settings, self._mode, self._settings.max_offsets_per_trigger)
        return Phase(replace(self._settings, watermark_ms=self._delay_ms(backlog)), self._mode.catch_up)

    def _delay_ms(self, backlog: Backlog) -> int:
        probes = self._prober.probe(backlog)
        spread = spread_in_order_ms(backlog, probes)
        if is_in_order(probes, self._settings.watermark_ms):
            # Ten records at a place do not show how many series there are.
            room = 0 if self._settings.has_series else longest_ms(1, self._settings.window_ms)
            if backlog.can_be_overtaken:
                spread = reach_ms(probes, self._latest_ms())
            elif uses_rocksdb():
                room = spread
            if spread <= room:
                return self._longer_delay_ms(backlog, spread)
        return self._delay_by_all_times_ms(backlog)

    def _delay_by_all_times_ms(self, backlog: Backlog) -> int:
        times, latest = self._read(backlog), self._latest_ms()
        # What has arrived meanwhile moves the ends of the batches.
        now = self._backlog(None) or backlog
        stretches = [*times.stretches, *now.arrived_since(backlog, latest)]
        spread, reach = spread_ms(now, stretches), reach_ms(times.stretches, latest)
        fits = times.windows <= MAX_STATE_ROWS
        room = reach if fits else longest_ms(times.series, self._settings.window_ms)
        if now.can_be_overtaken and reach <= room:
            return self._longer_delay_ms(now, reach)
        delay = self._longer_delay_ms(now, spread if uses_rocksdb() else min(spread, room))
        if late := late_at_most(now, stretches, delay):
            self._say("catch_up_limited", spread_ms=spread, possible_ms=room, late_at_most=late)
        elif now.can_be_overtaken:
            self._say("catch_up_exposed", reach_ms=reach, possible_ms=room)
        return delay

    def _say_what_may_be_late(self, backlog: Backlog) -> None:
        spread = spread_at_any_speed_ms(self._prober.probe(backlog))
        if spread > self._settings.watermark_ms:
            self._say("backlog_in_real_time", records=backlog.records, spread_ms=spread)

    def _say(self, remark: str, **fields: int) -> None:
        self.remark = {"remark": remark, **fields}
        self._log.write(remark, **fields)

    def _longer_delay_ms(self, backlog: Backlog, spread: int) -> int:
        delay = self._settings.watermark_ms + spread
        self._log.write("catch_up", records=backlog.records, spread_ms=spread, delay_ms=delay)
        return delay

    def _read(self, backlog: Backlog) -> Times:
        self._log.write("catch_up_reading", records=backlog.records)
        start = time.monotonic()
        times = self._prober.read(backlog)
        self._log.write("catch_up_read", records=backlog.records, seconds=round(time.monotonic() - start, 1))
        return times

    def _latest_ms(self) -> int:
        """No sample that is read along with the backlog is newer."""
        return now_ms() + self._settings.max_future_skew_ms + START_MS

    def _backlog(self, bounds: Bounds | None) -> Backlog | None:
        """None if one batch can read all that is unread, or if unread records are gone, which Spark will report."""
        committed, planned = self._read_so_far()
        if committed is None and self._settings.starting_offsets == "latest":
            return None
        limit = self._mode.batch_records
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


def now_ms() -> int:
    return round(time.time() * 1000)
