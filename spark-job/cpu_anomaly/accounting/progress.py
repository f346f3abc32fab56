"""What Spark reports of a committed batch."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from cpu_anomaly.accounting.anomalies import Anomalies
from cpu_anomaly.accounting.plan import Offsets


@dataclass(frozen=True)
class Batch:
    """A committed batch, as Spark reports it."""

    number: int
    # Lines that the query judged. 0 if Spark did not report it, but then the batch is read again.
    lines: int
    # True if the query left anything out. A sample was late if the state operator dropped a partial aggregate.
    left_out: bool
    # Metrics of `observe_windows`.
    windows: Mapping[str, Any]
    # Fields of the `progress` line in the driver's log.
    summary: Mapping[str, object]
    # Where the batch ended: offsets by partition of the one input topic.
    end: Mapping[str, int] = field(default_factory=dict)
    # When it ended, and the start of the newest window that it read, if any; in ms since 1970. In real-time mode a
    # batch reads what arrives while it lasts.
    ended_ms: int = 0
    newest_ms: int | None = None
    # Records that it left unread.
    lag: int = 0

    @staticmethod
    def from_progress(progress: Mapping[str, Any]) -> Batch:
        """From the JSON of Spark's StreamingQueryProgress."""
        observed = progress.get("observedMetrics", {})
        windows = observed.get("windows", {})
        source = progress["sources"][0]
        lag = offsets_between(source.get("endOffset"), source.get("latestOffset"))
        return Batch(
            number=progress["batchId"],
            lines=observed.get("input", {}).get("rows") or 0,
            left_out=has_left_out(progress),
            windows=windows,
            summary=summary_of(progress, windows, lag),
            end=offsets_by_partition(source.get("endOffset")),
            ended_ms=epoch_ms(progress["timestamp"]) + (progress["durationMs"].get("triggerExecution") or 0),
            newest_ms=epoch_ms(newest) if (newest := progress["eventTime"].get("max")) else None,
            lag=lag,
        )

    def anomalous_updates(self) -> int:
        """Updates with status WARN or ERROR: one per window, or several in real-time mode."""
        return (self.windows.get("warn") or 0) + (self.windows.get("error") or 0)

    def anomalies(self) -> Anomalies | None:
        """As `observe_windows` collected them; None in a mode in which it does not."""
        if "anomalies" not in self.windows:
            return None
        return Anomalies(self.anomalous_updates(), json.loads(self.windows["anomalies"] or "[]"))


def has_left_out(progress: Mapping[str, Any]) -> bool:
    """True also if Spark did not report the metrics of `observe_input`, to be safe."""
    dropped = sum(state["numRowsDroppedByWatermark"] for state in progress["stateOperators"])
    counts = progress.get("observedMetrics", {}).get("input")
    return dropped > 0 or counts is None or counts["used"] < counts["rows"]


def summary_of(progress: Mapping[str, Any], windows: Mapping[str, Any], lag: int) -> dict[str, object]:
    """Fields of the `progress` line. Their names are a contract with the orchestrator; rows of input are records."""
    counts = {name: windows.get(name) or 0 for name in ("safe", "warn", "error")}
    return {
        "input_rows": progress["numInputRows"],
        "rows_per_s": progress.get("inputRowsPerSecond", 0),
        "processed_rows_per_s": progress.get("processedRowsPerSecond", 0),
        "lag": lag,
        "end_offsets": describe_offsets(progress["sources"][0].get("endOffset")),
        "watermark": progress["eventTime"].get("watermark"),
        # The start of the newest window in this batch, from which the next watermark follows.
        "newest_window": progress["eventTime"].get("max"),
        **watermark_ahead(progress),
        "state_rows": sum(state["numRowsTotal"] for state in progress["stateOperators"]),
        "windows": sum(counts.values()),
        **counts,
        "duration_ms": progress["durationMs"].get("addBatch"),
        "trigger_ms": progress["durationMs"].get("triggerExecution"),
    }


def offsets_by_partition(offsets: Offsets | None) -> dict[str, int]:
    """Of the one input topic."""
    return {partition: offset for topic in (offsets or {}).values() for partition, offset in topic.items()}


def watermark_ahead(progress: Mapping[str, Any]) -> dict[str, object]:
    """`watermark_ahead_ms` if the watermark was ahead of the clock when the batch began."""
    watermark = progress["eventTime"].get("watermark")
    ahead_ms = epoch_ms(watermark) - epoch_ms(progress["timestamp"]) if watermark else 0
    return {"watermark_ahead_ms": ahead_ms} if ahead_ms > 0 else {}


def epoch_ms(text: str) -> int:
    """From a time in Spark's reports, such as 2017-10-26T09:23:16.000Z."""
    return round(datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000)


def describe_offsets(offsets: Offsets | None) -> str:
    """`partition:offset,...` of the one input topic, in the order of the partitions."""
    partitions = sorted(offsets_by_partition(offsets).items(), key=lambda pair: int(pair[0]))
    return ",".join(f"{partition}:{offset}" for partition, offset in partitions)


def offsets_between(start: Offsets | None, end: Offsets | None) -> int:
    """The number of records from one position to another, over all partitions."""
    before = start or {}
    return sum(
        max(0, offset - before.get(topic, {}).get(partition, 0))
        for topic, partitions in (end or {}).items()
        for partition, offset in partitions.items()
    )
