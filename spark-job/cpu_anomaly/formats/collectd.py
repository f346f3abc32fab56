"""What collectd's plugin `write_kafka` writes as JSON: an array of value lists.

https://www.collectd.org/documentation/manpages/collectd.conf.html, plugins `cpu` and `write_kafka`. Only lists of the
plugin `cpu` are of interest; among them only the total: `ReportByCpu false` and `ReportByState false` make it.
"""

from __future__ import annotations

from dataclasses import dataclass

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.formats.json_text import is_one_document, millis, number, wrapped
from cpu_anomaly.formats.text import NOT_A_NUMBER, key_series, record_text, text_rejection
from cpu_anomaly.formats.units import one_row_per_unit

LIST = (
    "struct<values: array<string>, dstypes: array<string>, time: string, host: string, plugin: string,"
    " plugin_instance: string, type: string, type_instance: string>"
)


@dataclass(frozen=True)
class Collectd:
    """The series is the host."""

    has_series: bool

    def read(self, raw: DataFrame) -> DataFrame:
        lists = raw.withColumn("text", record_text()).withColumn("lists", F.from_json("text", f"array<{LIST}>"))
        # A record that cannot be read is one unit, without a list.
        no_list = F.array(F.lit(None).cast(LIST))
        units = F.when(F.col("refused").isNull(), F.filter("lists", is_of_interest)).otherwise(no_list)
        judged = (
            lists.withColumn("refused", record_rejection())
            .withColumn("units", units)
            .transform(one_row_per_unit("list"))
            .drop("lists")
            .withColumns({"time_millis": millis(F.col("list.time"), "s"), "cpu": cpu()})
            .withColumn("reason", F.coalesce("refused", list_rejection()))
        )
        return judged.withColumn("series", F.coalesce("list.host", key_series())) if self.has_series else judged

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        whole = F.col("value").cast("string")
        line = F.when(F.col("line_number").isNull(), whole).otherwise(F.to_json("list"))
        return self.read(raw).withColumn("line", line)


def record_rejection() -> Column:
    text = F.col("text")
    is_broken = F.col("lists").isNull() | ~is_one_document(wrapped(text)) | ~F.ltrim(text).startswith("[")
    return F.coalesce(text_rejection(text), F.when(is_broken, "malformed"))


def is_of_interest(each: Column) -> Column:
    """Counters are, because the user must learn of them, and what is no value list of collectd."""
    is_state = each["type_instance"].isin("active", "idle") & (F.coalesce(each["plugin_instance"], F.lit("")) == "")
    is_total = is_counter(each) | ((each["type"] == "percent") & is_state)
    return each["plugin"].isNull() | ((each["plugin"] == "cpu") & F.coalesce(is_total, F.lit(False)))


def is_counter(each: Column) -> Column:
    return F.coalesce(F.get(each["dstypes"], F.lit(0)) != "gauge", F.lit(False))


def cpu() -> Column:
    """`idle` comes in place of `active` with `ReportByState true`."""
    value = number(F.get("list.values", F.lit(0)))
    return F.when(F.col("list.type_instance") == "idle", 100.0 - value).otherwise(value)


def list_rejection() -> Column:
    value = F.get("list.values", F.lit(0))
    return (
        F.when(F.col("list.plugin").isNull(), "no_cpu")
        .when(is_counter(F.col("list")), "counter")
        .when(F.col("list.time").isNull(), "no_time")
        .when(value.isNull(), "no_cpu")
        .when(F.col("time_millis").isNull(), "bad_timestamp")
        .when(value.rlike(NOT_A_NUMBER), "not_finite")
        .when(F.col("cpu").isNull(), "bad_cpu")
    )
