"""Reading a backlog that is larger than one batch, whatever the order of its samples.

Spark bounds a batch by its number of records only: it takes the same share of what is unread in each partition. All of
them have one watermark. So samples would be late in a partition that is behind the others in time, or out of order.
Therefore the driver first reads a few records all along such a backlog, works out how far apart in time the batches
will be, and adds that to the watermark's delay until the backlog is read. The state does not depend on the delay.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass, replace
from math import inf

from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.backlog import Backlog, Position, Probe, batch_ends, longest_ms, records_between, spread_ms
from cpu_anomaly.event_log import EventLog
from cpu_anomaly.modes import Mode
from cpu_anomaly.settings import Settings
from cpu_anomaly.topics import Bounds, Topics, patiently

# Reads a few records of a backlog.
Prober = Callable[[Backlog], Collection[Probe]]


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
        self._probe = prober
        self._log = log

    def next_phase(self, bounds: Bounds | None = None) -> Phase:
        """Asks the broker for the bounds of the input topic, unless they are given. Samples are read for a backlog."""
        if self._mode.catch_up is None:
            return Phase(self._settings, self._mode)
        backlog = self._backlog(bounds)
        if backlog is None:
            return Phase(self._settings, self._mode, self._settings.max_offsets_per_trigger)
        return Phase(replace(self._settings, watermark_ms=self._delay_ms(backlog)), self._mode.catch_up)

    def _delay_ms(self, backlog: Backlog) -> int:
        probes = self._probe(backlog)
        spread = spread_ms(backlog, probes)
        possible = min(spread, longest_ms(backlog, probes, self._settings.window_ms))
        delay = self._settings.watermark_ms + possible
        self._log.write("catch_up", records=backlog.records, spread_ms=spread, delay_ms=delay)
        if possible < spread:
            self._log.write("catch_up_limited", spread_ms=spread, possible_ms=possible)
        return delay

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
        return Backlog(start, end, batch_ends({**start, **(planned or {})}, end, limit))

    def _read_so_far(self) -> tuple[Position | None, Position | None]:
        """Up to where batches have committed, and where a batch ends that Spark has planned and will run again."""
        topic, last = self._settings.input_topic, self._checkpoint.last_commit()
        is_planned = self._checkpoint.fingerprint(f"offsets/{last + 1}") is not None
        planned = self._checkpoint.plan(last + 1).end[topic] if is_planned else None
        if last >= 0:
            return self._checkpoint.plan(last).end[topic], planned
        return (self._checkpoint.first_offsets()[topic] if is_planned else None), planned
