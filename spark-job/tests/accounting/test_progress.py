"""What is taken from Spark's report of a batch."""

from __future__ import annotations

import json
from typing import Any

import pytest

from cpu_anomaly.accounting.anomalies import Anomalies
from cpu_anomaly.accounting.progress import Batch, describe_offsets, offsets_between, watermark_ahead

COUNTS = {"safe": 5, "warn": 2, "error": 1}


def progress(dropped: int = 0, **changes: object) -> dict[str, Any]:
    """A report of Spark, shortened to what is read of it."""
    return {
        "batchId": 7,
        "timestamp": "2017-10-26T09:23:26.600Z",
        "numInputRows": 8,
        "inputRowsPerSecond": 20.5,
        "processedRowsPerSecond": 40.0,
        "durationMs": {"addBatch": 150, "triggerExecution": 200},
        "eventTime": {"watermark": "2017-10-26T09:23:16.000Z", "max": "2017-10-26T09:23:26.500Z"},
        "stateOperators": [{"numRowsTotal": 21, "numRowsDroppedByWatermark": dropped}],
        "sources": [{"endOffset": {"in": {"1": 4, "0": 10}}, "latestOffset": {"in": {"0": 12, "1": 4}}}],
        "observedMetrics": {"input": {"rows": 9, "used": 9}, "windows": COUNTS},
        **changes,
    }


def test_fields_of_the_progress_line_come_from_the_report() -> None:
    batch = Batch.from_progress(progress())
    assert (batch.number, batch.lines, batch.windows) == (7, 9, COUNTS)
    assert list(batch.summary.items()) == [
        ("input_rows", 8),
        ("rows_per_s", 20.5),
        ("processed_rows_per_s", 40.0),
        ("lag", 2),
        ("end_offsets", "0:10,1:4"),
        ("watermark", "2017-10-26T09:23:16.000Z"),
        ("newest_window", "2017-10-26T09:23:26.500Z"),
        ("state_rows", 21),
        ("windows", 8),
        ("safe", 5),
        ("warn", 2),
        ("error", 1),
        ("duration_ms", 150),
        ("trigger_ms", 200),
    ]


def test_newest_window_is_compared_with_the_end_of_the_batch() -> None:
    batch = Batch.from_progress(progress(eventTime={"max": "2017-10-26T09:23:27.000Z"}))
    assert (batch.ended_ms, batch.newest_ms) == (1_509_009_806_800, 1_509_009_807_000)
    assert Batch.from_progress(progress(eventTime={})).newest_ms is None


@pytest.mark.parametrize(
    ("watermark", "ahead"),
    [
        ("2017-10-26T09:23:26.600Z", {}),
        ("2017-10-26T09:23:26.601Z", {"watermark_ahead_ms": 1}),
        ("2017-10-26T09:28:26.600Z", {"watermark_ahead_ms": 300_000}),
    ],
)
def test_watermark_ahead_of_the_clock_is_reported(watermark: str, ahead: dict[str, int]) -> None:
    assert watermark_ahead(progress(eventTime={"watermark": watermark})) == ahead


@pytest.mark.parametrize(
    ("report", "left_out"),
    [
        (progress(), False),
        (progress(dropped=1), True),
        (progress(observedMetrics={"input": {"rows": 9, "used": 8}, "windows": COUNTS}), True),
        # Spark did not report the counts: the batch is read again, to be safe.
        (progress(observedMetrics={"windows": COUNTS}), True),
        (progress(observedMetrics={}), True),
    ],
    ids=["all used", "a late sample", "a bad line", "no input counts", "no counts"],
)
def test_batch_left_something_out_unless_the_report_says_otherwise(report: dict[str, Any], left_out: bool) -> None:
    assert Batch.from_progress(report).left_out is left_out


def test_report_of_a_first_batch_without_data_has_no_counts() -> None:
    report = progress(durationMs={}, eventTime={}, stateOperators=[], sources=[{"endOffset": None}])
    del report["inputRowsPerSecond"], report["processedRowsPerSecond"], report["observedMetrics"]
    batch = Batch.from_progress(report)
    assert (batch.lines, batch.left_out, batch.anomalous_updates(), batch.anomalies()) == (0, True, 0, None)
    assert (batch.summary["lag"], batch.summary["end_offsets"], batch.summary["rows_per_s"]) == (0, "", 0)
    assert (batch.summary["watermark"], batch.summary["state_rows"], batch.summary["duration_ms"]) == (None, 0, None)


def test_anomalies_are_those_that_the_query_collected() -> None:
    windows = {**COUNTS, "anomalies": json.dumps([{"status": "WARN"}])}
    batch = Batch.from_progress(progress(observedMetrics={"windows": windows}))
    assert batch.anomalies() == Anomalies(3, [{"status": "WARN"}])


@pytest.mark.parametrize("collected", [None, "[]"])
def test_no_anomalies_is_not_the_same_as_none_collected(collected: str | None) -> None:
    windows = {"safe": 1, "warn": None, "error": 0, "anomalies": collected}
    assert Batch.from_progress(progress(observedMetrics={"windows": windows})).anomalies() == Anomalies(0, [])
    assert Batch.from_progress(progress()).anomalies() is None


@pytest.mark.parametrize(
    ("start", "end", "records"),
    [
        (None, None, 0),
        (None, {"in": {"0": 4}}, 4),
        ({"in": {"0": 4}}, {"in": {"0": 10, "1": 2}}, 8),
        ({"in": {"0": 4}}, {"in": {"0": 3}}, 0),
    ],
)
def test_records_between_two_positions(
    start: dict[str, dict[str, int]] | None, end: dict[str, dict[str, int]] | None, records: int
) -> None:
    assert offsets_between(start, end) == records


def test_offsets_are_described_in_the_order_of_partitions() -> None:
    assert describe_offsets({"in": {"10": 1, "2": 5}}) == "2:5,10:1"
