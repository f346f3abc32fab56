"""The one query."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.guard import guard
from cpu_anomaly.lines import lines, parse
from cpu_anomaly.settings import Settings
from cpu_anomaly.sink import JSON_OPTIONS, results, write_stream
from cpu_anomaly.source import read_stream
from cpu_anomaly.step import Step
from cpu_anomaly.windows import classify, samples, usable, window_stats

MAX_ANOMALIES_A_BATCH = 1000


def detect(settings: Settings) -> Step:
    """Kafka records in, Kafka records out."""
    # The batch's own time: a batch that is replayed after a crash judges `future` as it did before.
    now_ms = F.unix_millis(F.current_timestamp())
    return lambda raw: (
        raw.transform(lines)
        .transform(parse)
        .transform(guard(settings, now_ms))
        .transform(samples(settings))
        .transform(observe_input)
        .transform(usable)
        .transform(window_stats(settings))
        .transform(classify(settings))
        .transform(observe_windows(settings))
        .transform(results(settings))
    )


def start_query(spark: SparkSession, settings: Settings, client: Mapping[str, str]) -> StreamingQuery:
    return write_stream(read_stream(spark, settings, client).transform(detect(settings)), settings, client)


def observe_input(given: DataFrame) -> DataFrame:
    """Counts lines, and those that can't be used. Behind `samples`, since Spark writes each row in full for this."""
    return given.observe("input", F.count(F.lit(1)).alias("rows"), F.count("window_start").alias("used"))


def observe_windows(settings: Settings) -> Step:
    """What the batch changed, for the driver's log: counts, and the anomalies themselves up to a bound.

    In real-time mode there is a row a sample, too many to collect: there `AnomalyReader` finds the anomalies.
    """
    status = F.col("status")
    counts = [F.count_if(status == name.upper()).alias(name) for name in ("safe", "warn", "error")]
    if settings.is_real_time:
        return lambda classified: classified.observe("windows", *counts)
    anomaly = F.struct("window_start", "series", "status", "mean", "stddev", "count", "score")
    anomalies = F.array_sort(F.collect_list(F.when(status != "SAFE", anomaly)))
    shown = F.to_json(F.slice(anomalies, 1, MAX_ANOMALIES_A_BATCH), JSON_OPTIONS).alias("anomalies")
    return lambda classified: classified.observe("windows", *counts, shown)
