"""From samples to tumbling windows, their statistics and their status."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.settings import Settings
from cpu_anomaly.step import Step


def samples(settings: Settings) -> Step:
    """Columns in: those of `guard`. Out: `series` if there are several, `window_start` (null if not usable), `cpu`."""
    return lambda guarded: guarded.select(*sample_columns(settings))


def sample_columns(settings: Settings) -> list[Column]:
    series = [series_of(settings).alias("series")] if settings.has_series else []
    start = F.when(F.col("reason").isNull(), F.timestamp_millis(window_start_ms(settings)))
    return [*series, start.alias("window_start"), F.col("cpu")]


def series_of(settings: Settings) -> Column:
    """The name of a sample's series, from the key of its record. Empty if there is only one series."""
    return F.coalesce(F.col("key").cast("string"), F.lit("")) if settings.has_series else F.lit("")


def usable(given: DataFrame) -> DataFrame:
    """The rows of `samples` that have a window."""
    return given.filter(F.col("window_start").isNotNull())


def window_stats(settings: Settings) -> Step:
    """Columns out: series, window_start, mean, stddev (null for one sample), count of each tumbling window.

    `stddev` is the sample standard deviation, sqrt(sum((x - mean)^2) / (n - 1)). Spark updates and merges central
    moments (Meng 2015, arXiv:1510.04923), which stays precise when the mean is large and the deviation small.

    The watermark is on the window's start, not on the sample's time. State is dropped once a window's start is at
    or before `newest start - (delay + window)`, that is, once its end is at or before `newest start - delay`. This is
    what `window()` over the sample's time does if the delay is a multiple of the window; otherwise it happens less
    than one window later. It never happens earlier, since a window does not start after its samples.
    """
    delay = f"{settings.watermark_ms + settings.window_ms} milliseconds"
    # A constant in the grouping key would cost hashing and state.
    keys = ["series", "window_start"] if settings.has_series else ["window_start"]
    series = F.col("series") if settings.has_series else F.lit("")
    mean = F.col("sum") / F.col("count")
    return lambda given: (
        given.withWatermark("window_start", delay)
        .groupBy(*keys)
        .agg(F.sum("cpu").alias("sum"), F.stddev_samp("cpu").alias("stddev"), F.count(F.lit(1)).alias("count"))
        .select(series.alias("series"), "window_start", mean.alias("mean"), "stddev", "count")
    )


def classify(settings: Settings) -> Step:
    """Columns in: mean, normal_mean, normal_stddev. Adds `status` and `score`, the distance in standard deviations.

    SAFE; WARN beyond one standard deviation; ERROR beyond two. Strictly beyond, and computed from the difference of the
    means, not from the score, which is rounded.
    """
    difference = F.col("mean") - F.col("normal_mean")
    stddev = F.col("normal_stddev")
    distance = distance_from(difference, settings.direction)
    status = F.when(distance > 2 * stddev, "ERROR").when(distance > stddev, "WARN").otherwise("SAFE")
    return lambda stats: stats.withColumn("status", status).withColumn("score", difference / stddev)


def distance_from(difference: Column, direction: str) -> Column:
    """How far beyond normal a mean with this difference is; negative on the side that is no anomaly."""
    return {"high": difference, "low": -difference, "both": F.abs(difference)}[direction]


def window_start_ms(settings: Settings) -> Column:
    """Start of the window that holds `time_millis`. Integer arithmetic: `window()` builds a struct per row."""
    time_millis = F.col("time_millis")
    return time_millis - F.pmod(time_millis, F.lit(settings.window_ms))
