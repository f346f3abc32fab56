"""Writing to Kafka."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from pyspark.sql import DataFrame
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery
from pyspark.sql.streaming.readwriter import DataStreamWriter

from cpu_anomaly.settings import Settings
from cpu_anomaly.source import prefixed
from cpu_anomaly.step import Step

# UTC whatever the session says; null stays visible (the standard deviation of one sample).
JSON_OPTIONS = {"timeZone": "UTC", "ignoreNullFields": "false"}


def results(settings: Settings) -> Step:
    """One Kafka record a window; the key makes a later one replace it in a compacted topic."""
    start_ms = F.unix_millis("window_start")
    window = F.struct(
        F.col("window_start").alias("start"), F.timestamp_millis(start_ms + settings.window_ms).alias("end")
    )
    value = F.struct(window.alias("window"), "mean", "stddev", "count", "status", "score", "series")
    return lambda classified: classified.select(
        F.concat("series", F.lit("|"), start_ms.cast("string")).alias("key"),
        F.to_json(value, JSON_OPTIONS).alias("value"),
    )


def stream_writer(frame: DataFrame, settings: Settings, client: Mapping[str, str]) -> DataStreamWriter:
    """Into the output topic; when is left to a trigger."""
    return (
        frame.writeStream.format("kafka")
        .options(**prefixed({"acks": "all", **client}))
        .option("topic", settings.output_topic)
        .option("checkpointLocation", settings.checkpoint)
        .outputMode("update")
    )


def write_stream(frame: DataFrame, settings: Settings, client: Mapping[str, str]) -> StreamingQuery:
    writer = stream_writer(frame, settings, client)
    if settings.is_real_time:
        # The ledger moves on with what Spark reports: that must be on the disk by then, not on its way there.
        writer = writer.option("asyncProgressTrackingEnabled", "false")
        interval = f"{settings.checkpoint_interval_ms} milliseconds"
        real_time = writer.trigger(realTime=interval)  # type: ignore[call-overload]  # its overloads are one behind
        return cast(StreamingQuery, real_time.start())
    return writer.trigger(processingTime=f"{settings.trigger_interval_ms} milliseconds").start()
