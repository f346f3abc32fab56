"""What the OpenTelemetry Collector's exporter `kafka` writes with `encoding: otlp_json`: a metrics request per record.

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: fields are named in camelCase; a document without
`resourceMetrics` is of another kind, and so is one with `resource_metrics`. A request holds resources (hosts), each
with metrics, each with data points; a data point is one state of one core at one time.

Only `system.cpu.utilization` is of interest, the share of time that a core spent in a state since the last scrape.
Scrapes are the times of its points with the state `idle`, and each is one sample: what the cores were not idle.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from operator import add

from pyspark.sql import Column, DataFrame
from pyspark.sql import functions as F

from cpu_anomaly.formats.json_text import STRICT, is_one_document, millis, number, wrapped
from cpu_anomaly.formats.otlp_usual import (
    count_of_usual,
    few_shares,
    has_few,
    lines_of_usual,
    looks_usual,
    series_of_usual,
    shares_of_usual,
    time_of_usual,
    usual,
    without_time,
)
from cpu_anomaly.formats.text import NOT_A_NUMBER, WHITESPACE, key_series, record_text, text_rejection
from cpu_anomaly.formats.units import usual_or_parsed, with_value

UTILIZATION = "system.cpu.utilization"
COUNTER = "system.cpu.time"
# The Collector divides two measured numbers, so that a share can be a little beyond 0 or 1.
TOLERANCE = 1e-3
NANOS = r"\A[0-9]{1,20}\z"

ATTRIBUTES = "array<struct<key: string, value: struct<stringValue: string>>>"
POINT = f"struct<attributes: {ATTRIBUTES}, timeUnixNano: string, asDouble: string, asInt: string>"
METRIC = f"struct<name: string, gauge: struct<dataPoints: array<{POINT}>>>"
RESOURCE = f"struct<resource: struct<attributes: {ATTRIBUTES}>, scopeMetrics: array<struct<metrics: array<{METRIC}>>>>"
# `_corrupt_record` is set if anything of the schema is of another type, or if the text ends early.
REQUEST = f"struct<resourceMetrics: array<{RESOURCE}>, _corrupt_record: string>"
SCRAPE = f"struct<series: string, time: string, points: array<{POINT}>, refused: string>"
UNIT = f"struct<time_millis: bigint, cpu: double, series: string, reason: string, scrape: {SCRAPE}>"


@dataclass(frozen=True)
class Otlp:
    """The series is the resource's `host.name`, else its `service.instance.id`, else the record's key."""

    has_series: bool

    def read(self, raw: DataFrame) -> DataFrame:
        return self._units(raw).drop("line_number", "scrape")

    def read_exactly(self, raw: DataFrame) -> DataFrame:
        """One of several units of a record is written as a document of its own."""
        whole = F.col("value").cast("string")
        line = F.when(F.col("line_number").isNull(), whole).otherwise(F.to_json("scrape"))
        return self._units(raw).withColumn("line", line).drop("scrape")

    def _units(self, raw: DataFrame) -> DataFrame:
        """A request that is cut and has few cores is usual."""
        text, cut, bare, lines = F.col("text"), F.col("cut"), F.col("bare"), F.col("lines")
        is_cut = F.col("is_cut")
        usual_values = {"time_millis": time_of_usual(cut, lines), "cpu": cpu_of_few(lines)}
        if self.has_series:
            usual_values["series"] = series_of_usual(cut)
        source = {
            **{name: F.when(is_cut, F.col(name)) for name in ("cut", "lines")},
            **{"text": F.when(~is_cut, text), "refusal": F.when(~is_cut, text_rejection(text))},
        }
        units = F.when(is_cut, F.array(large_unit())).otherwise(units_of_record())
        return (
            raw.withColumn("text", record_text())
            .withColumn("cut", usual(text, self.has_series))
            .withColumn("bare", without_time(cut))
            # A column of its own, because Spark would split again for each share.
            .withColumn("lines", lines_of_usual(bare))
            .withColumn("is_cut", looks_usual(text, cut, bare, lines))
            .withColumn("is_usual", is_cut & has_few(lines))
            .transform(usual_or_parsed(usual_values, source, units, UNIT))
            .select("*", "unit.reason", "unit.scrape")
            .drop("bare", "is_cut", "is_usual", "unit")
            .transform(self._with_series)
        )

    def _with_series(self, read: DataFrame) -> DataFrame:
        return read.withColumn("series", F.coalesce("series", key_series())) if self.has_series else read


def large_unit() -> Column:
    """Of a request that is cut, and has more cores than a usual one."""
    cut, lines = F.col("cut"), F.col("lines")
    return F.struct(
        time_of_usual(cut, lines).alias("time_millis"),
        cpu_of(shares_of_usual(lines)).alias("cpu"),
        series_of_usual(cut).alias("series"),
        F.lit(None).cast("string").alias("reason"),
        F.lit(None).cast(SCRAPE).alias("scrape"),
    )


def units_of_record() -> Column:
    """A record that cannot be read is one unit. Takes the columns `text` and `refusal`, null if it is cut."""
    return with_value(F.from_json("text", REQUEST, STRICT), units_of_request)


def units_of_request(request: Column) -> Column:
    refusal = F.coalesce("refusal", F.when(~is_whole(request), "malformed"))
    scrapes = F.flatten(F.transform(request["resourceMetrics"], scrapes_of))
    return F.transform(F.when(refusal.isNull(), scrapes).otherwise(F.array(refused(refusal))), unit_of)


def is_whole(request: Column) -> Column:
    """True if the text is one document and a request."""
    is_request = request["resourceMetrics"].isNotNull() & request["_corrupt_record"].isNull()
    text = F.col("text")
    is_document = F.ltrim(text, F.lit(WHITESPACE)).startswith("{") & is_one_document(wrapped(text))
    return F.coalesce(is_request & is_document, F.lit(False))


def scrapes_of(resource: Column) -> Column:
    """Of one resource; none if nothing of it is of interest."""
    metrics = gathered(resource["scopeMetrics"], lambda scope: scope["metrics"], METRIC)
    return with_value(
        metrics,
        lambda metrics: (
            F.when(has_metric(metrics, UTILIZATION), scrapes_of_points(resource, idle_points(metrics)))
            .when(has_metric(metrics, COUNTER), F.array(refused(F.lit("counter"))))
            .otherwise(F.array().cast(f"array<{SCRAPE}>"))
        ),
    )


def scrapes_of_points(resource: Column, idle: Column) -> Column:
    return with_value(
        idle,
        lambda points: F.when(F.size(points) == 0, F.array(refused(F.lit("no_cpu")))).otherwise(
            F.transform(
                F.array_distinct(F.transform(points, lambda point: point["timeUnixNano"])),
                lambda time: F.struct(
                    series_of(resource).alias("series"),
                    time.alias("time"),
                    F.filter(points, lambda point: point["timeUnixNano"].eqNullSafe(time)).alias("points"),
                    F.lit(None).cast("string").alias("refused"),
                ),
            )
        ),
    )


def refused(reason: Column) -> Column:
    nothing = F.lit(None)
    return F.struct(
        nothing.cast("string").alias("series"),
        nothing.cast("string").alias("time"),
        nothing.cast(f"array<{POINT}>").alias("points"),
        reason.alias("refused"),
    )


def unit_of(scrape: Column) -> Column:
    values = F.transform(scrape["points"], lambda point: F.coalesce(point["asDouble"], point["asInt"]))
    return with_value(values, lambda values: unit_of_values(scrape, values))


def unit_of_values(scrape: Column, values: Column) -> Column:
    """Without a reason, all values are numbers from 0 to 1."""
    time_millis = F.when(scrape["time"].rlike(NANOS), millis(scrape["time"], "ns"))
    reason = (
        F.when(scrape["refused"].isNotNull(), scrape["refused"])
        .when(scrape["time"].isNull(), "no_time")
        .when(F.exists(values, lambda value: value.isNull()), "no_cpu")
        .when(time_millis.isNull(), "bad_timestamp")
        .when(F.exists(values, lambda value: value.rlike(NOT_A_NUMBER)), "not_finite")
        .when(~F.forall(values, is_share), "bad_cpu")
    )
    return F.struct(
        time_millis.alias("time_millis"),
        F.when(reason.isNull(), cpu_of(F.transform(values, number))).alias("cpu"),
        scrape["series"].alias("series"),
        reason.alias("reason"),
        scrape.alias("scrape"),
    )


def is_share(value: Column) -> Column:
    return F.coalesce(number(value).between(-TOLERANCE, 1 + TOLERANCE), F.lit(False))


def cpu_of(idle_shares: Column) -> Column:
    """Percent that the cores were not idle, on average."""
    total = F.aggregate(idle_shares, F.lit(0.0), lambda total, share: total + share)
    return busy(total / F.size(idle_shares))


def cpu_of_few(lines: Column) -> Column:
    """The same for a cut that `has_few`: Spark generates no code for `aggregate`. Undefined for others."""
    return busy(reduce(add, few_shares(lines)) / F.nullif(count_of_usual(lines), F.lit(0)))


def busy(idle: Column) -> Column:
    """Percent, of a share."""
    return (1 - F.greatest(F.lit(0.0), F.least(F.lit(1.0), idle))) * 100


def has_metric(metrics: Column, name: str) -> Column:
    return F.exists(metrics, lambda metric: metric["name"].eqNullSafe(name))


def idle_points(metrics: Column) -> Column:
    of_interest = F.filter(metrics, lambda metric: metric["name"].eqNullSafe(UTILIZATION))
    points = gathered(of_interest, lambda metric: metric["gauge"]["dataPoints"], POINT)
    return F.filter(points, lambda point: attribute(point["attributes"], "state").eqNullSafe("idle"))


def series_of(resource: Column) -> Column:
    attributes = resource["resource"]["attributes"]
    return F.coalesce(attribute(attributes, "host.name"), attribute(attributes, "service.instance.id"))


def attribute(attributes: Column, key: str) -> Column:
    """The first of that key, if it is a string."""
    found = F.filter(attributes, lambda each: each["key"].eqNullSafe(key))
    return F.get(found, F.lit(0))["value"]["stringValue"]


def gathered(outer: Column, inner_of: Callable[[Column], Column], element: str) -> Column:
    """The elements of all inner arrays. What is null has none."""
    inner = F.filter(F.transform(outer, inner_of), lambda each: each.isNotNull())
    return F.coalesce(F.flatten(inner), F.array().cast(f"array<{element}>"))
