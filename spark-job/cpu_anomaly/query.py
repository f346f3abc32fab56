"""The one query, from Kafka records to Kafka records: `detect` and `classified_windows` are the table of contents."""

from __future__ import annotations

from collections.abc import Mapping

from pyspark.sql import Column, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.baseline import find_normal
from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.guard import guard, is_timely
from cpu_anomaly.modes import Mode, latest_ms
from cpu_anomaly.settings import Settings
from cpu_anomaly.sink import JSON_OPTIONS, results, write_stream
from cpu_anomaly.source import read_stream
from cpu_anomaly.step import Step
from cpu_anomaly.windows import classify, in_windows, samples, usable, window_stats

# Bounds what a batch reports to the driver, and what the driver's log shows of it.
MAX_ANOMALIES_PER_BATCH = 1000


def start_query(spark: SparkSession, settings: Settings, mode: Mode, client: Mapping[str, str]) -> StreamingQuery:
    frame = read_stream(spark, settings, mode, client).transform(detect(settings, mode))
    return write_stream(frame, settings, mode, client)


def detect(settings: Settings, mode: Mode) -> Step:
    """Columns in: key and value (binary). Out: key and value of the results."""
    # The batch's own time, which its offset log keeps: a batch that is replayed after a crash judges `future` as
    # before.
    now_ms = F.unix_millis(F.current_timestamp())
    return lambda raw: (
        raw.transform(classified_windows(settings, mode, now_ms))
        .transform(observe_windows(settings, mode))
        .transform(results(settings))
    )


def classified_windows(settings: Settings, mode: Mode, now_ms: Column) -> Step:
    """Columns in: key and value (binary). Out: those of `window_stats`, `find_normal` and `classify`.

    `now_ms` is when the batch started, in ms since 1970.
    """
    latest = latest_ms(settings, mode, now_ms)
    return lambda raw: (
        raw.transform(format_of(settings).read)
        .transform(guard(settings))
        .transform(samples(settings))
        .transform(observe_input(latest))
        .transform(usable(latest))
        .transform(in_windows(settings))
        .transform(window_stats(settings))
        .transform(find_normal(settings))
        .transform(classify(settings))
    )


def observe_input(latest: Column) -> Step:
    """Reports `rows`, the number of units, and `used`, the number of samples among them.

    Placed after `samples`, where rows are narrow, because Spark materializes every row for this.
    """
    metrics = [F.count(F.lit(1)).alias("rows"), F.count_if(is_timely(latest)).alias("used")]
    return lambda given: given.observe("input", *metrics)


def observe_windows(settings: Settings, mode: Mode) -> Step:
    """Reports the windows that a batch updated: counts by status and, if the mode permits, the anomalies as JSON.

    With a baseline also `without_baseline`, the number of those for which it has no row.
    """
    metrics = [F.count_if(F.col("status") == name.upper()).alias(name) for name in ("safe", "warn", "error")]
    if settings.baseline_file is not None:
        metrics.append(F.count_if(F.col("normal") == "settings").alias("without_baseline"))
    if mode.observes_anomalies:
        metrics.append(first_anomalies().alias("anomalies"))
    return lambda classified: classified.observe("windows", *metrics)


def first_anomalies() -> Column:
    """The first anomalies of a batch, in the order of their windows, as a JSON array."""
    anomaly = F.struct("window_start", "series", "status", "mean", "stddev", "count", "score")
    anomalies = F.array_sort(F.collect_list(F.when(F.col("status") != "SAFE", anomaly)))
    return F.to_json(F.slice(anomalies, 1, MAX_ANOMALIES_PER_BATCH), JSON_OPTIONS)
