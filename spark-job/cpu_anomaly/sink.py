"""From classified windows to records in the output topic."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from cpu_anomaly.modes import Mode
from cpu_anomaly.settings import Settings
from cpu_anomaly.source import prefixed
from cpu_anomaly.step import Step

# UTC whatever the session's time zone is, and null fields are written (the standard deviation of one sample).
JSON_OPTIONS = {"timeZone": "UTC", "ignoreNullFields": "false"}


def results(settings: Settings) -> Step:
    """Columns in: those of `window_stats`, `find_normal` and `classify`. Out: key and value, one record per window.

    Both are strings. The key is `series|start in ms`, so that a compacted topic keeps a window's last value.
    """
    start_ms = F.unix_millis("window_start")
    window = F.struct(
        F.col("window_start").alias("start"), F.timestamp_millis(start_ms + settings.window_ms).alias("end")
    )
    normal = ("normal_mean", "normal_stddev", "normal")
    value = F.struct(window.alias("window"), "mean", "stddev", "count", "status", "score", "series", *normal)
    return lambda classified: classified.select(
        F.concat("series", F.lit("|"), start_ms.cast("string")).alias("key"),
        F.to_json(value, JSON_OPTIONS).alias("value"),
    )


def write_stream(frame: DataFrame, settings: Settings, mode: Mode, client: Mapping[str, str]) -> StreamingQuery:
    """Starts the query that writes the results."""
    return mode.with_trigger(stream_writer(frame, settings, client)).start()


def stream_writer(frame: DataFrame, settings: Settings, client: Mapping[str, str]) -> DataStreamWriter:
    """A writer of results to the output topic; the trigger is left to the caller."""
    return (
        frame.writeStream.format("kafka")
        .options(**prefixed({"acks": "all", **client}))
        .option("topic", settings.output_topic)
        .option("checkpointLocation", settings.checkpoint)
        .outputMode("update")
    )
