r"""The format `time_millis,cpu`: one sample per line, one or more lines per record, separated by `\n`."""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.formats.text import (
    DECIMAL,
    EARLIEST_TIME_MILLIS,
    INTEGER,
    MAX_RECORD_BYTES,
    NOT_A_NUMBER,
    WHITESPACE,
    key_series,
    lines_of,
    looks_decimal,
    record_text,
    text_rejection,
)
from cpu_anomaly.formats.units import one_row_per_unit

MAX_LINE_BYTES = 1024


@dataclass(frozen=True)
class Csv:
    """The series is the record's key."""

    has_series: bool

    def read(self, raw: DataFrame) -> DataFrame:
        return self._judged(raw.transform(lines))

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        return self._judged(raw.transform(exact_lines))

    def _judged(self, split: DataFrame) -> DataFrame:
        judged = split.transform(parse).withColumn("reason", F.when(~is_plain(), rejection()))
        return judged.withColumn("series", key_series()) if self.has_series else judged


def lines(raw: DataFrame) -> DataFrame:
    """Columns in: value (binary). Adds `line`, and makes one row per line.

    A trailing newline does not start another line. `line` is null if the value is null or larger than
    MAX_RECORD_BYTES. Splitting replaces bytes that are not UTF-8, which never makes a bad line a
    good one; `exact_lines` keeps them.
    """
    return raw.withColumn("line", F.explode(lines_of(record_text())))


def exact_lines(raw: DataFrame) -> DataFrame:
    """The rows of `lines` byte for byte, and `line_number` from 0 (null in a record of one line): for the audit.

    ISO-8859-1 maps every byte to one character and back.
    """
    text = F.when(F.octet_length("value") <= MAX_RECORD_BYTES, F.decode("value", "ISO-8859-1"))
    latin_lines = raw.withColumn("units", lines_of(text)).transform(one_row_per_unit("line"))
    return latin_lines.withColumn("line", F.encode("line", "ISO-8859-1").cast("string"))


def parse(split: DataFrame) -> DataFrame:
    """Columns in: line. Adds `text`, `time_text`, `cpu_text`, `time_millis` (bigint) and `cpu` (double).

    `text` is null if the line is larger than MAX_LINE_BYTES; a number is null if its text cannot be cast.

    Nearly every line has a time of 13 bytes before its comma, which is cut out by position: cheaper than searching for
    the comma (`substring_index`), which costs half of what `split` or `from_csv` do. The two differ only for lines with
    more than one comma, which are refused anyway.
    """
    text, octets = F.col("text"), F.col("text").cast("binary")
    has_usual_time = F.substring(octets, 14, 1) == F.lit(b",")
    time_text = F.when(has_usual_time, F.substring(octets, 1, 13).cast("string"))
    cpu_text = F.when(has_usual_time, F.substring(octets, 15, MAX_LINE_BYTES).cast("string"))
    return (
        split.withColumn("text", F.when(F.octet_length("line") <= MAX_LINE_BYTES, F.col("line")))
        .withColumn("time_text", time_text.otherwise(F.substring_index(text, ",", 1)))
        .withColumn("cpu_text", cpu_text.otherwise(F.substring_index(text, ",", -1)))
        .withColumn("time_millis", F.col("time_text").try_cast("bigint"))
        .withColumn("cpu", F.col("cpu_text").try_cast("double"))
    )


def is_plain() -> Column:
    """Fast path: true only for lines that certainly hold a sample, which is nearly all; others go through `rejection`.

    13 bytes that make a number of at least 10^12 can only be digits.
    """
    has_two_fields = F.octet_length("cpu_text") == F.octet_length("text") - 14
    plain = (
        (F.octet_length("time_text") == 13)
        & has_two_fields
        & (F.col("time_millis") >= EARLIEST_TIME_MILLIS)
        & F.col("cpu").isNotNull()
        & looks_decimal(F.col("cpu_text"))
    )
    return F.coalesce(plain, F.lit(False))


def rejection() -> Column:
    """The complete rule: why a line is not `time_millis,cpu`, or null."""
    text, time_millis, cpu = F.col("text"), F.col("time_millis"), F.col("cpu")
    time_text, cpu_text = F.btrim("time_text", F.lit(WHITESPACE)), F.btrim("cpu_text", F.lit(WHITESPACE))
    field_count = F.octet_length(F.regexp_replace(text, "[^,]", "")) + 1
    return F.coalesce(
        text_rejection(text),
        F.when((field_count != 2) | (time_text == "") | (cpu_text == ""), "field_count")
        .when(~time_text.rlike(INTEGER), "bad_timestamp")
        .when(time_millis.isNull() | (time_millis < EARLIEST_TIME_MILLIS), "timestamp_unit")
        .when(cpu_text.rlike(NOT_A_NUMBER), "not_finite")
        .when(~cpu_text.rlike(DECIMAL), "bad_cpu")
        .when(cpu.isNull(), "not_finite"),
    )
