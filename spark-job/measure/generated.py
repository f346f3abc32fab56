"""Generated samples, as records for a topic."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from measure.format_records import WRITERS


def record_count(order: Mapping[str, Any]) -> int:
    """`samples` divided by `per_record`, rounded up."""
    return -(-int(order["samples"]) // int(order["per_record"]))


def generated_records(spark: SparkSession, order: Mapping[str, Any]) -> DataFrame:
    """Columns out: key (null for one series) and value (strings).

    Samples as `format` writes them; only csv has several per record. The series take turns. Each has a sample every
    `interval_ms`, from 10 to 20 percent, beginning at `start_ms`.
    """
    samples, per_record, series = order["samples"], order["per_record"], order["series"]
    write = WRITERS[order["format"]]

    def line(number: Column) -> Column:
        at_ms = F.floor(number / series) * order["interval_ms"] + order["start_ms"]
        cpu = (F.pmod(F.hash(number), F.lit(1000)) + 1000) / 100
        return write(at_ms, cpu)

    first = F.col("id") * per_record
    numbers = F.sequence(first, F.least(first + (per_record - 1), F.lit(samples - 1)))
    value = line(F.col("id")) if per_record == 1 else F.array_join(F.transform(numbers, line), "\n")
    key = F.concat(F.lit("host-"), (F.col("id") % series).cast("string")) if series > 1 else F.lit(None)
    return spark.range(0, record_count(order), 1, 1).select(key.cast("string").alias("key"), value.alias("value"))
