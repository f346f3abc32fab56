"""Windows, their statistics and their status."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.settings import Settings
from cpu_anomaly.step import Step


def samples(settings: Settings) -> Step:
    """Start of the window, the sample, and its series where there are several; a null window for what can't be used."""
    series = [F.coalesce(F.col("key").cast("string"), F.lit("")).alias("series")] if settings.has_series else []
    start = F.when(F.col("reason").isNull(), window_start(settings))
    return lambda guarded: guarded.select(*series, start.alias("window_start"), "cpu")


def usable(given: DataFrame) -> DataFrame:
    return given.filter(F.col("window_start").isNotNull())


def window_stats(settings: Settings) -> Step:
    """Mean, sample standard deviation and count of each tumbling window.

    The watermark stands on the window's start, not on the sample's time. A window is given up once its start is at or
    before `newest start - (delay + window)`, that is, once its end is at or before `newest start - delay`. That is
    what `window()` over the sample's time does when the delay is a multiple of the window, and later by less than
    one window otherwise. Never earlier: a start is never after its samples.
    """
    delay = f"{settings.watermark_ms + settings.window_ms} milliseconds"
    series = F.col("series") if settings.has_series else F.lit("")  # a constant in the key would cost hashing and state
    return lambda given: (
        given.withWatermark("window_start", delay)
        .groupBy(*(["series"] if settings.has_series else []), "window_start")
        .agg(F.sum("cpu").alias("sum"), F.stddev_samp("cpu").alias("stddev"), F.count(F.lit(1)).alias("count"))
        .select(
            series.alias("series"), "window_start", (F.col("sum") / F.col("count")).alias("mean"), "stddev", "count"
        )
    )


def classify(settings: Settings) -> Step:
    """SAFE, WARN beyond one sigma, ERROR beyond two; strictly, on the plain difference and not on the rounded score."""
    difference = F.col("mean") - settings.normal_mean
    distance = {"high": difference, "low": -difference, "both": F.abs(difference)}[settings.direction]
    status = (
        F.when(distance > 2 * settings.normal_stddev, "ERROR")
        .when(distance > settings.normal_stddev, "WARN")
        .otherwise("SAFE")
    )
    return lambda stats: stats.withColumn("status", status).withColumn("score", difference / settings.normal_stddev)


def window_start(settings: Settings) -> Column:
    return F.timestamp_millis(window_start_ms(settings))


def window_start_ms(settings: Settings) -> Column:
    """Integer arithmetic: `window()` builds a struct a row, and costs accordingly."""
    time_millis = F.col("time_millis")
    return time_millis - F.pmod(time_millis, F.lit(settings.window_ms))
