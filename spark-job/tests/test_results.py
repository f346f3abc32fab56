"""The bytes that go to Kafka."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.accounting.dead_letters import dead_letters
from cpu_anomaly.guard import guard
from cpu_anomaly.lines import exact_lines, parse
from cpu_anomaly.sink import results

STATS = "window_start timestamp, series string, mean double, stddev double, count long, status string, score double"
RAW = "topic string, partition int, offset long, timestamp timestamp, key binary, value binary"
START = datetime.fromisoformat("2017-10-26T09:23:16+00:00")


def test_result_is_the_documented_json(spark: SparkSession, settings_of: SettingsOf) -> None:
    frame = spark.createDataFrame([(START, "", 38.5246, 20.2173, 500, "ERROR", 8.898)], STATS)
    (row,) = frame.transform(results(settings_of())).collect()
    assert row["key"] == "|1509009796000"
    assert row["value"] == (
        '{"window":{"start":"2017-10-26T09:23:16.000Z","end":"2017-10-26T09:23:16.500Z"},"mean":38.5246,'
        '"stddev":20.2173,"count":500,"status":"ERROR","score":8.898,"series":""}'
    )


def test_missing_deviation_is_shown_as_null_and_the_series_is_in_the_key(
    spark: SparkSession, settings_of: SettingsOf
) -> None:
    frame = spark.createDataFrame([(START, 'web|"1"', 1.0, None, 1, "SAFE", -5.0)], STATS)
    (row,) = frame.transform(results(settings_of())).collect()
    assert row["key"] == 'web|"1"|1509009796000'
    value = json.loads(row["value"])
    assert value["stddev"] is None
    assert value["series"] == 'web|"1"'


def letters(spark: SparkSession, settings_of: SettingsOf, *values: bytes | None) -> list[dict[str, Any]]:
    rows = [("in", 3, nth, START, None, value) for nth, value in enumerate(values)]
    judged = (
        spark.createDataFrame(rows, RAW)
        .transform(exact_lines)
        .transform(parse)
        .transform(guard(settings_of(), F.lit(1_700_000_000_000)))
    )
    found = judged.transform(dead_letters).collect()
    return [{"key": row["key"], **json.loads(row["value"])} for row in found]


def test_dead_letter_says_why_where_and_what(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, b"abc")
    assert letter == {
        "key": "in|3|0",
        "reason": "field_count",
        "topic": "in",
        "partition": 3,
        "offset": 0,
        "line": None,
        "timestamp": "2017-10-26T09:23:16.000Z",
        "value": "abc",
        "encoding": None,
        "length": 3,
        "truncated": False,
    }


def test_sample_that_is_used_is_no_dead_letter(spark: SparkSession, settings_of: SettingsOf) -> None:
    assert letters(spark, settings_of, b"1699999999000,5") == []


def test_bytes_that_are_no_text_are_shown_in_base64(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, b"\xff\xfe,1")
    assert letter["encoding"] == "base64"
    assert base64.b64decode(letter["value"]) == b"\xff\xfe,1"


def test_null_stays_null(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, None)
    assert (letter["reason"], letter["value"], letter["length"]) == ("empty", None, None)


@pytest.mark.parametrize("lead", range(4))
def test_long_text_is_cut_at_256_bytes_between_two_characters(
    spark: SparkSession, settings_of: SettingsOf, lead: int
) -> None:
    text = "x" * lead + "😀" * 300
    (letter,) = letters(spark, settings_of, text.encode())
    assert (letter["reason"], letter["truncated"], letter["length"]) == ("too_long", True, lead + 1200)
    assert text.startswith(letter["value"])
    assert 252 < len(letter["value"].encode()) <= 256


def test_long_bytes_are_cut_before_they_are_encoded(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, b"\xff" * 1000)
    assert base64.b64decode(letter["value"]) == b"\xff" * 256
