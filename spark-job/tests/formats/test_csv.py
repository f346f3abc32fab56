"""What a line is, that the audit and the query see the same lines, and how a line is split into fields."""

from __future__ import annotations

import pytest
from conftest import SettingsOf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.formats.csv import Csv, exact_lines, parse
from cpu_anomaly.formats.text import MAX_RECORD_BYTES
from cpu_anomaly.guard import guard

A, B = b"1509009792670,13.64", b"1509009792671,10.35"
LONG = b"9" * 1025
# Number (null in a record of one line) and reason (null for a sample).
Line = tuple[int | None, str | None]

# Name -> value, and its lines.
CASES: dict[str, tuple[bytes | None, list[Line]]] = {
    "one sample": (A, [(None, None)]),
    "one sample and a newline": (A + b"\n", [(None, None)]),
    "one sample and a Windows newline": (A + b"\r\n", [(None, None)]),
    "two samples": (A + b"\n" + B, [(0, None), (1, None)]),
    "two samples with Windows newlines": (A + b"\r\n" + B + b"\r\n", [(0, None), (1, None)]),
    "a bad line between good ones": (A + b"\nabc,1\n" + B, [(0, None), (1, "bad_timestamp"), (2, None)]),
    "a blank line between good ones": (A + b"\n \n" + B, [(0, None), (1, "empty"), (2, None)]),
    "blank lines at the end": (A + b"\n\n \n", [(None, None)]),
    "Windows blank lines at the end": (A + b"\r\n" + B + b"\r\n\r\n", [(0, None), (1, None)]),
    "trailing spaces and tabs": (A + b"\n" + B + b" \t", [(0, None), (1, None)]),
    "a trailing newline, tab and newline": (A + b"\n" + B + b"\n\t\n", [(0, None), (1, None)]),
    "a blank first line": (b"\n" + A, [(0, "empty"), (1, None)]),
    "newlines alone": (b"\n\n", [(None, "empty")]),
    "a long line among good ones": (A + b"\n" + LONG + b"\n" + B, [(0, None), (1, "too_long"), (2, None)]),
    "a long line alone": (LONG, [(None, "too_long")]),
    "an oversized record": (A + b"\n" + b"\n" * MAX_RECORD_BYTES, [(None, "too_long")]),
    "a line that is not UTF-8": (A + b"\n\xff\xfe,1\n" + B, [(0, None), (1, "not_utf8"), (2, None)]),
    "half a character before a Windows newline": (b" \xe4\r\n", [(None, "not_utf8")]),
    "an empty value": (b"", [(None, "empty")]),
    "a null value": (None, [(None, "empty")]),
}


@pytest.fixture(scope="module")
def exact(spark: SparkSession, settings_of: SettingsOf) -> dict[str, list[Line]]:
    """By case, the lines that the audit sees, each with its number and reason."""
    rows = frame_of_cases(spark).transform(Csv(False).read_exactly).transform(guard(settings_of()))
    found = rows.orderBy("name", "line_number").collect()
    return {name: [(row["line_number"], row["reason"]) for row in found if row["name"] == name] for name in CASES}


@pytest.fixture(scope="module")
def quick(spark: SparkSession, settings_of: SettingsOf) -> dict[str, tuple[int, int]]:
    """By case, how many lines the query counts, and how many of them it uses."""
    rows = frame_of_cases(spark).transform(Csv(False).read).transform(guard(settings_of()))
    counts = rows.groupBy("name").agg(F.count("*"), F.count_if(F.isnull("reason"))).collect()
    return {row[0]: (row[1], row[2]) for row in counts}


def frame_of_cases(spark: SparkSession) -> DataFrame:
    return spark.createDataFrame(
        [(name, None, value) for name, (value, _) in CASES.items()], "name string, key binary, value binary"
    )


@pytest.mark.parametrize("name", CASES)
def test_each_line_is_judged_alone(exact: dict[str, list[Line]], name: str) -> None:
    assert exact[name] == CASES[name][1]


@pytest.mark.parametrize("name", CASES)
def test_query_counts_the_lines_that_the_audit_counts(quick: dict[str, tuple[int, int]], name: str) -> None:
    expected = CASES[name][1]
    assert quick[name] == (len(expected), sum(reason is None for _, reason in expected))


def test_exact_lines_keep_bytes_that_are_not_utf8(spark: SparkSession) -> None:
    rows = frame_of_cases(spark).filter(F.col("name") == "a line that is not UTF-8").transform(exact_lines)
    found = rows.orderBy("line_number").select(F.col("line").cast("binary")).collect()
    assert [bytes(row[0]) for row in found] == [A, b"\xff\xfe,1", B]


PARSED: list[tuple[str | None, tuple[str | None, str | None, int | None, float | None]]] = [
    ("1509009792670,13.64", ("1509009792670", "13.64", 1509009792670, 13.64)),
    ("1509009792,13.64", ("1509009792", "13.64", 1509009792, 13.64)),
    (" 1509009792670 , 5 ", (" 1509009792670 ", " 5 ", 1509009792670, 5.0)),
    ("1509009792670,1,2", ("1509009792670", "1,2", 1509009792670, None)),
    ("now,5%", ("now", "5%", None, None)),
    ("5", ("5", "5", 5, 5.0)),
    ("1" * 1025, (None, None, None, None)),
    (None, (None, None, None, None)),
]


@pytest.mark.parametrize(("line", "fields"), PARSED)
def test_line_is_split_and_cast(
    spark: SparkSession, line: str | None, fields: tuple[str | None, str | None, int | None, float | None]
) -> None:
    frame = spark.createDataFrame([(line,)], "line string").transform(parse)
    (row,) = frame.select("time_text", "cpu_text", "time_millis", "cpu").collect()
    assert tuple(row) == fields
