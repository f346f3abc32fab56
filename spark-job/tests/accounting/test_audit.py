"""Which part of the topic is read again after a batch, and how its lines are judged."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest
from conftest import SettingsOf, offset_log
from pyspark.sql import SparkSession

from cpu_anomaly.accounting.audit import (
    Audit,
    Findings,
    Inspector,
    by_batch,
    count_outcomes,
    judge,
    late_of,
    plan_audit,
)
from cpu_anomaly.accounting.checkpoint import Checkpoint
from cpu_anomaly.accounting.late import MAX_SERIES, Late
from cpu_anomaly.modes import mode_of

NOW = 1_700_000_000_000
RAW = "topic string, partition int, offset long, timestamp timestamp, key binary, value binary"
AT = datetime.fromisoformat("2023-11-14T22:13:20+00:00")


def test_first_batch_is_audited_from_where_the_source_started(spark: SparkSession, checkpoint_folder: Path) -> None:
    (checkpoint_folder / "offsets" / "0").write_text(offset_log({"in": {"0": 10}}))
    audit = plan_audit(Checkpoint.of(spark, str(checkpoint_folder)), 0)
    assert (audit.start, audit.end, audit.now_ms, audit.late_watermark_ms) == (
        {"in": {"0": 3}},
        {"in": {"0": 10}},
        7000,
        0,
    )


def test_later_batch_is_audited_with_the_watermark_before_it(spark: SparkSession, checkpoint_folder: Path) -> None:
    (checkpoint_folder / "offsets" / "4").write_text(offset_log({"in": {"0": 10}}))
    (checkpoint_folder / "offsets" / "5").write_text(offset_log({"in": {"0": 20}}, watermark_ms=6000))
    audit = plan_audit(Checkpoint.of(spark, str(checkpoint_folder)), 5)
    assert (audit.start, audit.late_watermark_ms) == ({"in": {"0": 10}}, 5000)


@pytest.mark.parametrize(("end", "has_rows"), [({"in": {"0": 4}}, False), ({"in": {"0": 5}}, True)])
def test_batch_without_new_offsets_has_no_rows(end: dict[str, dict[str, int]], has_rows: bool) -> None:
    assert Audit(1, {"in": {"0": 4}}, end, NOW, 0).has_rows() is has_rows


@pytest.mark.parametrize(
    ("trigger", "ahead_ms", "outcome"),
    [
        ("micro-batch", 300_000, "used"),
        ("micro-batch", 300_001, "future"),
        ("real-time", 360_000, "used"),
        ("real-time", 360_001, "future"),
        # The window's start decides: late is at or before the watermark.
        ("micro-batch", -10_000, "late"),
        ("micro-batch", -9_501, "late"),
        ("micro-batch", -9_500, "used"),
    ],
)
def test_line_is_judged_at_the_time_of_its_batch(
    spark: SparkSession, settings_of: SettingsOf, trigger: str, ahead_ms: int, outcome: str
) -> None:
    settings = settings_of(trigger=trigger)
    raw = spark.createDataFrame([("in", 0, 0, AT, None, f"{NOW + ahead_ms},5".encode())], RAW)
    audit = Audit(3, {}, {}, now_ms=NOW, late_watermark_ms=NOW - 10_000)
    (row,) = raw.transform(judge(settings, mode_of(settings), audit)).select("batch", "outcome").collect()
    assert tuple(row) == (3, outcome)


def test_reason_goes_before_late(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of(cpu_max=100.0)
    raw = spark.createDataFrame([("in", 0, 0, AT, None, f"{NOW - 60_000},500".encode())], RAW)
    judged = raw.transform(judge(settings, mode_of(settings), Audit(3, {}, {}, NOW, NOW)))
    assert [row["outcome"] for row in judged.collect()] == ["out_of_range"]


@pytest.mark.parametrize(
    ("group_by", "late"),
    [
        ("none", [Late("", 4, NOW - 60_000, NOW - 20_000)]),
        ("key", [Late("a", 3, NOW - 60_000, NOW - 30_000), Late("b", 1, NOW - 20_000, NOW - 20_000)]),
    ],
)
def test_late_samples_are_counted_by_series(
    spark: SparkSession, settings_of: SettingsOf, group_by: str, late: list[Late]
) -> None:
    settings = settings_of(group_by=group_by)
    given = [("a", 60_000), ("a", 40_000), ("b", 20_000), ("a", 30_000), ("a", 0), ("c", 0)]
    rows = [("in", 0, nth, AT, key.encode(), f"{NOW - age},5".encode()) for nth, (key, age) in enumerate(given)]
    judged = spark.createDataFrame(rows, RAW).transform(
        judge(settings, mode_of(settings), Audit(3, {}, {}, NOW, NOW - 10_000))
    )
    found = {row["outcome"]: row for row in judged.transform(count_outcomes).collect()}
    assert {outcome: row["lines"] for outcome, row in found.items()} == {"late": 4, "used": 2}
    assert sorted(late_of(found["late"]), key=lambda each: str(each.series)) == late


def test_series_beyond_the_bound_are_counted_together(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of(group_by="key")
    rows = [
        ("in", 0, nth, AT, f"s{series}".encode(), f"{NOW - 60_000 - nth},5".encode())
        for nth, series in enumerate([*range(MAX_SERIES), *range(MAX_SERIES + 2)])
    ]
    judged = spark.createDataFrame(rows, RAW).transform(judge(settings, mode_of(settings), Audit(3, {}, {}, NOW, NOW)))
    (row,) = judged.transform(count_outcomes).collect()
    *named, rest = late_of(row)
    assert ({each.samples for each in named}, len(named)) == ({2}, MAX_SERIES)
    assert rest == Late(None, 2, NOW - 60_000 - len(rows) + 1, NOW - 60_000)


def test_nothing_to_audit_reads_nothing(spark: SparkSession, settings_of: SettingsOf) -> None:
    settings = settings_of()
    assert Inspector(spark, settings, mode_of(settings), {}).inspect([]) == Findings({}, {})


def test_outcomes_are_counted_by_batch() -> None:
    outcomes = {(1, "late"): 2, (1, "empty"): 3, (2, "used"): 9, (2, "late"): 1}
    assert by_batch(outcomes, ["late"]) == {1: {"late": 2}, 2: {"late": 1}}
    assert by_batch(outcomes, ["empty", "too_long"])[2] == {}
