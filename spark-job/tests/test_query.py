"""The query as a stream: updates, lateness, state, and what it reports."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, cast

import pytest
from conftest import SettingsOf
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.modes import MicroBatch, Mode, RealTime, mode_of
from cpu_anomaly.query import classified_windows, detect

T0 = 1_700_000_000_000
Feed = Callable[[list[str]], list[tuple[int, int, float]]]


@pytest.fixture
def stream(spark: SparkSession, settings_of: SettingsOf, tmp_path: Path) -> Iterator[tuple[Feed, StreamingQuery]]:
    """Runs the query over files; `feed` returns (start, count, mean) of the windows that the batch emitted."""
    settings = settings_of()
    folder = tmp_path / "in"
    folder.mkdir()
    texts = spark.readStream.schema("value string").text(str(folder))
    raw = texts.select(F.lit(None).cast("binary").alias("key"), F.col("value").cast("binary").alias("value"))
    result = raw.transform(classified_windows(settings, mode_of(settings), F.lit(T0 + 1_000_000)))
    spark.conf.set("spark.sql.streaming.noDataMicroBatches.enabled", "false")
    query = (
        result.writeStream.format("memory")
        .queryName("results")
        .outputMode("update")
        .option("checkpointLocation", str(tmp_path / "checkpoint"))
        .start()
    )
    seen = 0

    def feed(values: list[str]) -> list[tuple[int, int, float]]:
        nonlocal seen
        (folder / f".{seen}").write_text("\n".join(values))
        (folder / f".{seen}").rename(folder / f"{len(list(folder.iterdir()))}.txt")
        query.processAllAvailable()
        rows = spark.sql("select unix_millis(window_start) as start, count, mean from results").collect()
        new = sorted((row["start"], row["count"], row["mean"]) for row in rows[seen:])
        seen = len(rows)
        return new

    try:
        yield feed, query
    finally:
        query.stop()


def test_window_is_emitted_again_when_it_grows_and_never_again_once_it_is_late(
    stream: tuple[Feed, StreamingQuery],
) -> None:
    feed, query = stream
    assert feed([f"{T0},10"]) == [(T0, 1, 10.0)]
    assert feed([f"{T0 + 499},20", f"{T0 + 500},1"]) == [(T0, 2, 15.0), (T0 + 500, 1, 1.0)]
    # Not late yet: the newest sample is less than the delay ahead.
    assert feed([f"{T0 + 1},30", f"{T0 + 60_000},1"]) == [(T0, 3, 20.0), (T0 + 60_000, 1, 1.0)]
    assert feed([f"{T0 + 60_001},3"]) == [(T0 + 60_000, 2, 2.0)]
    # Now it is late: nothing is emitted, and Spark reports that it dropped the sample.
    assert feed([f"{T0 + 2},40"]) == []
    progress = query.lastProgress
    assert progress is not None
    (state,) = progress["stateOperators"]
    assert state["numRowsDroppedByWatermark"] == 1
    assert state["numRowsTotal"] == 1  # the old windows' state is freed


def test_sample_from_the_future_does_not_move_the_watermark(stream: tuple[Feed, StreamingQuery]) -> None:
    feed, _ = stream
    feed([f"{T0},1", f"{T0 * 10},99"])
    feed([f"{T0 + 1},1"])
    assert feed([f"{T0 + 2},4"]) == [(T0, 3, 2.0)]


def test_sample_and_line_counts_are_reported(stream: tuple[Feed, StreamingQuery]) -> None:
    feed, query = stream
    feed([f"{T0},1", "no sample", f"{T0},2,3"])
    progress = query.lastProgress
    assert progress is not None
    assert progress["observedMetrics"]["input"].asDict() == {"rows": 3, "used": 1}


@pytest.mark.parametrize("mode", [MicroBatch(0, 1000), RealTime(60_000)])
def test_updated_windows_are_reported_with_their_anomalies_if_the_mode_observes_them(
    spark: SparkSession, settings_of: SettingsOf, mode: Mode
) -> None:
    samples = [(T0, 14.0), (T0 + 500, 18.0), (T0 + 1000, 30.0)]
    raw = spark.createDataFrame([(b"", f"{time},{cpu}".encode()) for time, cpu in samples], "key binary, value binary")
    observed = observed_windows(raw.transform(detect(settings_of(), mode)))
    assert {name: observed[name] for name in ("safe", "warn", "error")} == {"safe": 1, "warn": 1, "error": 1}
    if not mode.observes_anomalies:
        assert "anomalies" not in observed
        return
    warn, error = json.loads(observed["anomalies"])
    assert (warn["window_start"], warn["status"], warn["mean"]) == ("2023-11-14T22:13:20.500Z", "WARN", 18.0)
    assert (error["window_start"], error["status"], error["stddev"]) == ("2023-11-14T22:13:21.000Z", "ERROR", None)


@pytest.mark.parametrize("mode", [MicroBatch(0, 1000), RealTime(60_000)])
def test_windows_without_a_row_in_the_baseline_are_counted(
    spark: SparkSession, settings_of: SettingsOf, tmp_path: Path, mode: Mode
) -> None:
    file = tmp_path / "baseline.csv"
    rows = "series,hour_of_week,mean,stddev\na,,1,1\n"
    file.write_text(f"# cpu-anomaly baseline 1, timezone=UTC\n{rows}", encoding="utf-8")
    records = [(key, f"{T0},1".encode()) for key in (b"a", b"b", b"c")]
    raw = spark.createDataFrame(records, "key binary, value binary")

    def observed(**changes: str) -> dict[str, Any]:
        return observed_windows(raw.transform(detect(settings_of(group_by="key", **changes), mode)))

    assert observed(baseline_file=str(file))["without_baseline"] == 2
    assert "without_baseline" not in observed()


def observed_windows(frame: DataFrame) -> dict[str, Any]:
    """The metrics that a batch frame reports under the name `windows` once it has run."""
    execution = cast(Any, frame)._jdf.queryExecution()
    execution.toRdd().count()
    row = execution.observedMetrics().apply("windows")
    return {name: row.getAs(name) for name in row.schema().fieldNames()}
