"""What a format makes of records, as plain tuples."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timezone
from typing import NamedTuple

from pyspark.sql import DataFrame, SparkSession

from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.guard import guard
from cpu_anomaly.settings import Settings

RAW = "nth int, key binary, value binary, timestamp timestamp, timestampType int"
# The time of every record, in ms since 1970.
RECORD_MS = 1_700_000_000_123
CREATE_TIME = 0
LOG_APPEND_TIME = 1


class Unit(NamedTuple):
    """A sample, or a reason why it is none: then time, CPU and series do not matter."""

    time_millis: int | None
    cpu: float | None
    reason: str | None


def sample(time_millis: int, cpu: float) -> Unit:
    return Unit(time_millis, cpu, None)


def refused(reason: str) -> Unit:
    return Unit(None, None, reason)


def frame_of(
    spark: SparkSession,
    values: Sequence[bytes | None],
    key: bytes | None = None,
    record_ms: int = RECORD_MS,
    timestamp_type: int = CREATE_TIME,
) -> DataFrame:
    at = datetime.fromtimestamp(record_ms / 1000, timezone.utc)
    return spark.createDataFrame([(nth, key, value, at, timestamp_type) for nth, value in enumerate(values)], RAW)


def units_of(frame: DataFrame, settings: Settings) -> list[list[Unit]]:
    """The units of each record, as the query sees them. The audit must see the same ones."""
    reader = format_of(settings)
    count = frame.count()
    read, exact = (
        by_record(each.transform(guard(settings)), count)
        for each in (frame.transform(reader.read), frame.transform(reader.read_exactly))
    )
    assert [(nth, *both) for nth, both in enumerate(zip(read, exact, strict=True)) if both[0] != both[1]] == []
    return read


def units_by_value(
    spark: SparkSession, values: Sequence[bytes | None], settings: Settings
) -> dict[bytes | None, list[Unit]]:
    """In one query."""
    return dict(zip(values, units_of(frame_of(spark, values), settings), strict=True))


def by_record(judged: DataFrame, count: int) -> list[list[Unit]]:
    found: list[list[Unit]] = [[] for _ in range(count)]
    for row in judged.select("nth", "time_millis", "cpu", "reason").collect():
        unit = refused(row["reason"]) if row["reason"] else sample(row["time_millis"], row["cpu"])
        found[row["nth"]].append(unit)
    return [sorted(units, key=str) for units in found]


def series_of_samples(frame: DataFrame, settings: Settings) -> list[str]:
    """With GROUP_BY=key, in the order of the records."""
    judged = frame.transform(format_of(settings).read).transform(guard(settings))
    rows = judged.filter("reason IS NULL").select("nth", "time_millis", "series").collect()
    return [row["series"] for row in sorted(rows, key=lambda row: (row["nth"], row["time_millis"]))]
