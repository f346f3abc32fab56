"""What a dead letter contains, and that it holds its line's exact bytes up to a limit."""

from __future__ import annotations

import base64
import json
from datetime import datetime
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.dead_letters import MAX_DEAD_LETTER_BYTES, dead_letters
from cpu_anomaly.formats.csv import Csv
from cpu_anomaly.formats.text import MAX_RECORD_BYTES
from cpu_anomaly.guard import guard

RAW = "topic string, partition int, offset long, timestamp timestamp, key binary, value binary"
START = datetime.fromisoformat("2017-10-26T09:23:16+00:00")
A, B = b"1509009792670,13.64", b"1509009792671,10.35"


def letters(spark: SparkSession, settings_of: SettingsOf, *values: bytes | None) -> list[dict[str, Any]]:
    rows = [("in", 3, nth, START, None, value) for nth, value in enumerate(values)]
    judged = (
        spark.createDataFrame(rows, RAW).transform(Csv(has_series=False).read_exactly).transform(guard(settings_of()))
    )
    found = judged.transform(dead_letters).collect()
    return [{"key": row["key"], "bytes": len(row["value"]), **json.loads(row["value"])} for row in found]


def test_dead_letter_says_why_and_where_and_shows_the_value(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, b"abc")
    del letter["bytes"]
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


def test_sample_that_is_used_is_not_a_dead_letter(spark: SparkSession, settings_of: SettingsOf) -> None:
    assert letters(spark, settings_of, b"1699999999000,5") == []


def test_bytes_that_are_not_text_are_shown_in_base64(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, b"\xff\xfe,1")
    assert letter["encoding"] == "base64"
    assert base64.b64decode(letter["value"]) == b"\xff\xfe,1"


def test_null_stays_null(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, None)
    assert (letter["reason"], letter["value"], letter["length"]) == ("empty", None, None)


@pytest.mark.parametrize("lead", range(4))
def test_long_text_is_cut_at_256_bytes_between_characters(
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


def test_letter_of_a_line_holds_that_line_alone(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, A + b"\nabc,1\n" + B)
    assert (letter["key"], letter["line"], letter["value"]) == ("in|3|0|1", 1, "abc,1")


def test_letter_of_a_line_that_is_not_text_holds_its_exact_bytes(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, A + b"\n\xff\xfe,1\n" + B)
    assert (letter["value"], letter["encoding"], letter["length"]) == ("//4sMQ==", "base64", 4)


def test_letter_of_an_oversized_record_is_capped(spark: SparkSession, settings_of: SettingsOf) -> None:
    (letter,) = letters(spark, settings_of, A + b"\n" + b"\n" * MAX_RECORD_BYTES)
    assert (letter["key"], letter["line"], letter["truncated"]) == ("in|3|0", None, True)
    assert letter["bytes"] < 3 * MAX_DEAD_LETTER_BYTES + 300
