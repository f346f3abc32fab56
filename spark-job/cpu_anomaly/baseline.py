"""What is normal for each window: the baseline's row for its series and hour of the week, or else the settings."""

from __future__ import annotations

import csv
import math
import re
from array import array
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from typing import Any, cast

from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.settings import ConfigurationError, Settings
from cpu_anomaly.step import Step

HOURS = 168
# In microseconds. 1970-01-05 was a Monday.
HOUR = 3_600_000_000
FIRST_MONDAY = 4 * 24 * HOUR
FIRST_LINE = re.compile(r"# cpu-anomaly baseline 1, timezone=(\S+)")
HEADER = ["series", "hour_of_week", "mean", "stddev"]
SCHEMA = "baseline_series string, baseline_means array<{0}>, baseline_stddevs array<{0}>"
# Of normals as integers: up to six decimals.
SCALES = [10**digits for digits in range(7)]
# Among normals as integers of 32 bits: no normal.
NONE = -(2**31)
LARGEST = 2**31 - 1


@dataclass
class Normals:
    """Of one series. At 0 that of any hour, at 1 to HOURS that of each hour of the week; NaN, or the end, is none."""

    means: array[float] = field(default_factory=lambda: array("d", [math.nan]))
    stddevs: array[float] = field(default_factory=lambda: array("d", [math.nan]))

    def put(self, hour: int | None, mean: float, stddev: float) -> None:
        for values, value in ((self.means, mean), (self.stddevs, stddev)):
            if hour is not None and len(values) == 1:
                values.extend([math.nan] * HOURS)
            values[0 if hour is None else hour + 1] = value


@dataclass(frozen=True)
class Baseline:
    """What BASELINE_FILE holds. Hours of the week count from Monday 00:00 in the time zone."""

    timezone: str
    series: Mapping[str, Normals]
    # The rows that are for all series.
    all_series: Normals


def find_normal(settings: Settings) -> Step:
    """Columns in: series and window_start. Adds `normal_mean`, `normal_stddev` and `normal`, which says whose they are.

    `normal` is "hour" for a row of the baseline that is for the hour of the week, "series" for one that is for any
    hour, and "settings" if the baseline has neither. The series' own rows come before those of all series.
    """
    if settings.baseline_file is None:
        return lambda windows: windows.select("*", *normal_columns([], settings))
    baseline = read_baseline(settings.baseline_file)
    return lambda windows: look_up(windows, baseline, settings)


def look_up(windows: DataFrame, baseline: Baseline, settings: Settings) -> DataFrame:
    """One row for each series is joined, not one for each hour: every micro-batch sends them to the executors anew.

    The hour is a column below the join: above it, Spark would compute it anew for each of its uses.
    """
    require_timezone(windows.sparkSession, baseline.timezone)
    names = windows.columns
    windows = windows.withColumn("hour_of_week", hour_of_week(F.col("window_start"), baseline.timezone))
    hour = F.col("hour_of_week")
    of_all = baseline.all_series
    found = candidates(as_array(of_all.means), as_array(of_all.stddevs), hour)
    if settings.has_series and baseline.series:
        scale = scale_of(baseline.series.values())
        own = F.broadcast(series_in_plan(windows.sparkSession, baseline.series, scale))
        windows = windows.join(own, F.col("series") == F.col("baseline_series"), "left")
        found = [*candidates(F.col("baseline_means"), F.col("baseline_stddevs"), hour, scale), *found]
    return windows.select(*names, *normal_columns(found, settings))


# A mean and its standard deviation, null if the baseline has none, and what they are called.
Candidate = tuple[Column, Column, str]


def candidates(means: Column, stddevs: Column, hour: Column, scale: int | None = None) -> list[Candidate]:
    """From the arrays of `Normals`, scaled: for the hour, and for any."""
    places = ((hour + 1, "hour"), (F.lit(0), "series"))
    return [(number_at(means, place, scale), number_at(stddevs, place, scale), name) for place, name in places]


def normal_columns(found: Iterable[Candidate], settings: Settings) -> list[Column]:
    """The first of them that is not null, or else the settings'."""
    every = [*found, (F.lit(settings.normal_mean), F.lit(settings.normal_stddev), "settings")]
    names = [F.when(mean.isNotNull(), F.lit(name)) for mean, _, name in every]
    return [
        F.coalesce(*(mean for mean, _, _ in every)).alias("normal_mean"),
        F.coalesce(*(stddev for _, stddev, _ in every)).alias("normal_stddev"),
        F.coalesce(*names).alias("normal"),
    ]


