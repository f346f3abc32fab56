"""Three ways to say what is normal, each as a mean and a standard deviation for NORMAL_MEAN and NORMAL_STDDEV.

- plain: mean and sample standard deviation of all samples, the definition of these two settings.
- robust: the median, and 1.4826 times the median absolute deviation from it, which estimates the standard deviation of
  normally distributed values and is not moved by outliers (Rousseeuw & Croux 1993, doi:10.1080/01621459.1993.10476408).
- target: the median of the window means, and the smallest deviation with which at most a given share of the windows
  would be WARN or worse, and at most another share ERROR.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from cpu_anomaly.calibration.grid import on_grid, rounded, rounded_up, step_of
from cpu_anomaly.calibration.request import Request
from cpu_anomaly.settings import Settings
from cpu_anomaly.windows import distance_from

MAD_TO_STDDEV = 1.4826
FEWEST_WINDOWS = 30
FEWEST_SAMPLES = 2
METHODS = ("plain", "robust", "target")
# Window means are counted on a finer grid than samples, by this factor.
FINER = 10

# The values of a level's columns: which series, which hour.
Group = tuple[Any, ...]


@dataclass(frozen=True)
class Pair:
    mean: float
    stddev: float
    # The deviation is MIN_DEVIATION, because the computed one is smaller.
    is_floor: bool = False


@dataclass(frozen=True)
class Normal:
    """What the samples and windows of one group say."""

    samples: int
    windows: int
    median: float
    mad: float
    # 1.4826 times the median absolute deviation of the window means.
    window_spread: float
    pairs: Mapping[str, Pair] = field(default_factory=dict)

    @property
    def is_enough(self) -> bool:
        return self.windows >= FEWEST_WINDOWS and self.samples >= FEWEST_SAMPLES


def normals(
    settings: Settings, request: Request, samples: DataFrame, windows: DataFrame
) -> dict[tuple[str, ...], dict[Group, Normal]]:
    """By level and group. Reads the samples once and the windows once."""
    step = step_of(request.min_deviation)
    values = counted_values(request.dimensions, samples, step).persist()
    means = counted_means(request.dimensions, windows, step / FINER).persist()
    try:
        return {
            level: normals_by(level, sample_rows(level, values), window_rows(level, means, settings, request), request)
            for level in request.levels
        }
    finally:
        values.unpersist()
        means.unpersist()


def normals_by(
    level: Sequence[str], samples: Sequence[Mapping[str, Any]], windows: Sequence[Mapping[str, Any]], request: Request
) -> dict[Group, Normal]:
    by_group = {group_of(level, row): row for row in windows}
    return {
        group: normal_of(row, by_group[group], request)
        for row in samples
        if (group := group_of(level, row)) in by_group
    }


def group_of(level: Sequence[str], row: Mapping[str, Any]) -> Group:
    return tuple(row[name] for name in level)


def normal_of(samples: Mapping[str, Any], windows: Mapping[str, Any], request: Request) -> Normal:
    step, floor = step_of(request.min_deviation), request.min_deviation
    centre = rounded(windows["centre"], step)
    # Half a step of the finer grid: a window mean may be that much above the point that it was counted at.
    reach = max(windows["warn_distance"], windows["error_distance"] / 2) + step / FINER / 2

    def pair(mean: float, stddev: float) -> Pair:
        return Pair(rounded(mean, step), max(rounded(stddev, step), floor), stddev < floor)

    return Normal(
        samples=samples["count"],
        windows=windows["count"],
        median=samples["median"],
        mad=samples["mad"],
        window_spread=MAD_TO_STDDEV * windows["mad"],
        pairs={
            "plain": pair(samples["mean"], samples["stddev"] or 0.0),
            "robust": pair(samples["median"], MAD_TO_STDDEV * samples["mad"]),
            "target": Pair(centre, max(rounded_up(reach, step), floor), reach < floor),
        },
    )


def counted_values(dimensions: Sequence[str], samples: DataFrame, step: float) -> DataFrame:
    """Columns out: the dimensions, `value`, how many samples have it, their sum, and their squared deviations."""
    value = on_grid(F.col("cpu"), step)
    return (
        samples.withColumn("value", value)
        .groupBy(*dimensions, "value")
        .agg(
            F.count(F.lit(1)).alias("count"),
            F.sum("cpu").alias("sum"),
            (F.var_pop("cpu") * F.count(F.lit(1))).alias("squares"),
        )
    )


def counted_means(dimensions: Sequence[str], windows: DataFrame, step: float) -> DataFrame:
    """Columns out: the dimensions, `value`, and how many windows have this mean."""
    value = on_grid(F.col("mean"), step)
    return windows.withColumn("value", value).groupBy(*dimensions, "value").agg(F.count(F.lit(1)).alias("count"))


def sample_rows(level: Sequence[str], values: DataFrame) -> list[dict[str, Any]]:
    """By group: count, mean, stddev (null for one sample), median, and `mad`, the median absolute deviation from it.

    The deviations of all samples are those within each value plus those of the values from the mean (Chan, Golub &
    LeVeque 1983, doi:10.2307/2683386).
    """
    stats = values.groupBy(*level).agg(
        F.sum("count").alias("all"),
        (F.sum("sum") / F.sum("count")).alias("mean"),
        middle(F.col("value")).alias("median"),
    )
    among = F.col("sum") / F.col("count") - F.col("mean")
    squares = F.sum(F.col("squares") + F.col("count") * among * among)
    total = F.first("all")
    return [
        row.asDict()
        for row in joined(values, stats, level)
        .groupBy(*level)
        .agg(
            total.alias("count"),
            F.first("mean").alias("mean"),
            F.when(total > 1, F.sqrt(squares / (total - 1))).alias("stddev"),
            F.first("median").alias("median"),
            middle(F.abs(F.col("value") - F.col("median"))).alias("mad"),
        )
        .collect()
    ]


def window_rows(level: Sequence[str], means: DataFrame, settings: Settings, request: Request) -> list[dict[str, Any]]:
    """By group: count, `centre` (the median of the means), `mad`, and the distances that so few windows exceed.

    At most `warn_share` of the windows are further from the centre than `warn_distance`; likewise for ERROR.
    """
    # On the grid, so that the distances are those from the centre as it will be written.
    centre = on_grid(middle(F.col("value")), step_of(request.min_deviation))
    stats = means.groupBy(*level).agg(F.sum("count").alias("all"), centre.alias("centre"))
    difference = F.col("value") - F.col("centre")
    apart = joined(means, stats, level).withColumn("distance", distance_from(difference, settings.direction))
    nearer = Window.partitionBy(*level).orderBy("distance")
    ranked = apart.withColumn("up_to", F.sum("count").over(nearer))

    def exceeded_by(share: float) -> Column:
        others = F.col("all") - F.floor(F.col("all") * share + 1e-9)
        return F.min(F.when(F.col("up_to") >= others, F.col("distance")))

    return [
        row.asDict()
        for row in ranked.groupBy(*level)
        .agg(
            F.first("all").alias("count"),
            F.first("centre").alias("centre"),
            middle(F.abs(F.col("value") - F.col("centre"))).alias("mad"),
            exceeded_by(request.warn_share).alias("warn_distance"),
            exceeded_by(request.error_share).alias("error_distance"),
        )
        .collect()
    ]


def middle(value: Column) -> Column:
    """The exact median of values that are counted in `count`."""
    return F.percentile(value, 0.5, F.col("count"))


def joined(frame: DataFrame, stats: DataFrame, level: Sequence[str]) -> DataFrame:
    """Each row with what was computed of its group."""
    return frame.join(F.broadcast(stats), list(level)) if level else frame.crossJoin(F.broadcast(stats))
