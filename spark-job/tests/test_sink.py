"""The bytes of a result."""

from __future__ import annotations

import json
from datetime import datetime

from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly.sink import results

STATS = (
    "window_start timestamp, series string, mean double, stddev double, count long, status string, score double, "
    "normal_mean double, normal_stddev double, normal string"
)
START = datetime.fromisoformat("2017-10-26T09:23:16+00:00")


def test_result_is_the_documented_json(spark: SparkSession, settings_of: SettingsOf) -> None:
    frame = spark.createDataFrame([(START, "", 38.5246, 20.2173, 500, "ERROR", 8.898, 14.5, 2.7, "settings")], STATS)
    (row,) = frame.transform(results(settings_of())).collect()
    assert row["key"] == "|1509009796000"
    assert row["value"] == (
        '{"window":{"start":"2017-10-26T09:23:16.000Z","end":"2017-10-26T09:23:16.500Z"},"mean":38.5246,'
        '"stddev":20.2173,"count":500,"status":"ERROR","score":8.898,"series":"",'
        '"normal_mean":14.5,"normal_stddev":2.7,"normal":"settings"}'
    )


def test_missing_deviation_is_null_and_the_series_is_in_the_key(spark: SparkSession, settings_of: SettingsOf) -> None:
    frame = spark.createDataFrame([(START, 'web|"1"', 1.0, None, 1, "SAFE", -5.0, 14.5, 2.7, "hour")], STATS)
    (row,) = frame.transform(results(settings_of())).collect()
    assert row["key"] == 'web|"1"|1509009796000'
    value = json.loads(row["value"])
    assert value["stddev"] is None
    assert value["series"] == 'web|"1"'
