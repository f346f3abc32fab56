"""The transforms as a stream: updates, lateness, state."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from conftest import SettingsOf
from pyspark.sql import SparkSession
from pyspark.sql import functions as F
from pyspark.sql.streaming.query import StreamingQuery

from cpu_anomaly.guard import guard
from cpu_anomaly.lines import lines, parse
from cpu_anomaly.windows import classify, samples, usable, window_stats

T0 = 1_700_000_000_000
Feed = Callable[[list[str]], list[tuple[int, int, float]]]


@pytest.fixture
def stream(spark: SparkSession, settings_of: SettingsOf, tmp_path: Path) -> Iterator[tuple[Feed, StreamingQuery]]:
    """Runs the job's transforms over files; feeding returns (start, count, mean) of what the batch emitted."""
    settings = settings_of()
    folder = tmp_path / "in"
    folder.mkdir()
    texts = spark.readStream.schema("value string").text(str(folder))
    raw = texts.select(F.lit(None).cast("binary").alias("key"), F.col("value").cast("binary").alias("value"))
    result = (
        raw.transform(lines)
        .transform(parse)
        .transform(guard(settings, F.lit(T0 + 1_000_000)))
        .transform(samples(settings))
        .transform(usable)
        .transform(window_stats(settings))
        .transform(classify(settings))
    )
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
    # Now it is: nothing is emitted, and Spark says that it dropped it.
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
