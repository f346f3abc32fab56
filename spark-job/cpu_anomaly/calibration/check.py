"""Compares what the job must say, by its own steps, with what it has said in the output topic."""

from __future__ import annotations

from typing import Any

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.baseline import find_normal
from cpu_anomaly.calibration.read import is_wanted
from cpu_anomaly.calibration.request import Request
from cpu_anomaly.settings import Settings
from cpu_anomaly.sink import results
from cpu_anomaly.step import Step
from cpu_anomaly.windows import classify

FIRST_DIFFERENCES = 5
# As the project's guarantees have it: the order of a sum is not fixed.
TOLERANCE = 1e-9
VALUE = "struct<mean: double, stddev: double, count: bigint, status: string>"


def check(settings: Settings, request: Request, windows: DataFrame, output: DataFrame) -> dict[str, Any]:
    """How many windows were compared, how many differ, and the first of those."""
    judged = windows.transform(find_normal(settings)).transform(classify(settings))
    predicted = judged.transform(results(settings)).select("key", value_of("predicted"))
    said = output.transform(last_values).transform(within(settings, request, windows))
    both = predicted.join(said, "key", "full").withColumn("differs", ~is_same()).persist()
    try:
        return {**counts_of(both), "first": first_differences(both)}
    finally:
        both.unpersist()


def last_values(output: DataFrame) -> DataFrame:
    """Columns in: those of Kafka's source. Out: `key` and `said`, the last value of each key."""
    last = F.max_by("value", F.struct("offset"))
    return (
        output.withColumn("key", F.col("key").cast("string"))
        .groupBy("key")
        .agg(last.cast("string").alias("value"))
        .filter(F.col("value").isNotNull())
        .select("key", value_of("said"))
    )


def within(settings: Settings, request: Request, windows: DataFrame) -> Step:
    """Of the results, those of the times that were read: earlier ones may be of samples that retention has removed."""
    bounds = windows.agg(F.min("window_start").alias("first"), F.max("window_start").alias("last"))
    return lambda said: (
        said.withColumn("window_start", F.timestamp_millis(start_ms_of_key()))
        .crossJoin(F.broadcast(bounds))
        .filter(F.col("window_start").between(F.col("first"), F.col("last")) & is_wanted(settings, request))
        .select("key", "said")
    )


def start_ms_of_key() -> Column:
    """Of a result's key, `series|start in ms`; null if it is another one."""
    return F.element_at(F.split("key", r"\|"), -1).try_cast("bigint")


def value_of(name: str) -> Column:
    return F.from_json("value", VALUE).alias(name)


def is_same() -> Column:
    """False if one of the two is missing."""
    equal = [F.col(f"predicted.{name}") == F.col(f"said.{name}") for name in ("count", "status")]
    close = [
        F.coalesce(F.abs(F.col(f"predicted.{name}") - F.col(f"said.{name}")), F.lit(0.0)) <= TOLERANCE * scale(name)
        for name in ("mean", "stddev")
    ]
    return F.coalesce(equal[0] & equal[1] & close[0] & close[1], F.lit(False))


def scale(name: str) -> Column:
    return F.greatest(F.lit(1.0), F.abs(F.coalesce(F.col(f"predicted.{name}"), F.lit(0.0))))


def counts_of(both: DataFrame) -> dict[str, Any]:
    def with_status(side: str, status: str) -> Column:
        return F.count_if(F.col(f"{side}.status") == status).alias(f"{side}_{status.lower()}")

    def samples_in(side: str) -> Column:
        return F.coalesce(F.sum(f"{side}.count"), F.lit(0)).alias(f"{side}_samples")

    sides = ("predicted", "said")
    row = both.agg(
        F.count(F.lit(1)).alias("compared"),
        F.count_if("differs").alias("differing"),
        *(with_status(side, status) for side in sides for status in ("WARN", "ERROR")),
        *(samples_in(side) for side in sides),
    ).first()
    return row.asDict() if row else {}


def first_differences(both: DataFrame) -> list[dict[str, Any]]:
    rows = (
        both.filter("differs")
        .withColumn("start_ms", start_ms_of_key())
        .orderBy("start_ms", "key")
        .limit(FIRST_DIFFERENCES)
    )
    return [
        {
            "series": row["key"].rpartition("|")[0],
            "start_ms": row["start_ms"],
            "predicted": row["predicted"].asDict() if row["predicted"] else None,
            "said": row["said"].asDict() if row["said"] else None,
        }
        for row in rows.collect()
    ]
