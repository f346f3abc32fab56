"""What a pair, or a pair for each group, would have flagged: by the job's own classification of the same windows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from cpu_anomaly.baseline import Baseline, find_normal, look_up
from cpu_anomaly.baseline import Normals as Row
from cpu_anomaly.calibration.normals import METHODS, Group, Normal, Pair
from cpu_anomaly.calibration.request import Request
from cpu_anomaly.settings import Settings
from cpu_anomaly.windows import classify, distance_from

MOST_EXTREME = 3
MOST_BINS = 40
PRESENT = "present"

Normals = Mapping[tuple[str, ...], Mapping[Group, Normal]]


@dataclass(frozen=True)
class Extreme:
    series: str
    start_ms: int
    mean: float
    score: float
    status: str


@dataclass(frozen=True)
class Preview:
    """Counts are of windows; `longest_run` is of windows of one series, one after the other, that are WARN or ERROR."""

    method: str
    mean: float
    stddev: float
    is_floor: bool
    windows: int
    warn: int
    error: int
    longest_run: int
    extremes: Sequence[Extreme]

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


class Previews:
    """Of the present settings and of each method."""

    def __init__(self, settings: Settings, windows: DataFrame) -> None:
        self._settings = settings
        self._windows = windows

    def of_settings(self) -> Preview:
        present = Pair(self._settings.normal_mean, self._settings.normal_stddev)
        return self._preview(PRESENT, present, self._windows.transform(find_normal(self._settings)))

    def of_method(self, method: str, normals: Normals, timezone: str) -> Preview:
        """By the pair of each window's group, as the job would with a baseline that has them."""
        overall = normals[()][()].pairs[method]
        if len(normals) > 1:
            baseline = baseline_of(method, normals, timezone)
            return self._preview(method, overall, look_up(self._windows, baseline, self._settings))
        mean, stddev = overall.mean, overall.stddev
        changed = replace(self._settings, normal_mean=mean, normal_stddev=stddev, baseline_file=None)
        return self._preview(method, overall, self._windows.transform(find_normal(changed)))

    def _preview(self, method: str, pair: Pair, windows: DataFrame) -> Preview:
        judged = windows.transform(classify(self._settings))
        counts = judged.agg(
            F.count(F.lit(1)).alias("windows"),
            F.count_if(F.col("status") == "WARN").alias("warn"),
            F.count_if(F.col("status") == "ERROR").alias("error"),
        ).first()
        found = counts.asDict() if counts else {}
        run = longest_run(judged) if found["warn"] + found["error"] > 0 else 0
        extremes = most_extreme(judged, self._settings)
        return Preview(method, pair.mean, pair.stddev, pair.is_floor, **found, longest_run=run, extremes=extremes)


def baseline_of(method: str, normals: Normals, timezone: str) -> Baseline:
    """Without the groups that have too little data. A baseline cannot name the series of records without a key."""
    series: dict[str, Row] = {}
    for level, groups in normals.items():
        for group, normal in groups.items():
            names = dict(zip(level, group, strict=True))
            if level and normal.is_enough and names.get("series") != "":
                pair = normal.pairs[method]
                series.setdefault(names.get("series") or "", Row()).put(names.get("hour"), pair.mean, pair.stddev)
    all_series = series.pop("", Row())
    return Baseline(timezone, series, all_series)


def longest_run(judged: DataFrame) -> int:
    """Anomalies that follow each other have the same difference between their place among all windows and among
    anomalies.
    """
    in_order = Window.partitionBy("series").orderBy("place")
    anomalies = judged.filter(F.col("status") != "SAFE")
    run = F.col("place") - F.row_number().over(in_order)
    runs = anomalies.select("series", run.alias("run")).groupBy("series", "run").count()
    row = runs.agg(F.max("count").alias("longest")).first()
    return int(row["longest"]) if row else 0


def most_extreme(judged: DataFrame, settings: Settings) -> list[Extreme]:
    furthest = distance_from(F.col("score"), settings.direction).desc()
    rows = (
        judged.select("series", F.unix_millis("window_start").alias("start_ms"), "mean", "score", "status")
        .orderBy(furthest, "start_ms", "series")
        .limit(MOST_EXTREME)
        .collect()
    )
    return [Extreme(**row.asDict()) for row in rows]


def histogram(windows: DataFrame) -> dict[str, Any]:
    """Of the window means: where the first bin begins, how wide each is, and how many windows are in each."""
    bounds = windows.agg(F.min("mean").alias("low"), F.max("mean").alias("high")).first()
    low, high = (bounds["low"], bounds["high"]) if bounds else (0.0, 0.0)
    width = nice_width((high - low) / (MOST_BINS - 1))
    start = math.floor(low / width) * width
    number = F.floor((F.col("mean") - start) / width).cast("int")
    found = {row["bin"]: row["count"] for row in windows.groupBy(number.alias("bin")).count().collect()}
    counts = [found.get(each, 0) for each in range(max(found) + 1)]
    return {"start": start, "width": width, "counts": counts}


def nice_width(at_least: float) -> float:
    """The next larger of 1, 2 and 5 times a power of ten."""
    if not at_least > 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(at_least))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= at_least)


def previews(settings: Settings, request: Request, windows: DataFrame, normals: Normals) -> list[Preview]:
    each = Previews(settings, windows)
    return [each.of_settings(), *(each.of_method(method, normals, request.timezone) for method in METHODS)]
