"""Samples ahead of the clock that make those of the present late: logged once, with the sample that did it."""

from __future__ import annotations

from cpu_anomaly.accounting.audit import Inspector, plan_audit
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.progress import Batch
from cpu_anomaly.event_log import EventLog, iso_time


class ClockWatch:
    """A sample may be ahead by MAX_FUTURE_SKEW. Once it is ahead by more than the watermark's delay, the watermark is
    ahead of the clock, and samples of the present are late until the clock has caught up.
    """

    def __init__(self, inspector: Inspector, checkpoint: Checkpoint, log: EventLog) -> None:
        self._inspector = inspector
        self._checkpoint = checkpoint
        self._log = log
        self._late_until_ms = 0

    def check(self, batch: Batch) -> None:
        """Reads the batch again if it is the first to be so far ahead; later ones only prolong this."""
        if batch.newest_ms is None or batch.newest_ms - batch.ended_ms <= self._inspector.watermark_ms:
            return
        is_known = batch.ended_ms < self._late_until_ms
        self._late_until_ms = max(self._late_until_ms, batch.newest_ms - self._inspector.watermark_ms)
        if is_known:
            return
        sample = self._inspector.newest_sample(plan_audit(self._checkpoint, batch.number))
        if sample is None:
            return
        self._log.write(
            "ahead_of_clock",
            batch=batch.number,
            time=iso_time(sample["time_millis"] / 1000),
            ahead_ms=sample["time_millis"] - batch.ended_ms,
            series=sample["series"],
            partition=sample["partition"],
            offset=sample["offset"],
            late_until=iso_time(self._late_until_ms / 1000),
        )
