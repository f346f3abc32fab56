"""Windows, their statistics and their status, on batch frames."""

from __future__ import annotations

import math
import statistics
from datetime import datetime, timezone

import pytest
from conftest import SettingsOf
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.modes import mode_of
from cpu_anomaly.query import classified_windows
from cpu_anomaly.settings import Settings
from cpu_anomaly.windows import classify

T0 = 1_700_000_000_000  # a multiple of 500
SCHEMA = "key binary, value binary"


def windows(spark: SparkSession, settings: Settings, given: list[tuple[str, int, float]]) -> list[Row]:
    rows = [(key.encode(), f"{time},{cpu!r}".encode()) for key, time, cpu in given]
    frame = spark.createDataFrame(rows, SCHEMA)
    classified = frame.transform(classified_windows(settings, mode_of(settings), F.lit(T0 + 10_000_000)))
    return classified.withColumn("start", F.unix_millis("window_start")).orderBy("series", "start").collect()


# With mean 10 and standard deviation 2 the thresholds are exact in binary.
@pytest.mark.parametrize(
    ("direction", "mean", "status"),
    [
        ("high", 12.0, "SAFE"),  # exactly one sigma
        ("high", math.nextafter(12.0, 13), "WARN"),
        ("high", 14.0, "WARN"),  # exactly two
        ("high", math.nextafter(14.0, 15), "ERROR"),
        ("high", -100.0, "SAFE"),
        ("low", 8.0, "SAFE"),
        ("low", math.nextafter(8.0, 7), "WARN"),
        ("low", 6.0, "WARN"),
        ("low", math.nextafter(6.0, 5), "ERROR"),
        ("low", 100.0, "SAFE"),
        ("both", 12.0, "SAFE"),
        ("both", 13.0, "WARN"),
        ("both", 15.0, "ERROR"),
        ("both", 7.0, "WARN"),
        ("both", 5.0, "ERROR"),
    ],
)
def test_status_is_strictly_beyond_one_and_two_sigma(
    spark: SparkSession, settings_of: SettingsOf, direction: str, mean: float, status: str
) -> None:
    settings = settings_of(direction=direction)
    frame = spark.createDataFrame([(mean, 10.0, 2.0)], "mean double, normal_mean double, normal_stddev double")
    row = frame.transform(classify(settings)).collect()[0]
    assert row["status"] == status
    assert row["score"] == (mean - 10.0) / 2.0


def test_one_sample_has_no_standard_deviation(spark: SparkSession, settings_of: SettingsOf) -> None:
    (row,) = windows(spark, settings_of(), [("a", T0 + 1, 20.0)])
    assert (row["mean"], row["stddev"], row["count"], row["status"]) == (20.0, None, 1, "ERROR")


def test_no_samples_means_no_windows(spark: SparkSession, settings_of: SettingsOf) -> None:
    assert windows(spark, settings_of(), []) == []


def test_window_includes_its_start_and_excludes_its_end(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = [("a", T0 - 1, 1.0), ("a", T0, 2.0), ("a", T0 + 499, 4.0), ("a", T0 + 500, 8.0)]
    found = [(row["start"], row["mean"], row["count"]) for row in windows(spark, settings_of(), given)]
    assert found == [(T0 - 500, 1.0, 1), (T0, 3.0, 2), (T0 + 500, 8.0, 1)]


def test_windows_of_any_length_are_aligned_to_1970(spark: SparkSession, settings_of: SettingsOf) -> None:
    (row,) = windows(spark, settings_of(window_ms=700), [("a", T0, 1.0)])
    assert row["start"] == T0 - T0 % 700
    assert row["window_start"].replace(tzinfo=timezone.utc) == datetime.fromtimestamp(row["start"] / 1000, timezone.utc)


def test_series_are_separate_only_with_group_by_key(spark: SparkSession, settings_of: SettingsOf) -> None:
    given = [("a", T0, 1.0), ("b", T0, 3.0)]
    apart = windows(spark, settings_of(group_by="key"), given)
    together = windows(spark, settings_of(), given)
    assert [(row["series"], row["mean"]) for row in apart] == [("a", 1.0), ("b", 3.0)]
    assert [(row["series"], row["mean"], row["count"]) for row in together] == [("", 2.0, 2)]


@pytest.mark.parametrize("offset", [0.0, 1e6, 1e9])
def test_mean_and_deviation_keep_their_precision(spark: SparkSession, settings_of: SettingsOf, offset: float) -> None:
    values = [offset + (nth * 7919 % 1000) / 100 for nth in range(500)]
    (row,) = windows(spark, settings_of(), [("a", T0 + nth % 500, value) for nth, value in enumerate(values)])
    assert row["mean"] == pytest.approx(statistics.fmean(values), rel=1e-12, abs=1e-9)
    assert row["stddev"] == pytest.approx(statistics.stdev(values), rel=1e-9 if offset else 1e-12)


@pytest.mark.parametrize("normal_mean", [1e150, -1e150])
def test_every_number_is_finite_at_the_limits_of_samples_and_settings(
    spark: SparkSession, settings_of: SettingsOf, normal_mean: float
) -> None:
    settings = settings_of(normal_mean=normal_mean, normal_stddev=1e-150)
    given = [("", T0, 1e150), ("", T0 + 1, -1e150), ("", T0 + 500, 1e150), ("", T0 + 1000, -1e150)]
    rows = windows(spark, settings, given)
    assert [row["count"] for row in rows] == [2, 1, 1]
    for row in rows:
        assert all(math.isfinite(row[name]) for name in ("mean", "score"))
        assert row["stddev"] is None or math.isfinite(row["stddev"])
