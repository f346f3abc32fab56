"""A record may carry several samples, one a line: what is a line, and that audit and query see the same ones."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from cpu_anomaly.accounting.dead_letters import MAX_DEAD_LETTER_BYTES, dead_letters
from cpu_anomaly.guard import guard
from cpu_anomaly.lines import MAX_RECORD_BYTES, exact_lines, lines, parse

RAW = "topic string, partition int, offset long, timestamp timestamp, key binary, value binary"
START = datetime.fromisoformat("2017-10-26T09:23:16+00:00")
NOW = 1_700_000_000_000
A, B = b"1509009792670,13.64", b"1509009792671,10.35"
LONG = b"9" * 1025

# Name: value, and of each line its number and the reason why it can't be used.
CASES: dict[str, tuple[bytes | None, list[tuple[int | None, str | None]]]] = {
    "one sample": (A, [(None, None)]),
    "one sample and a line end": (A + b"\n", [(None, None)]),
    "one sample and a Windows line end": (A + b"\r\n", [(None, None)]),
    "two samples": (A + b"\n" + B, [(0, None), (1, None)]),
    "two samples with Windows line ends": (A + b"\r\n" + B + b"\r\n", [(0, None), (1, None)]),
    "a bad line between good ones": (A + b"\nabc,1\n" + B, [(0, None), (1, "bad_timestamp"), (2, None)]),
    "a blank line between good ones": (A + b"\n \n" + B, [(0, None), (1, "empty"), (2, None)]),
    "blank lines at the end": (A + b"\n\n \n", [(None, None)]),
    "Windows blank lines at the end": (A + b"\r\n" + B + b"\r\n\r\n", [(0, None), (1, None)]),
    "blanks at the end": (A + b"\n" + B + b" \t", [(0, None), (1, None)]),
    "a tab and a line end at the end": (A + b"\n" + B + b"\n\t\n", [(0, None), (1, None)]),
    "a blank first line": (b"\n" + A, [(0, "empty"), (1, None)]),
    "line ends alone": (b"\n\n", [(None, "empty")]),
    "a long line among good ones": (A + b"\n" + LONG + b"\n" + B, [(0, None), (1, "too_long"), (2, None)]),
    "a long line alone": (LONG, [(None, "too_long")]),
    "an oversized record": (A + b"\n" + b"\n" * MAX_RECORD_BYTES, [(None, "too_long")]),
    "a line that is no UTF-8": (A + b"\n\xff\xfe,1\n" + B, [(0, None), (1, "not_utf8"), (2, None)]),
    "nothing": (b"", [(None, "empty")]),
    "no value": (None, [(None, "empty")]),
}


@pytest.fixture(scope="module")
def judged(spark: SparkSession, settings_of: SettingsOf) -> dict[str, list[dict[str, Any]]]:
    rows = [(name, 0, nth, START, None, value) for nth, (name, (value, _)) in enumerate(CASES.items())]
    raw = spark.createDataFrame(rows, RAW)
    step = guard(settings_of(), F.lit(NOW))
    used = F.count_if(F.isnull("reason"))
    quick = raw.transform(lines).transform(parse).transform(step).groupBy("topic").agg(F.count("*"), used).collect()
    exact = raw.transform(exact_lines).transform(parse).transform(step)
    letters = exact.transform(dead_letters).collect()
    found = exact.orderBy("offset", "line_number").collect()
    return {
        name: [
            {
                "lines": [(row["line_number"], row["reason"]) for row in found if row["topic"] == name],
                "quick": next((row[1], row[2]) for row in quick if row["topic"] == name),
                "letters": {row["key"]: row["value"] for row in letters if row["key"].startswith(f"{name}|")},
            }
        ]
        for name in CASES
    }


@pytest.mark.parametrize("name", CASES)
def test_each_line_is_judged_alone(judged: dict[str, list[dict[str, Any]]], name: str) -> None:
    assert judged[name][0]["lines"] == CASES[name][1]


@pytest.mark.parametrize("name", CASES)
def test_the_query_counts_the_lines_that_the_audit_counts(judged: dict[str, list[dict[str, Any]]], name: str) -> None:
    expected = CASES[name][1]
    assert judged[name][0]["quick"] == (len(expected), sum(reason is None for _, reason in expected))


def test_letter_of_a_line_says_which_and_holds_it_alone(judged: dict[str, list[dict[str, Any]]]) -> None:
    ((key, value),) = judged["a bad line between good ones"][0]["letters"].items()
    assert key.endswith("|1")
    assert '"line":1' in value
    assert '"value":"abc,1"' in value


def test_letter_of_a_line_that_is_no_text_holds_its_very_bytes(judged: dict[str, list[dict[str, Any]]]) -> None:
    ((_, value),) = judged["a line that is no UTF-8"][0]["letters"].items()
    assert '"value":"//4sMQ==","encoding":"base64","length":4' in value


def test_letter_of_an_oversized_record_is_capped(judged: dict[str, list[dict[str, Any]]]) -> None:
    ((key, value),) = judged["an oversized record"][0]["letters"].items()
    assert key == f"an oversized record|0|{list(CASES).index('an oversized record')}"
    assert '"line":null' in value
    assert '"truncated":true' in value
    assert len(value) < 3 * MAX_DEAD_LETTER_BYTES + 300
