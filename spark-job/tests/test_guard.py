"""Which samples the job uses, and why it refuses the others."""

from __future__ import annotations

import gzip
import random

import pytest
from conftest import SettingsOf
from pyspark.sql import Row, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.formats.csv import is_plain, rejection
from cpu_anomaly.formats.input_format import format_of
from cpu_anomaly.guard import guard, judge_future
from cpu_anomaly.settings import Settings

NOW = 1_700_000_000_000
SKEW = 300_000
AT = "1699999999000"

SCHEMA = "id int, key binary, value binary"

# Name -> value, and reason (None if it is used).
TABLE: dict[str, tuple[bytes | None, str | None]] = {
    "a plain sample": (f"{AT},13.64".encode(), None),
    "a whole number": (f"{AT},13".encode(), None),
    "a number without a leading zero": (f"{AT},.5".encode(), None),
    "a number that ends in a point": (f"{AT},5.".encode(), None),
    "an exponent": (f"{AT},1.5e1".encode(), None),
    "a sign": (f"{AT},+13.64".encode(), None),
    "a negative value": (f"{AT},-5".encode(), None),
    "more than 100 percent": (f"{AT},250".encode(), None),
    "spaces around": (f" {AT} , 13.64\r\n".encode(), None),
    "tabs around": (f"\t{AT}\t,\t1\t".encode(), None),
    "as far ahead as allowed": (f"{NOW + SKEW},5".encode(), None),
    "the first time with 13 digits": (b"1000000000000,5", None),
    "the longest line": (f"{AT},1".encode().ljust(1024), None),
    "a null value": (None, "empty"),
    "an empty value": (b"", "empty"),
    "only whitespace": (b" \t\r\n", "empty"),
    "one byte too long": (f"{AT},1".encode().ljust(1025), "too_long"),
    "a megabyte": (b"1" * 1_000_000, "too_long"),
    "bytes that are not text": (b"\xff\xfe1,2", "not_utf8"),
    "a byte order mark": (f"\ufeff{AT},5".encode(), "not_utf8"),
    # Without a time, one byte of which could be a newline.
    "gzip": (gzip.compress(f"{AT},5".encode(), mtime=0), "not_utf8"),
    "half a character": (f"{AT},5".encode() + b"\xe2\x82", "not_utf8"),
    "one field": (AT.encode(), "field_count"),
    "an empty second field": (f"{AT},".encode(), "field_count"),
    "a second field of whitespace": (f"{AT}, ".encode(), "field_count"),
    "an empty first field": (b",5", "field_count"),
    "three fields": (f"{AT},1,2".encode(), "field_count"),
    "a decimal comma": (f"{AT},13,64".encode(), "field_count"),
    "the header": (b'"time_millis","cpu"', "bad_timestamp"),
    "a word for a time": (b"now,5", "bad_timestamp"),
    "a time with a fraction": (b"1699999999000.5,5", "bad_timestamp"),
    "a time with an exponent": (b"1.7e12,5", "bad_timestamp"),
    "digits of another script": ("١٦٩٩٩٩٩٩٩٩٠٠٠,5".encode(), "bad_timestamp"),
    "a time that controls a terminal": (b"\x1b]0;x\x07,5", "bad_timestamp"),
    "a time with a carriage return inside": (b"16999\r99999000,5", "bad_timestamp"),
    "seconds": (b"1699999999,5", "timestamp_unit"),
    "a negative time": (b"-5,5", "timestamp_unit"),
    "a time that overflows": (b"99999999999999999999,5", "timestamp_unit"),
    "one millisecond before the first with 13 digits": (b"999999999999,5", "timestamp_unit"),
    "a word for a number": (f"{AT},abc".encode(), "bad_cpu"),
    "a hexadecimal number": (f"{AT},0x1p3".encode(), "bad_cpu"),
    "a suffix for double": (f"{AT},1d".encode(), "bad_cpu"),
    "a suffix for float": (f"{AT},1f".encode(), "bad_cpu"),
    "a lone sign": (f"{AT},-".encode(), "bad_cpu"),
    "a lone point": (f"{AT},.".encode(), "bad_cpu"),
    "a percent sign": (f"{AT},5%".encode(), "bad_cpu"),
    "a formula": (f"{AT},=cmd()".encode(), "bad_cpu"),
    "a trailing control character": (f"{AT},5\x1b".encode(), "bad_cpu"),
    "a trailing next-line character": (f"{AT},5\u0085".encode(), "bad_cpu"),
    "NaN": (f"{AT},NaN".encode(), "not_finite"),
    "Infinity": (f"{AT},Infinity".encode(), "not_finite"),
    "minus Infinity": (f"{AT},-Infinity".encode(), "not_finite"),
    "inf": (f"{AT},inf".encode(), "not_finite"),
    "a number that overflows": (f"{AT},1e400".encode(), "not_finite"),
    "a number whose square overflows": (f"{AT},1e200".encode(), "not_finite"),
    "one millisecond too far ahead": (f"{NOW + SKEW + 1},5".encode(), "future"),
    "microseconds": (f"{AT}000,5".encode(), "future"),
    "nanoseconds": (f"{AT}000000,5".encode(), "future"),
}


