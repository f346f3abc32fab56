"""The samples that bench.py generates, and its figures from Spark's reports."""

from __future__ import annotations

from typing import Any

import pytest
from conftest import SettingsOf
from format_units import frame_of, units_of
from pyspark.sql import SparkSession

from measure.format_records import WRITERS
from measure.generated import generated_records, record_count
from measure.reports import durations_of, median_durations, state_ms, state_rows, steady_rate

START_MS = 1_700_000_000_000
ORDER = {"samples": 5, "per_record": 1, "series": 1, "start_ms": START_MS, "interval_ms": 20, "format": "csv"}


def batch(records: int, ms: int) -> dict[str, Any]:
    return {"numInputRows": records, "durationMs": {"triggerExecution": ms}}


@pytest.mark.parametrize(("samples", "per_record", "records"), [(10, 1, 10), (10, 5, 2), (11, 5, 3), (1, 5, 1)])
def test_last_record_may_hold_fewer_samples(samples: int, per_record: int, records: int) -> None:
    assert record_count({"samples": samples, "per_record": per_record}) == records


def test_records_hold_all_samples_in_order(spark: SparkSession) -> None:
    rows = generated_records(spark, {**ORDER, "per_record": 2}).collect()
    samples = [[line.split(",") for line in row["value"].split("\n")] for row in rows]
    assert [row["key"] for row in rows] == [None, None, None]
    assert [[int(time) - START_MS for time, _ in each] for each in samples] == [[0, 20], [40, 60], [80]]
    assert all(10 <= float(cpu) <= 20 for each in samples for _, cpu in each)


@pytest.mark.parametrize("name", WRITERS)
def test_records_of_every_format_are_samples(spark: SparkSession, settings_of: SettingsOf, name: str) -> None:
    paths = {"input_time": "$.time", "input_cpu": "$.cpu"} if name == "json" else {}
    settings = settings_of(input_format="telegraf" if name in ("influx", "telegraf-json") else name, **paths)
    values = [row["value"].encode() for row in generated_records(spark, {**ORDER, "format": name}).collect()]
    units = units_of(frame_of(spark, values), settings)
    assert [unit.time_millis for (unit,) in units] == [START_MS + 20 * nth for nth in range(5)]
    assert [unit.reason for (unit,) in units] == [None] * 5


def test_series_take_turns(spark: SparkSession) -> None:
    rows = generated_records(spark, {**ORDER, "series": 2}).collect()
    assert [(row["key"], int(row["value"].split(",")[0]) - START_MS) for row in rows] == [
        ("host-0", 0),
        ("host-1", 0),
        ("host-0", 20),
        ("host-1", 20),
        ("host-0", 40),
    ]


def test_rate_leaves_out_the_first_and_the_last_batch() -> None:
    assert steady_rate([batch(5, 900), batch(100, 50), batch(300, 50), batch(1, 10)], samples_per_record=2.0) == 8000
    assert steady_rate([batch(5, 900), batch(1, 10)], samples_per_record=1.0) is None


def test_part_that_a_batch_does_not_have_takes_no_time() -> None:
    assert durations_of(batch(1, 7)) == {
        "triggerExecution": 7,
        "latestOffset": 0,
        "queryPlanning": 0,
        "walCommit": 0,
        "addBatch": 0,
        "commitOffsets": 0,
    }


def test_durations_are_medians_of_each_part() -> None:
    assert median_durations([batch(1, ms) for ms in (5, 1, 9)])["triggerExecution"] == 5
    assert median_durations([]) == {}


def test_state_is_summed_over_operators() -> None:
    first = {"numRowsTotal": 3, "allUpdatesTimeMs": 1, "commitTimeMs": 2}
    second = {"numRowsTotal": 4, "allRemovalsTimeMs": 5}
    progress = {"stateOperators": [first, second]}
    assert (state_rows(progress), state_ms(progress)) == (7, 8.0)
