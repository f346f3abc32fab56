"""Which units are samples that the job uses, and the reason why each of the others is not."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.formats.text import EARLIEST_TIME_MILLIS
from cpu_anomaly.settings import Settings
from cpu_anomaly.step import Step

# Part of the dead letters' format. Formats give all that are about one unit; this module adds what holds for each.
REASONS = (
    "empty",
    "too_long",
    "not_utf8",
    "field_count",
    "malformed",
    "no_time",
    "no_cpu",
    "counter",
    "bad_timestamp",
    "timestamp_unit",
    "bad_cpu",
    "not_finite",
    "out_of_range",
    "future",
)
FUTURE = REASONS[-1]

MAX_SERIES_BYTES = 1024
# A larger magnitude makes a window's variance infinite, although each sample is finite.
LARGEST_CPU = 1e150


def guard(settings: Settings) -> Step:
    """Columns in: those of a format's `read`. Completes `reason`: null for a sample to use, else one of REASONS.

    What is from the future is left to `is_timely` and `judge_future`, which depend on when the batch started.
    """
    rejection = rejection_of_any(settings)
    return lambda read: read.withColumn("reason", F.coalesce(F.col("reason"), rejection))


def rejection_of_any(settings: Settings) -> Column:
    time_millis, cpu = F.col("time_millis"), F.col("cpu")
    reason = (
        F.when(cpu.isNull(), "bad_cpu")
        .when(time_millis.isNull(), "bad_timestamp")
        .when(time_millis < EARLIEST_TIME_MILLIS, "timestamp_unit")
        # NaN sorts above every number, and JSON has no infinite mean.
        .when(F.abs("cpu") > LARGEST_CPU, "not_finite")
        .when(~in_range(settings), "out_of_range")
    )
    return reason.otherwise(series_rejection()) if settings.has_series else reason


def is_timely(latest_ms: Column) -> Column:
    """True if a sample's time is at most `latest_ms` (since 1970).

    A sample from the future would move the watermark past all others.
    """
    return F.col("time_millis") <= latest_ms


def judge_future(latest_ms: Column) -> Step:
    """Columns in: those of `guard`. Completes `reason` for what is from the future."""
    reason = F.coalesce(F.col("reason"), F.when(~is_timely(latest_ms), FUTURE))
    return lambda guarded: guarded.withColumn("reason", reason)


def in_range(settings: Settings) -> Column:
    """Within `cpu_min` and `cpu_max`, where they are set."""
    bounds = [F.lit(True)]
    if settings.cpu_min is not None:
        bounds.append(F.col("cpu") >= settings.cpu_min)
    if settings.cpu_max is not None:
        bounds.append(F.col("cpu") <= settings.cpu_max)
    return reduce(lambda one, other: one & other, bounds)


def series_rejection() -> Column:
    """The series is named in results and state, so its name must be text, and short."""
    return F.when(F.octet_length("series") > MAX_SERIES_BYTES, "too_long").when(~F.is_valid_utf8("series"), "not_utf8")
