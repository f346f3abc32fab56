"""What all formats share: the text of a record, and what is wrong with a text whatever its format is."""

from __future__ import annotations

from pyspark.sql import Column
from pyspark.sql import functions as F

MAX_RECORD_BYTES = 1024 * 1024
WHITESPACE = " \t\r\n"

# `\z` and not `$`, which would accept a line terminator such as U+0085 at the end.
ONLY_WHITESPACE = rf"\A[{WHITESPACE}]*\z"
TRAILING_WHITESPACE = rf"[{WHITESPACE}]+\z"
INTEGER = r"\A-?[0-9]+\z"
DECIMAL = r"\A[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?\z"
NOT_A_NUMBER = r"\A[+-]?(?i:nan|inf|infinity)\z"

# For patterns of usual records: a number without an exponent, and ASCII that JSON does not escape.
PLAIN_NUMBER = r"-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?+"
PLAIN_TEXT = r"[ !#-\[\]-~]*+"

# Milliseconds since 1970 have 13 digits from September 2001 on; less is another unit, or a clock that is not set.
EARLIEST_TIME_MILLIS = 10**12

# A time in nanoseconds from then on, as text: what is larger is no bigint.
NANOSECONDS = "[1-8][0-9]{18}"


def record_text() -> Column:
    """The record's value as text; null if it is null or larger than MAX_RECORD_BYTES."""
    return F.when(F.octet_length("value") <= MAX_RECORD_BYTES, F.col("value").cast("string"))


def text_rejection(text: Column) -> Column:
    """Why a text is not one that any format could read; null if it is. Cheap checks come first.

    A null text is too long: `value` is checked apart.
    """
    return (
        F.when(F.col("value").isNull(), "empty")
        .when(text.isNull(), "too_long")
        # A byte order mark: UTF-16 and some editors write it first, and no format starts with it.
        .when(~F.is_valid_utf8(text) | text.startswith("\ufeff"), "not_utf8")
        .when(text.rlike(ONLY_WHITESPACE), "empty")
    )


def looks_decimal(text: Column) -> Column:
    """True only for texts that are decimal numbers if Spark's cast reads them; nearly all that are, are found.

    Spark's casts accept more than a format does: they strip control characters, and read `1d`, `1f` and `0x1p3` as
    numbers. A number that starts and ends with a digit has no suffix and nothing to strip, and a hexadecimal one sorts
    between `0A` and `1`.
    """
    last = F.substring(text.cast("binary"), -1, 1)
    return (((text >= "0") & (text < "0A")) | ((text >= "1") & (text < ":"))) & last.between(F.lit(b"0"), F.lit(b"9"))


def key_series() -> Column:
    """The record's key as the name of a series; empty if it has none."""
    return F.coalesce(F.col("key").cast("string"), F.lit(""))


def lines_of(text: Column) -> Column:
    """The lines of a text as an array. Nearly every record has one line and skips the split.

    The pattern scans the whole text, so it runs only when whitespace precedes the final newline. It is not `rtrim`,
    which takes a byte that begins a character and what follows for one character, whether it is one or not.
    """
    has_final_newline = F.endswith(text, F.lit("\n"))
    length = F.octet_length(text) - has_final_newline.cast("int")
    without_newline = F.substring(text.cast("binary"), F.lit(1), length)
    ends_in_whitespace = F.substring(without_newline, -1, 1) <= F.lit(b" ")
    trimmed = F.when(ends_in_whitespace, F.regexp_replace(text, TRAILING_WHITESPACE, "")).otherwise(
        without_newline.cast("string")
    )
    return F.when(F.contains(text, F.lit("\n")), F.split(trimmed, "\n")).otherwise(F.array(text))