def reasons(spark: SparkSession, settings: Settings, rows: list[tuple[bytes | None, bytes | None]]) -> list[Row]:
    raw = spark.createDataFrame([(nth, key, value) for nth, (key, value) in enumerate(rows)], SCHEMA)
    latest = F.lit(NOW + SKEW)
    judged = (
        raw.transform(format_of(settings).read)
        .withColumn("plain", is_plain())
        .withColumn("complete_rule", rejection())
        .transform(guard(settings))
        .transform(judge_future(latest))
    )
    return judged.orderBy("id").select("reason", "plain", "complete_rule", "time_millis", "cpu").collect()


@pytest.fixture(scope="module")
def judged(spark: SparkSession, settings_of: SettingsOf) -> dict[str, Row]:
    rows = reasons(spark, settings_of(), [(b"host", value) for value, _ in TABLE.values()])
    return dict(zip(TABLE, rows, strict=True))


@pytest.mark.parametrize("name", TABLE)
def test_line_is_used_or_refused_with_its_reason(judged: dict[str, Row], name: str) -> None:
    assert judged[name]["reason"] == TABLE[name][1]


def test_whitespace_around_fields_makes_no_difference(judged: dict[str, Row]) -> None:
    clean, spaced = judged["a plain sample"], judged["spaces around"]
    assert (spaced["time_millis"], spaced["cpu"]) == (clean["time_millis"], clean["cpu"]) == (int(AT), 13.64)


def test_fast_path_accepts_nothing_that_the_complete_rule_refuses(spark: SparkSession, settings_of: SettingsOf) -> None:
    seed = random.Random(7)
    alphabet = b"0123456789999,,..-+eExXdDfFnNaAiIpP \t\r\n\x00\x1b\x85\xc2\xff"
    table = [value for value, _ in TABLE.values()]
    odd = [bytes(seed.choices(alphabet, k=seed.randrange(1, 30))) for _ in range(3_000)]
    tails = [f"{AT},".encode() + bytes(seed.choices(alphabet, k=seed.randrange(1, 6))) for _ in range(5_000)]
    found = reasons(spark, settings_of(), [(None, value) for value in [*table, *odd, *tails]])
    accepted = [row for row in found if row["plain"]]
    assert len(accepted) > 100
    assert [row for row in accepted if row["complete_rule"] is not None] == []


def test_bounds_refuse_only_if_they_are_set(spark: SparkSession, settings_of: SettingsOf) -> None:
    values: list[tuple[bytes | None, bytes | None]] = [
        (None, f"{AT},{cpu}".encode()) for cpu in ("-0.01", "0", "100", "100.01", "+100.01")
    ]
    found = reasons(spark, settings_of(cpu_min=0.0, cpu_max=100.0), values)
    assert [row["reason"] for row in found] == ["out_of_range", None, None, "out_of_range", "out_of_range"]


def test_key_is_checked_only_if_it_names_a_series(spark: SparkSession, settings_of: SettingsOf) -> None:
    keys = [None, b"", "web-ü".encode(), b"\xff", b"x" * 1024, b"x" * 1025]
    rows: list[tuple[bytes | None, bytes | None]] = [(key, f"{AT},5".encode()) for key in keys]
    by_key = [row["reason"] for row in reasons(spark, settings_of(group_by="key"), rows)]
    together = [row["reason"] for row in reasons(spark, settings_of(), rows)]
    assert by_key == [None, None, None, "not_utf8", None, "too_long"]
    assert together == [None] * 6
