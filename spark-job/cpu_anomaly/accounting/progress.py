"""What Spark reports."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cpu_anomaly.accounting.anomalies import Anomalies


@dataclass(frozen=True)
class Batch:
    """What Spark reports of a committed batch."""

    number: int
    # Lines that the query judged; 0 where Spark did not report it, but then the batch is read again.
    lines: int
    # Did the query leave out anything? Partial aggregates that were dropped say that some sample was late.
    left_out: bool
    windows: Mapping[str, Any]
    summary: Mapping[str, object]

    def anomalous_updates(self) -> int:
        """In real-time mode a window may have many, else one."""
        return (self.windows.get("warn") or 0) + (self.windows.get("error") or 0)

    def anomalies(self) -> Anomalies | None:
        """As `observe_windows` collected them; nothing in real-time mode."""
        if "anomalies" not in self.windows:
            return None
        return Anomalies(self.anomalous_updates(), json.loads(self.windows["anomalies"] or "[]"))

    @staticmethod
    def from_progress(progress: Mapping[str, Any]) -> Batch:
        source = progress["sources"][0]
        states = progress["stateOperators"]
        observed = progress.get("observedMetrics", {})
        windows = observed.get("windows", {})
        dropped = sum(state["numRowsDroppedByWatermark"] for state in states)
        counts = {name: windows.get(name) or 0 for name in ("safe", "warn", "error")}
        summary = {
            "input_rows": progress["numInputRows"],
            "rows_per_s": progress.get("inputRowsPerSecond", 0),
            "processed_rows_per_s": progress.get("processedRowsPerSecond", 0),
            "lag": offsets_between(source.get("endOffset"), source.get("latestOffset")),
            "end_offsets": describe_offsets(source.get("endOffset")),
            "watermark": progress["eventTime"].get("watermark"),
            "state_rows": sum(state["numRowsTotal"] for state in states),
            "windows": sum(counts.values()),
            **counts,
            "duration_ms": progress["durationMs"].get("addBatch"),
            "trigger_ms": progress["durationMs"].get("triggerExecution"),
        }
        left_out = dropped > 0 or "input" not in observed or observed["input"]["used"] < observed["input"]["rows"]
        lines_judged = observed.get("input", {}).get("rows") or 0
        return Batch(progress["batchId"], lines_judged, left_out, windows, summary)


def describe_offsets(offsets: Mapping[str, Any] | None) -> str:
    """`partition:offset,...` of the one input topic."""
    partitions = [pair for topic in (offsets or {}).values() for pair in topic.items()]
    return ",".join(f"{partition}:{offset}" for partition, offset in sorted(partitions, key=lambda pair: int(pair[0])))


def offsets_between(start: Mapping[str, Any] | None, end: Mapping[str, Any] | None) -> int:
    """Records from one position to another, over all partitions."""
    before = start or {}
    return sum(
        max(0, offset - before.get(topic, {}).get(partition, 0))
        for topic, partitions in (end or {}).items()
        for partition, offset in partitions.items()
    )
