"""Which samples are used."""

from __future__ import annotations

from functools import reduce

from pyspark.sql import Column
from pyspark.sql import functions as F

from cpu_anomaly.lines import BLANKS
from cpu_anomaly.settings import Settings
from cpu_anomaly.step import Step

REASONS = (
    "empty",
    "too_long",
    "not_utf8",
    "field_count",
    "bad_timestamp",
    "timestamp_unit",
    "bad_cpu",
    "not_finite",
    "out_of_range",
    "future",
)
MAX_KEY_BYTES = 1024
# Milliseconds since 1970 have 13 digits from September 2001 on; fewer are seconds, or no clock at all.
EARLIEST_TIME_MILLIS = 10**12
# Beyond this magnitude a window's variance is not finite even though each sample is.
LARGEST_CPU = 1e150
# `\z`, not `$`: that would let a line terminator such as U+0085 pass at the end.
BLANK = rf"\A[{BLANKS}]*\z"
INTEGER = r"\A-?[0-9]+\z"
DECIMAL = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"
NOT_A_NUMBER = r"\A[+-]?(?i:nan|inf|infinity)\z"


def guard(settings: Settings, now_ms: Column) -> Step:
    """Adds `reason`: null for a sample to be used, else why it can't be."""
    reason = F.when(~is_plain(settings, now_ms), rejection(settings, now_ms))
    return lambda parsed: parsed.withColumn("reason", reason)


def is_plain(settings: Settings, now_ms: Column) -> Column:
    """Is it, beyond doubt, a usable sample without blanks or sign? Nearly all are, and are spared `rejection`.

    Spark's casts accept more than the format does: they strip control characters, and read `1d`, `1f` and `0x1p3` as
    numbers. Thirteen bytes that make a number above 10^12 can only be digits; a number whose first and last
    characters are digits has no suffix and nothing to strip, and a hexadecimal one sorts between `0A` and `1`.
    """
    time_text, cpu_text = F.col("time_text"), F.col("cpu_text")
    last = F.substring(cpu_text.cast("binary"), -1, 1)
    only_two_fields = F.octet_length(cpu_text) == F.octet_length("text") - 14
    plain = (
        (F.octet_length(time_text) == 13)
        & only_two_fields
        & F.col("time_millis").between(EARLIEST_TIME_MILLIS, now_ms + settings.future_ms)
        & (F.abs("cpu") <= LARGEST_CPU)
        & in_range(settings)
        & (((cpu_text >= "0") & (cpu_text < "0A")) | ((cpu_text >= "1") & (cpu_text < ":")))
        & last.between(F.lit(b"0"), F.lit(b"9"))
    )
    if settings.has_series:
        plain = plain & (key_rejection().isNull())
    return F.coalesce(plain, F.lit(False))


def rejection(settings: Settings, now_ms: Column) -> Column:
    """The whole rule, in words of `REASONS`; cheap checks first, so that what is huge or broken costs nothing."""
    text, time_millis, cpu = F.col("text"), F.col("time_millis"), F.col("cpu")
    time_text, cpu_text = F.btrim("time_text", F.lit(BLANKS)), F.btrim("cpu_text", F.lit(BLANKS))
    fields_given = F.octet_length(F.regexp_replace(text, "[^,]", "")) + 1
    reason = (
        F.when(F.col("value").isNull(), "empty")
        .when(text.isNull(), "too_long")
        # A byte order mark is what UTF-16 and some editors begin with; no field begins with it.
        .when(~F.is_valid_utf8(text) | text.startswith("\ufeff"), "not_utf8")
        .when(text.rlike(BLANK), "empty")
        .when((fields_given != 2) | (time_text == "") | (cpu_text == ""), "field_count")
        .when(~time_text.rlike(INTEGER), "bad_timestamp")
        .when(time_millis.isNull() | (time_millis < EARLIEST_TIME_MILLIS), "timestamp_unit")
        .when(cpu_text.rlike(NOT_A_NUMBER), "not_finite")
        .when(~cpu_text.rlike(DECIMAL), "bad_cpu")
        # NaN would sort above every number; an infinite mean is no JSON.
        .when(F.isnull(cpu) | (F.abs(cpu) > LARGEST_CPU), "not_finite")
        .when(~in_range(settings), "out_of_range")
        .when(time_millis > now_ms + settings.future_ms, "future")
    )
    return reason.otherwise(key_rejection()) if settings.has_series else reason


def in_range(settings: Settings) -> Column:
    """CPU_MIN and CPU_MAX, where they are set."""
    bounds = [F.lit(True)]
    if settings.cpu_min is not None:
        bounds.append(F.col("cpu") >= settings.cpu_min)
    if settings.cpu_max is not None:
        bounds.append(F.col("cpu") <= settings.cpu_max)
    return reduce(lambda one, other: one & other, bounds)


def key_rejection() -> Column:
    """A series is named by its key in results and state: text, and short."""
    return F.when(F.octet_length("key") > MAX_KEY_BYTES, "too_long").when(
        ~F.is_valid_utf8(F.col("key").cast("string")), "not_utf8"
    )
