"""Records to lines, lines to fields."""

from __future__ import annotations

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

MAX_RECORD_BYTES = 1024 * 1024
MAX_LINE_BYTES = 1024
BLANKS = " \t\r\n"


def lines(raw: DataFrame) -> DataFrame:
    """A row a line: a record may carry several samples. What ends the last line begins no further one.

    `line` is null where there is nothing to look at: no value, or an oversized one. Bytes that are no UTF-8 are
    replaced here when a record is split, which makes no bad line a good one; `exact_lines` keeps them.
    """
    text = F.when(F.octet_length("value") <= MAX_RECORD_BYTES, F.col("value").cast("string"))
    return raw.withColumn("line", F.explode(lines_of(text)))


def exact_lines(raw: DataFrame) -> DataFrame:
    """The same rows as `lines`, byte by byte and with `line_number` (null in a record of one line): for the audit."""
    text = F.when(F.octet_length("value") <= MAX_RECORD_BYTES, F.decode("value", "ISO-8859-1"))
    return (
        raw.withColumn("fields", lines_of(text))
        .select("*", F.posexplode("fields").alias("position", "latin"))
        .withColumn("line", F.encode("latin", "ISO-8859-1").cast("string"))
        .withColumn("line_number", F.when(F.size("fields") > 1, F.col("position")))
        .drop("fields", "position", "latin")
    )


def parse(split: DataFrame) -> DataFrame:
    """Splits `time_millis,cpu` and casts both; null where that can't be done. `guard` decides what is accepted.

    A time of thirteen bytes and a comma behind it, which is nearly every line, is cut out by position: that costs
    less than a search for the comma (`substring_index`), which in turn costs half of what `split` or `from_csv` do.
    Where a line has further commas the two differ, but then it is refused for them. An oversized line is not looked at.
    """
    text, octets = F.col("text"), F.col("text").cast("binary")
    by_position = F.substring(octets, 14, 1) == F.lit(b",")
    time_text = F.when(by_position, F.substring(octets, 1, 13).cast("string"))
    cpu_text = F.when(by_position, F.substring(octets, 15, MAX_LINE_BYTES).cast("string"))
    return (
        split.withColumn("text", F.when(F.octet_length("line") <= MAX_LINE_BYTES, F.col("line")))
        .withColumn("time_text", time_text.otherwise(F.substring_index(text, ",", 1)))
        .withColumn("cpu_text", cpu_text.otherwise(F.substring_index(text, ",", -1)))
        .withColumn("time_millis", F.col("time_text").try_cast("bigint"))
        .withColumn("cpu", F.col("cpu_text").try_cast("double"))
    )


def lines_of(text: Column) -> Column:
    """An array of the lines; nearly every record has one, and is spared the split.

    `rtrim` walks the whole text, so it is left to a text that goes on with blanks before its last line end.
    """
    is_ended = F.endswith(text, F.lit("\n"))
    chomped = F.substring(text.cast("binary"), F.lit(1), F.octet_length(text) - is_ended.cast("int"))
    goes_on = F.substring(chomped, -1, 1) <= F.lit(b" ")
    trimmed = F.when(goes_on, F.rtrim(text, F.lit(BLANKS))).otherwise(chomped.cast("string"))
    return F.when(F.contains(text, F.lit("\n")), F.split(trimmed, "\n")).otherwise(F.array(text))