def number_at(values: Column, place: Column, scale: int | None) -> Column:
    """Null for none, and beyond the end."""
    number = F.get(values, place)
    return F.when(number != NONE, number / scale) if scale else F.when(~F.isnan(number), number)


def hour_of_week(time: Column, timezone: str) -> Column:
    """0 to 167, from Monday 00:00 by the clocks of the time zone. The session's time zone must be UTC."""
    local = F.unix_micros(F.from_utc_timestamp(time, timezone))
    return (F.pmod(local - FIRST_MONDAY, F.lit(HOURS * HOUR)) / HOUR).cast("int")


def require_timezone(spark: SparkSession, name: str) -> None:
    """Raises ConfigurationError unless Java knows it."""
    known = cast(Any, spark.sparkContext)._jvm.java.time.ZoneId.getAvailableZoneIds()
    if not known.contains(name):
        raise ConfigurationError(f"the baseline's time zone {name} is not one that this Java knows")


def as_array(values: Iterable[float]) -> Column:
    return F.array(*(F.lit(value) for value in values))


def scale_of(series: Collection[Normals]) -> int | None:
    """The power of ten that makes integers of 32 bits of all normals, without loss; None if there is none.

    `calibrate` writes decimals of few digits. As integers they are half as large as doubles, and every micro-batch
    sends all of them to Spark's tasks. A quotient and a decimal are both rounded to the nearest double: the same one.
    """

    def fits(value: float, scale: int) -> bool:
        return math.isnan(value) or (abs(value * scale) < LARGEST and round(value * scale) / scale == value)

    def fit(scale: int) -> bool:
        return all(fits(value, scale) for each in series for value in chain(each.means, each.stddevs))

    return next(filter(fit, SCALES), None)


def scaled(values: array[float], scale: int | None) -> array[float] | array[int]:
    if scale is None:
        return values
    return array("i", (NONE if math.isnan(each) else round(each * scale) for each in values))


def series_in_plan(spark: SparkSession, series: Mapping[str, Normals], scale: int | None) -> DataFrame:
    """Rows that are part of the query's plan. pyspark's own are an RDD, which real-time mode does not join with.

    In the JVM they are made a Dataset, not a DataFrame: its plan holds them in Spark's binary form. Every micro-batch
    takes a hash of the plan, and would read each boxed number of a DataFrame for it.
    """
    rows = [(name, scaled(each.means, scale), scaled(each.stddevs, scale)) for name, each in series.items()]
    schema = SCHEMA.format("int" if scale else "double")
    rdd = cast(Any, spark.createDataFrame(rows, schema, verifySchema=False))._jdf
    encoder = cast(Any, spark)._jvm.org.apache.spark.sql.Encoders.row(rdd.schema())
    session = cast(Any, spark)._jsparkSession
    return DataFrame(session.createDataset(rdd.collectAsList(), encoder), spark)


def read_baseline(file: str) -> Baseline:
    """Raises ConfigurationError. `submit` has checked the file, and names what is wrong in it better than this does."""
    try:
        with Path(file).open(encoding="utf-8", newline="") as lines:
            return parse_baseline(lines)
    except (OSError, ValueError, IndexError, csv.Error) as error:
        raise ConfigurationError(f"the baseline cannot be read: {error}") from error


def parse_baseline(lines: Iterator[str]) -> Baseline:
    """Raises ValueError, IndexError or csv.Error."""
    first = FIRST_LINE.fullmatch(next(lines, "").rstrip("\r\n"))
    if not first:
        raise ValueError("its first line is not that of a baseline")
    rows = csv.reader(lines, strict=True)
    if next(rows, None) != HEADER:
        raise ValueError(f"its columns are not {','.join(HEADER)}")
    series: dict[str, Normals] = {}
    for name, hour, mean, stddev in filter(None, rows):
        series.setdefault(name, Normals()).put(int(hour) if hour else None, float(mean), float(stddev))
    all_series = series.pop("", Normals())
    return Baseline(first[1], series, all_series)
