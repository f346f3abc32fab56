"""Which lines are samples that the job uses, and the reason why each of the others is not."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.lines import WHITESPACE
from cpu_anomaly.settings import Settings
from cpu_anomaly.step import Step

# Part of the dead letters' format.
REASONS = (
    "empty",
    "too_long",
    "not_utf8",
    "field_count",
    "not_json",
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

MAX_KEY_BYTES = 1024
# Milliseconds since 1970 have 13 digits from September 2001 on; fewer digits are seconds, or a clock that is not set.
EARLIEST_TIME_MILLIS = 10**12
# A larger magnitude makes a window's variance infinite, although each sample is finite.
LARGEST_CPU = 1e150

# `\z` and not `$`, which would accept a line terminator such as U+0085 at the end.
ONLY_WHITESPACE = rf"\A[{WHITESPACE}]*\z"
INTEGER = r"\A-?[0-9]+\z"
DECIMAL = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"
NOT_A_NUMBER = r"\A[+-]?(?i:nan|inf|infinity)\z"


def guard(settings: Settings, latest_ms: Column) -> Step:
    """Columns in: those of `parse`, key and value. Adds `reason`: null for a sample to use, else one of REASONS.

    A sample later than `latest_ms` (since 1970) is from the future: it would move the watermark past all others.
    """
    reason = F.when(~is_plain(settings, latest_ms), rejection(settings, latest_ms))
    return lambda parsed: parsed.withColumn("reason", reason)


def is_plain(settings: Settings, latest_ms: Column) -> Column:
    """Fast path: true only for samples that are certainly valid, which is nearly all; the rest go through `rejection`.

    Spark's casts accept more than the format does: they strip control characters, and read `1d`, `1f` and `0x1p3` as
    numbers. But 13 bytes that make a number of at least 10^12 can only be digits. And a number that starts and ends
    with a digit has no suffix and nothing to strip; a hexadecimal one sorts between `0A` and `1`.
    """
    time_text, cpu_text = F.col("time_text"), F.col("cpu_text")
    last = F.substring(cpu_text.cast("binary"), -1, 1)
    has_two_fields = F.octet_length(cpu_text) == F.octet_length("text") - 14
    plain = (
        (F.octet_length(time_text) == 13)
        & has_two_fields
        & F.col("time_millis").between(EARLIEST_TIME_MILLIS, latest_ms)
        & (F.abs("cpu") <= LARGEST_CPU)
        & in_range(settings)
        & (((cpu_text >= "0") & (cpu_text < "0A")) | ((cpu_text >= "1") & (cpu_text < ":")))
        & last.between(F.lit(b"0"), F.lit(b"9"))
    )
    if settings.has_series:
        plain = plain & (key_rejection().isNull())
    return F.coalesce(plain, F.lit(False))


def rejection(settings: Settings, latest_ms: Column) -> Column:
    """The complete rule: one of REASONS, or null. Cheap checks come first, so that huge or broken lines cost little."""
    text, time_millis, cpu = F.col("text"), F.col("time_millis"), F.col("cpu")
    time_text, cpu_text = F.btrim("time_text", F.lit(WHITESPACE)), F.btrim("cpu_text", F.lit(WHITESPACE))
    field_count = F.octet_length(F.regexp_replace(text, "[^,]", "")) + 1
    reason = (
        F.when(F.col("value").isNull(), "empty")
        .when(text.isNull(), "too_long")
        # A byte order mark: UTF-16 and some editors write it first, and no field starts with it.
        .when(~F.is_valid_utf8(text) | text.startswith("\ufeff"), "not_utf8")
        .when(text.rlike(ONLY_WHITESPACE), "empty")
        .when((field_count != 2) | (time_text == "") | (cpu_text == ""), "field_count")
        .when(~time_text.rlike(INTEGER), "bad_timestamp")
        .when(time_millis.isNull() | (time_millis < EARLIEST_TIME_MILLIS), "timestamp_unit")
        .when(cpu_text.rlike(NOT_A_NUMBER), "not_finite")
        .when(~cpu_text.rlike(DECIMAL), "bad_cpu")
        # NaN would sort above every number, and JSON has no infinite mean.
        .when(F.isnull(cpu) | (F.abs(cpu) > LARGEST_CPU), "not_finite")
        .when(~in_range(settings), "out_of_range")
        .when(time_millis > latest_ms, "future")
    )
    return reason.otherwise(key_rejection()) if settings.has_series else reason


def in_range(settings: Settings) -> Column:
    """Within `cpu_min` and `cpu_max`, where they are set."""
    bounds = [F.lit(True)]
    if settings.cpu_min is not None:
        bounds.append(F.col("cpu") >= settings.cpu_min)
    if settings.cpu_max is not None:
        bounds.append(F.col("cpu") <= settings.cpu_max)
    return reduce(lambda one, other: one & other, bounds)


def key_rejection() -> Column:
    """The key names the series in results and state, so it must be text, and short."""
    return F.when(F.octet_length("key") > MAX_KEY_BYTES, "too_long").when(
        ~F.is_valid_utf8(F.col("key").cast("string")), "not_utf8"
    )
